/** The processes of a soak of several nodes: NATS servers, Managers, and the peers of each. */

import { join } from "node:path";
import { Program } from "../../../benchmarks/program.ts";
import { connect } from "../../../mod.ts";
import type { ManagerStatus } from "../../../mod.ts";
import { commandWith } from "../../support/command_line.ts";
import { ManagerProcess } from "../../support/manager_process.ts";
import { NatsCluster } from "../../support/nats_cluster.ts";
import { readSource, type Source } from "./history.ts";
import { Bridge, type Computer, isInNamespaces } from "./namespaces.ts";
import { SeparateNats } from "./separate_nats.ts";
import type { PeersOptions, PeersOrder, PeersReport } from "./peers.ts";

/** How long a process may take to be ready, in milliseconds. */
const START = 60_000;
/** How much longer than its limit an order may take, in milliseconds. */
const GRACE = 15_000;

/** A service that clients are linked with, and one that they lock, at each node. */
const OFFERS = { linked: "Meter", locked: "Stage" };

/** What runs at one node. */
export interface NodeOptions {
  /** Its index, also that of its NATS server. */
  index: number;
  name: string;
  clients: number;
  /** Where all of it runs. Default: on this computer. */
  computer: Computer | undefined;
}

/** A Manager, and the processes of its clients and its services. All can be killed and started. */
export class SoakNode implements AsyncDisposable {
  readonly name: string;
  readonly #options: NodeOptions;
  readonly #network: SoakNetwork;
  readonly #home: string;
  #manager: ManagerProcess | undefined;
  /** Where the Manager listens, also while it is down. */
  #address: ManagerProcess["connectOptions"] | undefined;
  readonly #peers = new Map<"clients" | "services", { program: Program; name: string }>();

  constructor(options: NodeOptions, network: SoakNetwork) {
    this.name = options.name;
    this.#options = options;
    this.#network = network;
    this.#home = join(network.folder, options.name);
  }

  /** Starts the Manager, at the same port as before. */
  async startManager(): Promise<void> {
    const { nats, names } = this.#network;
    const joined = names.length === 1 ? [] : [
      ...["--node", this.name, "--join", nats!.server(this.#options.index).url],
    ];
    const { address = "127.0.0.1", within } = this.#options.computer ?? {};
    const args = [
      `--host=${address}`,
      `--port=${this.#address?.port ?? 0}`,
      "--disable-tls",
      ...joined,
    ];
    const command = commandWith({ home: this.#home, within }, ...args);
    this.#manager = await ManagerProcess.of(command, address);
    this.#address = this.#manager.connectOptions;
  }

  /** Kills the Manager as `kill -9` does. */
  async killManager(): Promise<void> {
    await this.#manager?.[Symbol.asyncDispose]();
    this.#manager = undefined;
  }

  /** Sends a signal to the Manager: SIGSTOP, or SIGCONT. */
  signalManager(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#manager?.kill(signal);
  }

  /** Starts a process of peers. */
  async startPeers(kind: "clients" | "services"): Promise<void> {
    const { seed, names } = this.#network;
    const number = this.#network.count();
    const options: PeersOptions = {
      name: `${kind}${number}`,
      node: this.name,
      address: this.#address!,
      file: join(this.#network.folder, `${this.name} ${kind}${number}.jsonl`),
      seed: seed + number,
      clients: kind === "clients" ? this.#options.clients : 0,
      offers: kind === "services" ? Object.values(OFFERS) : [],
      services: names.map((name) => `${name}.${OFFERS.linked}`),
      locked: names.map((name) => `${name}.${OFFERS.locked}`),
    };
    const within = this.#options.computer?.within;
    const program = Program.start("../tests/soak/nodes/peers.ts", options, [], within);
    const name = `${this.name} ${options.name}`;
    this.#peers.set(kind, { program, name });
    await program.receive(START);
  }

  /** Kills a process of peers as `kill -9` does, and returns the name of its source. */
  async killPeers(kind: "clients" | "services"): Promise<string> {
    const { program, name } = this.#peers.get(kind)!;
    this.#peers.delete(kind);
    await program.kill();
    return name;
  }

  /** Gives an order to the clients, or the services. */
  async order(
    kind: "clients" | "services",
    task: PeersOrder["task"],
    within: number,
  ): Promise<PeersReport> {
    const { program } = this.#peers.get(kind)!;
    await program.send({ task, within });
    return await program.receive<PeersReport>(within * 3 + GRACE);
  }

  /** The status of the Manager. */
  async status(): Promise<ManagerStatus> {
    await using client = await connect({
      ...this.#address!,
      name: "observer",
      timeout: START,
    });
    return await client.adminRequest<ManagerStatus>("status");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Killed, since they may wait for a Manager that is not there.
    await Promise.all(Array.from(this.#peers.values(), ({ program }) => program.kill()));
    await this.killManager();
  }
}

/** All processes. */
export class SoakNetwork implements AsyncDisposable {
  readonly nats: NatsCluster | SeparateNats | undefined;
  /** The computers of the nodes and of the NATS servers, if each has one of its own. */
  readonly computers: readonly Computer[];
  readonly nodes: SoakNode[] = [];
  readonly names: readonly string[];
  readonly folder: string;
  readonly seed: number;
  #count = 0;

  private constructor(
    options: SoakNetworkOptions,
    names: readonly string[],
    nats: SoakNetwork["nats"],
    computers: readonly Computer[],
  ) {
    this.names = names;
    this.nats = nats;
    this.computers = computers;
    this.seed = options.seed;
    this.folder = options.folder;
  }

  /**
   * Starts all. With one node there is no NATS server, and the Manager is joined to none. In namespaces
   * each node and each NATS server has one of its own.
   */
  static async start(options: SoakNetworkOptions): Promise<SoakNetwork> {
    const { nodes, clients } = options;
    const names = Array.from({ length: nodes }, (_, index) => "abcdefghij"[index]);
    const computers: Computer[] = [];
    if (isInNamespaces()) {
      const bridge = await Bridge.make();
      const servers = names.map((_, index) => `nats${index}`);
      for (const name of [...names, ...servers]) computers.push(await bridge.add(name));
    }
    await using stack = new AsyncDisposableStack();
    const nats = nodes === 1
      ? undefined
      : computers.length === 0
      ? await NatsCluster.start(nodes)
      : await SeparateNats.start(computers.slice(nodes));
    const network = stack.use(new SoakNetwork(options, names, nats, computers));
    for (const [index, name] of names.entries()) {
      const node = new SoakNode({ index, name, clients, computer: computers[index] }, network);
      network.nodes.push(node);
      await Deno.mkdir(join(options.folder, name));
      await node.startManager();
      await node.startPeers("services");
    }
    await Promise.all(network.nodes.map((node) => node.startPeers("clients")));
    stack.move();
    return network;
  }

  /** The next number of a process. */
  count(): number {
    return this.#count++;
  }

  /** Gives an order to all clients. */
  order(task: PeersOrder["task"], within: number): Promise<PeersReport[]> {
    return Promise.all(this.nodes.map((node) => node.order("clients", task, within)));
  }

  /** What all processes have written down. */
  async history(): Promise<Source[]> {
    const sources: Source[] = [];
    for await (const { name } of Deno.readDir(this.folder)) {
      if (!name.endsWith(".jsonl")) continue;
      const text = await Deno.readTextFile(join(this.folder, name));
      sources.push(readSource(name.slice(0, -".jsonl".length), text));
    }
    return sources;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
    await this.nats?.[Symbol.asyncDispose]();
  }
}

/** The options of all processes. */
export interface SoakNetworkOptions {
  /** A new folder, for the homes of the Managers and for what is written down. */
  folder: string;
  seed: number;
  nodes: number;
  /** How many clients each node has. */
  clients: number;
}
