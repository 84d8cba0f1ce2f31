"""A client and a service as the Python software has them: one blocking read of a line after the other,
the keys in its order, uids that are random UUIDs. The client calls, and waits for the reply before
the next call.

It receives commands and sends reports as lines of JSON, as the programs of `commands.ts` do.
"""
import gc
import json
import socket
import ssl
import sys
import threading
import time
import uuid

options = json.loads(sys.argv[1])
SERVICE = "Multimeter"


def connect():
    """A stream of bytes to the server: identified, if that is a Manager."""
    connection = socket.create_connection(("localhost", options["port"]))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if "cert" in options:
        context = ssl.create_default_context(cadata=options["cert"])
        connection = context.wrap_socket(connection, server_hostname="localhost")
    return connection.makefile("rwb")


def send(stream, message):
    stream.write(json.dumps(message, ensure_ascii=False).encode() + b"\r\n")
    stream.flush()


def receive(stream):
    line = stream.readline()
    if not line:
        raise ConnectionError("the connection has ended")
    message = json.loads(line)
    if message["error"]:
        raise RuntimeError(message["message"])
    return message


def identify(stream, identity):
    if not options["isManager"]:
        return
    question = receive(stream)
    identity.update(language="Python", os="Linux")
    send(stream, {"error": False, "requester": question["requester"], "result": identity, "uid": ""})


def report(message):
    print(json.dumps(message), flush=True)


def request(service, attribute, *args, **kwargs):
    return {
        "args": args, "attribute": attribute, "error": False, "kwargs": kwargs, "service": service,
        "uid": str(uuid.uuid4()),
    }


def call(stream, *args, **kwargs):
    """Sends a request and waits for its reply."""
    message = request(*args, **kwargs)
    send(stream, message)
    reply = receive(stream)
    if reply["uid"] != message["uid"]:
        raise RuntimeError("this is not the reply to the request")
    return reply["result"]


def serve(stream):
    while True:
        message = receive(stream)
        requester = message.get("requester", "client[localhost:54321]")  # a relay adds none
        send(stream, {
            "error": False, "requester": requester, "result": 2.500371, "uid": message["uid"],
        })


def service():
    stream = connect()
    identify(stream, {
        "type": "service", "name": SERVICE, "attributes": {"voltage": "(channel)"}, "max_clients": -1,
    })
    threading.Thread(target=serve, args=[stream], daemon=True).start()
    report({"connected": True})
    sys.stdin.read()


def client():
    stream = connect()
    identify(stream, {"type": "client", "name": "client"})
    if options["isManager"]:
        call(stream, "Manager", "link", SERVICE)
    report({"connected": True})
    for line in sys.stdin:
        command = json.loads(line)
        measure(stream, command["warmUp"])
        report({"warm": True})
        report(measure(stream, command["calls"]))


def measure(stream, calls):
    """The times of calls, in milliseconds."""
    times = []
    for _ in range(calls):
        start = time.perf_counter_ns()
        call(stream, SERVICE, "voltage", 2.5, 0.001, channel=1)
        times.append(time.perf_counter_ns() - start)
    times.sort()

    def at(part):
        return times[int(len(times) * part)] / 1e6

    return {"median": at(0.5), "p99": at(0.99), "p999": at(0.999), "longest": times[-1] / 1e6}


gc.disable()  # the pauses of the peers are not those of the server
try:
    {"client": client, "service": service}[options["role"]]()
except Exception as error:
    report({"failure": f"{type(error).__name__}: {error}"})
