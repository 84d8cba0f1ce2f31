/**
 * A real Manager over sockets, with peers that disconnect, stall, forge and crash: every request of a
 * connected client gets one reply, and no forged message arrives.
 */

import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import type { JsonObject } from "../../wire/message.ts";
import { TestManager } from "../../testing.ts";
import { notification, pythonic } from "../support/messages.ts";
import fc from "../support/properties.ts";
import { until } from "../support/until.ts";
import {
  type Behaviour,
  type ClientPlan,
  clientPlan,
  FORGED,
  type ServicePlan,
  servicePlan,
  SERVICES,
} from "./live_plans.ts";
import { readPlainly } from "../support/plain_reading.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { type Target, tryAll } from "./target.ts";

/** Small limits: a long line has a few KiB, and a queue is soon full. */
const LIMITS = {
  longLine: 2_000,
  maxMessageSize: 30_000,
  maxDepth: 64,
  queueHigh: 16_000,
  queueLimit: 64_000_000, // no slow peer is closed
  freeLogins: 1_000_000, // hostile lines can be taken for failed logins
};
const encoder = new TextEncoder();

/** The targets of a Manager. */
export function managerTargets(): Target[] {
  return [["TCP", 40], ["TLS", 12]].map(([over, numRuns]) => ({
    name: `over ${over}, every request gets one reply, and no forged message arrives`,
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
        (clients, services) => new FuzzRun(manager).run(clients, services),
      );
    },
  }));
}

/** A request of a client, and the number of its replies. */
interface Sent {
  client: string;
  service: string;
  answers: number;
}

/** One run of plans on the Manager. */
class FuzzRun {
  readonly #manager: TestManager;
  /** The requests by their uids, which are all different. */
  readonly #sent = new Map<string, Sent>();
  readonly #clients: ClientState[] = [];
  readonly #services = new Map<string, RawPeer>();
  #failure: unknown;

  constructor(manager: TestManager) {
    this.#manager = manager;
  }

  async run(clients: ClientPlan[], services: ServicePlan[]): Promise<void> {
    const running = { services: true };
    const lives = SERVICES.map((name, index) => this.#runService(name, services[index], running));
    try {
      await until("the services are connected", () => this.#services.size === SERVICES.length);
      await Promise.all(clients.map((plan, index) => this.#runClient(`c${index}`, plan)));
      // The Manager sends errors for the requests that are still pending.
      running.services = false;
      for (const service of this.#services.values()) await service.abort();
      await Promise.all(lives);
      for (const client of this.#clients) await this.#expectReplies(client);
    } finally {
      running.services = false;
      const peers = [...this.#services.values(), ...this.#clients.map(({ peer }) => peer)];
      await Promise.all(peers.map((peer) => peer.abort()));
      await Promise.all(lives);
    }
    if (this.#failure !== undefined) throw this.#failure;
    await this.#expectNoPeers();
    await this.#expectService();
  }

  /** Runs a service, and reconnects it whenever it has disconnected. */
  async #runService(
    name: string,
    { behaviours, sizes }: ServicePlan,
    running: { services: boolean },
  ) {
    const rest = [...behaviours];
    while (running.services) {
      let peer: RawPeer;
      try {
        peer = await RawPeer.connect(
          this.#manager.connectOptions,
          { type: "service", name, attributes: {} },
          (line, peer) => this.#try(() => this.#reply(name, peer, line, rest, sizes)),
        );
      } catch {
        await delay(1); // the previous one may still be registered
        continue;
      }
      this.#services.set(name, peer);
      if (!running.services) await peer.abort();
      await peer.ended;
      await peer.abort();
    }
  }

  #reply(
    name: string,
    peer: RawPeer,
    line: string,
    behaviours: Behaviour[],
    sizes: number[],
  ): void {
    const request = parse(name, line);
    const { requester, uid, args } = request;
    if (typeof requester !== "string" || typeof uid !== "string") {
      assertEquals(request.error, true, line); // an error of the Manager for a line of this service
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
    const behaviour = behaviours.shift() ?? "answer";
    const send = (...objects: (JsonObject | string)[]) => {
      for (const object of objects) peer.send(object, sizes);
    };
    switch (behaviour) {
      case "answer":
        return send(reply);
      case "answer at length":
        return send(long);
      case "answer at length, as Python does":
        return send(pythonic(long));
      case "answer twice":
        return send(reply, { ...reply, result: FORGED });
      case "fail":
        return send({ error: true, requester, uid, message: "E: e", traceback: [], result: null });
      case "keep silent":
        return;
      case "forge an answer first":
        return send(...this.#forgeries(name), reply);
      case "notify first":
        return send(notification(name, [1]), notification("S9", [FORGED]), reply);
      case "notify at length first":
        return send(notification(name, ["x".repeat(5_000)]), reply);
      case "answer what is no JSON":
        return send(`{"error":false,"requester":"${requester}","result":01,"uid":${quote(uid)}}`);
      case "answer at length what lacks a brace":
        return send(JSON.stringify(long).slice(0, -1));
      case "answer at length what has a bracket too many":
        return send(`${JSON.stringify(long)}]`);
      case "die":
        return void peer.abort();
      case "die in the middle of the answer":
        peer.sendBytes(encoder.encode(JSON.stringify(long).slice(0, 4_000)), sizes)
          .then(() => peer.abort());
    }
  }

  /** Replies to pending requests of other services. */
  #forgeries(name: string): JsonObject[] {
    return [...this.#sent].filter(([_, { service }]) => service !== name)
      .map(([uid, { client }]) => ({ error: false, requester: client, uid, result: FORGED }));
  }

  async #runClient(name: string, { steps, sizes, end }: ClientPlan): Promise<void> {
    const client: ClientState = {
      networkName: "",
      hasLeft: false,
      isHostile: false,
      peer: undefined!,
    };
    const identity = { type: "client", name };
    client.peer = await RawPeer.connect(
      this.#manager.connectOptions,
      identity,
      (line) => this.#try(() => this.#receive(client, line)),
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
          this.#request(client, step.isPythonic ? pythonic(request) : request, sizes);
          break;
        }
        case "manage": {
          const { attribute, service } = step;
          const args = [service];
          const request = { error: false, service: "Manager", uid, attribute, args, kwargs: {} };
          this.#request(client, request, sizes);
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
    if (end === "stays") return client.peer.resume();
    client.hasLeft = true;
    if (end === "disconnects within a line") {
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
    } else if (end === "half-closes") {
      client.peer.resume();
      await client.peer.halfClose();
    }
    await client.peer.abort();
  }

  #request(client: ClientState, request: JsonObject, sizes: number[]): void {
    const { uid, service } = request;
    const sent = {
      client: client.networkName,
      service: String(service),
      answers: 0,
    };
    this.#sent.set(String(uid), sent);
    client.peer.send(request, sizes);
  }

  #receive({ networkName }: ClientState, line: string): void {
    const message = parse(networkName, line);
    const { error, requester, uid, result, service, attribute } = message;
    if (attribute !== undefined) return; // a prompt: a hostile line is an administrator's request
    if (requester === undefined) {
      assertEquals(uid, "notification", line);
      assert(SERVICES.includes(String(service)) && !line.includes(FORGED), line);
      return;
    }
    if (networkName !== "") assertEquals(requester, networkName, line);
    const sent = this.#sent.get(String(uid));
    if (sent === undefined) return; // a reply to a hostile line, or to no request
    assertEquals(sent.client, requester, line);
    assertEquals(++sent.answers, 1, line);
    assert(result !== FORGED, line);
    if (error === false && sent.service !== "Manager") {
      assertEquals((result as JsonObject).by, sent.service, line);
    }
  }

  /** Asserts that a connected client has all of its replies. */
  async #expectReplies(client: ClientState): Promise<void> {
    if (client.hasLeft) return;
    const { networkName, peer } = client;
    const missing = () =>
      [...this.#sent].filter(([_, { client, answers }]) => client === networkName && answers === 0)
        .map(([uid]) => uid);
    await until(
      () => `${networkName} has its answers to ${missing()}`,
      () => peer.hasEnded || missing().length === 0,
    );
    // A duplicate reply would arrive before the reply to this request.
    const uid = `${networkName} last`;
    this.#request(client, {
      error: false,
      service: "Manager",
      uid,
      attribute: "identity",
      args: [],
      kwargs: {},
    }, [1_000]);
    await until("the last reply has arrived", () => peer.hasEnded || missing().length === 0);
    assert(client.isHostile || !peer.hasEnded, `${networkName} was disconnected`);
  }

  async #expectNoPeers(): Promise<void> {
    await until("all peers have disconnected", () => {
      const { clients, services } = this.#manager.manager.identities();
      return Object.keys(clients).length + Object.keys(services).length === 0;
    });
  }

  /** Asserts that a new client and a new service are served. */
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
    await this.#expectNoPeers();
  }

  /** Records the first error of a callback for received lines. */
  #try(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#failure ??= error;
    }
  }
}

interface ClientState {
  peer: RawPeer;
  networkName: string;
  /** Whether it has disconnected by its plan. */
  hasLeft: boolean;
  /** Whether it has sent a line that can end its connection. */
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
