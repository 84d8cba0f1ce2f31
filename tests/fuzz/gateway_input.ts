/** What a peer may send to a gateway: requests of HTTP and frames of a WebSocket, well-formed or not. */

import fc from "../support/properties.ts";
import { damaged } from "./hostile_input.ts";

/** Bytes from text in which each character is one. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff);
}

/** The headers with which a WebSocket is asked for. */
const UPGRADE = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "Sec-WebSocket-Protocol: msl-network.1",
];

/** A request for the WebSocket. */
export const UPGRADE_REQUEST: Uint8Array = bytesOf(
  ["GET /ws HTTP/1.1", "Host: localhost", ...UPGRADE, "", ""].join("\r\n"),
);

const TARGETS = [
  "/",
  "/ws",
  "/healthz",
  "/client.js",
  "/client-arrays.js",
  "/lab",
  "/lab/",
  "/lab/index.html",
  "/lab/folder",
  "/lab/../x",
  "/lab/%2e%2e/x",
  "/lab/%00",
  "//evil.org/",
  "http://localhost/",
  "localhost:80",
  "*",
];

const HEADERS = [
  "Host: localhost",
  "Host: evil.org",
  "Host: [::1]:1876",
  "Host:",
  "Origin: http://localhost",
  "Origin: null",
  "Content-Length: 0",
  "Content-Length: 5",
  "Content-Length: 18446744073709551616",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding : chunked",
  "Expect: 100-continue",
  "Connection: keep-alive",
  "Upgrade: h2c",
  "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
  "Sec-WebSocket-Version: 8",
  "If-None-Match: *",
  "Accept-Encoding: gzip",
  " folded",
  `X: ${"y".repeat(20_000)}`,
  "x:\r\n".repeat(2_100) + "Host: evil.org",
];

/** One request, or something that looks like one. */
function request(): fc.Arbitrary<Uint8Array> {
  const target = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...TARGETS) },
    { weight: 1, arbitrary: fc.webPath() },
    { weight: 1, arbitrary: fc.string({ maxLength: 40 }).map((text) => `/${text}`) },
  );
  const method = fc.oneof(
    { weight: 8, arbitrary: fc.constant("GET") },
    {
      weight: 2,
      arbitrary: fc.constantFrom("HEAD", "POST", "OPTIONS", "TRACE", "CONNECT", "get", "X", ""),
    },
  );
  const version = fc.oneof(
    { weight: 9, arbitrary: fc.constant("HTTP/1.1") },
    { weight: 1, arbitrary: fc.constantFrom("HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "http/1.1", "") },
  );
  const headers = fc.tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(["Host: localhost"]) },
      { weight: 1, arbitrary: fc.constant<string[]>([]) },
    ),
    fc.oneof(
      { weight: 1, arbitrary: fc.constant(UPGRADE) },
      { weight: 2, arbitrary: fc.constant<string[]>([]) },
    ),
    fc.array(fc.constantFrom(...HEADERS), { maxLength: 3 }),
  ).map((all) => all.flat());
  const body = fc.oneof(
    { weight: 3, arbitrary: fc.constant("") },
    { weight: 1, arbitrary: fc.constantFrom("hello", "5\r\nhello\r\n0\r\n\r\n", "\0".repeat(9)) },
  );
  const sound = fc.tuple(method, target, version, headers, body).map((
    [method, target, version, headers, body],
  ) => bytesOf([`${method} ${target} ${version}`, ...headers, "", body].join("\r\n")));
  return fc.oneof({ weight: 3, arbitrary: sound }, { weight: 1, arbitrary: damaged(sound) });
}

/** What is sent over a connection: mostly one request, and some more. */
export function requests(): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.array(request(), { minLength: 1, maxLength: 3 })
        .map((all) => Uint8Array.from(all.flatMap((bytes) => [...bytes]))),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  );
}

/** A frame, and how it differs from one that a peer may send. */
function frame(content: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const usual = fc.record({
    flags: fc.constant(0x80),
    opcode: fc.constantFrom(2, 2, 2, 2, 9, 10),
    mask: fc.constant(0x80),
    content,
    extra: fc.constant(0),
  });
  const odd = fc.record({
    flags: fc.constantFrom(0x80, 0, 0x90, 0xa0, 0xc0),
    opcode: fc.nat(15),
    mask: fc.constantFrom(0x80, 0x80, 0x80, 0),
    content,
    extra: fc.constantFrom(0, 0, 0, 1, 2 ** 20, 2 ** 40, 2 ** 60),
  });
  return fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: odd }).map((
    { flags, opcode, mask, content, extra },
  ) => {
    const length = content.length + extra;
    const head = new DataView(new ArrayBuffer(14));
    head.setUint8(0, flags | opcode);
    let size = 2;
    if (length < 126) head.setUint8(1, mask | length);
    else {
      head.setUint8(1, mask | 127);
      head.setBigUint64(2, BigInt(length));
      size = 10;
    }
    const masks = mask ? 4 : 0; // of zeros
    return Uint8Array.from([...new Uint8Array(head.buffer, 0, size + masks), ...content]);
  });
}

/** Frames that carry these lines, cut anywhere, and others. */
export function frames(lines: readonly string[]): fc.Arbitrary<Uint8Array> {
  const content = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...lines).map((line) => bytesOf(`${line}\r\n`)) },
    { weight: 1, arbitrary: fc.constantFrom(...lines).map((line) => bytesOf(line.slice(0, 9))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 130 }) },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(0)) },
  );
  const sound = fc.array(frame(content), { minLength: 1, maxLength: 6 })
    .map((all) => Uint8Array.from(all.flatMap((bytes) => [...bytes])));
  const flood = fc.tuple(frame(content), fc.integer({ min: 200, max: 400 }))
    .map(([bytes, count]) => Uint8Array.from(Array(count).fill([...bytes]).flat()));
  return fc.oneof(
    { weight: 8, arbitrary: sound },
    { weight: 2, arbitrary: damaged(sound) },
    { weight: 1, arbitrary: flood },
  );
}
