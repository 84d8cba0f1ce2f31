/** A Manager that is restarted on the same port, and devices that reconnect to it. */

import {
  type Client,
  type ConnectionChange,
  type ConnectOptions,
  type Link,
  Service,
  type ServiceOptions,
} from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { connected, RECONNECT } from "./connection_changes.ts";
import { Events } from "./events.ts";

/** A Service that records its calls and its connection changes. */
export class Lab extends Service {
  readonly changes = new Events<ConnectionChange>();
  readonly release = Promise.withResolvers<void>();
  calls: string[] = [];

  constructor(options: ServiceOptions = {}) {
    super({ name: "Lab", ...options });
  }

  echo(text: string): string {
    this.calls.push(text);
    return text;
  }

  tell(text: string): void {
    this.emitNotification(text);
  }

  async slow(): Promise<void> {
    this.calls.push("slow");
    await this.release.promise;
  }

  override connectionHandler(change: ConnectionChange): void {
    this.changes.add(change);
  }
}

/** A Manager that can be restarted, on the same port with the same files. */
export class Restarts implements AsyncDisposable {
  #manager: TestManager;
  #isStopped = false;
  readonly #options: Parameters<typeof TestManager.start>[0];

  private constructor(manager: TestManager, options: Parameters<typeof TestManager.start>[0]) {
    this.#manager = manager;
    this.#options = options;
  }

  static async start(options: Parameters<typeof TestManager.start>[0] = {}): Promise<Restarts> {
    const manager = await TestManager.start({ disableTls: true, ...options });
    return new Restarts(manager, { disableTls: true, ...options });
  }

  get connectOptions(): ConnectOptions & { host: string; port: number } {
    return { ...this.#manager.connectOptions, reconnect: RECONNECT };
  }

  get manager(): TestManager {
    return this.#manager;
  }

  /** Ends the Manager. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#manager[Symbol.asyncDispose]();
  }

  /** Starts it again. */
  async resume(options: Parameters<typeof TestManager.start>[0] = {}): Promise<void> {
    const { port } = this.#manager.connectOptions;
    this.#manager = await TestManager.start({ ...this.#options, port, ...options });
    this.#isStopped = false;
  }

  /** Ends the Manager if it runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isStopped) await this.stop();
  }
}

/** A Manager that can be restarted, a Service, and a Client that is linked with it. */
export class LinkedLab implements AsyncDisposable {
  readonly manager: Restarts;
  readonly lab: Lab;
  readonly client: Client;
  readonly changes: Events<ConnectionChange>;
  readonly link: Link<Lab>;

  private constructor(
    manager: Restarts,
    lab: Lab,
    { client, changes }: { client: Client; changes: Events<ConnectionChange> },
    link: Link<Lab>,
  ) {
    this.manager = manager;
    this.lab = lab;
    this.client = client;
    this.changes = changes;
    this.link = link;
  }

  /** Starts all three. */
  static async open(): Promise<LinkedLab> {
    await using stack = new AsyncDisposableStack();
    const manager = stack.use(await Restarts.start());
    const lab = stack.use(new Lab());
    await lab.start(manager.connectOptions);
    const connection = await connected(manager.connectOptions);
    stack.use(connection.client);
    const link = await connection.client.link<Lab>("Lab");
    stack.move();
    return new LinkedLab(manager, lab, connection, link);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.disconnect();
    await this.lab.shutdown();
    await this.manager[Symbol.asyncDispose]();
  }
}
