/** A Client that is linked with the service `Lab` under a scripted Manager. */

import type { Client, ClientOptions, ConnectionChange, JsonObject, Link } from "../../mod.ts";
import { connected, isState, RECONNECT } from "./connection_changes.ts";
import type { Events } from "./events.ts";
import { reply } from "./messages.ts";
import { ScriptedManager } from "./scripted_manager.ts";

/** A Client that is linked with `Lab` under a scripted Manager. */
export class ScriptedLink implements AsyncDisposable {
  readonly client: Client;
  readonly changes: Events<ConnectionChange>;
  readonly link: Link;
  readonly #manager: ScriptedManager;

  private constructor(
    manager: ScriptedManager,
    { client, changes }: { client: Client; changes: Events<ConnectionChange> },
    link: Link,
  ) {
    this.#manager = manager;
    this.client = client;
    this.changes = changes;
    this.link = link;
  }

  /** Connects and links, and locks if `lock` is given. */
  static async open(
    { lock, ...options }: ClientOptions & { lock?: "shared" | "exclusive" } = {},
  ): Promise<ScriptedLink> {
    await using stack = new AsyncDisposableStack();
    const manager = stack.use(new ScriptedManager());
    const connecting = connected({ ...manager.connectOptions, reconnect: RECONNECT, ...options });
    await manager.accept();
    const connection = await connecting;
    stack.use(connection.client);
    const link = await manager.grantLink(connection.client, "Lab");
    if (lock !== undefined) {
      const locking = link.acquireLock({ shared: lock === "shared" });
      await manager.answer("acquire_lock", { result: [] });
      await locking;
    }
    stack.move();
    return new ScriptedLink(manager, connection, link);
  }

  /** Ends the connection, and waits until the Client reports it. */
  async lose(): Promise<void> {
    await this.#manager.drop();
    await this.changes.next(isState("lost"));
  }

  /** Accepts the reconnected Client. */
  async acceptAgain(): Promise<void> {
    await this.#manager.acceptAgain();
  }

  /** Sends a reply to the Client. */
  send(message: JsonObject): Promise<void> {
    return this.#manager.send(reply("c[lab-pc:1]", message));
  }

  /** The next request of the Client. */
  receive(): Promise<JsonObject> {
    return this.#manager.receive();
  }

  /** Replies to the next request of the Client, which has to have this attribute. Returns the request. */
  answer(attribute: string, members: JsonObject): Promise<JsonObject> {
    return this.#manager.answer(attribute, members);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#manager.drop();
    await this.client.disconnect();
    await this.#manager.close();
  }
}
