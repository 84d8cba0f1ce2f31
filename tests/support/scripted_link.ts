/** A Client that is linked with the service `Lab` under a scripted Manager. */

import type { Client, ClientOptions, ConnectionChange, JsonObject, Link } from "../../mod.ts";
import { connected, isState, RECONNECT } from "./connection_changes.ts";
import type { Events } from "./events.ts";
import { reply } from "./messages.ts";
import { ScriptedManager } from "./scripted_manager.ts";

/** A Client that is linked with `Lab` under a scripted Manager, and what both can do. */
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

  /** Connects and links, and locks if that is asked for. */
  static async open(
    { lock, ...options }: ClientOptions & { lock?: "shared" | "exclusive" } = {},
  ): Promise<ScriptedLink> {
    await using stack = new AsyncDisposableStack();
    const manager = stack.use(new ScriptedManager());
    const connecting = connected({ ...manager.connectOptions, reconnect: RECONNECT, ...options });
    await manager.welcome();
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

  /** Ends the connection, and waits until the Client knows. */
  async lose(): Promise<void> {
    await this.#manager.drop();
    await this.changes.next(isState("lost"));
  }

  /** Accepts the Client again. */
  async comeBack(): Promise<void> {
    await this.#manager.welcomeBack();
  }

  /** Says something to the Client. */
  say(message: JsonObject): Promise<void> {
    return this.#manager.say(reply("c[lab-pc:1]", message));
  }

  /** The next request of the Client. */
  hear(): Promise<JsonObject> {
    return this.#manager.hear();
  }

  /** Replies to the next request of the Client, which has to be for the attribute; gives it. */
  answer(attribute: string, members: JsonObject): Promise<JsonObject> {
    return this.#manager.answer(attribute, members);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#manager.drop();
    await this.client.disconnect();
    await this.#manager.close();
  }
}
