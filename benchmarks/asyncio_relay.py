"""The reference of a Manager between Python devices: it forwards the lines of each of two peers to the
other, with the streams of asyncio, and reads nothing in them. The peers are paired in the order in
which they connect.
"""
import asyncio
import json
import ssl
import sys

options = json.loads(sys.argv[1])


async def pump(reader, writer):
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()


async def main():
    waiting = []

    async def accept(reader, writer):
        if not waiting:
            waiting.append((reader, writer))
            return
        other_reader, other_writer = waiting.pop()
        try:
            await asyncio.gather(pump(reader, other_writer), pump(other_reader, writer))
        except OSError:
            pass  # a peer has left

    context = None
    if "certFile" in options:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options["certFile"], options["keyFile"])
    server = await asyncio.start_server(accept, "localhost", 0, ssl=context)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
