/** The Client for browsers, over the WebSocket of this runtime. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { WebSocket as NodeWebSocket } from "ws";
import {
  CancelledError,
  ConfigurationError,
  connect as connectSocket,
  type ManagerOptions,
  Service,
} from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { browserName, browserSystem } from "../../web/browser.ts";
import {
  type Client,
  connect,
  ConnectError,
  RemoteError,
  type WebSocketClass,
} from "../../web/client.ts";
import * as web from "../../web/mod.ts";
import { ADMINISTRATOR, Laboratory } from "../support/laboratory.ts";
import { everywhere, ONE_MANAGER } from "../support/places.ts";
import { inTime, until } from "../support/until.ts";

const PLAIN: ManagerOptions = { web: 0, disableTls: true, webRoot: "/nonexistent" };

class Lab extends Service {
  started = Promise.withResolvers<void>();
  stopped = Promise.withResolvers<void>();

  add(x: number, y: number): number {
    return x + y;
  }

  fail(): void {
    throw new TypeError("the shutter is stuck");
  }

  numbers(count: number): number[] {
    return Array.from({ length: count }, (_, index) => index / 7);
  }

  sum(numbers: number[]): number {
    return numbers.reduce((sum, one) => sum + one, 0);
  }

  same(value: unknown): unknown {
    return value;
  }

  *count(to: number): Generator<number> {
    for (let value = 0; value < to; value++) yield value;
  }

  async *endless(): AsyncGenerator<number> {
    try {
      for (let value = 0;; value++) {
        this.started.resolve();
        yield value;
        await Promise.resolve();
      }
    } finally {
      this.stopped.resolve();
    }
  }
}

/** A Manager with a Service, and a Client over a WebSocket. */
async function laboratory(options: ManagerOptions = {}, place = ONE_MANAGER) {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await place.open({ ...PLAIN, ...options }));
  const { manager } = site;
  const service = stack.use(new Lab({ name: "Lab" }));
  await service.start(site.home.connectOptions);
  await site.knows("Lab");
  const url = `http://localhost:${manager.manager.webPort}`;
  const client = stack.use(await connect({ url }));
  const whole = stack.move();
  const name = site.nameOf("Lab");
  const dispose = () => whole.disposeAsync();
  return { manager, service, client, url, name, [Symbol.asyncDispose]: dispose };
}

Deno.test("calls, errors and properties are those of any Client", async () => {
  await using lab = await laboratory();
  const link = await lab.client.link<Lab>("Lab");
  assertEquals(await link.add(1, 2), 3);
  const error = await assertRejects(() => link.fail(), RemoteError);
  assertEquals(error.message, "TypeError: the shutter is stuck");
  assertEquals(
    await Promise.all(Array.from({ length: 500 }, (_, i) => link.add(i, 1))).then((all) =>
      all.at(-1)
    ),
    500,
  );
  const { clients } = await lab.client.identities();
  const [identity] = Object.values(clients);
  assertStringIncludes(identity.language, "TypeScript (Deno ");
  assertEquals(lab.manager.manager.status().totals.connections, 2);
});

Deno.test("arrays of numbers are arrays over a WebSocket too", async () => {
  await using manager = await TestManager.start(PLAIN);
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  await using cxn = await web.connect({ url: `http://localhost:${manager.manager.webPort}` });
  const link = await cxn.link("Lab");
  const picture = new web.NdArray(Uint16Array.of(1, 2, 3, 4), [2, 2]);
  const long = new web.NdArray(new Float32Array(200_000).fill(0.5), [2, 100_000]);
  for (const array of [Float64Array.of(NaN, 1), picture, long]) {
    const received = await link.same({ array });
    assertEquals(received, { array });
    assertEquals(received.array.constructor, array.constructor);
  }
});

Deno.test("another class of WebSockets may trust a certificate of its own", async () => {
  await using manager = await TestManager.start({ web: 0, webRoot: "/nonexistent" });
  await using service = new Lab({ name: "Lab" });
  await service.start(manager.connectOptions);
  const ca = await Deno.readTextFile(manager.connectOptions.certFile!);
  class Trusting extends NodeWebSocket {
    constructor(url: string, protocols: string) {
      super(url, protocols, { ca });
    }
  }
  const url = `https://localhost:${manager.manager.webPort}`;
  const given = { url, WebSocket: Trusting as unknown as WebSocketClass };
  await using client = await connect(given);
  const link = await client.link<Lab>("Lab");
  assertEquals(await link.sum([1, 2, 3]), 6);
  assertEquals((await link.numbers(300_000)).length, 300_000);
  const numbers = new Array(300_000).fill(0.5);
  assertEquals(await link.sum(numbers), 150_000);
  await manager.manager.shutdown();
  await inTime("the end", client.disconnected);
  await assertRejects(() => connect(given), ConnectError, "--web?");
  await assertRejects(() => connect({ url }), ConnectError);
});

everywhere("streams end, and are cancelled at the Service", async (place) => {
  await using lab = await laboratory({}, place);
  const link = await lab.client.link<Lab>(lab.name);
  assertEquals(await Array.fromAsync(link.count(100)), Array.from({ length: 100 }, (_, i) => i));
  for await (const value of link.endless()) if (value === 5) break;
  await inTime("the end of the generator", lab.service.stopped.promise);
});

everywhere("values of many megabytes pass in both directions, with progress", async (place) => {
  await using lab = await laboratory({}, place);
  const link = await lab.client.link<Lab>(lab.name);
  const numbers = await link.numbers(300_000);
  assertEquals([numbers.length, numbers[299_999]], [300_000, 299_999 / 7]);
  const sum = numbers.reduce((all, one) => all + one, 0);
  assertEquals(await link.sum(numbers), sum);
});

everywhere("locks are held, and notifications arrive", async (place) => {
  await using lab = await laboratory({}, place);
  const link = await lab.client.link<Lab>(lab.name);
  const heard = Promise.withResolvers<unknown[]>();
  link.notificationHandler = (...args) => heard.resolve(args);
  await link.acquireLock();
  await using other = await connectSocket(lab.manager.connectOptions);
  await assertRejects(() => other.link(lab.name), RemoteError, "PermissionError");
  await lab.service.emitNotification(21.5);
  assertEquals((await inTime("the notification", heard.promise))[0], 21.5);
});

Deno.test("users log in with options, since there is no terminal", async () => {
  await using lab = await Laboratory.withUsers({ ...PLAIN, authLogin: true });
  const url = `http://127.0.0.1:${lab.manager.manager.webPort}`;
  await using client = await connect({ url, ...ADMINISTRATOR });
  assertEquals(await client.adminRequest("users_table.is_admin", "admin"), true);
  await assertRejects(
    () => connect({ url, ...ADMINISTRATOR, password: "wrong" }).then(identify),
    RemoteError,
  );
  await assertRejects(() => connect({ url }).then(identify), ConfigurationError, "username");
});

/** Makes sure that the Manager has accepted the Client. */
async function identify(client: Client): Promise<void> {
  await using one = client;
  await one.identities();
}

Deno.test("a Client reconnects after a restart of the Manager, with its link", async () => {
  const first = await TestManager.start(PLAIN);
  const { webPort, port } = first.manager;
  const reconnect = { firstDelay: 1, longestDelay: 20, attempts: 1_000 };
  await using service = new Lab({ name: "Lab" });
  await service.start({ ...first.connectOptions, reconnect });
  await using client = await connect({ url: `http://localhost:${webPort}`, reconnect });
  const link = await client.link<Lab>("Lab");
  const states: string[] = [];
  client.connectionHandler = ({ state }) => states.push(state);
  await first[Symbol.asyncDispose]();
  await until("the loss", () => states.includes("lost"));
  await using _second = await TestManager.start({ ...PLAIN, port, web: webPort });
  await until("the link", () => states.includes("linked"));
  assertEquals(await link.add(2, 3), 5);
});

Deno.test("an address that is none, and a Manager that is not there, are errors that say what to do", async () => {
  await assertRejects(() => connect(), ConfigurationError, "option url");
  for (const url of ["lab-pc:1876", "ftp://lab-pc", "x"]) {
    await assertRejects(() => connect({ url }), ConfigurationError, JSON.stringify(url));
  }
  const free = Deno.listen({ hostname: "localhost", port: 0 });
  const { port } = free.addr as Deno.NetAddr;
  free.close();
  await assertRejects(
    () => connect({ url: `http://localhost:${port}` }),
    ConnectError,
    "Is the Manager running there, with --web?",
  );
});

Deno.test("a Manager that does not answer is given up in time, and a signal ends an attempt", async () => {
  using silent = Deno.listen({ hostname: "localhost", port: 0 });
  const url = `http://localhost:${(silent.addr as Deno.NetAddr).port}`;
  await assertRejects(() => connect({ url, timeout: 50 }), ConnectError, "within 50 ms");
  const reason = new CancelledError("never mind");
  const signal = AbortSignal.timeout(50);
  signal.addEventListener("abort", () => {});
  await assertRejects(() => connect({ url, signal: AbortSignal.abort(reason) }), CancelledError);
  const error = await connect({ url, signal }).catch((error) => error);
  assertEquals(error, signal.reason);
});

Deno.test("a server that speaks no subprotocol of ours is not a Manager", async () => {
  await using server = Deno.serve({ port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => socket.close();
    return response;
  });
  await assertRejects(() => connect({ url: `http://localhost:${server.addr.port}` }), ConnectError);
});

Deno.test("browsers say what they are in many ways", () => {
  const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) ";
  for (
    const [userAgent, name] of [
      [`${chrome}Chrome/120.0.0.0 Safari/537.36`, "Chrome 120.0.0.0"],
      [`${chrome}HeadlessChrome/120.0.0.0 Safari/537.36`, "Chrome 120.0.0.0"],
      [`${chrome}Chrome/120.0.0.0 Safari/537.36 Edg/121.0`, "Edge 121.0"],
      ["Mozilla/5.0 (X11; Linux; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128.0"],
      ["Mozilla/5.0 (Macintosh) AppleWebKit/605 (KHTML) Version/17.1 Safari/605", "Safari 17.1"],
      ["Node.js/22", "Node.js 22"],
      ["Bun/1.3.0", "Bun 1.3.0"],
      ["something", "unknown browser"],
    ]
  ) assertEquals(browserName({ userAgent }), name);
  assertEquals(browserSystem({ platform: "Linux x86_64" }), "Linux x86_64");
  assertEquals(browserSystem({ platform: "x", userAgentData: { platform: "Windows" } }), "Windows");
  assertEquals(browserSystem({}), "unknown system");
  assert(browserName() !== "unknown browser", "this runtime has a name");
});
