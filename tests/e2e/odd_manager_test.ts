/** A Manager may send anything, and a user's code may throw anything: the program goes on. */

import { assertEquals, assertRejects } from "@std/assert";
import { connect, type JsonObject, RemoteError, Service, ValueError } from "../../mod.ts";
import { ENTRY, ScriptedManager } from "../support/scripted_manager.ts";
import { linked } from "../support/linked.ts";
import fc from "../support/properties.ts";
import { notification } from "../support/messages.ts";
import { expectNothingUnhandled } from "../support/unhandled.ts";

/** A value of a type that the key does not have. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e308,
    "",
    "notification",
    "ready",
    "gone",
    "Lab",
    [],
    [[], {}],
    [null, null],
    {},
    { toString: 1, toJSON: 1, then: 1, length: -1 },
    { extensions: [null, {}], streams: "x", beat: "often" },
    { extensions: 5, beat: {} },
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

const KEYS = ["uid", "service", "requester", "attribute", "args", "kwargs", "result", "message"];
const MORE_KEYS = ["traceback", "size", "stream", "parts", "error"];

/** A message in which one to three keys have odd values, or are missing. */
const message = fc.record({
  base: fc.constantFrom<JsonObject>(
    { error: false, result: 1, requester: "c", uid: "ready" },
    { error: false, result: "Lab", requester: "c", uid: "gone" },
    { error: false, result: 1, requester: "c", uid: "1" },
    { error: false, attribute: "__next__", result: 1, requester: "c", uid: "1" },
    { error: false, attribute: "__part__", size: 3, result: "123", requester: "c", uid: "1" },
    { error: false, attribute: "__room__", result: 4, requester: "c", uid: "1" },
    {
      error: true,
      message: "ValueError: x",
      traceback: [],
      result: null,
      requester: "c",
      uid: "1",
    },
    { error: false, service: "Lab", result: [[], {}], uid: "notification" },
    { error: false, requester: "c", attribute: "password", args: ["x"], kwargs: {}, uid: "" },
    {
      error: false,
      requester: "c",
      service: "Lab",
      attribute: "add",
      args: [1, 2],
      kwargs: {},
      uid: "1",
    },
    {
      error: false,
      requester: "c",
      service: "Lab",
      attribute: "fail",
      args: [1],
      kwargs: {},
      uid: "1",
    },
    {
      error: false,
      requester: "c",
      service: "Lab",
      attribute: "__cancel__",
      args: [],
      kwargs: {},
      uid: "1",
    },
    {
      error: false,
      requester: "c",
      service: "Lab",
      attribute: "add",
      parts: 1,
      size: 9,
      args: [],
      kwargs: {},
      uid: "2",
    },
    {
      error: false,
      requester: "c",
      service: "Lab",
      attribute: "__part__",
      args: ["[[1,2],{}]"],
      kwargs: {},
      uid: "2",
    },
  ),
  changes: fc.dictionary(fc.constantFrom(...KEYS, ...MORE_KEYS), odd, { minKeys: 1, maxKeys: 3 }),
}).map(({ base, changes }) => JSON.stringify({ ...base, ...changes }));

const line = fc.oneof(
  { weight: 10, arbitrary: message },
  { weight: 1, arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.constantFrom("", " ", "{", "\u0000", "[[[[", '{"uid":"1"', "NaN") },
);

/** Odd lines in the order in which they are sent. No member sets the keepalive to a short time. */
function oddLines(): string[] {
  return fc.sample(line, { numRuns: 1_500, seed: 7 }).filter((text) =>
    !/"(beat)":\s*\d|__disconnect__|shutdown/.test(text)
  );
}

/** A Service that throws odd values. */
class Lab extends Service {
  add(x: number, y: number): number {
    return x + y;
  }
  fail(kind: number): void {
    throw Object.assign(new Error("odd"), [{ stack: 42 }, { cause: { cause: null } }][kind]);
  }
}

Deno.test("a Client goes on after any lines of a Manager, and the next call is answered", async () => {
  await expectNothingUnhandled(async () => {
    await using manager = new ScriptedManager();
    const connecting = connect({ ...manager.connectOptions, password: "p", username: "u" });
    await manager.accept();
    await using client = await connecting;
    const link = await manager.grantLink(client, "Lab");
    link.notificationHandler = () => {
      throw new Error("the handler fails");
    };
    link.serviceErrorHandler = () => Promise.reject(new Error("the handler fails"));
    const pending = link.add(1, 2);
    pending.addDoneCallback(() => Promise.reject(new Error("the callback fails")));
    const { uid } = await manager.receive();
    const other = await manager.grantLink(client, "Other"); // no odd line names it
    const { promise: allRead, resolve } = Promise.withResolvers<void>();
    other.notificationHandler = () => resolve();
    for (const text of oddLines()) {
      await manager.send(text.replace('"uid":"1"', `"uid":${JSON.stringify(uid)}`) + "\r\n");
    }
    await manager.send(notification("Other", ["all lines are read"]));
    await allRead;
    await pending.exception();
    const next = client.identities({ timeout: 20_000 });
    const read = (async () => {
      for (;;) {
        const request = await manager.receive();
        if (request.attribute === "identity") return request;
      }
    })();
    await manager.send({
      error: false,
      requester: "c",
      uid: (await read).uid,
      result: { services: {} },
    });
    assertEquals(await next as unknown, { services: {} });
  });
});

Deno.test("a Service goes on after any lines of a Manager, and the next request is answered", async () => {
  await expectNothingUnhandled(async () => {
    await using manager = new ScriptedManager();
    await using lab = new Lab();
    const starting = lab.start(manager.connectOptions);
    await manager.accept();
    const ready = { extensions: ["cancel", "stream", "parts"] };
    await manager.send({ error: false, requester: "c", uid: "ready", result: ready });
    await starting;
    for (const text of oddLines()) await manager.send(`${text}\r\n`);
    const last = {
      service: "Lab",
      attribute: "add",
      args: [1, 2],
      kwargs: {},
      uid: "the last one",
    };
    await manager.send({ error: false, requester: "c", ...last });
    for (;;) {
      const reply = await manager.receive();
      if (reply.uid !== "the last one") continue;
      assertEquals(reply.result, 3);
      break;
    }
    await manager.close();
  });
});

const ODD_ENTRIES: readonly [entry: unknown, reason: string][] = [
  [null, "it is no object"],
  [[], "it is no object"],
  [true, "it is no object"],
  [{ ...ENTRY, attributes: [] }, "attributes is no object"],
  [{ ...ENTRY, address: 5 }, "address is no text"],
  [{ ...ENTRY, language: {} }, "language is no text"],
  [{ ...ENTRY, os: null }, "os is no text"],
  [{ ...ENTRY, max_clients: "1" }, "max_clients is no number"],
  [{ ...ENTRY, extensions: 5 }, "extensions is no array of texts"],
  [{ ...ENTRY, streams: [{}] }, "streams is no array of texts"],
];

for (const [entry, reason] of ODD_ENTRIES) {
  Deno.test(`link rejects what is no entry of a service: ${JSON.stringify(entry)}`, async () => {
    await using manager = new ScriptedManager();
    const connecting = connect(manager.connectOptions);
    await manager.accept();
    await using client = await connecting;
    const linking = client.link("Lab");
    await manager.answer("link", { result: entry });
    await assertRejects(() => linking.result(), ValueError, reason);
    assertEquals((await manager.receive()).attribute, "unlink"); // the Manager may have made a link
    await manager.close();
  });
}

Deno.test("identities that are none cannot be shown as text, and the error says whose they are", async () => {
  await using manager = new ScriptedManager();
  const connecting = connect(manager.connectOptions);
  await manager.accept();
  await using client = await connecting;
  for (const result of [null, 5, {}, { attributes: null }, { attributes: {}, clients: [null] }]) {
    const reading = client.identities({ asString: true });
    await manager.answer("identity", { result });
    await assertRejects(() => reading.result(), ValueError, "Cannot read the identities that");
  }
  await manager.close();
});

Deno.test("a method that throws an odd error is answered, and the Service goes on", async () => {
  await expectNothingUnhandled(async () => {
    await using setting = await linked(new Lab());
    for (const [kind, text] of [[0, "Error: odd"], [1, "Error: odd (caused by"]] as const) {
      await assertRejects(() => setting.link.fail(kind).result(), RemoteError, text);
    }
    assertEquals(await setting.link.add(1, 2), 3);
  });
});
