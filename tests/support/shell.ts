/** A Manager and a Service that commands of a shell are used with. */

import { kwargs, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { at, command, output, refusal } from "./command_line.ts";
import { temporaryFolder } from "./folder.ts";
import { type Outcome, Process, run } from "./process.ts";

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
    await using stack = new AsyncDisposableStack();
    const home = stack.use(await temporaryFolder());
    const manager = stack.use(await TestManager.start({ disableTls: true }));
    await service.start(manager.connectOptions);
    stack.move();
    return new Shell(manager, service, home);
  }

  get home(): string {
    return this.#home.path;
  }

  /** The arguments of a command that connects to the Manager. */
  args(name: string, ...args: string[]): string[] {
    return [name, "--disable-tls", ...at(this.manager.connectOptions), ...args];
  }

  /** What came of a command that runs to its end. */
  outcome(name: string, ...args: string[]): Promise<Outcome> {
    return run(command(this.home, ...this.args(name, ...args)));
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
  run(name: string, ...args: string[]): Process {
    return new Process(command(this.home, ...this.args(name, ...args)));
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
