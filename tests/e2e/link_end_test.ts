/** The end of a link, and its beginning: nobody waits for notifications that never come. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  connect,
  ConnectionAbortedError,
  type ConnectionChange,
  kwargs,
  type Link,
  RemoteError,
  Service,
} from "../../mod.ts";
import { Events } from "../support/events.ts";
import { linked } from "../support/linked.ts";
import { everywhere, type Site } from "../support/places.ts";
import { notification, reply } from "../support/messages.ts";
import { Lab } from "../support/restarts.ts";
import { ENTRY, ScriptedManager } from "../support/scripted_manager.ts";
import { turn } from "../support/unhandled.ts";

/** A Service with a method that ends when the test lets it, or never. */
class Hanging extends Service {
  readonly started = Promise.withResolvers<AbortSignal>();
  readonly release = Promise.withResolvers<number>();

  hang(): Promise<number> {
    this.started.resolve(this.request!.signal);
    return this.release.promise;
  }
}

/** The error of a Link whose Service has disconnected. */
function endOf(service: string): string {
  return `the link with the '${service}' service has ended: the service has disconnected`;
}

everywhere(
  "without reconnect, a Link says that its Service has disconnected, and stays ended",
  async (place) => {
    await using site = await place.open();
    await using cxn = await connect(site.manager.connectOptions);
    const changes = new Events<ConnectionChange>();
    cxn.connectionHandler = (change) => changes.add(change);
    const name = site.nameOf("Lab");
    const link = await linkWithLab(site, async () => await cxn.link<Lab>(name));
    const change = await changes.next(({ state }) => state === "unlinked");
    assertEquals(change.state === "unlinked" && change.service, name);

    await using again = new Lab();
    await again.start(site.home.connectOptions);
    const ended = endOf(name);
    await assertRejects(() => link.echo("x").result(), ConnectionAbortedError, ended);
    await assertRejects(() => link.acquireLock().result(), ConnectionAbortedError, ended);
    await assertRejects(() => link.releaseLock().result(), ConnectionAbortedError, ended);
    await link.unlink(); // as `await using` does, with no error of the Manager
    assertEquals(again.calls, []);

    await site.knows("Lab");
    const next = await cxn.link<Lab>(name);
    assertEquals(await next.echo("y"), "y");
  },
);

/** Links with a Service that then ends. */
async function linkWithLab(
  site: Site,
  link: () => Promise<Link<Lab>>,
): Promise<Link<Lab>> {
  await using lab = new Lab();
  await lab.start(site.home.connectOptions);
  await site.knows("Lab");
  return await link();
}

Deno.test("the error of a Manager that tells nobody ends the Links as well", async () => {
  await using manager = new ScriptedManager();
  const connecting = connect(manager.connectOptions);
  await manager.accept();
  await using client = await connecting;
  const link = await manager.grantLink(client, "Lab");
  const call = link.add(1, 2);
  await manager.answer("add", {
    error: true,
    message: `KeyError: "the 'Lab' Service is not connected to Manager[lab-pc:1]"`,
    traceback: [],
  });
  await assertRejects(() => call.result(), RemoteError, "KeyError");
  await assertRejects(() => link.add(1, 2).result(), ConnectionAbortedError, endOf("Lab"));
  await manager.close();
});

// Notifications before there is a handler

Deno.test("notifications in the packet of the reply to link() reach the handler, in order", async () => {
  await using manager = new ScriptedManager();
  const connecting = connect(manager.connectOptions);
  await manager.accept();
  await using client = await connecting;
  const linking = client.link("Lab");
  const { uid } = await manager.receive();
  const messages = [
    reply("c[lab-pc:1]", { uid, result: ENTRY }),
    notification("Lab", ["first"]),
    notification("Lab", ["second"], { n: 3 }),
  ];
  await manager.send(messages.map((message) => `${JSON.stringify(message)}\r\n`).join(""));
  const link = await linking;
  const got = new Events<unknown[]>();
  link.notificationHandler = (...args) => got.add(args);
  await manager.send(notification("Lab", ["third"]));
  assertEquals(await got.next(() => true), ["first"]);
  assertEquals(await got.next(() => true), ["second", kwargs({ n: 3 })]);
  assertEquals(await got.next(() => true), ["third"]);
  await manager.close();
});

Deno.test("the last 64 notifications are kept until there is a handler, and none afterwards", async () => {
  await using manager = new ScriptedManager();
  const connecting = connect(manager.connectOptions);
  await manager.accept();
  await using client = await connecting;
  const link = await manager.grantLink(client, "Lab");
  /** Sends notifications, and waits until they are read. */
  const send = async (from: number, to: number) => {
    for (let n = from; n < to; n++) await manager.send(notification("Lab", [n]));
    const asking = client.identities();
    await manager.answer("identity", { result: {} });
    await asking;
  };
  await send(0, 100);
  const got: unknown[] = [];
  const handler = (n: unknown) => got.push(n);
  link.notificationHandler = handler;
  link.notificationHandler = undefined; // removed at once: they are kept
  await turn();
  link.notificationHandler = handler;
  assertEquals(got, []); // not within the statement that sets it
  await turn();
  assertEquals(got, Array.from({ length: 64 }, (_, index) => 36 + index));
  link.notificationHandler = undefined;
  await send(100, 110);
  link.notificationHandler = handler;
  await send(110, 111);
  assertEquals(got.slice(64), [110]);
  await manager.close();
});

// A Service that shuts down while a method hangs

everywhere(
  "shutdown waits for a method for its grace, then tells the caller, and ends",
  async (place) => {
    await using setting = await linked(new Hanging({ grace: 50 }), {}, place);
    const { link, service } = setting;
    const rejected = assertRejects(
      () => link.hang(),
      RemoteError,
      "ConnectionAbortedError: the 'Hanging' service was shut down, and the request was not done " +
        "within 50 ms (grace)",
    );
    const signal = await service.started.promise;
    await service.shutdown();
    await rejected;
    assertEquals(signal.aborted, true);
    service.release.resolve(1); // nobody gets it
    await turn();
  },
);

Deno.test("a method that ends within the grace is answered", async () => {
  for (const grace of [60_000, Infinity]) {
    await using setting = await linked(new Hanging({ grace }));
    const { link, service } = setting;
    const hanging = link.hang();
    await service.started.promise;
    const ended = service.shutdown();
    service.release.resolve(7);
    assertEquals(await hanging, 7);
    await ended;
  }
});

Deno.test("a reply that comes after the grace is not sent: its request was answered", async () => {
  await using manager = new ScriptedManager();
  await using service = new Hanging({ grace: 0 });
  const starting = service.start(manager.connectOptions);
  await manager.accept();
  await manager.send(reply("s", { uid: "ready", result: {} }));
  await starting;
  const call = { service: "Hanging", attribute: "hang", args: [], kwargs: {}, uid: "1" };
  await manager.send({ ...call, requester: "c[lab-pc:1]", error: false });
  await service.started.promise;
  const ended = service.shutdown();
  assertEquals((await manager.receive()).error, true);
  service.release.resolve(1);
  assertEquals((await manager.receive()).attribute, "__disconnect__");
  await manager.hangUp();
  await ended;
});

Deno.test("the grace of a Service cannot be negative or NaN", () => {
  for (const grace of [-1, NaN]) {
    assertThrows(() => new Service({ grace }), RangeError, "grace must be 0 or a positive number");
  }
});
