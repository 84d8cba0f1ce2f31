/**
 * NATS servers that are clustered: each has routes to all others, through proxies of our own, so that
 * the route between two of them can be cut while both see the third.
 */

import { join } from "node:path";
import { type Cut, TcpProxy } from "./tcp_proxy.ts";
import { type TemporaryFolder, temporaryFolder } from "./folder.ts";
import { until } from "./until.ts";

/** How long a server may take to listen, or two to find each other, in milliseconds. */
const TIMEOUT = 20_000;

/** The host of all servers. */
const HOST = "127.0.0.1";

/** Whether `nats-server` is installed. */
export function hasNats(): boolean {
  try {
    return new Deno.Command("nats-server", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

/** One server. */
class Server {
  readonly name: string;
  readonly proxy = new TcpProxy((head) => /"server_name":"([^"]+)"/.exec(head)?.[1]);
  /** The ports of clients and of routes, which stay the same. */
  #ports: { client: number; route: number } | undefined;
  #child: Deno.ChildProcess | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get url(): string {
    return `nats://${HOST}:${this.#ports!.client}`;
  }

  async start(folder: string, others: readonly Server[]): Promise<void> {
    const { client, route } = this.#ports ?? { client: -1, route: -1 };
    const routes = others.map(({ proxy }) => `nats://${HOST}:${proxy.port}`).join(",");
    const cluster = others.length === 0 ? [] : [
      ...["--cluster_name", "tests", "--cluster", `nats://${HOST}:${route}`],
      ...["--cluster_advertise", `${HOST}:${this.proxy.port}`, "--routes", routes],
      "--no_advertise=true",
    ];
    const args = ["-a", HOST, "-p", String(client), "--server_name", this.name, ...cluster];
    this.#child = new Deno.Command("nats-server", {
      args: [...args, "--ports_file_dir", folder],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const file = join(folder, `nats-server_${this.#child.pid}.ports`);
    const what = `nats-server ${this.name} listens`;
    const ports = await until(what, () => portsOf(file), TIMEOUT);
    this.#ports = ports;
    this.proxy.target = ports!.route;
  }

  kill(signal: Deno.Signal): void {
    this.#child?.kill(signal);
  }

  async stop(signal: Deno.Signal = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    child.kill(signal);
    await child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.proxy[Symbol.asyncDispose]();
  }
}

/** Servers that are clustered, or one alone. */
export class NatsCluster implements AsyncDisposable {
  readonly #servers: readonly Server[];
  readonly #folder: TemporaryFolder;

  private constructor(servers: readonly Server[], folder: TemporaryFolder) {
    this.#servers = servers;
    this.#folder = folder;
  }

  /** Starts them, and waits until they have found each other. */
  static async start(count: number): Promise<NatsCluster> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryFolder());
    const servers = Array.from({ length: count }, (_, index) => new Server(`n${index}`));
    for (const server of servers) stack.defer(() => server[Symbol.asyncDispose]());
    const cluster = new NatsCluster(servers, folder);
    await Promise.all(servers.map((_, index) => cluster.restart(index)));
    stack.move();
    return cluster;
  }

  /** The address of a server for its clients. */
  url(index: number): string {
    return this.#servers[index].url;
  }

  /** Stops a server: with SIGSTOP it is there and silent until SIGCONT, with SIGKILL it has ended. */
  async stop(index: number, signal: "SIGSTOP" | "SIGKILL" | "SIGTERM"): Promise<void> {
    if (signal === "SIGSTOP") this.#servers[index].kill(signal);
    else await this.#servers[index].stop(signal);
  }

  /** Lets a server go on that was stopped with SIGSTOP. */
  resume(index: number): void {
    this.#servers[index].kill("SIGCONT");
  }

  /** Starts a server again, at the same address, and waits until it has found the others. */
  async restart(index: number): Promise<void> {
    const server = this.#servers[index];
    await server.start(this.#folder.path, this.#servers.filter((other) => other !== server));
    for (const other of this.#servers.keys()) {
      if (other !== index && this.#servers[other].proxy.target !== undefined) {
        await this.joined(index, other);
      }
    }
  }

  /** Cuts the route between two servers. */
  cut(one: number, other: number, how: Cut): void {
    this.#servers[one].proxy.cut(this.#servers[other].name, how);
    this.#servers[other].proxy.cut(this.#servers[one].name, how);
  }

  /** Lets the route between two servers pass again. */
  heal(one: number, other: number): void {
    this.#servers[one].proxy.heal(this.#servers[other].name);
    this.#servers[other].proxy.heal(this.#servers[one].name);
  }

  /** Waits until there is a route between two servers. */
  async joined(one: number, other: number): Promise<void> {
    const [a, b] = [this.#servers[one], this.#servers[other]];
    await until(
      `there is a route between ${a.name} and ${b.name}`,
      () => a.proxy.count(b.name) + b.proxy.count(a.name) > 0,
      TIMEOUT,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** The ports that a server has written to its file; `undefined` if it has not written them yet. */
function portsOf(file: string): { client: number; route: number } | undefined {
  try {
    const { nats, cluster } = JSON.parse(Deno.readTextFileSync(file));
    const port = (urls?: string[]) => Number(new URL(urls?.[0] ?? "nats://none:1").port);
    return { client: port(nats), route: port(cluster) };
  } catch {
    return undefined;
  }
}
