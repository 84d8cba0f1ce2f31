import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { QueueFullError, ValueError } from "../../errors.ts";
import { LIMITS, MAX_NOTIFICATION_SIZE } from "../../limits.ts";
import { connect, RemoteError, Service } from "../../mod.ts";
import { Connection } from "../../net/connection.ts";
import type { Transport } from "../../net/transport.ts";
import { notificationLine, sendNotification } from "../../service/notifications.ts";
import { linked } from "../support/linked.ts";
import { reply } from "../support/messages.ts";
import { ScriptedManager } from "../support/scripted_manager.ts";
import { inTime } from "../support/until.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/** The arguments of a notification whose line has so many bytes. */
function argumentsOf(
  size: number,
): { args: string[]; kwargs: Record<string, never>; options: Record<string, never> } {
  const call = { args: [""], kwargs: {}, options: {} };
  call.args[0] = "x".repeat(size - notificationLine("S", call).length);
  return call;
}

/** A connection whose peer reads nothing until it is told to. */
function deafConnection() {
  const hears = Promise.withResolvers<void>();
  const transport: Transport = {
    read: () => new Promise<null>(() => {}),
    write: async (bytes) => {
      await hears.promise;
      return bytes.length;
    },
    close: () => hears.reject(new Error("closed")),
  };
  hears.promise.catch(() => {});
  return { connection: new Connection(transport), hear: () => hears.resolve() };
}

/** Whether a promise is settled after the microtasks that are due. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  const turn = new Promise((resolve) => setTimeout(() => resolve(pending), 0));
  return await Promise.race([promise, turn]) !== pending;
}

Deno.test("a notification may have 16 MiB, counted in bytes of UTF-8", () => {
  const longest = notificationLine("S", argumentsOf(MAX_NOTIFICATION_SIZE));
  assertEquals(longest.length, 16 * MiB);
  const text = "Cannot emit a notification of 16777217 bytes, the limit is 16777216";
  assertThrows(
    () => notificationLine("S", argumentsOf(MAX_NOTIFICATION_SIZE + 1)),
    ValueError,
    text,
  );
  const wide = { args: ["€".repeat(6 * MiB)], kwargs: {}, options: {} };
  assertThrows(() => notificationLine("S", wide), ValueError, "are a stream");
  const latin = { args: ["é".repeat(7 * MiB)], kwargs: {}, options: {} };
  assert(notificationLine("S", latin).length < 8 * MiB);
});

Deno.test("a notification that is longer than a text can be is a ValueError too", () => {
  const half = "x".repeat(300 * MiB);
  const call = { args: [half, half], kwargs: {}, options: {} };
  assertThrows(() => notificationLine("S", call), ValueError, "too many bytes");
});

Deno.test("the promise of a notification settles when the connection is not congested", async () => {
  const { connection, hear } = deafConnection();
  await using _connection = connection;
  const line = notificationLine("S", argumentsOf(MiB - 2)); // and its terminator
  let last = Promise.resolve();
  for (let count = 1; count <= 9; count++) {
    assertEquals(await isSettled(last), true);
    last = sendNotification(connection, [line], LIMITS.queueLimit);
  }
  assertEquals(await isSettled(last), false); // more than 8 MiB wait
  hear();
  await inTime("the connection is drained", last);
  assert(connection.queued <= LIMITS.queueLow);
});

Deno.test("the promise of a notification settles when the connection ends", async () => {
  const { connection } = deafConnection();
  const line = notificationLine("S", argumentsOf(9 * MiB));
  const sent = sendNotification(connection, [line], LIMITS.queueLimit);
  assertEquals(await isSettled(sent), false);
  connection.abort();
  await inTime("the connection has ended", sent);
});

Deno.test("a notification that finds the queue full is an error, and the connection goes on", async () => {
  const { connection, hear } = deafConnection();
  await using _connection = connection;
  const line = notificationLine("S", argumentsOf(MiB));
  const emit = () => sendNotification(connection, [line], 20 * MiB);
  for (let count = 0; count < 20; count++) emit();
  const { queued } = connection;
  assertThrows(emit, QueueFullError, `${queued} bytes wait for the Manager to read them`);
  assertThrows(emit, QueueFullError, `the limit is ${20 * MiB} (queueLimit)`);
  assertEquals(connection.queued, queued); // nothing was added
  hear();
  await inTime("the connection is drained", connection.drained());
  await emit();
});

/** A Service under a Manager that reads only what the test lets it. */
async function underDeafManager(service: Service) {
  await using stack = new AsyncDisposableStack();
  const manager = stack.use(new ScriptedManager());
  const starting = service.start(manager.connectOptions);
  await manager.accept();
  await manager.send(reply(service.name, { uid: "ready", result: true }));
  await starting;
  stack.use(service);
  stack.defer(() => manager.close()); // before the Service waits for it
  const whole = stack.move();
  return { manager, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

Deno.test("a Service that waits for each notification is as fast as its Manager", async () => {
  const service = new Service({ name: "Flood" });
  await using device = await underDeafManager(service);
  const { manager } = device;
  const text = "x".repeat(256 * KiB);
  const count = 160; // 40 MiB: more than the queue and the sockets hold
  let emitted = 0;
  const emitting = (async () => {
    for (let number = 0; number < count; number++) {
      await service.emitNotification(number, text);
      emitted++;
    }
  })();
  // Each is read once; the Service is never further ahead than what the two queues and sockets hold.
  for (let read = 0; read < count; read++) {
    const { result } = await manager.receive() as { result: [[number, string]] };
    assertEquals(result[0][0], read);
    assert(emitted - read < 120, `${emitted} were emitted when ${read} were read`);
  }
  await inTime("all notifications are emitted", emitting);
});

Deno.test("a Service that does not wait gets an error at its limit, and answers requests then", async () => {
  class Flood extends Service {
    #count = 0;

    flood(): number {
      const text = "x".repeat(256 * KiB);
      try {
        for (;;) {
          this.emitNotification(this.#count, text);
          this.#count++;
        }
      } catch (error) {
        if (error instanceof QueueFullError) return this.#count;
        throw error;
      }
    }
  }
  const service = new Flood({ queueLimit: 4 * MiB });
  await using network = await linked(service, { disableTls: true });
  let notified = 0;
  network.link.notificationHandler = () => notified++;
  const count = await network.link.flood();
  assertEquals([count, notified], [16, 16]); // those that were emitted have arrived before the reply
  assertEquals(await network.link.flood(), 32);
});

Deno.test("queueLimit and a notification that is too long are checked", async () => {
  for (const queueLimit of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => new Service({ queueLimit }), RangeError, "queueLimit must be an integer");
  }
  class Loud extends Service {
    shout(size: number): void {
      this.emitNotification("x".repeat(size));
    }
  }
  await using network = await linked(new Loud(), { disableTls: true });
  const heard = Promise.withResolvers<number>();
  network.link.notificationHandler = (text) => heard.resolve(String(text).length);
  await assertRejects(
    () => network.link.shout(16 * MiB),
    RemoteError,
    "ValueError: Cannot emit a notification of",
  );
  await network.link.shout(15 * MiB);
  assertEquals(await inTime("the long notification", heard.promise), 15 * MiB);
  await using other = await connect(network.manager.connectOptions);
  assertEquals((await other.link("Loud")).serviceName, "Loud");
});
