/**
 * Clients and services of a soak, many in one process: they call, link, lock, notify, send long
 * messages, disconnect and reconnect at random times. Everything is counted.
 */

import { delay } from "@std/async/delay";
import { commands, options, report, run } from "../../benchmarks/commands.ts";
import type { JsonObject } from "../../wire/message.ts";
import { type ManagerAddress, RawPeer } from "../support/raw_peer.ts";
import { type Counts, noCounts } from "./counts.ts";
import { Random } from "./random.ts";

/** The options of a crowd. */
export interface CrowdOptions {
  address: ManagerAddress;
  seed: number;
  /** The prefix of its devices' names. */
  name: string;
  clients: number;
  services: number;
  /** The names of all services, those of other crowds too. */
  everyService: string[];
}

/** A task for a crowd. The reply to each is the counts so far. */
export interface CrowdOrder {
  task: "gather" | "work" | "count" | "rest" | "leave" | "exit";
}

/** Mean times, in milliseconds. */
const PAUSE = 1_000;
const NOTIFY = 1_500;
const LIFETIME = 60_000;
const RECONNECT_DELAY = 1_000;
/** The longest delay of a slow reply, in milliseconds. */
const SLOW = 1_500;
/** The size of a long message, in characters. The Manager forwards it in pieces. */
const LONG = 300_000;
/** The time-out for the last replies, in milliseconds. */
const REPLY_TIMEOUT = 15_000;
/** How many devices connect at once. */
const AT_ONCE = 20;

/** The shared state of the devices of a crowd. */
class Crowd {
  readonly options: CrowdOptions;
  readonly counts: Counts = noCounts();
  #work = new AbortController();

  constructor(options: CrowdOptions) {
    this.options = options;
    this.rest();
  }

  get isWorking(): boolean {
    return !this.#work.signal.aborted;
  }

  work(): void {
    this.#work = new AbortController();
  }

  rest(): void {
    this.#work.abort();
  }

  /** Waits, at most until the end of the work. */
  async wait(milliseconds: number): Promise<void> {
    await delay(milliseconds, { signal: this.#work.signal }).catch(() => {});
  }
}

/** A device that disconnects and reconnects. */
abstract class Device {
  protected readonly crowd: Crowd;
  protected readonly random: Random;
  protected peer: RawPeer | undefined;
  #connecting: Promise<void> | undefined;

  constructor(crowd: Crowd, seed: number) {
    this.crowd = crowd;
    this.random = new Random(seed);
  }

  get isConnected(): boolean {
    return this.peer !== undefined;
  }

  /** Connects, if it is not connected. */
  connect(): Promise<void> {
    if (this.peer !== undefined) return Promise.resolve();
    return this.#connecting ??= this.#connect().finally(() => this.#connecting = undefined);
  }

  /** Disconnects without a message. */
  async die(): Promise<void> {
    const { peer } = this;
    if (peer === undefined) return;
    this.peer = undefined;
    this.disconnected();
    await peer.abort();
  }

  /** Sends messages until the end of the work. */
  abstract work(): Promise<void>;
  protected abstract identity(): JsonObject;
  protected abstract receive(line: string, peer: RawPeer): void;
  /** Is called after the device has disconnected. */
  protected abstract disconnected(): void;

  async #connect(): Promise<void> {
    for (let attempt = 0;; attempt++) {
      try {
        const peer = await RawPeer.connect(
          this.crowd.options.address,
          this.identity(),
          (line, peer) => this.receive(line, peer),
        );
        this.peer = peer;
        this.crowd.counts.connections++;
        peer.ended.then(() => {
          if (this.peer !== peer) return;
          this.crowd.counts.cutOff++;
          this.die();
        });
        return;
      } catch (error) {
        // A service of that name may still be registered.
        if (attempt === 200) throw error;
        await delay(20);
      }
    }
  }
}

class Client extends Device {
  readonly #name: string;
  readonly #pending = new Map<string, string>();
  #count = 0;

  constructor(crowd: Crowd, name: string, seed: number) {
    super(crowd, seed);
    this.#name = name;
  }

  get unanswered(): number {
    return this.#pending.size;
  }

  async work(): Promise<void> {
    const { random, crowd } = this;
    while (crowd.isWorking) {
      await crowd.wait(random.until(PAUSE));
      if (!crowd.isWorking) return;
      await this.connect();
      const service = random.pick(crowd.options.everyService);
      const dice = random.next();
      if (dice < PAUSE / LIFETIME) {
        crowd.counts.deaths++;
        const manner = random.next();
        if (manner < 0.3) { // within a request
          const request = this.#makeRequest(service, "echo", ["x".repeat(LONG)]);
          this.peer?.sendBytes(
            new TextEncoder().encode(JSON.stringify(request).slice(0, LONG / 2)),
          );
        } else if (manner < 0.5) {
          this.#send(service, "__disconnect__");
        }
        await this.die();
        await crowd.wait(random.until(RECONNECT_DELAY));
      } else if (dice < 0.08) {
        this.#request("Manager", "link", [service]);
      } else if (dice < 0.12) {
        this.#request("Manager", "unlink", [service]);
      } else if (dice < 0.14) {
        this.#request("Manager", "acquire_lock", [service, random.chance(0.7)]);
      } else if (dice < 0.20) {
        this.#request("Manager", "release_lock", [service]);
      } else if (dice < 0.21) {
        this.#request(service, "echo", ["x".repeat(random.below(LONG))]);
      } else {
        this.#request(service, "echo", [random.below(1_000)]);
      }
    }
  }

  protected override identity(): JsonObject {
    return { type: "client", name: this.#name };
  }

  protected override receive(line: string, peer: RawPeer): void {
    const { counts } = this.crowd;
    const { uid, requester, error, result, message } = JSON.parse(line);
    if (uid === "notification" && requester === undefined) {
      counts.notifications++;
      return;
    }
    const service = this.#pending.get(uid);
    if (service === undefined || requester !== peer.networkName) {
      counts.unexpected++;
      return;
    }
    this.#pending.delete(uid);
    if (error) {
      const kind = message.split(":")[0];
      counts.failed[kind] = (counts.failed[kind] ?? 0) + 1;
    } else if (service !== "Manager" && (result.by !== service || result.uid !== uid)) {
      counts.wrong++;
    } else {
      counts.answered++;
    }
  }

  protected override disconnected(): void {
    this.crowd.counts.lost += this.#pending.size;
    this.#pending.clear();
  }

  #request(service: string, attribute: string, args: unknown[]): void {
    if (!this.isConnected) return; // it was disconnected in the meantime
    const request = this.#makeRequest(service, attribute, args);
    this.#pending.set(String(request.uid), service);
    this.crowd.counts.requests++;
    this.peer?.send(request);
  }

  #send(service: string, attribute: string): void {
    this.peer?.send(this.#makeRequest(service, attribute, []));
  }

  #makeRequest(service: string, attribute: string, args: unknown[]): JsonObject {
    const uid = `${this.#name} ${++this.#count}`;
    return { error: false, service, uid, attribute, args, kwargs: {} };
  }
}

class Service extends Device {
  readonly #name: string;
  readonly #maxClients: number;

  constructor(crowd: Crowd, name: string, seed: number) {
    super(crowd, seed);
    this.#name = name;
    this.#maxClients = this.random.chance(0.2) ? 3 : -1;
  }

  async work(): Promise<void> {
    const { random, crowd } = this;
    while (crowd.isWorking) {
      await crowd.wait(random.until(NOTIFY));
      if (!crowd.isWorking) return;
      await this.connect();
      const { peer } = this;
      if (random.chance(NOTIFY / LIFETIME)) {
        crowd.counts.deaths++;
        if (random.chance(0.2)) peer?.send(this.#disconnect());
        await this.die();
        await crowd.wait(random.until(RECONNECT_DELAY));
      } else {
        const value = random.chance(0.01) ? "x".repeat(LONG / 3) : random.next();
        const result = [[value], {}];
        peer?.send({ error: false, service: this.#name, uid: "notification", result });
      }
    }
  }

  protected override identity(): JsonObject {
    const attributes = { echo: "(*args, **kwargs)" };
    return { type: "service", name: this.#name, attributes, max_clients: this.#maxClients };
  }

  protected override receive(line: string, peer: RawPeer): void {
    let request: JsonObject;
    try {
      request = JSON.parse(line);
    } catch {
      return; // a truncated request of a client that has disconnected
    }
    this.#answer(peer, request);
  }

  protected override disconnected(): void {}

  async #answer(peer: RawPeer, { requester, uid, args }: JsonObject): Promise<void> {
    const { random, crowd } = this;
    if (random.chance(0.05)) await delay(random.below(SLOW));
    const text = (args as unknown[])[0];
    const echo = random.chance(0.01) ? "x".repeat(LONG) : text;
    if (random.chance(0.03)) {
      peer.send({ error: true, requester, uid, message: "Failure: of a kind", result: null });
    } else if (crowd.isWorking && random.chance(0.0005)) { // disconnects within a long reply
      crowd.counts.deaths++;
      const reply = {
        error: false,
        requester,
        uid,
        result: { by: this.#name, uid, echo: "x".repeat(LONG) },
      };
      await peer.sendBytes(new TextEncoder().encode(JSON.stringify(reply).slice(0, LONG / 2)));
      if (this.peer === peer) await this.die();
    } else {
      peer.send({ error: false, requester, uid, result: { by: this.#name, uid, echo } });
    }
  }

  #disconnect(): JsonObject {
    const { networkName: service } = this.peer!;
    return { error: false, service, uid: "", attribute: "__disconnect__", args: [], kwargs: {} };
  }
}

/** Runs the tasks until the end of the input. */
async function main(crowd: Crowd): Promise<void> {
  const { name, seed, clients: clientCount, services: serviceCount, everyService } = crowd.options;
  const clients = Array.from(
    { length: clientCount },
    (_, index) => new Client(crowd, `${name}-${index}`, seed * 7_919 + index),
  );
  const services = Array.from(
    { length: serviceCount },
    (_, index) =>
      new Service(
        crowd,
        everyService.filter((service) => service.startsWith(name))[index],
        -seed * 7_919 - index,
      ),
  );
  const devices: Device[] = [...services, ...clients];
  const gather = async () => {
    const rest = devices.filter((device) => !device.isConnected);
    const queue = async () => {
      for (let device; (device = rest.shift()) !== undefined;) await device.connect();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, queue));
  };
  const isAnswered = () => clients.every(({ unanswered }) => unanswered === 0);
  let work: Promise<void>[] = [];
  for await (const { task } of commands<CrowdOrder>()) {
    switch (task) {
      case "gather":
        await gather();
        break;
      case "work":
        crowd.work();
        work = devices.map((device) => device.work());
        break;
      case "rest": {
        crowd.rest();
        await Promise.all(work);
        const end = performance.now() + REPLY_TIMEOUT;
        while (!isAnswered() && performance.now() < end) await delay(10);
        crowd.counts.unanswered = clients.reduce((sum, { unanswered }) => sum + unanswered, 0);
        await gather();
        break;
      }
      case "leave":
        await Promise.all(devices.map((device) => device.die()));
        break;
      case "exit":
        crowd.counts.deaths += devices.length;
        crowd.counts.lost += clients.reduce((sum, { unanswered }) => sum + unanswered, 0);
        report({ ...crowd.counts });
        Deno.exit(); // without a message to the Manager
    }
    report({ ...crowd.counts });
  }
}

if (import.meta.main) {
  Deno.addSignalListener("SIGINT", () => {}); // the process ends with its input
  run(() => main(new Crowd(options<CrowdOptions>())));
}
