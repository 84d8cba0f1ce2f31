/** What a Service says of itself, and who is told it. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type About,
  connect,
  type JsonObject,
  kwargs,
  RemoteError,
  Service,
  type ServiceAbout,
} from "../../mod.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { toServiceAbout } from "../../wire/about.ts";
import { ADMINISTRATOR, Laboratory } from "../support/laboratory.ts";
import { succeed } from "../support/process.ts";
import { pythonPeer } from "../support/python.ts";
import { USER } from "../support/python_users.ts";
import * as messages from "../support/messages.ts";
import { ENTRY, ScriptedManager } from "../support/scripted_manager.ts";

class Meter extends Service {
  static about: About<Meter> = {
    description: "The meter",
    attributes: { read: { description: "Reads it.", result: { unit: "V" }, safe: true } },
    notifications: { celsius: { unit: "°C" } },
    implements: ["meter.1"],
  };
  read(): number {
    return 1.5;
  }
  *values(): Generator<number> {
    yield 1;
    yield 2;
  }
  notify(count: number): void {
    for (; count > 0; count--) this.emitNotification(count, kwargs({ celsius: 21.5 }));
  }
}

const SAID: ServiceAbout = {
  description: "The meter",
  attributes: { read: { description: "Reads it.", result: { unit: "V" }, safe: true } },
  notifications: { celsius: { unit: "°C" } },
  implements: ["meter.1"],
};
const NOTHING: ServiceAbout = {
  description: "",
  attributes: {},
  notifications: {},
  implements: [],
};

/** A Manager, and a Meter that is connected to it. */
async function laboratory() {
  await using stack = new AsyncDisposableStack();
  const manager = stack.use(await TestManager.start());
  const meter = stack.use(new Meter());
  await meter.start(manager.connectOptions);
  const whole = stack.move();
  return { manager, meter, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

/** A client with these extensions. */
async function wireClient(
  { connectOptions }: TestManager,
  extensions?: string[],
): Promise<WirePeer> {
  return await WirePeer.introduce(connectOptions, { type: "client", name: "raw", extensions });
}

/** The reply to a request of a client to the Manager. */
async function ask(peer: WirePeer, attribute: string, ...args: unknown[]): Promise<JsonObject> {
  peer.send(messages.request("Manager", attribute, args));
  return await peer.read();
}

/** A service that has sent this identity, and is registered. */
async function wireService(manager: TestManager, identity: JsonObject): Promise<WirePeer> {
  const whole = { type: "service", name: "Foreign", attributes: { read: "()" }, ...identity };
  const peer = await WirePeer.introduce(manager.connectOptions, whole);
  await manager.connected("Foreign");
  return peer;
}

Deno.test("a Client reads what a Service says of itself, with and without a link", async () => {
  await using lab = await laboratory();
  await using cxn = await connect(lab.manager.connectOptions);
  assertEquals(await cxn.about("Meter"), SAID); // the first request of the connection
  assertEquals(await cxn.about(), { Meter: SAID });
  assertEquals((await cxn.link("Meter")).serviceAbout, SAID);
  const error = await assertRejects(() => cxn.about("Meater"), RemoteError, "does not exist");
  assertEquals(error.remoteName, "KeyError");
  await assertRejects(() => cxn.about("Meter", { timeout: 0 }), RangeError);
  const reason = new Error("enough");
  await assertRejects(() => cxn.about("Meter", { signal: AbortSignal.abort(reason) }), "enough");
});

Deno.test("a Service that describes nothing is empty, as one in Python is", async () => {
  await using manager = await TestManager.start();
  await using plain = new Service({ name: "Plain" });
  await plain.start(manager.connectOptions);
  await using _foreign = await wireService(manager, {});
  await using cxn = await connect(manager.connectOptions);
  assertEquals(await cxn.about(), { Plain: NOTHING, Foreign: NOTHING });
  assertEquals((await cxn.link("Foreign")).serviceAbout, NOTHING);
});

Deno.test("only a client that offers the extension is told, and nobody in the identity", async () => {
  await using lab = await laboratory();
  await using plain = await wireClient(lab.manager);
  assertEquals("about" in ((await ask(plain, "link", "Meter")).result as JsonObject), false);
  assertEquals(
    (await ask(plain, "about")).message,
    "PermissionError: Only a device with the extension 'about' may request that",
  );
  await using knowing = await wireClient(lab.manager, ["about"]);
  assertEquals(((await ask(knowing, "link", "Meter")).result as JsonObject).about, SAID as unknown);
  assertEquals((await ask(knowing, "about", "Meter")).result, SAID as unknown);
  for (const peer of [plain, knowing]) {
    const { services } = (await ask(peer, "identity")).result as { services: JsonObject };
    assertEquals("about" in (services.Meter as JsonObject), false);
  }
});

Deno.test("the description of a service that does not offer the extension is ignored", async () => {
  await using manager = await TestManager.start();
  await using _foreign = await wireService(manager, { about: SAID });
  await using cxn = await connect(manager.connectOptions);
  assertEquals(await cxn.about("Foreign"), NOTHING);
});

Deno.test("a user who may not use a service is told no more than the names of its attributes", async () => {
  await using lab = await Laboratory.withUsers({ authLogin: true });
  const to = lab.manager.connectOptions;
  await using meter = new Meter();
  await meter.start({ ...to, ...ADMINISTRATOR });
  await using admin = await connect({ ...to, ...ADMINISTRATOR });
  await admin.adminRequest("access_table.allow", "Meter", ADMINISTRATOR.username);
  await using user = await connect({ ...to, ...USER });
  const names = { notify: {}, read: {}, set_logging_level: {}, values: {} };
  assertEquals(await user.about("Meter"), { ...NOTHING, attributes: names });
  assertEquals(await user.about(), { Meter: { ...NOTHING, attributes: names } });
  assertEquals(await admin.about("Meter"), SAID);
});

const HOSTILE: [what: string, about: unknown][] = [
  ["a megabyte of text", { description: "x".repeat(1024 * 1024) }],
  ["a million parameters", {
    attributes: { read: { parameters: Array(300_000).fill({ name: "x" }) } },
  }],
  ["wrong types", { description: {}, attributes: [1], notifications: "x", implements: { a: 1 } }],
  ["control characters", { description: "\u001b[2J\u009b31m\u202e", implements: ["\u0007"] }],
  [
    "names of prototypes",
    JSON.parse('{"attributes":{"__proto__":{"safe":true}},"__proto__":{"description":"x"}}'),
  ],
  ["deep nesting", { attributes: { read: { result: { schema: nested(300) } } } }],
  ["other attributes", { attributes: { write: { description: "x" } } }],
  ["no object", [[]]],
];

function nested(depth: number): unknown {
  return depth === 0 ? 1 : { not: nested(depth - 1) };
}

for (const [what, about] of HOSTILE) {
  Deno.test(`a description with ${what} is cleaned where it enters, and its service is connected`, async () => {
    await using manager = await TestManager.start();
    await using _foreign = await wireService(manager, { about, extensions: ["about"] });
    await using peer = await wireClient(manager, ["about"]);
    const { result } = await ask(peer, "about", "Foreign");
    assert(JSON.stringify(result).length < 30_000);
    assertEquals(toServiceAbout(result, new Set(["read"])), result as ServiceAbout); // it is clean
    assertEquals(/\p{Cc}|\u202e/u.test((result as ServiceAbout).description), false);
    await using cxn = await connect(manager.connectOptions);
    assertEquals(await cxn.about("Foreign"), result as ServiceAbout);
  });
}

Deno.test("the description counts for --max-identity, and the error names it", async () => {
  await using manager = await TestManager.start({ limits: { maxIdentity: 100_000 } });
  class Talker extends Service {
    static about = {
      notifications: Object.fromEntries(
        Array.from({ length: 100 }, (_, i) => [`n${i}`, { description: "x".repeat(4_000) }]),
      ),
    };
  }
  const service = new Talker();
  await assertRejects(
    () => service.start(manager.connectOptions),
    RemoteError,
    "(--max-identity). Its largest part is 'static about' (",
  );
});

Deno.test("a Client cleans a description of a hostile Manager, and asks no Manager that does not know them", async () => {
  await using manager = new ScriptedManager();
  const connecting = connect(manager.connectOptions);
  await manager.accept();
  await using cxn = await connecting;
  const asking = cxn.about("Meter");
  const first = await manager.receive();
  assertEquals(first.attribute, "identity"); // harmless to any Manager: is it one that knows them?
  await manager.send(messages.reply("raw[h:1]", { uid: first.uid, result: {} }));
  assertEquals(await asking, NOTHING);
  assertEquals(await cxn.about(), {}); // and nothing was sent for it
  const linking = cxn.link("Meter");
  const { attribute, uid } = await manager.receive();
  assertEquals(attribute, "link");
  const about = {
    description: "\u001b[2J",
    attributes: { a: { parameters: 5 } },
    notifications: 3,
  };
  await manager.send(messages.reply("raw[h:1]", { uid, result: { ...ENTRY, about } }));
  assertEquals((await linking).serviceAbout, {
    ...NOTHING,
    description: "\ufffd[2J",
    attributes: { a: {} },
  });
});

Deno.test("a Python client is not disturbed by descriptions and times", async () => {
  await using lab = await laboratory();
  const lines = (await succeed(pythonPeer("listener", lab.manager))).trim().split("\n")
    .map((line) => JSON.parse(line));
  const attributes = {
    notify: "(count)",
    read: "()",
    set_logging_level: "(level: Union[str, int]) -> bool",
    values: "()",
  };
  const notified = [3, 2, 1].map((count) => ["notified", [count], { celsius: 21.5 }]);
  assertEquals(lines, [
    ["attributes", attributes],
    ...notified,
    ["read", 1.5],
    ["values", [1, 2]],
    ["connected", true, ["attributes", "address", "language", "os", "max_clients"]],
  ]);
});
