/** A NATS server for tests: a process of its own, on free ports of loopback. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { type TemporaryFolder, temporaryFolder } from "./folder.ts";
import { environment } from "./process.ts";
import { until } from "./until.ts";

/** The path of the server's program, `undefined` if it is not installed. */
export const natsProgram: string | undefined = [
  "/usr/sbin/nats-server",
  "/usr/bin/nats-server",
  "/usr/local/bin/nats-server",
  "/opt/homebrew/bin/nats-server",
].find((file) => existsSync(file));

/** Whether tests with a NATS server are left out. */
export const noNats = natsProgram === undefined;

if (noNats) console.log("Tests with NATS are left out: nats-server is not installed");

/** A test that is left out where there is no NATS server. */
export function natsTest(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, fn, ignore: noNats });
}

/** How a server is started. */
export interface NatsServerOptions {
  /** Lines of its configuration, e.g. users with permissions, routes or leaf nodes. */
  config?: string;
  /** Options of its command line, e.g. `["--cluster", "nats://127.0.0.1:-1"]`. */
  args?: readonly string[];
  /** The IP address on which it listens. Default: loopback. */
  host?: string;
  /** The port on which it listens for clients. Default: a free one. */
  port?: number;
  /** The command that runs it, e.g. in a network namespace. Default: none. */
  within?: readonly string[];
}

/** The addresses on which a server listens, e.g. `nats://127.0.0.1:40001`. */
interface Ports {
  nats: string[];
  cluster?: string[];
  leafnodes?: string[];
  monitoring?: string[];
}

/** A NATS server. It is killed when it is disposed of. */
export class NatsServer implements AsyncDisposable {
  readonly #options: NatsServerOptions;
  #config: string;
  readonly #folder: TemporaryFolder;
  #child!: Deno.ChildProcess;
  #log!: Promise<void>;
  #ports!: Ports;
  #isRunning = false;
  #output = "";

  private constructor(options: NatsServerOptions, folder: TemporaryFolder) {
    this.#config = options.config ?? "";
    this.#options = options;
    this.#folder = folder;
  }

  /** Starts a server on a free port. It listens when the promise is fulfilled. */
  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = new NatsServer(options, await temporaryFolder());
    try {
      await server.#start(String(options.port ?? -1));
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** Its address for clients, e.g. `nats://127.0.0.1:40001`. A restart keeps it. */
  get url(): string {
    return this.#ports.nats[0];
  }

  /** Its port for clients. */
  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Its address for routes to other servers, if `config` or `args` have a cluster. */
  get clusterUrl(): string | undefined {
    return this.#ports.cluster?.[0];
  }

  /** Its address for leaf nodes, if `config` has them. */
  get leafUrl(): string | undefined {
    return this.#ports.leafnodes?.[0];
  }

  /** What it has written so far. */
  get output(): string {
    return this.#output;
  }

  /**
   * Stops it where it stands, as `SIGSTOP` does: its connections stay open, and nothing answers. On a
   * busy computer its threads go on for a while after the signal: it waits for the last one.
   */
  async pause(): Promise<void> {
    const { pid } = this.#child;
    this.#child.kill("SIGSTOP");
    await until("the NATS server stands still", () => hasStopped(pid));
  }

  /** Lets it go on after `pause()`. */
  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** Gives it another configuration, and restarts it on the same port. */
  async reconfigure(config: string): Promise<void> {
    this.#config = config;
    await this.restart();
  }

  /** Gives it another configuration while it runs: its connections stay open. */
  async reload(config: string): Promise<void> {
    this.#config = config;
    await Deno.writeTextFile(this.#folder.join("nats.conf"), config);
    const count = () => this.#output.split("Reloaded server configuration").length;
    const before = count();
    this.#child.kill("SIGHUP");
    await until(() => `it has read it: ${this.#output}`, () => count() > before);
  }

  /** Kills it. */
  async kill(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#child.kill("SIGKILL");
    await this.#log;
    await this.#child.status;
  }

  /** Starts it again on the same port. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#start(String(this.port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #start(port: string): Promise<void> {
    const configFile = this.#folder.join("nats.conf");
    await Deno.writeTextFile(configFile, this.#config);
    const { host = "127.0.0.1", within = [], args = [] } = this.#options;
    const all = ["-c", configFile, "-a", host, "-p", port];
    const [program, ...before] = [...within, natsProgram!];
    this.#child = new Deno.Command(program, {
      args: [...before, ...all, "--ports_file_dir", this.#folder.path, ...args],
      clearEnv: true,
      env: environment({}),
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#isRunning = true;
    this.#log = this.#readLog();
    const file = this.#folder.join(`nats-server_${this.#child.pid}.ports`);
    this.#ports = (await until(
      () => `nats-server listens: ${this.#output}`,
      () => readPorts(file),
    ))!;
  }

  async #readLog(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#output += text;
    }
  }
}

/** The addresses in a file that the server writes when it listens; `undefined` until then. */
function readPorts(file: string): Ports | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(file));
  } catch {
    return undefined; // it is not there, or not complete
  }
}

/** Whether every thread of a process is stopped; `true` where the system does not say it. */
function hasStopped(pid: number): boolean {
  const threads = `/proc/${pid}/task`;
  if (!existsSync(threads)) return true;
  return readdirSync(threads).every((id) => {
    // The state is after the name of the program, which is in brackets.
    const stat = readFileSync(`${threads}/${id}/stat`, "utf8");
    return stat[stat.lastIndexOf(")") + 2] === "T";
  });
}
