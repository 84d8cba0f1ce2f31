/** A Manager and a Service for commands of a shell. */

import { kwargs, Service } from "../../mod.ts";
import type { TestManager } from "../../testing.ts";
import { at, command, output, refusal } from "./command_line.ts";
import { temporaryFolder } from "./folder.ts";
import { ONE_MANAGER, type Site } from "./places.ts";
import { type Outcome, Process, run } from "./process.ts";

/** The Service that the commands call. */
export class BasicMath extends Service {
  /** Lets `wait` return. */
  readonly end = Promise.withResolvers<void>();
  /** Fulfilled when a `count` has ended. */
  readonly counted = Promise.withResolvers<void>();
  readonly pi = 3.5;

  constructor(maxClients = -1) {
    super({ name: "BasicMath", maxClients, ignoreAttributes: ["end", "counted"] });
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

  /** Counts up; a limit from 100 on means for ever. */
  async *count(end: number): AsyncGenerator<number> {
    try {
      for (let value = 1; value <= end || end >= 100; value++) yield value;
    } finally {
      this.counted.resolve();
    }
    if (end === 13) throw new RangeError("unlucky");
  }

  fail(): void {
    throw new RangeError("too \u001b[31mhot");
  }

  /** Returns at the end of the test. */
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
  readonly site: Site;
  readonly service: BasicMath;
  readonly #home: Folder;

  private constructor(site: Site, service: BasicMath, home: Folder) {
    this.site = site;
    this.service = service;
    this.#home = home;
  }

  static async open(
    service: BasicMath = new BasicMath(),
    place = ONE_MANAGER,
  ): Promise<Shell> {
    await using stack = new AsyncDisposableStack();
    const home = stack.use(await temporaryFolder());
    const site = stack.use(await place.open({ disableTls: true }));
    await service.start(site.home.connectOptions);
    await site.knows(service.name);
    stack.move();
    return new Shell(site, service, home);
  }

  /** The Manager that the commands connect to. */
  get manager(): TestManager {
    return this.site.manager;
  }

  get home(): string {
    return this.#home.path;
  }

  /** The arguments of a command that connects to the Manager. */
  args(name: string, ...args: string[]): string[] {
    return [name, "--disable-tls", ...at(this.manager.connectOptions), ...args];
  }

  /** Runs a command to its end. */
  outcome(name: string, ...args: string[]): Promise<Outcome> {
    return run(command(this.home, ...this.args(name, ...args)));
  }

  /** Runs a command that has to succeed, and returns its stdout. */
  output(name: string, ...args: string[]): Promise<string> {
    return output(this.home, ...this.args(name, ...args));
  }

  /** Runs a command that has to fail, and returns its error, one line. */
  refusal(name: string, ...args: string[]): Promise<string> {
    return refusal(this.home, ...this.args(name, ...args));
  }

  /** Starts a command with piped streams. */
  run(name: string, ...args: string[]): Process {
    return new Process(command(this.home, ...this.args(name, ...args)));
  }

  /** How many Clients are linked with the Service. */
  links(): number {
    return this.site.home.manager.status().services.BasicMath.links.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.service.end.resolve();
    await this.service.shutdown();
    await this.site[Symbol.asyncDispose]();
    await this.#home[Symbol.asyncDispose]();
  }
}
