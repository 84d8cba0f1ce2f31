/** What a hostile, broken or old peer sends over HTTP: each has one clear answer, and the end. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { ManagerOptions } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ask, Raw } from "../support/web_peers.ts";
import { inTime, until } from "../support/until.ts";

const PLAIN: ManagerOptions = { web: 0, disableTls: true, webRoot: "/nonexistent" };
const HOST = "Host: localhost\r\n";
const GET = `GET /healthz HTTP/1.1\r\n${HOST}`;
const UPGRADE = `GET /ws HTTP/1.1\r\n${HOST}Connection: Upgrade\r\n`;
const WEB_SOCKET = `${UPGRADE}Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: msl-network.1\r\n";

/** The statuses of an answer, and its content. */
function read(answer: string): { statuses: number[]; content: string } {
  const statuses = [...answer.matchAll(/^HTTP\/1.1 (\d+) /gm)].map(([, status]) => Number(status));
  return { statuses, content: answer.split("\r\n\r\n").slice(1).join("\r\n\r\n") };
}

Deno.test("over TLS an answer closes its connection too, with and without a content", async () => {
  // A stall would be longer than this test.
  const limits = { stallTimeout: 3_600_000 };
  await using manager = await TestManager.start({ web: 0, webRoot: "/nonexistent", limits });
  for (const path of ["/healthz", "/client.js", "/nothing"]) {
    const { statuses } = read(await ask(manager, `GET ${path} HTTP/1.1\r\n${HOST}\r\n`));
    assertEquals(statuses, [path === "/nothing" ? 404 : 200], path);
  }
  assertMatch(await ask(manager, `HEAD /healthz HTTP/1.1\r\n${HOST}\r\n`), /\r\n\r\n$/);
});

Deno.test("there is one answer, whatever is expected and whatever follows", async () => {
  await using manager = await TestManager.start(PLAIN);
  const requests: [request: string, status: number, content: string][] = [
    [`${GET}Expect: 100-continue\r\n\r\n`, 200, "ok"],
    [`${GET}Expect: a miracle\r\n\r\n`, 200, "ok"],
    [
      `POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
      405,
      "Only GET and HEAD are answered",
    ],
    [`${GET}\r\nGARBAGE\r\n\r\n`, 200, "ok"],
    [`${GET}\r\n${WEB_SOCKET}\r\n`, 200, "ok"],
    [`GET / HTTP/1.1\r\n\r\n${GET}\r\n`, 400, "The request must have one Host header"],
    [`${GET}Transfer-Encoding: identity\r\n\r\nx`, 400, "The request must have no body"],
  ];
  for (const [request, status, content] of requests) {
    assertEquals(read(await ask(manager, request)), { statuses: [status], content }, request);
  }
});

Deno.test("what follows a request is not read while its answer is sent", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeFile(join(folder.path, "large.bin"), new Uint8Array(30_000_000));
  const limits = { stallTimeout: 3_000 };
  await using manager = await TestManager.start({ ...PLAIN, webRoot: folder.path, limits });
  for (const follows of [`${GET}X: ${"x".repeat(15_000)}\r\n\r\n`, "\0".repeat(15_000)]) {
    using deaf = await Raw.open(manager);
    deaf.pause();
    await deaf.send(`GET /lab/large.bin HTTP/1.1\r\n${HOST}\r\n`);
    let sent = 0;
    try {
      for (; sent < 100_000_000; sent += follows.length) await deaf.send(follows);
    } catch {
      // It takes nothing, so it was cut off.
    }
    assert(sent < 50_000_000, `${sent} bytes were read`); // the buffers of the system have some
  }
});

Deno.test("what is no request for a page, and no WebSocket, is refused with all headers", async () => {
  await using manager = await TestManager.start(PLAIN);
  const long = "y".repeat(40_000);
  const requests: [request: string, status: number, reason: string][] = [
    [`CONNECT localhost:80 HTTP/1.1\r\n${HOST}\r\n`, 405, "Only GET and HEAD are answered"],
    ["GET / HTTP/1.1\r\n\r\n", 400, "The request must have one Host header"],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "This is not a request of HTTP"],
    [`${GET}X: a\r\n folded\r\n\r\n`, 400, "This is not a request of HTTP"],
    [`${GET}X: a\0b\r\n\r\n`, 400, "This is not a request of HTTP"],
    [`${"X".repeat(1_000_000)} / HTTP/1.1\r\n\r\n`, 400, "This is not a request of HTTP"],
    [`${GET}X: ${long}\r\n\r\n`, 431, "The headers have more than 16384 bytes"],
    [`GET /${long} HTTP/1.1\r\n${HOST}\r\n`, 431, "The headers have more than 16384 bytes"],
    [
      WEB_SOCKET.replace("13", "8") + "Sec-WebSocket-Origin: http://evil.org\r\n\r\n",
      426,
      "The version of the WebSocket must be 13",
    ],
    [
      WEB_SOCKET.replace("AAAA==", "") + "\r\n",
      400,
      "Missing or invalid Sec-WebSocket-Key header",
    ],
    [`${WEB_SOCKET}Content-Length: 5\r\n\r\nhello`, 400, "The request must have no body"],
    [`${WEB_SOCKET.replace("/ws", "/")}\r\n`, 404, "There is no WebSocket here"],
  ];
  for (const [request, status, reason] of requests) {
    const answer = await ask(manager, request);
    const name = request.slice(0, 80);
    assertEquals(read(answer), { statuses: [status], content: reason }, name);
    assertMatch(answer, /^connection: close\r$/m, name);
    assertMatch(answer, /^x-content-type-options: nosniff\r$/m, name);
    assertMatch(answer, /^content-security-policy: default-src 'none'/m, name);
  }
});

Deno.test("an upgrade to another protocol is not made, and the request is answered", async () => {
  await using manager = await TestManager.start(PLAIN);
  const upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n";
  const answer = read(await ask(manager, `${GET}${upgrade}\r\n`));
  assertEquals(answer, { statuses: [200], content: "ok" });
});

Deno.test("a second Host header is seen behind thousands of others", async () => {
  await using manager = await TestManager.start(PLAIN);
  const answer = await ask(manager, `${GET}${"a:\r\n".repeat(2_500)}Host: evil.org\r\n\r\n`);
  assertEquals(read(answer), { statuses: [400], content: "The request must have one Host header" });
});

Deno.test("a peer that has said all that it will is answered", async () => {
  await using manager = await TestManager.start(PLAIN);
  const socket = await Deno.connect({ hostname: "localhost", port: manager.manager.webPort! });
  try {
    await socket.write(new TextEncoder().encode(`${GET}\r\n`));
    await socket.closeWrite();
    const answer = await inTime("an answer", new Response(socket.readable).text());
    assertStringIncludes(answer, "\r\n\r\nok");
  } finally {
    try {
      socket.close();
    } catch {
      // The stream of its bytes has closed it.
    }
  }
});

Deno.test("connections that end in the middle of anything leave nothing behind", async () => {
  await using manager = await TestManager.start({ web: 0, webRoot: "/nonexistent" });
  const steps = [
    "",
    "GET",
    `${GET}X: `,
    `${GET}\r\n`,
    WEB_SOCKET.slice(0, 80),
    `${WEB_SOCKET}\r\n`,
    `${WEB_SOCKET}\r\n\x82`,
    `${WEB_SOCKET}\r\n\x82\xff\0\0`,
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\nx`,
  ];
  await Promise.all(steps.map(async (step) => {
    for (let count = 0; count < 5; count++) {
      using raw = await Raw.open(manager);
      await raw.send(Uint8Array.from(step, (char) => char.charCodeAt(0)));
      if (count > 2) {
        await Promise.race([
          raw.ended,
          until("some answer", () => raw.text !== "", 50),
        ])
          .catch(() => {});
      }
    }
  }));
  using torn = await Deno.connect({ hostname: "localhost", port: manager.manager.webPort! });
  await torn.write(Uint8Array.of(0x16, 3, 1, 2)); // the beginning of TLS
  // The Manager shuts down while some are open; the leak detection of the tests sees what is left.
});
