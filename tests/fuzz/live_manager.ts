/**
 * A real Manager over sockets, with peers that break off, stall, lie and die: whatever they do, every
 * request of a client that lives is answered once, and nothing that is forged arrives.
 */

import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import fc from "fast-check";
import type { JsonObject } from "../../wire/message.ts";
import { TestManager } from "../../testing.ts";
import { notification, pythonic } from "../support/messages.ts";
import { until } from "../support/until.ts";
import {
  type ClientPlan,
  clientPlan,
  FORGED,
  type Mood,
  type ServicePlan,
  servicePlan,
  SERVICES,
} from "./live_plans.ts";
import { readPlainly } from "../support/plain_reading.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { type Target, tryAll } from "./target.ts";

/** Small, so that a long line is a few KiB and a queue is soon full. */
const LIMITS = {
  longLine: 2_000,
  maxMessageSize: 30_000,
  maxDepth: 64,
  queueHigh: 16_000,
  queueLimit: 64_000_000, // nobody is to be lost for being slow
  freeLogins: 1_000_000, // hostile lines may be taken for logins
};
const encoder = new TextEncoder();

/** What is fuzzed of a Manager. */
export function managerTargets(): Target[] {
  return [["TCP", 40], ["TLS", 12]].map(([over, numRuns]) => ({
    name: `over ${over}, every request is answered once, and nothing that is forged arrives`,
    numRuns: numRuns as number,
    check: async (trial) => {
      const options = { host: "127.0.0.1", disableTls: over === "TCP", limits: LIMITS };
      await using manager = await TestManager.start(options);
      await tryAll<[ClientPlan[], ServicePlan[]]>(
        trial,
        [
          fc.array(clientPlan(), { minLength: 1, maxLength: 5, size: "max" }),
          fc.tuple(servicePlan(), servicePlan(), servicePlan()),
        ],
        (clients, services) => new Scene(manager).play(clients, services),
      );
    },
  }));
}

/** A request that a client has sent, and how often it was answered. */
interface Sent {
  client: string;
  service: string;
  answers: number;
}

/** One play on the Manager. */
class Scene {
  readonly #manager: TestManager;
  /** The requests by their uid, which are all different. */
  readonly #sent = new Map<string, Sent>();
  readonly #clients: LivingClient[] = [];
  readonly #services = new Map<string, RawPeer>();
  #failure: unknown;

  constructor(manager: TestManager) {
    this.#manager = manager;
  }

  async play(clients: ClientPlan[], services: ServicePlan[]): Promise<void> {
    const goOn = { services: true };
    const lives = SERVICES.map((name, index) => this.#serve(name, services[index], goOn));
    try {
      await until("the services are there", () => this.#services.size === SERVICES.length);
      await Promise.all(clients.map((plan, index) => this.#act(`c${index}`, plan)));
      // What is still owed then is answered by the Manager.
      goOn.services = false;
      for (const service of this.#services.values()) await service.abort();
      await Promise.all(lives);
      for (const client of this.#clients) await this.#expectAnswers(client);
    } finally {
      goOn.services = false;
      const peers = [...this.#services.values(), ...this.#clients.map(({ peer }) => peer)];
      await Promise.all(peers.map((peer) => peer.abort()));
      await Promise.all(lives);
    }
    if (this.#failure !== undefined) throw this.#failure;
    await this.#expectNobody();
    await this.#expectService();
  }

  /** A service, again and again after it has died. */
  async #serve(name: string, { moods, sizes }: ServicePlan, goOn: { services: boolean }) {
    const rest = [...moods];
    while (goOn.services) {
      let peer: RawPeer;
      try {
        peer = await RawPeer.connect(
          this.#manager.connectOptions,
          { type: "service", name, attributes: {} },
          (line, peer) => this.#try(() => this.#serveOne(name, peer, line, rest, sizes)),
        );
      } catch {
        await delay(1); // the one before it may not be gone yet
        continue;
      }
      this.#services.set(name, peer);
      if (!goOn.services) await peer.abort();
      await peer.ended;
      await peer.abort();
    }
  }

  #serveOne(name: string, peer: RawPeer, line: string, moods: Mood[], sizes: number[]): void {
    const request = parse(name, line);
    const { requester, uid, args } = request;
    if (typeof requester !== "string" || typeof uid !== "string") {
      assertEquals(request.error, true, line); // what the Manager says of this service's own lines
      return;
    }
    const sender = this.#clients.find(({ networkName }) => networkName === requester);
    assert(sender !== undefined, `${name} was sent a request of ${requester}`);
    const sent = this.#sent.get(uid);
    if (sent !== undefined && Array.isArray(args) && args[0] === uid) {
      assertEquals([sent.client, sent.service], [requester, name]);
    }
    const reply = { error: false, requester, uid, result: { by: name } };
    const long = { ...reply, result: { by: name, text: "x".repeat(5_000) } };
    const mood = moods.shift() ?? "answer";
    const say = (...objects: (JsonObject | string)[]) => {
      for (const object of objects) peer.send(object, sizes);
    };
    switch (mood) {
      case "answer":
        return say(reply);
      case "answer at length":
        return say(long);
      case "answer at length, as Python does":
        return say(pythonic(long));
      case "answer twice":
        return say(reply, { ...reply, result: FORGED });
      case "fail":
        return say({ error: true, requester, uid, message: "E: e", traceback: [], result: null });
      case "keep silent":
        return;
      case "forge an answer first":
        return say(...this.#forgeries(name), reply);
      case "notify first":
        return say(notification(name, [1]), notification("S9", [FORGED]), reply);
      case "notify at length first":
        return say(notification(name, ["x".repeat(5_000)]), reply);
      case "answer what is no JSON":
        return say(`{"error":false,"requester":"${requester}","result":01,"uid":${quote(uid)}}`);
      case "answer at length what lacks a brace":
        return say(JSON.stringify(long).slice(0, -1));
      case "answer at length what has a bracket too many":
        return say(`${JSON.stringify(long)}]`);
      case "die":
        return void peer.abort();
      case "die in the middle of the answer":
        peer.sendBytes(encoder.encode(JSON.stringify(long).slice(0, 4_000)), sizes)
          .then(() => peer.abort());
    }
  }

  /** Answers to requests that others owe. */
  #forgeries(name: string): JsonObject[] {
    return [...this.#sent].filter(([_, { service }]) => service !== name)
      .map(([uid, { client }]) => ({ error: false, requester: client, uid, result: FORGED }));
  }

  async #act(name: string, { steps, sizes, farewell }: ClientPlan): Promise<void> {
    const client: LivingClient = {
      networkName: "",
      isDone: false,
      isHostile: false,
      peer: undefined!,
    };
    const identity = { type: "client", name };
    client.peer = await RawPeer.connect(
      this.#manager.connectOptions,
      identity,
      (line) => this.#try(() => this.#hear(client, line)),
    );
    client.networkName = client.peer.networkName;
    this.#clients.push(client);
    for (const [index, step] of steps.entries()) {
      const uid = `${client.networkName} ${index}`;
      switch (step.do) {
        case "request": {
          const args = [uid, "x".repeat(step.size)];
          const { service } = step;
          const request = { error: false, service, uid, attribute: "x", args, kwargs: {} };
          this.#ask(client, step.isPythonic ? pythonic(request) : request, sizes);
          break;
        }
        case "manage": {
          const { attribute, service } = step;
          const args = [service];
          const request = { error: false, service: "Manager", uid, attribute, args, kwargs: {} };
          this.#ask(client, request, sizes);
          break;
        }
        case "hostile":
          client.isHostile = true;
          client.peer.sendBytes(Uint8Array.of(...step.line, 0x0a), sizes);
          break;
        case "stop reading":
          client.peer.pause();
          break;
        case "read":
          client.peer.resume();
          break;
        case "wait":
          await delay(step.milliseconds);
      }
    }
    if (farewell === "stays") return client.peer.resume();
    client.isDone = true;
    if (farewell === "goes in mid-line") {
      await client.peer.sendBytes(encoder.encode(
        JSON.stringify({
          error: false,
          service: "S0",
          uid: "cut",
          attribute: "x",
          args: ["x".repeat(5_000)],
        })
          .slice(0, 4_000),
      ));
    } else if (farewell === "closes one half") {
      client.peer.resume();
      await client.peer.halfClose();
    }
    await client.peer.abort();
  }

  #ask(client: LivingClient, request: JsonObject, sizes: number[]): void {
    const { uid, service } = request;
    const sent = {
      client: client.networkName,
      service: String(service),
      answers: 0,
    };
    this.#sent.set(String(uid), sent);
    client.peer.send(request, sizes);
  }

  #hear({ networkName }: LivingClient, line: string): void {
    const message = parse(networkName, line);
    const { error, requester, uid, result, service, attribute } = message;
    if (attribute !== undefined) return; // a question: a hostile line is for administrators
    if (requester === undefined) {
      assertEquals(uid, "notification", line);
      assert(SERVICES.includes(String(service)) && !line.includes(FORGED), line);
      return;
    }
    if (networkName !== "") assertEquals(requester, networkName, line);
    const sent = this.#sent.get(String(uid));
    if (sent === undefined) return; // to a hostile line, or to nothing
    assertEquals(sent.client, requester, line);
    assertEquals(++sent.answers, 1, line);
    assert(result !== FORGED, line);
    if (error === false && sent.service !== "Manager") {
      assertEquals((result as JsonObject).by, sent.service, line);
    }
  }

  /** That a client that has not gone has all of its answers, unless it may have been disconnected. */
  async #expectAnswers(client: LivingClient): Promise<void> {
    if (client.isDone) return;
    const { networkName, peer } = client;
    const missing = () =>
      [...this.#sent].filter(([_, { client, answers }]) => client === networkName && answers === 0)
        .map(([uid]) => uid);
    await until(
      () => `${networkName} has its answers to ${missing()}`,
      () => peer.hasEnded || missing().length === 0,
    );
    // Everything that was sent twice has come when this is answered.
    const uid = `${networkName} last`;
    this.#ask(client, {
      error: false,
      service: "Manager",
      uid,
      attribute: "identity",
      args: [],
      kwargs: {},
    }, [1_000]);
    await until("the last answer is there", () => peer.hasEnded || missing().length === 0);
    assert(client.isHostile || !peer.hasEnded, `${networkName} was disconnected`);
  }

  async #expectNobody(): Promise<void> {
    await until("everybody is gone", () => {
      const { clients, services } = this.#manager.manager.identities();
      return Object.keys(clients).length + Object.keys(services).length === 0;
    });
  }

  /** That a fresh pair is served. */
  async #expectService(): Promise<void> {
    const answers: JsonObject[] = [];
    const service = await RawPeer.connect(
      this.#manager.connectOptions,
      { type: "service", name: "fresh", attributes: {} },
      (line, peer) => {
        const { requester, uid, args } = JSON.parse(line);
        peer.send({ error: false, requester, uid, result: args });
      },
    );
    const client = await RawPeer.connect(
      this.#manager.connectOptions,
      { type: "client", name: "client" },
      (line) => answers.push(JSON.parse(line)),
    );
    const values = ["short", "x".repeat(9_000)];
    for (const [index, value] of values.entries()) {
      const uid = String(index);
      client.send({
        error: false,
        service: "fresh",
        uid,
        attribute: "x",
        args: [value],
        kwargs: {},
      });
    }
    try {
      await until("a fresh pair is served", () => answers.length === values.length);
    } finally {
      await Promise.all([client.abort(), service.abort()]);
    }
    assertEquals(answers.map(({ result }) => result), values.map((value) => [value]));
    await this.#expectNobody();
  }

  /** Remembers what goes wrong while lines are read. */
  #try(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#failure ??= error;
    }
  }
}

interface LivingClient {
  peer: RawPeer;
  networkName: string;
  /** Whether it has gone of itself. */
  isDone: boolean;
  /** Whether it has said what may have ended it. */
  isHostile: boolean;
}

/** The message of a line that came: nothing broken does. */
function parse(to: string, line: string): JsonObject {
  const message = readPlainly(encoder.encode(line));
  if (message === undefined) throw new Error(`${to} was sent a broken line: ${line}`);
  return message;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
