/** What the status of a Manager says of its gateway, with real sockets. */

import { assertEquals, assertMatch } from "@std/assert";
import type { ManagerOptions, ManagerStatus } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { connect } from "../../web/client.ts";
import { pageAddress } from "../../web/page_address.ts";
import { inTime, until } from "../support/until.ts";

const PLAIN: ManagerOptions = { web: 0, disableTls: true, webRoot: "/nonexistent" };

/** What the status says of the gateway. */
const webOf = ({ manager }: TestManager) => manager.status().web!;

/** The first line of the answer to a request, or an empty text. */
async function ask({ manager }: TestManager, request: string): Promise<string> {
  using socket = await Deno.connect({ hostname: "localhost", port: manager.webPort! });
  await socket.write(new TextEncoder().encode(request));
  const answer = await inTime("an answer", new Response(socket.readable).text());
  return answer.split("\r\n")[0];
}

Deno.test("the status has the address of the page, its WebSockets and its answers", async () => {
  await using manager = await TestManager.start(PLAIN);
  const { webPort, hostname } = manager.manager;
  const url = `http://localhost:${webPort}`;
  assertEquals(webOf(manager), {
    address: `http://${hostname}:${webPort}`,
    websockets: 0,
    answers: {},
    refused_connections: {},
  });
  await using client = await connect({ url });
  const { web, clients } = await client.adminRequest<ManagerStatus>("status");
  assertEquals([web?.websockets, web?.answers], [1, { "101": 1 }]);
  assertEquals(Object.keys(clients), [client.networkName]);
  const { language } = (await client.identities()).clients[client.networkName!];
  assertMatch(language, /^TypeScript \(Deno [\d.]+\)$/);
  for (const path of ["/", "/healthz", "/nothing", "/ws"]) {
    await (await fetch(url + path)).text();
  }
  const upgrade = "GET /ws HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
  assertMatch(await ask(manager, `${upgrade}Host: evil.org\r\n\r\n`), / 421 /);
  assertMatch(await ask(manager, `${upgrade}Host: localhost\r\nOrigin: null\r\n\r\n`), / 403 /);
  assertMatch(await ask(manager, "GET / HTTP/1.1\r\nHost: evil.org\r\n\r\n"), / 421 /);
  assertMatch(await ask(manager, "no HTTP\r\n\r\n"), / 400 /);
  await client.disconnect();
  await until("the end of the WebSocket", () => webOf(manager).websockets === 0);
  await until("all answers", () => webOf(manager).answers["200"] === 2);
  assertEquals(
    webOf(manager).answers,
    { "101": 1, "200": 2, "404": 1, "426": 1, "421": 2, "403": 1, "400": 1 },
  );
  assertEquals(webOf(manager).refused_connections, {});
});

Deno.test("connections that ask for nothing in time, and those that are too many, are counted", async () => {
  const limits = { handshakeTimeout: 100, maxPending: 1 };
  await using manager = await TestManager.start({ ...PLAIN, limits });
  assertMatch(await ask(manager, "GET / HT"), / 408 /);
  assertEquals([webOf(manager).answers, webOf(manager).refused_connections], [{ "408": 1 }, {}]);
  using first = await Deno.connect({ hostname: "localhost", port: manager.manager.webPort! });
  await until("the first", async () => {
    using _next = await Deno.connect({ hostname: "localhost", port: manager.manager.webPort! });
    return webOf(manager).refused_connections.too_many_pending > 0;
  });
  await first.read(new Uint8Array(1)).catch(() => {});
});

Deno.test("a browser that does not trust the certificate is counted", async () => {
  await using manager = await TestManager.start({ web: 0, webRoot: "/nonexistent" });
  const port = manager.manager.webPort!;
  await fetch(`https://localhost:${port}/`).catch(() => {});
  await until("the refusal", () => webOf(manager).refused_connections.no_tls > 0);
  assertEquals(webOf(manager).answers, {});
});

Deno.test("a browser that is silent before TLS is counted", async () => {
  const limits = { handshakeTimeout: 100 };
  await using manager = await TestManager.start({ web: 0, webRoot: "/nonexistent", limits });
  assertEquals(await ask(manager, ""), "");
  await until("the refusal", () => webOf(manager).refused_connections.no_tls_in_time === 1);
  assertEquals(webOf(manager).answers, {});
});

Deno.test("a Manager without pages says so", async () => {
  await using manager = await TestManager.start();
  assertEquals(manager.manager.status().web, null);
});

Deno.test("an address of version 6 is in brackets", () => {
  assertEquals(pageAddress("::1", 1876, true), "https://[::1]:1876");
  assertEquals(pageAddress("lab-pc", 80, false), "http://lab-pc:80");
});
