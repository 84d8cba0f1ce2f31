/**
 * A real Manager over sockets, with lines of all sizes around the one above which a line is held:
 * forged, broken, cut off, with white space anywhere. What arrives is held against what was sent, as
 * a plain reader reads it: nothing arrives under a wrong `requester`, `uid` or `service`, nothing
 * broken arrives, every request is answered, and no held memory is left.
 */

import { assert, assertEquals, equal } from "@std/assert";
import { delay } from "@std/async/delay";
import { isObject, type JsonObject } from "../../wire/message.ts";
import { TestManager } from "../../testing.ts";
import { readPlainly } from "../support/plain_reading.ts";
import fc from "../support/properties.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { until } from "../support/until.ts";
import { SERVICES } from "./live_plans.ts";
import {
  type ClientPlan,
  clientPlan,
  lineOf,
  type LinePlan,
  type ServicePlan,
  servicePlan,
  type Value,
} from "./long_plans.ts";
import { type Target, tryAll } from "./target.ts";

const MiB = 1024 * 1024;
/** How many lines can be held at once: each takes a share of 1 MiB. */
const SHARES = 6;
/** Small, so that a long line is a few KiB. Some lines find no share, and are refused. */
const LIMITS = {
  longLine: 2_000,
  maxMessageSize: 30_000,
  maxHeld: SHARES * 4 / 3 * MiB, // all peers of an address may have three times what is left
  maxDepth: 64,
  queueHigh: 16_000,
  queueLimit: 64_000_000, // no client is to be lost for being slow
};
const encoder = new TextEncoder();

/** What is fuzzed of long lines. */
export function longLineTargets(): Target[] {
  return [["TCP", 20], ["TLS", 12]].map(([over, numRuns]) => ({
    name: `over ${over}, a line of any size arrives whole, as it was sent, and where it belongs`,
    numRuns: numRuns as number,
    check: async (trial) => {
      const options = { host: "127.0.0.1", disableTls: over === "TCP", limits: LIMITS };
      await using manager = await TestManager.start(options);
      await tryAll<[ClientPlan[], ServicePlan[]]>(
        trial,
        [
          fc.array(clientPlan, { minLength: 1, maxLength: 4, size: "max" }),
          fc.tuple(servicePlan, servicePlan, servicePlan),
        ],
        (clients, services) => new FuzzRun(manager).run(clients, services),
      );
    },
  }));
}

/** A line that was sent. */
interface Sent {
  by: string;
  bytes: Uint8Array;
  /** What it says; `undefined` if it is no message. */
  message: JsonObject | undefined;
}

interface ClientState {
  peer: RawPeer;
  networkName: string;
  /** Whether it has disconnected. */
  hasLeft: boolean;
  /** The uids of its requests, and how many answers came to each. */
  answers: Map<string, number>;
  /** How many lines it has sent as a whole, and how many have come. */
  sent: number;
  received: number;
}

/** One run of plans on the Manager. */
class FuzzRun {
  readonly #manager: TestManager;
  /** The lines of the devices, by the mark that each has in its content. */
  readonly #lines = new Map<string, Sent>();
  readonly #clients: ClientState[] = [];
  readonly #services = new Map<string, RawPeer>();
  /** The service of each request that it may answer: by the client and the uid. */
  readonly #requests: { client: string; uid: string; service: string }[] = [];
  /** What the Manager has answered to requests of services. */
  readonly #barriers = new Set<string>();
  #marks = 0;
  #failure: unknown;

  constructor(manager: TestManager) {
    this.#manager = manager;
  }

  async run(clients: ClientPlan[], services: ServicePlan[]): Promise<void> {
    try {
      for (const [index, name] of SERVICES.entries()) await this.#runService(name, services[index]);
      for (const index of clients.keys()) await this.#connect(`c${index}`);
      await Promise.all(clients.map((plan, index) => this.#runClient(this.#clients[index], plan)));
      await Promise.all(this.#clients.map((client) => this.#expectRouted(client)));
      await Promise.all(SERVICES.map((name) => this.#expectServed(name)));
      // The Manager answers what is still pending then.
      for (const service of this.#services.values()) await service.abort();
      for (const client of this.#clients) await this.#expectAnswers(client);
    } finally {
      const peers = [...this.#services.values(), ...this.#clients.map(({ peer }) => peer)];
      await Promise.all(peers.map((peer) => peer.abort()));
    }
    if (this.#failure !== undefined) throw this.#failure;
    await this.#expectNoPeers();
    await this.#expectNothingHeld();
  }

  async #runService(name: string, { steps, sizes }: ServicePlan): Promise<void> {
    const rest = [...steps];
    const peer = await RawPeer.connect(
      this.#manager.connectOptions,
      { type: "service", name, attributes: {} },
      (line, peer) =>
        this.#try(() => {
          const request = this.#expectRequest(name, line);
          const step = rest.shift();
          if (request === undefined || step === undefined || step.do === "ignore") return;
          const { requester, uid } = request;
          const [mark, text] = [this.#mark(), "x".repeat(step.line.size)];
          const message: JsonObject = step.do === "reply"
            ? { error: false, requester, uid, result: { mark, text } }
            : { error: false, service: name, uid: "notification", result: [[mark, text], {}] };
          this.#send(peer, name, mark, message, step.line, sizes, (value) => {
            // The uid of a request of the same client to another service, if there is one.
            const other = this.#requests.findLast(({ client, service }) =>
              client === requester && service !== name
            );
            return value.is === "another uid" ? other?.uid ?? "1" : undefined;
          });
        }),
    );
    this.#services.set(name, peer);
  }

  async #connect(name: string): Promise<void> {
    const client: ClientState = {
      peer: undefined!,
      networkName: "",
      hasLeft: false,
      answers: new Map(),
      sent: 0,
      received: 0,
    };
    client.peer = await RawPeer.connect(
      this.#manager.connectOptions,
      { type: "client", name },
      (line) => this.#try(() => this.#expectReply(client, line)),
    );
    client.networkName = client.peer.networkName;
    this.#clients.push(client);
  }

  async #runClient(client: ClientState, plan: ClientPlan): Promise<void> {
    const { peer, networkName } = client;
    if (plan.isSlow) peer.pause();
    if (plan.isLinked) {
      for (const name of SERVICES) this.#request(client, "Manager", "link", [name]);
    }
    for (const { service, line } of plan.lines) {
      const [mark, text] = [this.#mark(), "x".repeat(line.size)];
      const uid = `u${this.#marks}`;
      const args = [mark, text];
      const request = { error: false, service, uid, attribute: "x", args, kwargs: {} };
      const { message, isWhole } = this.#send(
        peer,
        networkName,
        mark,
        request,
        line,
        plan.sizes,
        (value) => {
          const other = this.#requests.findLast(({ client }) => client !== networkName);
          return value.is === "another uid" ? other?.uid ?? "1" : undefined;
        },
      );
      if (!isWhole) {
        client.hasLeft = true;
        return await peer.abort();
      }
      client.sent++;
      if (message !== undefined && isRequest(message)) {
        const { uid } = message;
        client.answers.set(uid, 0);
        this.#requests.push({ client: networkName, uid, service: message.service });
      }
    }
    peer.resume();
  }

  /** Sends a line as planned, and remembers it. */
  #send(
    peer: RawPeer,
    by: string,
    mark: string,
    message: JsonObject,
    plan: LinePlan,
    sizes: number[],
    textOf: (value: Value) => string | undefined,
  ): { message: JsonObject | undefined; isWhole: boolean } {
    const bytes = lineOf(message, plan, (value) => {
      switch (value.is) {
        case "json":
          return JSON.stringify(value.value);
        case "another uid":
          return JSON.stringify(textOf(value));
        case "another client":
          return JSON.stringify(
            this.#clients.find(({ networkName }) =>
              networkName !== by && networkName !== message.requester
            )?.networkName ?? "victim[lab:1]",
          );
        case "the Manager":
          return JSON.stringify(this.#manager.manager.networkName);
      }
    });
    const isTooLong = bytes.length > LIMITS.maxMessageSize;
    const content = readPlainly(stripReturn(bytes), LIMITS.maxDepth);
    this.#lines.set(mark, { by, bytes, message: isTooLong ? undefined : content });
    if (plan.cut === undefined) {
      peer.sendBytes(Uint8Array.of(...bytes, 0x0d, 0x0a), sizes);
      return { message: content, isWhole: true };
    }
    peer.sendBytes(bytes.subarray(0, Math.floor(plan.cut * bytes.length)), sizes)
      .then(() => peer.abort());
    return { message: undefined, isWhole: false };
  }

  /** That a service may be sent a line. Gives the request if a client has made it. */
  #expectRequest(name: string, line: string): JsonObject | undefined {
    const request = readWhole(name, line);
    const sent = this.#sentAs(line, request);
    if (sent === undefined) { // what the Manager answers to the service's own lines
      this.#barriers.add(`${name} ${request.uid}`);
      return undefined;
    }
    const { message, by } = sent;
    assert(message !== undefined, `A line that is no message came to ${name}: ${shortened(line)}`);
    const isSame = equal(request, { ...message, error: false, requester: by });
    assert(isSame, `A request of ${by} has changed: ${shortened(line)}`);
    assertEquals(request.service, name);
    assert(this.#clients.some(({ networkName }) => networkName === by));
    return request;
  }

  /** That a client may be sent a line. */
  #expectReply(client: ClientState, line: string): void {
    const { networkName, answers } = client;
    const reply = readWhole(networkName, line);
    const { requester, uid, service } = reply;
    const sent = this.#sentAs(line, reply);
    if ((requester ?? null) === null) {
      assertEquals([uid, service], ["notification", sent?.by], shortened(line));
      assert(equal(reply, sent?.message), `A notification has changed: ${shortened(line)}`);
      return;
    }
    client.received++;
    assertEquals(requester, networkName, shortened(line));
    if (typeof uid === "string" && answers.has(uid)) answers.set(uid, answers.get(uid)! + 1);
    if (sent === undefined) return; // the Manager's own
    assert(equal(reply, sent.message), `A reply of ${sent.by} has changed: ${shortened(line)}`);
    const isOwn = this.#requests.some((request) =>
      request.client === networkName && request.uid === uid && request.service === sent.by
    );
    assert(isOwn, `${sent.by} has answered ${uid} of another service: ${shortened(line)}`);
  }

  /** The line of a device that has the mark of this one; `undefined` for one of the Manager. */
  #sentAs(line: string, message: JsonObject): Sent | undefined {
    if (message.message !== undefined) return undefined; // an error, which may quote what it is about
    const mark = /m\d+;/.exec(line)?.[0];
    return mark === undefined ? undefined : this.#lines.get(mark);
  }

  #mark(): string {
    return `m${++this.#marks};`;
  }

  /** Sends a request of the client to the Manager. Gives its uid. */
  #request(client: ClientState, service: string, attribute: string, args: unknown[] = []): string {
    const uid = `a${this.#marks++}`;
    client.answers.set(uid, 0);
    client.sent++;
    client.peer.send({ error: false, service, uid, attribute, args, kwargs: {} });
    return uid;
  }

  /** Waits until the Manager has routed what a client has sent. */
  async #expectRouted(client: ClientState): Promise<void> {
    if (client.hasLeft) return;
    const uid = this.#request(client, "Manager", "identity");
    const { peer, answers } = client;
    await until("a client's lines are routed", () => peer.hasEnded || answers.get(uid)! > 0);
  }

  /** Waits until a service has read its requests, and the Manager has routed its replies. */
  async #expectServed(name: string): Promise<void> {
    const peer = this.#services.get(name)!;
    for (let count = 0; count < 2; count++) {
      const uid = `b${this.#marks++}`;
      peer.send({ error: false, service: "Manager", uid, attribute: "identity" });
      await until(
        "a service's lines are routed",
        () => peer.hasEnded || this.#barriers.delete(`${name} ${uid}`),
      );
    }
  }

  /** That a client has all of its answers, and not one too many. */
  async #expectAnswers(client: ClientState): Promise<void> {
    if (client.hasLeft) return;
    const { networkName, peer, answers } = client;
    const missing = () => [...answers].filter(([_, count]) => count === 0).map(([uid]) => uid);
    const check = () => this.#failure !== undefined || peer.hasEnded || missing().length === 0;
    await until(() => `${networkName} has its answers to ${missing()}`, check);
    this.#request(client, "Manager", "identity"); // whatever came twice has come when this is answered
    await until("the last answer is there", check);
    if (this.#failure !== undefined) throw this.#failure;
    assert(!peer.hasEnded, `${networkName} was disconnected`);
    assert(client.received <= client.sent, `${networkName} has got more answers than requests`);
  }

  async #expectNoPeers(): Promise<void> {
    await until("everybody is gone", () => {
      const { clients, services } = this.#manager.manager.identities();
      return Object.keys(clients).length + Object.keys(services).length === 0;
    });
  }

  /** That as many lines can be held at once as there are shares. */
  async #expectNothingHeld(): Promise<void> {
    const replies: JsonObject[] = [];
    const peers: RawPeer[] = [];
    try {
      for (let share = 0; share < SHARES; share++) {
        const identity = { type: "client", name: `share ${share}` };
        const receive = (line: string) => void replies.push(JSON.parse(line));
        peers.push(await RawPeer.connect(this.#manager.connectOptions, identity, receive));
      }
      const text = "x".repeat(3 * LIMITS.longLine);
      await Promise.all(peers.map((peer) => peer.write(`{"uid":"","args":["${text}`)));
      await delay(0);
      const end = '"],"kwargs":{},"service":"nobody","attribute":"x"}\n';
      await Promise.all(peers.map((peer) => peer.write(end)));
      await until("every line is answered", () => replies.length === SHARES);
    } finally {
      await Promise.all(peers.map((peer) => peer.abort()));
    }
    for (const { message } of replies) {
      assert(!String(message).includes("--max-held"), "lines are held that nobody waits for");
    }
    await this.#expectNoPeers();
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

/** Whether a message of a client is a complete request. */
function isRequest(message: JsonObject): message is { uid: string; service: string } {
  const { attribute, service, args, kwargs, uid } = message;
  return typeof attribute === "string" && typeof service === "string" && Array.isArray(args) &&
    isObject(kwargs) && typeof uid === "string";
}

/** The message of a line that came. */
function readWhole(to: string, line: string): JsonObject {
  const message = readPlainly(encoder.encode(line));
  if (message === undefined) throw new Error(`A broken line came to ${to}: ${shortened(line)}`);
  return message;
}

/** The bytes without one carriage return at their end, as a line is read. */
function stripReturn(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
}

function shortened(text: string): string {
  return text.length <= 400 ? text : `${text.slice(0, 200)}...${text.slice(-200)}`;
}
