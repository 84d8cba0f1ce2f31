/** The Router and the Registry against a model, with hostile clients and services. */

import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { LIMITS } from "../../limits.ts";
import { encodeRequest, type JsonObject } from "../../wire/message.ts";
import { parseTyped, typedText } from "../../manager/terminal.ts";
import { MANAGER_NAME } from "../support/devices.ts";
import { type Device, Network } from "../support/network.ts";
import fc from "../support/properties.ts";
import { lines, LOADED_NAMES, membersOf } from "./hostile_input.ts";
import { type Delivery, Model } from "./model.ts";
import { readPlainly } from "../support/plain_reading.ts";
import { type Target, target } from "./target.ts";

/** A step. A number selects one of the existing peers or pending requests. */
type Step =
  | { do: "join"; kind: "client" | "service"; name: string; maxClients: number }
  | { do: "leave"; peer: number }
  | { do: "send"; peer: number; line: Uint8Array }
  | { do: "reply"; pending: number; line: JsonObject };

const NAMES = ["a", "b", ...LOADED_NAMES];
const ATTRIBUTES = ["link", "acquire_lock", "unlink", "release_lock", "identity", "status", "port"];
/** The same; an attribute on which others depend is more frequent. */
const LIKELY_ATTRIBUTES = ["link", "link", "link", "acquire_lock", "acquire_lock", ...ATTRIBUTES];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The targets of the Router. */
export function routerTargets(): Target[] {
  return [
    target(
      "every peer is sent what a model of the Manager predicts, and nothing else",
      150,
      [fc.array(steps(), { maxLength: 100, size: "max" })],
      run,
    ),
  ];
}

function steps(): fc.Arbitrary<Step> {
  const peer = fc.nat();
  const name = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom("a", "b") },
    { weight: 1, arbitrary: fc.constantFrom(...LOADED_NAMES) },
  );
  const uid = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom("1", "2") },
    { weight: 1, arbitrary: fc.constantFrom(...LOADED_NAMES) },
  );
  const payload = fc.constantFrom<unknown[][]>([], [1], [{ requester: "a[lab-pc:0]" }]);
  const encodeLine = (object: JsonObject) => encoder.encode(JSON.stringify(object));
  const request = fc.record({
    error: fc.constant(false),
    service: name,
    uid,
    attribute: name,
    args: payload,
  });
  const toManager = fc.tuple(fc.constantFrom(...LIKELY_ATTRIBUTES), name, uid, fc.boolean());
  const objects = [
    { error: false, service: "a", uid: "1", attribute: "x", args: [], kwargs: {} },
    { error: false, service: "Manager", uid: "1", attribute: "link", args: ["a"], kwargs: {} },
    {
      error: false,
      service: "Manager",
      uid: "1",
      attribute: "users_table.users",
      args: [],
      kwargs: {},
    },
    { error: false, requester: "a[lab-pc:0]", uid: "1", result: "forged" },
    { error: false, requester: null, uid: "", result: "an answer" },
    { error: true, requester: "a[lab-pc:0]", uid: "1", message: "forged", result: null },
    { error: false, service: "a", uid: "notification", result: [[], {}] },
  ].map(membersOf);
  const words = [...NAMES, ...ATTRIBUTES, "1", "a[lab-pc:0]", "a[lab-pc:1]", "b[lab-pc:2]"];
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("join" as const),
        kind: fc.constantFrom("client" as const, "service" as const),
        name,
        maxClients: fc.integer({ min: -1, max: 2 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), peer }) },
    {
      weight: 5,
      arbitrary: fc.tuple(peer, request).map(([peer, request]): Step => ({
        do: "send",
        peer,
        line: encodeLine({ ...request, kwargs: {} }),
      })),
    },
    {
      weight: 7,
      arbitrary: fc.tuple(peer, toManager).map(([peer, [attribute, name, uid, shared]]): Step => {
        const args = ["identity", "status"].includes(attribute) ? [] : [name];
        const kwargs = attribute === "acquire_lock" ? { shared } : {};
        return {
          do: "send",
          peer,
          line: encodeLine({ error: false, service: "Manager", uid, attribute, args, kwargs }),
        };
      }),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(fc.nat(), fc.boolean()).map(([pending, error]): Step => ({
        do: "reply",
        pending,
        line: error
          ? { error, message: "E: e", traceback: [], result: null }
          : { error, result: 1 },
      })),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(peer, name).map(([peer, service]): Step => ({
        do: "send",
        peer,
        line: encodeLine({ error: false, service, uid: "notification", result: [[1], {}] }),
      })),
    },
    {
      weight: 6,
      arbitrary: fc.tuple(peer, lines(words, objects)).map(([peer, line]): Step => ({
        do: "send",
        peer,
        line,
      })),
    },
  );
}

/** A Manager and its model, with the same input. */
class RouterRun implements Disposable {
  readonly network = new Network();
  readonly model = new Model();
  readonly devices = new Map<string, Device>();

  async step(step: Step): Promise<void> {
    const names = [...this.devices.keys()];
    switch (step.do) {
      case "join":
        return this.join(step.kind, step.name, step.maxClients);
      case "leave":
        if (names.length > 0) await this.leave(names[step.peer % names.length]);
        return;
      case "send":
        if (names.length > 0) await this.send(names[step.peer % names.length], step.line);
        return;
      case "reply": {
        const { pending } = this.model;
        if (pending.length === 0) return;
        const { service, client, uid } = pending[step.pending % pending.length];
        const sender = names.find((name) => this.model.peers.get(name) === service)!;
        const line = JSON.stringify({ ...step.line, requester: client, uid });
        await this.send(sender, encoder.encode(line));
      }
    }
  }

  join(kind: "client" | "service", name: string, maxClients: number): void {
    const { network } = this;
    const rejectLogin = async () => await Promise.resolve(false); // every password is wrong
    const expected = `${name}[lab-pc:${network.devices.length}]`;
    const isAccepted = this.model.register(expected, kind, name, maxClients);
    try {
      const device = kind === "client"
        ? network.client(name, undefined, { attemptLogin: rejectLogin })
        : network.service(name, maxClients);
      assertEquals([device.peer.networkName, isAccepted], [expected, true]);
      this.devices.set(expected, device);
    } catch (error) {
      assertEquals([(error as Error).name, isAccepted], ["NameError", false], String(error));
    }
  }

  async leave(name: string): Promise<void> {
    const device = this.devices.get(name)!;
    this.network.router.sessions.unregister(device.peer);
    this.devices.delete(name);
    await this.expect(name, this.model.unregister(name));
  }

  async send(name: string, line: Uint8Array): Promise<void> {
    const device = this.devices.get(name)!;
    const outcome = this.model.receive(name, meaningOf(line, device));
    this.network.send(device, line);
    if (outcome === "disconnects") {
      await this.expect(name, []);
      assertEquals(device.sink.isClosed, true);
      return await this.leave(name);
    }
    assertEquals(device.sink.isClosed, false);
    await this.expect(name, outcome, line);
  }

  /** Asserts that every peer was sent the expected lines in order, and nothing else. */
  async expect(
    sender: string,
    outcome: Delivery[] | "violation",
    line?: Uint8Array,
  ): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve)); // a login sends asynchronously
    const expected = outcome === "violation" ? [] : outcome;
    for (const { peer, sink } of this.network.devices) {
      const name = peer.networkName;
      const due = expected.filter(({ to }) => to === name);
      for (const text of sink.take()) {
        const sent = readPlainly(encoder.encode(text))!;
        // The order of several replies in one batch is not specified.
        const at = due.findIndex((delivery) => "uid" in delivery && delivery.uid === sent.uid);
        const [delivery] = due.splice(Math.max(at, 0), 1);
        if (delivery !== undefined) {
          expectDelivery(delivery, text, sent, line);
          continue;
        }
        const isFailure = outcome === "violation" && sent.error === true &&
          sent.requester === name && this.model.completes(sender, name, sent.uid);
        assert(isFailure, `${name} was sent ${text} when ${sender} spoke`);
        outcome = []; // at most one
      }
      assertEquals(due, [], `${name} was not sent what it should be`);
    }
  }

  [Symbol.dispose](): void {
    this.network[Symbol.dispose]();
  }
}

function expectDelivery(
  delivery: Delivery,
  text: string,
  sent: JsonObject,
  line: Uint8Array | undefined,
): void {
  const { to, what } = delivery;
  if (what === "same") return assertEquals(text, decoder.decode(line));
  if (what === "request") return assertEquals(sent, delivery.request);
  if (what === "prompt") {
    const { attribute, requester, uid } = sent;
    return assertEquals([attribute, requester, uid], [delivery.attribute, MANAGER_NAME, ""]);
  }
  assertEquals([sent.error, sent.requester], [what === "error", to], text);
  if (delivery.uid !== undefined) assertEquals(sent.uid, delivery.uid, text);
  if (what === "result" && delivery.result !== undefined) {
    assertEquals(sent.result, delivery.result);
  }
}

/** The meaning of a line: an object, a typed request, a text, or nothing. */
function meaningOf(line: Uint8Array, { peer }: Device): JsonObject | string | undefined {
  const object = readPlainly(line, LIMITS.maxDepth);
  if (object !== undefined || peer.kind === "service") return object;
  const text = typedText(line);
  if (text === undefined || peer.session.login.isPrompting) return text;
  try {
    return readPlainly(encoder.encode(encodeRequest(parseTyped(text))));
  } catch {
    return undefined;
  }
}

async function run(steps: Step[]): Promise<void> {
  using run = new RouterRun();
  for (const step of steps) await run.step(step);
  for (const name of [...run.devices.keys()]) await run.leave(name);
  const { registry } = run.network;
  assertEquals([[...registry.clients], [...registry.services], registry.pending.some], [
    [],
    [],
    false,
  ]);
  assertEquals(run.model.pending, []);
}
