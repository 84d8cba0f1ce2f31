/** A Manager and a Service that commands of a shell are used with. */

import { assertEquals } from "@std/assert";
import { kwargs, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { at, command, commandReading, output, refusal } from "./command_line.ts";
import { Events } from "./events.ts";
import { temporaryFolder } from "./folder.ts";

/** What is called. */
export class BasicMath extends Service {
  /** Has `wait` answer. */
  readonly end = Promise.withResolvers<void>();
  readonly pi = 3.5;

  constructor(maxClients = -1) {
    super({ name: "BasicMath", maxClients, ignoreAttributes: ["end"] });
  }

  add(x: number, y: number): number {
    return x + y;
  }

  echo(...values: unknown[]): unknown[] {
    return values;
  }

  say(text: string): string {
    return text;
  }

  nothing(): void {}

  /** Counts up, and for ever from 100 on. */
  async *count(end: number): AsyncGenerator<number> {
    for (let value = 1; value <= end || end >= 100; value++) yield value;
    if (end === 13) throw new RangeError("unlucky");
  }

  fail(): void {
    throw new RangeError("too \u001b[31mhot");
  }

  /** Is not answered before the end of the test. */
  wait(): Promise<void> {
    this.emitNotification("waiting");
    return this.end.promise;
  }

  tell(): void {
    this.emitNotification(1, "two words", kwargs({ unit: "C" }));
  }
}

type Folder = Awaited<ReturnType<typeof temporaryFolder>>;

/** A Manager without TLS, a Service, and a home folder for the commands. */
export class Shell implements AsyncDisposable {
  readonly manager: TestManager;
  readonly service: BasicMath;
  readonly #home: Folder;

  private constructor(manager: TestManager, service: BasicMath, home: Folder) {
    this.manager = manager;
    this.service = service;
    this.#home = home;
  }

  static async open(service: BasicMath = new BasicMath()): Promise<Shell> {
    const manager = await TestManager.start({ disableTls: true });
    await service.start(manager.connectOptions);
    return new Shell(manager, service, await temporaryFolder());
  }

  get home(): string {
    return this.#home.path;
  }

  /** The arguments of a command that connects to the Manager. */
  args(name: string, ...args: string[]): string[] {
    return [name, "--disable-tls", ...at(this.manager.connectOptions), ...args];
  }

  /** What a command prints that succeeds. */
  output(name: string, ...args: string[]): Promise<string> {
    return output(this.home, ...this.args(name, ...args));
  }

  /** What a command says that refuses, in one line. */
  refusal(name: string, ...args: string[]): Promise<string> {
    return refusal(this.home, ...this.args(name, ...args));
  }

  /** A command that is running, and that its test talks with. */
  run(name: string, ...args: string[]): RunningCommand {
    return new RunningCommand(command(this.home, ...this.args(name, ...args)));
  }

  /** How many Clients are linked with the Service. */
  links(): number {
    return this.manager.manager.status().services.BasicMath.links.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.service.end.resolve();
    await this.service.shutdown();
    await this.manager[Symbol.asyncDispose]();
    await this.#home[Symbol.asyncDispose]();
  }
}

/** A command that is running. */
export class RunningCommand implements AsyncDisposable {
  /** The lines that it has printed. */
  readonly printed: Events<string>;
  /** The lines that it has written to the standard error. */
  readonly said: Events<string>;
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<unknown>;

  constructor(command: Deno.Command) {
    this.#child = command.spawn();
    this.printed = new Events();
    this.said = new Events();
    this.#read = Promise.all([
      collect(this.#child.stdout, this.printed),
      collect(this.#child.stderr, this.said),
    ]);
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end, which is a success. */
  async end(): Promise<void> {
    const { code } = await this.#child.status;
    await this.#read;
    assertEquals(code, 0, this.said.all.join("\n"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#read;
  }
}

/** A command whose standard input is this text. What came of it. */
export async function piped(
  home: string,
  input: string,
  ...args: string[]
): Promise<{ code: number; printed: string; said: string }> {
  const file = await Deno.makeTempFile({ prefix: "msl-network-" });
  try {
    await Deno.writeTextFile(file, input);
    const { code, stdout, stderr } = await commandReading(file, home, ...args).output();
    const [printed, said] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { code, printed, said };
  } finally {
    await Deno.remove(file);
  }
}

async function collect(stream: ReadableStream<Uint8Array>, lines: Events<string>): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    for (const line of parts) lines.add(line);
  }
}
