/** The gateway of a Manager over real sockets, with browsers' programs and with hostile ones. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { connect, type ManagerOptions, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { SUBPROTOCOL } from "../../web/subprotocol.ts";
import { temporaryFolder } from "../support/folder.ts";
import { inTime, until } from "../support/until.ts";
import { ask, frame, Raw, upgraded, webSocket } from "../support/web_peers.ts";

const PLAIN: ManagerOptions = { web: 0, disableTls: true, webRoot: "/nonexistent" };

class Talker extends Service {
  text(length: number): string {
    return "x".repeat(length);
  }
}

Deno.test("every answer closes its connection and forbids framing, sniffing and foreign scripts", async () => {
  await using manager = await TestManager.start(PLAIN);
  for (const path of ["/", "/healthz", "/client.js", "/client-arrays.js", "/nothing", "/ws"]) {
    const answer = await ask(manager, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    assertMatch(answer, /^connection: close\r$/m);
    assertMatch(
      answer,
      /^content-security-policy: default-src 'none';.*frame-ancestors 'none'\r$/m,
    );
    assertMatch(answer, /^x-frame-options: DENY\r$/m);
    assertMatch(answer, /^x-content-type-options: nosniff\r$/m);
    assertMatch(answer, /^cross-origin-resource-policy: same-origin\r$/m);
  }
});

Deno.test("the Client is served with its source map, compressed if the browser takes that", async () => {
  await using manager = await TestManager.start(PLAIN);
  const get = (path: string) => fetch(`http://localhost:${manager.manager.webPort}${path}`);
  const code = await (await get("/client.js")).text();
  assertStringIncludes(code, " as connect");
  assertMatch(code, /\/\/# sourceMappingURL=client\.js\.map\n$/);
  const { sources } = await (await get("/client.js.map")).json();
  assert(sources.includes("web/client.ts"), sources.join());
  assertEquals(sources.filter((source: string) => /^\/|\.\.|registry|root|home/.test(source)), []);
  const plain = await ask(manager, "GET /client.js HTTP/1.1\r\nHost: localhost\r\n\r\n");
  assert(!/content-encoding/.test(plain));
  assert(plain.endsWith(code));
});

Deno.test("the page is served, and a browser that has it already gets no second copy", async () => {
  await using manager = await TestManager.start(PLAIN);
  const request = (path: string, headers = "") =>
    ask(manager, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  const document = await request("/");
  assertMatch(document, /^content-type: text\/html; charset=UTF-8\r$/m);
  const parts = [...document.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map(([_, path]) => path);
  assertEquals(parts.sort(), ["assets/page.css", "assets/page.js"]);
  assertMatch(await request("/favicon.ico"), /^content-type: image\/svg\+xml\r$/m);
  for (
    const path of [
      "/",
      "/client.js",
      "/client-arrays.js",
      "/favicon.ico",
      ...parts.map((part) => `/${part}`),
    ]
  ) {
    const answer = await request(path);
    assertMatch(answer, /^HTTP\/1.1 200 /);
    assert(!/^content-encoding/m.test(answer), path);
    assertMatch(
      await request(path, "Accept-Encoding: br, gzip\r\n"),
      /^content-encoding: gzip\r$/m,
    );
    assert(!/^content-encoding/m.test(await request(path, "Accept-Encoding: gzip;q=0, br\r\n")));
    const [, tag] = /^etag: (\S+)\r$/m.exec(answer)!;
    const known = await request(path, `If-None-Match: "other", ${tag}\r\n`);
    assertMatch(known, /^HTTP\/1.1 304 /);
    assert(known.endsWith("\r\n\r\n"), "there is a content");
    assert(!/^content-length/m.test(known), path);
    assertMatch(await request(path, 'If-None-Match: W/"other"\r\n'), /^HTTP\/1.1 200 /);
  }
});

Deno.test("a HEAD request gets the headers alone", async () => {
  await using manager = await TestManager.start(PLAIN);
  const answer = await ask(manager, "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  assertMatch(answer, /^HTTP\/1.1 200 OK\r\n/);
  assertMatch(answer, /content-length: 2/);
  assert(answer.endsWith("\r\n\r\n"));
});

Deno.test("the laboratory's own pages may have scripts in them", async () => {
  await using folder = await temporaryFolder();
  await Deno.mkdir(join(folder.path, "panel"));
  await Deno.writeTextFile(join(folder.path, "index.html"), "<script>alert(1)</script>");
  await Deno.writeFile(join(folder.path, "large.bin"), new Uint8Array(3_000_000).fill(7));
  await using manager = await TestManager.start({ ...PLAIN, webRoot: folder.path });
  const get = (path: string) =>
    fetch(`http://localhost:${manager.manager.webPort}${path}`, { redirect: "manual" });
  const page = await get("/lab/");
  assertEquals(await page.text(), "<script>alert(1)</script>");
  assertStringIncludes(page.headers.get("content-security-policy")!, "'unsafe-inline'");
  assertStringIncludes(page.headers.get("content-security-policy")!, "frame-ancestors 'self'");
  assertEquals(page.headers.get("x-frame-options"), "SAMEORIGIN");
  assertEquals(page.headers.get("set-cookie"), null);
  assertEquals((await (await get("/lab/large.bin")).bytes()).length, 3_000_000);
  for (const [path, to] of [["/lab", "lab/"], ["/lab/panel", "panel/"]]) {
    const moved = await get(path);
    assertEquals([moved.status, moved.headers.get("location")], [301, to]);
    await moved.body?.cancel();
  }
  const missing = await get("/lab/nothing.html");
  assertEquals(missing.status, 404);
  await missing.body?.cancel();
});

Deno.test("what is no request of HTTP, or tries to smuggle one, gets an error and the end", async () => {
  await using manager = await TestManager.start(PLAIN);
  const headers = "Host: localhost\r\n";
  for (
    const request of [
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", // TLS
      '{"type":"client","name":"x"}\r\n\r\n',
      `GET /healthz HTTP/1.1\r\n${headers}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `GET /healthz HTTP/1.1\r\n${headers}Host: evil.org\r\n\r\n`,
      `GET http://localhost/healthz HTTP/1.1\r\n${headers}\r\n`,
      `GET /${"x".repeat(40_000)} HTTP/1.1\r\n${headers}\r\n`,
      `GET /healthz HTTP/1.1\r\n${headers}X: ${"y".repeat(40_000)}\r\n\r\n`,
      `POST /healthz HTTP/1.1\r\n${headers}Content-Length: 1000000000\r\n\r\n`,
    ]
  ) {
    assertMatch(await ask(manager, request), /^HTTP\/1.1 4\d\d /, request.slice(0, 80));
  }
  const two = await ask(manager, `GET /healthz HTTP/1.1\r\n${headers}\r\n`.repeat(2));
  assertEquals(two.split("HTTP/1.1 ").length - 1, 1, "one answer for each connection");
});

Deno.test("a peer that says nothing, or says it slowly, is gone after the handshake's time", async () => {
  await using manager = await TestManager.start({ ...PLAIN, limits: { handshakeTimeout: 3_000 } });
  using silent = await Raw.open(manager);
  using slow = await Raw.open(manager);
  const trickle = async () => {
    for (const byte of `GET /healthz HTTP/1.1\r\nX: ${"x".repeat(10_000)}`) {
      await slow.send(byte);
      await delay(1);
    }
  };
  const trickled = trickle().then(() => "whole", () => "cut");
  using half = await upgraded(manager); // it never sends an identity
  assertMatch(await inTime("the end", silent.ended), /^HTTP\/1.1 408 .*--handshake-timeout/s);
  assertMatch(await inTime("the end", slow.ended), /^HTTP\/1.1 408 /);
  assertEquals(await trickled, "cut");
  assertStringIncludes(await inTime("the end", half.ended), "TimeoutError");
});

Deno.test("connections that wait for an answer are bounded, and those of others still come in", async () => {
  await using manager = await TestManager.start({ ...PLAIN, limits: { maxPending: 8 } });
  const silent: Raw[] = [];
  for (let count = 0; count < 20; count++) silent.push(await Raw.open(manager));
  await Promise.all(silent.slice(8).map(({ ended }) => inTime("the end", ended)));
  for (const raw of silent) raw[Symbol.dispose]();
  const healthz = () => ask(manager, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await until("room again", async () => (await healthz()).startsWith("HTTP/1.1 200"));
});

Deno.test("a WebSocket needs the subprotocol, the path, and a page of the Manager", async () => {
  await using manager = await TestManager.start({ ...PLAIN, webOrigin: ["https://panel.org"] });
  const { webPort } = manager.manager;
  const own = `http://localhost:${webPort}`;
  for (const origin of [undefined, own, "https://panel.org"]) {
    using good = webSocket(manager, origin ? { Origin: origin } : {});
    await inTime("the WebSocket", good.opened);
  }
  for (const origin of ["http://evil.org", `https://localhost:${webPort}`, "null"]) {
    using bad = webSocket(manager, { Origin: origin });
    assertStringIncludes(await bad.opened.catch(String), "403");
  }
  using rebound = webSocket(manager, { Host: "evil.org" });
  assertStringIncludes(await rebound.opened.catch(String), "421");
  using wrong = webSocket(manager, {}, "chat");
  assertStringIncludes(await wrong.opened.catch(String), "400");
  using several = webSocket(manager, {}, ["chat", SUBPROTOCOL]);
  await inTime("the WebSocket", several.opened);
  assertEquals(several.socket.protocol, SUBPROTOCOL);
});

Deno.test("a message of text, a long one, and one without an end are refused with a code", async () => {
  await using manager = await TestManager.start({ ...PLAIN, limits: { maxWebMessage: 1_000 } });
  using text = webSocket(manager);
  await text.opened;
  text.socket.send("text");
  assertEquals(await text.closed, { code: 1003, reason: "Send binary messages, not text" });
  using long = webSocket(manager);
  await long.opened;
  long.socket.send(new Uint8Array(1_001));
  assertEquals((await long.closed).code, 1009);
  using endless = await upgraded(manager);
  await endless.send(frame(2, 600, false));
  await endless.send(frame(0, 600, false));
  await inTime("the end", endless.ended);
  using huge = await upgraded(manager);
  await huge.send(frame(2, 2 ** 40, true, new Uint8Array(10)));
  await inTime("the end", huge.ended);
  using compressed = await upgraded(manager);
  const bytes = frame(2, 10, true);
  bytes[0] |= 0x40; // "this is compressed", though nobody agreed to that
  await compressed.send(bytes);
  await inTime("the end", compressed.ended);
  await using client = await connect(manager.connectOptions); // others notice nothing
  assertEquals(Object.keys((await client.identities()).services), []);
});

Deno.test("the boundaries of messages mean nothing", async () => {
  await using manager = await TestManager.start(PLAIN);
  using peer = webSocket(manager);
  await peer.opened;
  await until("the question", () => peer.text.includes('"identity"'));
  const identity = '{"type":"client","name":"Bytes","language":"x","os":"y"}';
  const answer = `{"error":false,"result":${identity},"requester":"x","uid":""}\r\n`;
  for (const byte of new TextEncoder().encode(answer)) peer.socket.send(Uint8Array.of(byte));
  await manager.connected("Bytes");
  const status = manager.manager.status();
  assert(
    Object.keys(status.clients).some((name) => name.startsWith("Bytes[")),
    "it is in the status",
  );
});

Deno.test("a page that never reads is disconnected, and slows nobody down", async () => {
  await using manager = await TestManager.start({
    ...PLAIN,
    limits: { stallTimeout: 300, queueHigh: 100_000 },
  });
  await using service = new Talker({ name: "Talker" });
  await service.start(manager.connectOptions);
  using deaf = await upgraded(manager);
  await until("the question", () => deaf.text.includes('"identity"'));
  const send = (text: string) =>
    deaf.send(frame(2, text.length, true, new TextEncoder().encode(text)));
  await send(
    '{"error":false,"result":{"type":"client","name":"Deaf","language":"x","os":"y"},"uid":""}\r\n',
  );
  await manager.connected("Deaf");
  deaf.pause();
  const ask = (uid: string, attribute: string, args: string, service: string) =>
    send(
      `{"service":"${service}","attribute":"${attribute}","args":${args},"kwargs":{},"uid":"${uid}","error":false}\r\n`,
    );
  await ask("link", "link", '["Talker"]', "Manager");
  for (let number = 0; number < 40; number++) await ask(`${number}`, "text", "[200000]", "Talker");
  await manager.disconnected("Deaf");
  const ends = () => manager.manager.status().totals.ended_connections;
  await until(() => `it stalled: ${JSON.stringify(ends())}`, () => ends().stalled === 1);
  await using client = await connect(manager.connectOptions);
  assertEquals(Object.keys((await client.identities()).clients).length, 1);
});

Deno.test("a browser that takes nothing of a file is disconnected", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeFile(join(folder.path, "large.bin"), new Uint8Array(30_000_000));
  await using manager = await TestManager.start({
    ...PLAIN,
    webRoot: folder.path,
    limits: { stallTimeout: 300 },
  });
  using deaf = await Raw.open(manager);
  deaf.pause();
  await deaf.send("GET /lab/large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const isCut = () => deaf.send("x").then(() => false, () => true);
  await until("the end of the connection", isCut);
  deaf.resume();
  const size = (await inTime("the end", deaf.ended)).length;
  assert(size < 30_000_000, `${size} bytes were sent`);
});

Deno.test("the key of the Manager has to be one that browsers accept", async () => {
  await using folder = await temporaryFolder();
  const keyFile = join(folder.path, "key.pem");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-521" });
  await Deno.writeTextFile(
    keyFile,
    privateKey.export({ type: "sec1", format: "pem" }).toString(),
    { mode: 0o600 },
  );
  const options = { ...PLAIN, disableTls: false, keyFile };
  const failed = await TestManager.start(options).catch(String);
  assertStringIncludes(String(failed), "SECP521R1: browsers refuse it");
  await using _without = await TestManager.start({ ...options, web: false });
});

Deno.test("a lost Manager closes its pages, and the port is free again", async () => {
  const manager = await TestManager.start(PLAIN);
  const { webPort } = manager.manager;
  using peer = webSocket(manager);
  await peer.opened;
  using silent = await Raw.open(manager);
  await manager[Symbol.asyncDispose]();
  await peer.closed;
  await inTime("the end", silent.ended);
  using _free = Deno.listen({ hostname: "localhost", port: webPort! });
});

Deno.test("the port of the pages is taken: the Manager does not start, and frees its own port", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const failed = await TestManager.start({ ...PLAIN, host: "127.0.0.1", web: port }).catch(String);
  assertStringIncludes(String(failed), `Cannot listen on 127.0.0.1:${port}`);
});
