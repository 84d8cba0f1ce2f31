/**
 * Clients and services of a soak, many in one process: they call, link, lock, notify, send long
 * messages, die and come back, each at its own random times. Everything is counted.
 */

import { delay } from "@std/async/delay";
import { commands, options, report, run } from "../../benchmarks/commands.ts";
import type { JsonObject } from "../../wire/message.ts";
import { type Place, RawPeer } from "../support/raw_peer.ts";
import { type Counts, noCounts } from "./counts.ts";
import { Random } from "./random.ts";

/** How a crowd is started. */
export interface CrowdOptions {
  place: Place;
  seed: number;
  /** What the names of its devices begin with. */
  name: string;
  clients: number;
  services: number;
  /** The names of all services that there are, also of other crowds. */
  everyService: string[];
}

/** What a crowd is told to do. Each is answered with what it has counted. */
export interface CrowdOrder {
  task: "gather" | "work" | "count" | "rest" | "leave" | "vanish";
}

/** On average, in milliseconds. */
const THINK = 1_000;
const NOTIFY = 1_500;
const LIFE = 60_000;
const DEATH = 1_000;
/** How long a service may take to answer, in milliseconds. */
const SLOW = 1_500;
/** How long a message is that is long, in characters. The Manager passes it on in pieces. */
const LONG = 300_000;
/** How long is waited for the last answers, in milliseconds. */
const PATIENCE = 15_000;
/** How many connect at once. */
const AT_ONCE = 20;

/** What all devices of a crowd have in common. */
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

  /** Waits, or until the work is over. */
  async wait(milliseconds: number): Promise<void> {
    await delay(milliseconds, { signal: this.#work.signal }).catch(() => {});
  }
}

/** A device that lives, dies and comes back. */
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

  /** Goes without a word. */
  async die(): Promise<void> {
    const { peer } = this;
    if (peer === undefined) return;
    this.peer = undefined;
    this.gone();
    await peer.abort();
  }

  /** Does what it does, until the work is over. */
  abstract work(): Promise<void>;
  protected abstract identity(): JsonObject;
  protected abstract receive(line: string, peer: RawPeer): void;
  /** It is not connected any more. */
  protected abstract gone(): void;

  async #connect(): Promise<void> {
    for (let attempt = 0;; attempt++) {
      try {
        const peer = await RawPeer.connect(
          this.crowd.options.place,
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
        // A service of that name may not be gone yet.
        if (attempt === 200) throw error;
        await delay(20);
      }
    }
  }
}

class Client extends Device {
  readonly #name: string;
  readonly #asked = new Map<string, string>();
  #count = 0;

  constructor(crowd: Crowd, name: string, seed: number) {
    super(crowd, seed);
    this.#name = name;
  }

  get unanswered(): number {
    return this.#asked.size;
  }

  async work(): Promise<void> {
    const { random, crowd } = this;
    while (crowd.isWorking) {
      await crowd.wait(random.until(THINK));
      if (!crowd.isWorking) return;
      await this.connect();
      const service = random.pick(crowd.options.everyService);
      const dice = random.next();
      if (dice < THINK / LIFE) {
        crowd.counts.deaths++;
        const manner = random.next();
        if (manner < 0.3) { // in the middle of a request
          const request = this.#request(service, "echo", ["x".repeat(LONG)]);
          this.peer?.sendBytes(
            new TextEncoder().encode(JSON.stringify(request).slice(0, LONG / 2)),
          );
        } else if (manner < 0.5) {
          this.#say(service, "__disconnect__");
        }
        await this.die();
        await crowd.wait(random.until(DEATH));
      } else if (dice < 0.08) {
        this.#ask("Manager", "link", [service]);
      } else if (dice < 0.12) {
        this.#ask("Manager", "unlink", [service]);
      } else if (dice < 0.14) {
        this.#ask("Manager", "acquire_lock", [service, random.chance(0.7)]);
      } else if (dice < 0.20) {
        this.#ask("Manager", "release_lock", [service]);
      } else if (dice < 0.21) {
        this.#ask(service, "echo", ["x".repeat(random.below(LONG))]);
      } else {
        this.#ask(service, "echo", [random.below(1_000)]);
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
    const service = this.#asked.get(uid);
    if (service === undefined || requester !== peer.networkName) {
      counts.unexpected++;
      return;
    }
    this.#asked.delete(uid);
    if (error) {
      const kind = message.split(":")[0];
      counts.failed[kind] = (counts.failed[kind] ?? 0) + 1;
    } else if (service !== "Manager" && (result.by !== service || result.uid !== uid)) {
      counts.wrong++;
    } else {
      counts.answered++;
    }
  }

  protected override gone(): void {
    this.crowd.counts.lost += this.#asked.size;
    this.#asked.clear();
  }

  #ask(service: string, attribute: string, args: unknown[]): void {
    if (!this.isConnected) return; // it was cut off in this moment
    const request = this.#request(service, attribute, args);
    this.#asked.set(String(request.uid), service);
    this.crowd.counts.requests++;
    this.peer?.send(request);
  }

  #say(service: string, attribute: string): void {
    this.peer?.send(this.#request(service, attribute, []));
  }

  #request(service: string, attribute: string, args: unknown[]): JsonObject {
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
      if (random.chance(NOTIFY / LIFE)) {
        crowd.counts.deaths++;
        if (random.chance(0.2)) peer?.send(this.#disconnect());
        await this.die();
        await crowd.wait(random.until(DEATH));
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
      return; // of a client that has died in the middle of it
    }
    this.#answer(peer, request);
  }

  protected override gone(): void {}

  async #answer(peer: RawPeer, { requester, uid, args }: JsonObject): Promise<void> {
    const { random, crowd } = this;
    if (random.chance(0.05)) await delay(random.below(SLOW));
    const text = (args as unknown[])[0];
    const echo = random.chance(0.01) ? "x".repeat(LONG) : text;
    if (random.chance(0.03)) {
      peer.send({ error: true, requester, uid, message: "Failure: of a kind", result: null });
    } else if (crowd.isWorking && random.chance(0.0005)) { // it dies in the middle of a long answer
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

/** Does what it is told, until there is nothing more. */
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
        const end = performance.now() + PATIENCE;
        while (!isAnswered() && performance.now() < end) await delay(10);
        crowd.counts.unanswered = clients.reduce((sum, { unanswered }) => sum + unanswered, 0);
        await gather();
        break;
      }
      case "leave":
        await Promise.all(devices.map((device) => device.die()));
        break;
      case "vanish":
        crowd.counts.deaths += devices.length;
        crowd.counts.lost += clients.reduce((sum, { unanswered }) => sum + unanswered, 0);
        report({ ...crowd.counts });
        Deno.exit(); // and says nothing to the Manager
    }
    report({ ...crowd.counts });
  }
}

if (import.meta.main) {
  Deno.addSignalListener("SIGINT", () => {}); // it ends with its input
  run(() => main(new Crowd(options<CrowdOptions>())));
}
