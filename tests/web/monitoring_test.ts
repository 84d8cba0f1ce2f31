/** What a monitoring system is answered: who may read the metrics, and how one logs in. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ConfigurationError, ConnectionAbortedError, PermissionError } from "../../errors.ts";
import { connect, RemoteError, Service } from "../../mod.ts";
import type { MonitoringSource } from "../../manager/monitoring_source.ts";
import { answerMonitoring } from "../../web/monitoring.ts";
import { recordLogs } from "../support/logs.ts";
import { inTime, until } from "../support/until.ts";
import { ALICE, BOB, PageLaboratory } from "../support/page_laboratory.ts";
import { samplesOf } from "../support/prometheus.ts";
import { ask } from "../support/web_peers.ts";
import { TestManager } from "../../testing.ts";

const LOCAL = "127.0.0.1";
const REMOTE = "192.168.1.7";
/** The header of a user's login. */
const basic = (text: string) => `Basic ${new TextEncoder().encode(text).toBase64()}`;

interface Asked {
  address?: string;
  host?: string;
  headers?: string[];
  httpVersion?: string;
  tls?: boolean;
  origins?: string[];
}

/** Asks for the metrics of a Manager whose only user is `alice`, with the password `a:b é`. */
async function metrics(
  { address = LOCAL, host = "localhost:1876", headers = [], httpVersion = "1.1", ...allowed }:
    Asked,
  source: Partial<MonitoringSource> = {},
) {
  const logins: string[][] = [];
  const { status, content } = await answerMonitoring(
    {
      metrics: () => "the metrics",
      checkReady: () => Promise.resolve(),
      logIn: (...login) => {
        logins.push(login);
        return Promise.resolve(login[1] === "alice" && login[2] === "a:b é");
      },
      ...source,
    },
    "/metrics",
    { method: "GET", url: "/metrics", rawHeaders: ["Host", host, ...headers], httpVersion },
    { hostname: address, port: 1 },
    { hosts: [], origins: [], tls: true, ...allowed },
  );
  return { status, content, logins, text: new TextDecoder().decode(content.bytes) };
}

Deno.test("a program of this computer reads the metrics without a login", async () => {
  for (const address of [LOCAL, "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
    for (
      const host of ["localhost", "localhost:1876", "LOCALHOST:1", "127.0.0.1:1876", "[::1]:1"]
    ) {
      for (const tls of [true, false]) {
        const { status, text, content } = await metrics({ address, host, tls });
        assertEquals([status, text], [200, "the metrics"], `${address} ${host}`);
        assertEquals(content.type, "text/plain; version=0.0.4; charset=utf-8");
      }
    }
  }
});

Deno.test("programs of this computer may say how they use the connection, as the documentation says of proxies", async () => {
  for (const value of ["close", "keep-alive", ""]) {
    assertEquals((await metrics({ headers: ["Connection", value] })).status, 200, value);
  }
});

Deno.test("who comes through a proxy of this computer is nobody of this computer", async () => {
  const forwarded: Asked[] = [
    { host: "lab-pc:1876" },
    { host: "lab.example.org" },
    { host: "127.0.0.1.evil.org" },
    { httpVersion: "1.0" },
    { origins: ["https://lab.example.org"] },
    { headers: ["Connection", "upgrade"] },
    { headers: ["connection", "keep-alive, Upgrade"] },
    ...["X-Forwarded-For", "x-forwarded-host", "Forwarded", "Via", "X-Real-IP", "X-Client-IP"]
      .map((name) => ({ headers: [name, "10.0.0.1"] })),
  ];
  for (const asked of forwarded) {
    assertEquals((await metrics(asked)).status, 401, JSON.stringify(asked));
    const headers = [...asked.headers ?? [], "Authorization", basic("alice:a:b é")];
    assertEquals((await metrics({ ...asked, headers })).status, 200, JSON.stringify(asked));
  }
});

Deno.test("others log in with a name and a password, and are told no more than that", async () => {
  const login = (value: string) => metrics({ address: REMOTE, headers: ["Authorization", value] });
  const right = await login(basic("alice:a:b é"));
  assertEquals([right.status, right.logins], [200, [[REMOTE, "alice", "a:b é"]]]);
  const wrong = await login(basic("alice:A:b é"));
  assertEquals([wrong.status, wrong.text], [401, "The name or the password is wrong"]);
  assertEquals((await login(basic("nobody:a:b é"))).text, wrong.text);
  assertEquals(wrong.content.headers, {
    "www-authenticate": 'Basic realm="MSL-Network", charset="UTF-8"',
  });
  for (
    const value of [
      "",
      "Basic",
      "Basic !",
      "Bearer abc",
      basic("alice"),
      `Basic ${new Uint8Array([0xff, 0x3a, 0xff]).toBase64()}`,
      `${basic("alice:a:b é")}, ${basic("x:y")}`,
    ]
  ) {
    const { status, logins } = await login(value);
    assertEquals([status, logins], [401, []], value);
  }
  const twice = ["Authorization", basic("alice:a:b é"), "authorization", basic("bob:b")];
  assertEquals((await metrics({ address: REMOTE, headers: twice })).status, 401);
});

Deno.test("a password that everybody could read is not asked for", async () => {
  const headers = ["Authorization", basic("alice:a:b é")];
  const plain = await metrics({ address: REMOTE, tls: false, headers });
  assertEquals([plain.status, plain.logins, plain.content.headers], [403, [], {}]);
  // The last step from a proxy that uses TLS to this computer.
  const behind = { host: "lab.example.org", tls: false };
  assertEquals((await metrics({ ...behind, headers })).status, 200);
});

Deno.test("a login that waits too long, at the end, or without a database, is no success", async () => {
  const failing = async (error: Error) =>
    await metrics({ address: REMOTE, headers: ["Authorization", basic("a:b")] }, {
      logIn: () => Promise.reject(error),
    });
  const slow = await failing(new PermissionError("Too many failed logins"));
  assertEquals([slow.status, slow.text], [429, "Too many failed logins"]);
  assertEquals((await failing(new ConnectionAbortedError("shutting down"))).status, 503);
  const broken = await failing(new ConfigurationError("Cannot read /secret/path"));
  assertEquals([broken.status, broken.text], [503, "The Manager cannot let anybody in now"]);
});

class Adder extends Service {
  readonly gate = Promise.withResolvers<void>();

  add(x: number, y: number): number {
    return x + y;
  }

  *count(): Generator<number> {
    yield 1;
  }

  fail(): void {
    throw new RangeError("no");
  }
}

Deno.test("a Manager counts the calls of a service, also of one that comes back", async () => {
  await using lab = await PageLaboratory.withUsers({ metrics: 0, limits: { freeLogins: 2 } });
  const { manager } = lab.manager;
  const text = await Deno.readTextFile(lab.manager.connectOptions.certFile!);
  using http = Deno.createHttpClient({ caCerts: [text] });
  const get = (path: string, headers: HeadersInit = {}, port = manager.metricsPort) =>
    fetch(`https://localhost:${port}${path}`, { client: http, headers });
  const sample = async (name: string, service = "Adder") => {
    const samples = samplesOf(await (await get("/metrics")).text());
    return samples.get(`msl_network_service_${name}{service="${service}"}`);
  };
  await using client = await connect(lab.manager.connectOptions);
  for (const calls of [1, 2]) {
    await using service = new Adder({ ignoreAttributes: ["gate"] });
    await service.start(lab.manager.connectOptions);
    const link = await client.link<Adder>("Adder");
    assertEquals(await link.add(1, 2), 3);
    await link.fail().then(() => assert(false), (error) => assert(error instanceof RemoteError));
    for await (const value of link.count()) assertEquals(value, 1);
    assertEquals(await sample("connected"), 1);
    assertEquals(
      await Promise.all(
        ["calls_total", "call_errors_total", "call_duration_seconds_count"].map((name) =>
          sample(name)
        ),
      ),
      [3 * calls, calls, 2 * calls],
    );
    const { services, clients } = manager.status();
    const counts = { calls: 3, call_errors: 1, timed_calls: 2 };
    const { call_seconds: seconds, ...device } = services.Adder;
    assertEquals({ ...device, ...counts }, device);
    assert(seconds > 0 && seconds < 60, `${seconds} s`);
    assertEquals(Object.values(clients)[0].calls, 3 * calls);
    await link.unlink();
    await service.shutdown();
    await until("the service is gone", async () => await sample("connected") === 0);
  }
  assert((await sample("call_duration_seconds_sum"))! > 0);
  assert((await sample("received_bytes_total"))! > 200);

  // The metrics have left the port of the pages; each port says how the Manager is.
  const pages = manager.webPort;
  for (
    const [path, port, status] of [
      ["/metrics", pages, 404],
      ["/healthz", pages, 200],
      ["/readyz", pages, 200],
      ["/healthz", manager.metricsPort, 200],
      ["/readyz", manager.metricsPort, 200],
      ["/", manager.metricsPort, 404],
      ["/client.js", manager.metricsPort, 404],
      ["/ws", manager.metricsPort, 404],
      ["/lab/", manager.metricsPort, 404],
    ] as const
  ) {
    const answer = await get(path, {}, port);
    await answer.body?.cancel();
    assertEquals([path, answer.status], [path, status]);
  }

  // A user logs in, as for any login: wrong ones are delayed and counted.
  const login = ({ username, password }: typeof ALICE) =>
    get("/metrics", {
      "x-forwarded-for": "10.0.0.1",
      authorization: basic(`${username}:${password}`),
    });
  const known = await login(BOB);
  assertEquals([known.status, (await known.text()).startsWith("# HELP")], [200, true]);
  const wrong = await login({ ...ALICE, password: "wrong" });
  assertEquals([wrong.status, await wrong.text()], [401, "The name or the password is wrong"]);
  const unknown = await login({ username: "x".repeat(300), password: "y" });
  assertEquals([unknown.status, await unknown.text()], [401, "The name or the password is wrong"]);
  assertEquals(manager.status().totals.refused_connections, { wrong_metrics_login: 1 });
});

Deno.test("wrong logins for the metrics are throttled with all others", async () => {
  await using lab = await PageLaboratory.withUsers({
    limits: { freeLogins: 1, loginPenalty: 60_000, loginTimeout: 1_000 },
  });
  const request = (text: string) =>
    ask(
      lab.manager,
      "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.0.0.1\r\n" +
        `Authorization: ${basic(text)}\r\n\r\n`,
    );
  assertMatch(await request("alice:guess"), /^HTTP\/1.1 401 /);
  assertMatch(await request("alice:guess"), /^HTTP\/1.1 429 .*Too many failed logins/s);
  assertMatch(await request(`${ALICE.username}:${ALICE.password}`), /^HTTP\/1.1 429 /);
});

Deno.test("pages of other sites, and names that somebody has made to mean this computer, get nothing", async () => {
  await using manager = await TestManager.start({ metrics: 0, disableTls: true });
  const request = (lines: string) =>
    ask(manager, `GET /metrics HTTP/1.1\r\n${lines}\r\n`, manager.manager.metricsPort);
  const own = await request("Host: localhost\r\n");
  assertMatch(own, /^HTTP\/1.1 200 /);
  assertMatch(own, /^content-type: text\/plain; version=0.0.4; charset=utf-8\r$/m);
  assertMatch(own, /^cross-origin-resource-policy: same-origin\r$/m);
  assert(!/^access-control-allow-origin/mi.test(own));
  assertMatch(await request("Host: evil.org\r\n"), /^HTTP\/1.1 421 /);
  assertMatch(await request("Host: localhost\r\nOrigin: http://evil.org\r\n"), /^HTTP\/1.1 403 /);
  assertMatch(await request("Host: localhost\r\nHost: evil.org\r\n"), /^HTTP\/1.1 400 /);
  const socket = await request(
    "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: msl-network.1\r\n",
  );
  assertMatch(socket, /^HTTP\/1.1 404 /);
});

Deno.test("a Manager whose database cannot be read lives, and is not ready", async () => {
  await using logs = await recordLogs(["msl", "network", "web"]);
  let isReady = false;
  const source = {
    metrics: () => "",
    logIn: () => Promise.resolve(false),
    checkReady: () =>
      isReady
        ? Promise.resolve()
        : Promise.reject(new ConfigurationError("Cannot read /secret/manager.sqlite3")),
  };
  const say = async (path: "/healthz" | "/readyz") => {
    const request = { rawHeaders: ["Host", "x"], httpVersion: "1.1" };
    const allowed = { hosts: [], origins: [], tls: true };
    const remote = { hostname: REMOTE, port: 1 };
    const { status, content } = await answerMonitoring(source, path, request, remote, allowed);
    return [status, new TextDecoder().decode(content.bytes)];
  };
  assertEquals(await say("/healthz"), [200, "ok"]);
  assertEquals(await say("/readyz"), [503, "The database cannot be read"]);
  assertEquals(await say("/readyz"), [503, "The database cannot be read"]);
  const messages = () => logs.records.map(({ message }) => message.join(""));
  assertEquals(messages().length, 1, "anybody may ask, as often as they like");
  isReady = true;
  assertEquals(await say("/readyz"), [200, "ok"]);
  assertEquals(await say("/readyz"), [200, "ok"]);
  assertEquals(messages().slice(1), ["The Manager is ready again"]);
});

Deno.test("the port of the metrics is taken: the Manager does not start, and frees its other ports", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const web = (free.addr as Deno.NetAddr).port;
  free.close();
  const options = { host: "127.0.0.1", web, metrics: port, disableTls: true };
  const failed = await inTime("the failure", TestManager.start(options).catch(String));
  assertStringIncludes(String(failed), `Cannot listen on 127.0.0.1:${port}`);
  using _again = Deno.listen({ hostname: "127.0.0.1", port: web });
});
