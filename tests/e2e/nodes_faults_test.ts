/**
 * What happens to calls, streams and locks while NATS, a node or the route between two NATS servers
 * fails: each call is answered once, none has run twice, no lock is left, and all is whole again soon.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Client, connect, type Link, RemoteError, Service } from "../../mod.ts";
import { WINDOW } from "../../client/stream_window.ts";
import { type TestManager, WirePeer } from "../../testing.ts";
import { connected, isState, RECONNECT } from "../support/connection_changes.ts";
import { temporaryFolder } from "../support/folder.ts";
import { knows, startNode, TEST_BEAT } from "../support/joined_managers.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { NatsCluster } from "../support/nats_cluster.ts";
import { NatsServer, natsTest } from "../support/nats_server.ts";
import { request } from "../support/messages.ts";
import { inTime, until } from "../support/until.ts";

/** How long after a fault everything has to be whole again, in milliseconds. */
const RECOVERY = 30_000;

const ABORTED = "ConnectionAbortedError";

/** A service that writes down what it is asked for. */
class Stage extends Service {
  readonly runs: string[] = [];
  /** How many texts of streams were made. */
  made = 0;
  readonly aborted = Promise.withResolvers<void>();
  readonly begun = Promise.withResolvers<void>();

  echo(text: string): string {
    this.runs.push(text);
    return text;
  }

  /** Returns when it is cancelled. */
  async wait(): Promise<void> {
    this.runs.push("wait");
    const { signal } = this.request!;
    this.begun.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    this.aborted.resolve();
  }

  text(length: number): string {
    return "x".repeat(length);
  }

  *texts(count: number, length: number): Generator<string> {
    for (let index = 0; index < count; index++) {
      this.made++;
      yield `${index} `.padEnd(length, "x");
    }
  }

  notify(count: number): void {
    for (let number = 0; number < count; number++) this.emitNotification(number);
  }
}

/** A Stage at one Manager, and a Client that reconnects at another one, with a lock. */
interface Setting {
  home: TestManager;
  client: Client;
  link: Link<Stage>;
  stage: Stage;
}

/** Starts a Stage at the node a, and connects a Client with the options. */
async function locked(
  stack: AsyncDisposableStack,
  home: TestManager,
  options: { host?: string; port?: number },
): Promise<Setting> {
  const stage = stack.use(new Stage());
  await stage.start({ ...home.connectOptions, reconnect: RECONNECT });
  const { client } = await connected({
    ...options,
    disableTls: true,
    name: "holder",
    reconnect: RECONNECT,
  });
  stack.use(client);
  const link = await until(
    "the node knows the service",
    () => client.link<Stage>("a.Stage").then((link) => link, () => undefined),
  ) as Link<Stage>;
  await link.acquireLock();
  assertEquals(await link.echo("before"), "before");
  return { home, client, link, stage };
}

/** The locks of the Stage, as its home node has them. */
function locksOf({ manager }: TestManager): string[] {
  return manager.status().services.Stage?.locks ?? [];
}

/** The outcome of a call that may have been carried out. */
function outcomeOf(call: PromiseLike<unknown>): Promise<string> {
  return inTime(
    "the call is answered",
    Promise.resolve(call).then(
      (result) => String(result),
      (error) => (error as RemoteError).remoteName ?? (error as Error).name,
    ),
    RECOVERY,
  );
}

/** Asserts that the Client can call the Stage again, and holds the lock again. */
async function assertWhole({ home, link, stage }: Setting): Promise<void> {
  const start = performance.now();
  await until("a call is answered", async () => await outcomeOf(link.echo("after")) === "after");
  await until("the lock is held again", () => locksOf(home).length === 1);
  const took = performance.now() - start;
  assert(took < RECOVERY, `it took ${took} ms`);
  const calls = stage.runs.filter((text) => text !== "after");
  assertEquals(new Set(calls).size, calls.length, `something has run twice: ${calls}`);
}

for (
  const { how, stop, start } of [
    {
      how: "stands still",
      stop: (nats: NatsServer) => nats.pause(),
      start: (nats: NatsServer) => nats.resume(),
    },
    {
      how: "is killed",
      stop: (nats: NatsServer) => nats.kill(),
      start: (nats: NatsServer) => nats.restart(),
    },
  ]
) {
  natsTest(
    `while NATS ${how} each call is answered once, locks end with their client's node, and all is whole when it is back`,
    async () => {
      await using stack = new AsyncDisposableStack();
      const nats = stack.use(await NatsServer.start());
      const home = stack.use(await startNode("a", [nats]));
      const other = stack.use(await startNode("b", [nats]));
      const setting = await locked(stack, home, other.connectOptions);
      const { link, stage } = setting;
      const waiting = outcomeOf(link.wait());
      await stage.begun.promise;
      await stop(nats);
      const meanwhile = outcomeOf(link.echo("meanwhile"));
      assertEquals(await waiting, ABORTED);
      assertEquals(await meanwhile, ABORTED);
      await until("the lock is free", () => locksOf(home).length === 0);
      await inTime("the method is cancelled", stage.aborted.promise);
      await start(nats);
      await assertWhole(setting);
      assert(!stage.runs.includes("meanwhile"), "it has run after its error");
    },
  );
}

natsTest(
  "a short standstill of NATS ends nothing: what was asked is answered afterwards",
  async () => {
    await using stack = new AsyncDisposableStack();
    const nats = stack.use(await NatsServer.start());
    const join = { beat: 5_000 };
    const home = stack.use(await startNode("a", [nats], { join }));
    const other = stack.use(await startNode("b", [nats], { join }));
    const { link, stage } = await locked(stack, home, other.connectOptions);
    await nats.pause();
    const calls = ["one", "two"].map((text) => link.echo(text));
    await Promise.all(calls.map(({ sent }) => sent));
    nats.resume();
    assertEquals(await Promise.all(calls), ["one", "two"]);
    assertEquals([stage.runs, locksOf(home).length], [["before", "one", "two"], 1]);
  },
);

natsTest(
  "a node of clients that is killed leaves no lock and no running method, and comes back",
  async () => {
    await using stack = new AsyncDisposableStack();
    const nats = stack.use(await NatsServer.start());
    const home = stack.use(await startNode("a", [nats]));
    const folder = stack.use(await temporaryFolder());
    const args = ["--node=b", `--join=${nats.url}`, `--join-beat=${TEST_BEAT}ms`];
    const killed = stack.use(await ManagerProcess.start(folder.path, ...args));
    const setting = await locked(stack, home, killed.connectOptions);
    const { link, stage } = setting;
    assertEquals(locksOf(home).map((name) => name.replace(/\[.*\]/, "[]")), ["holder[]@b"]);
    const waiting = outcomeOf(link.wait());
    await stage.begun.promise;
    killed.kill("SIGKILL");
    assertEquals(await waiting, ABORTED);
    await until("the lock is free", () => locksOf(home).length === 0);
    await inTime("the method is cancelled", stage.aborted.promise);
    const { port } = killed.connectOptions;
    stack.use(await ManagerProcess.start(folder.path, ...args, `--port=${port}`));
    await assertWhole(setting);
  },
);

natsTest(
  "the calls of a home node that is killed are answered once, and links are restored when it is back",
  async () => {
    await using stack = new AsyncDisposableStack();
    const nats = stack.use(await NatsServer.start());
    const other = stack.use(await startNode("b", [nats]));
    const folder = stack.use(await temporaryFolder());
    const args = ["--node=a", `--join=${nats.url}`, `--join-beat=${TEST_BEAT}ms`];
    const killed = stack.use(await ManagerProcess.start(folder.path, ...args));
    const stage = stack.use(new Stage());
    await stage.start({ ...killed.connectOptions, reconnect: RECONNECT });
    await knows(other, "a.Stage");
    const { client, changes } = await connected({ ...other.connectOptions, reconnect: RECONNECT });
    stack.use(client);
    const link = await client.link<Stage>("a.Stage");
    const waiting = link.wait();
    await stage.begun.promise;
    killed.kill("SIGKILL");
    const error = await assertRejects(() => waiting.result(), RemoteError, ABORTED);
    assert(error.message.includes("the service may have worked on it"), error.message);
    await changes.next(isState("unlinked"));
    // The session may end before this node knows that the other one is gone.
    await until("the node is gone", async () => {
      const error = await assertRejects(() => client.link("a.Nothing"), RemoteError);
      return error.message.includes("'a' is gone since");
    });
    const { port } = killed.connectOptions;
    stack.use(await ManagerProcess.start(folder.path, ...args, `--port=${port}`));
    const start = performance.now();
    assertEquals(await inTime("a call is answered", link.echo("after").result()), "after");
    assert(performance.now() - start < RECOVERY);
    assertEquals(stage.runs, ["wait", "after"]);
  },
);

natsTest(
  "while the route between two NATS servers is cut, nodes at them are gone for each other, and a third one sees both",
  async () => {
    await using stack = new AsyncDisposableStack();
    const cluster = stack.use(await NatsCluster.start(3));
    const start = async (node: string, index: number) =>
      stack.use(await startNode(node, [cluster.server(index)]));
    const [home, other, third] = [await start("a", 0), await start("b", 1), await start("c", 2)];
    const setting = await locked(stack, home, other.connectOptions);
    const { link, stage } = setting;
    await knows(third, "a.Stage");
    for (const how of ["close", "freeze"] as const) {
      const before = stage.runs.length;
      cluster.cut(0, 1, how);
      const texts = Array.from({ length: 20 }, (_, index) => `${how} ${index}`);
      const outcomes = await Promise.all(texts.map((text) => outcomeOf(link.echo(text))));
      assertEquals(new Set(outcomes), new Set([ABORTED]));
      await until("the lock is free", () => locksOf(home).length === 0);
      await using seeing = await connect(third.connectOptions);
      const elsewhere = await seeing.link<Stage>("a.Stage");
      assertEquals(await elsewhere.echo(`${how} elsewhere`), `${how} elsewhere`);
      await elsewhere.unlink();
      cluster.heal(0, 1);
      await assertWhole(setting);
      const late = stage.runs.slice(before).filter((text) => texts.includes(text));
      assertEquals(late, late.toSorted(), "calls have run in another order");
    }
  },
);

natsTest("calls arrive in their order, and so do notifications", async () => {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await NatsServer.start());
  const home = stack.use(await startNode("a", [nats]));
  const other = stack.use(await startNode("b", [nats]));
  const { link, stage } = await locked(stack, home, other.connectOptions);
  const texts = Array.from({ length: 2_000 }, (_, index) => String(index));
  const numbers: unknown[] = [];
  const all = Promise.withResolvers<void>();
  link.notificationHandler = (number) => {
    if (numbers.push(number) === texts.length) all.resolve();
  };
  const notified = link.notify(texts.length);
  assertEquals(await Promise.all(texts.map((text) => link.echo(text))), texts);
  await notified;
  await inTime("all notifications are there", all.promise);
  assertEquals(stage.runs, ["before", ...texts]);
  assertEquals(numbers, texts.map(Number));
});

natsTest("clients that do not read slow down nobody else, and NATS stays connected", async () => {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await NatsServer.start());
  const home = stack.use(await startNode("a", [nats]));
  const other = stack.use(await startNode("b", [nats]));
  const stage = stack.use(new Stage());
  await stage.start(home.connectOptions);
  await knows(other, "a.Stage");
  // 2 streams of 6 MB each, within their credit. Together they are more than NATS holds for a
  // subscriber, and those of one client are more than its Manager holds for it.
  const [clients, streams, count, length] = [6, ["one", "two"], WINDOW, 200_000];
  const slow: WirePeer[] = [];
  for (let index = 0; index < clients; index++) {
    const extensions = ["ready", "cancel", "stream"];
    const identity = { type: "client", name: `slow ${index}`, extensions };
    const peer = stack.use(await WirePeer.introduce(other.connectOptions, identity));
    assertEquals((await peer.read()).uid, "ready");
    for (const uid of streams) {
      peer.send(request("a.Stage", "texts", [count, length], { uid, stream: count }));
    }
    slow.push(peer);
  }
  const client = stack.use(await connect(other.connectOptions));
  const link = await client.link<Stage>("a.Stage");
  await until("all values were made", () => stage.made === clients * streams.length * count);
  const times: number[] = [];
  for (let index = 0; index < 50; index++) {
    const start = performance.now();
    assertEquals((await link.text(100_000)).length, 100_000);
    times.push(performance.now() - start);
  }
  const median = times.toSorted((one, other) => one - other)[25]; // a busy computer has slow moments
  assert(median < 1_000, `calls took ${times} ms`);
  for (const peer of slow) {
    const next: Record<string, number> = { one: 0, two: 0 };
    for (let left = streams.length * count; left > 0; left--) {
      const { uid, attribute, result } = await peer.read();
      assertEquals([attribute, (result as string).length], ["__next__", length]);
      assertEquals(parseInt(result as string), next[uid as string]++);
    }
  }
  for (const { manager } of [home, other]) {
    const { node } = manager.status();
    assertEquals([node?.is_connected, node?.problem], [true, null]);
  }
  assert(!nats.output.includes("Slow Consumer"), nats.output);
});
