/**
 * Plays the recordings of a Python Manager: a scripted Manager sends the recorded lines, our Clients
 * and Services do what the recorded devices did, and have to send the same lines.
 */

import { assert, assertEquals } from "@std/assert";
import { NO_HINT, type NoHint } from "../../client/links.ts";
import type { ConnectOptions } from "../../device/connect_options.ts";
import { isObject, type JsonObject } from "../../wire/message.ts";
import {
  type Client,
  type ClientOptions,
  connect,
  kwargs,
  type Link,
  type LinkOptions,
  RemoteError,
  type Service,
} from "../../mod.ts";
import { readRecording } from "./recording.ts";
import { ScriptedManager } from "./scripted_manager.ts";

/** The device that plays a connection of a recording: a Client, a Service, or none. */
export type Part =
  | {
    client: ClientOptions;
    /** Services that the Client links with at the start, although the recording does not have it. */
    linkedWith?: string[];
  }
  | { service: Service; login?: ConnectOptions }
  | { notOurs: string };

/**
 * Plays a recording in the order of its lines. The Manager forwards nothing by itself: it sends the
 * recorded lines, with the recorded uid of a request replaced by that of our Client.
 *
 * @param cast The device for each connection.
 * @returns How many entries of the recording were played, and how many have no device.
 */
export async function play(
  name: string,
  cast: Record<string, Part>,
): Promise<{ played: number; notOurs: number }> {
  const uids = new Map<string, string>();
  const roles = new Map<string, Role>();
  let played = 0;
  let notOurs = 0;
  try {
    for (const [index, { connection, sender, line }] of (await readRecording(name)).entries()) {
      const part = cast[connection];
      assert(part !== undefined, `no device plays connection ${connection}`);
      if ("notOurs" in part) {
        notOurs++;
        continue;
      }
      let role = roles.get(connection);
      if (role === undefined) roles.set(connection, role = newRole(part, uids));
      try {
        if (sender === "manager") {
          if (line === null) await role.managerLeaves();
          else await role.managerSays(line);
        } else {
          if (line === null) await role.deviceLeaves();
          else await role.deviceSays(JSON.parse(line));
        }
      } catch (cause) {
        throw new Error(`Line ${index + 1} of ${name} went wrong: ${line}`, { cause });
      }
      played++;
    }
    for (const role of roles.values()) await role.ended();
  } finally {
    for (const role of roles.values()) await role.manager.close();
  }
  return { played, notOurs };
}

/** The value of a promise, or the text of its RemoteError. */
type Outcome = { value: unknown } | { error: unknown };

/** A device of this package with its scripted Manager. */
abstract class Role {
  readonly manager = new ScriptedManager();
  /** The uids of our Clients' requests, by the recorded uids. */
  protected readonly uids: Map<string, string>;

  constructor(uids: Map<string, string>) {
    this.uids = uids;
  }

  /** The Manager sends a line, and the device's reaction has to be the recorded one. */
  abstract managerSays(line: string): Promise<void>;

  /** The device sends the recorded line. */
  async deviceSays(recorded: JsonObject): Promise<void> {
    const actual = await this.manager.receive();
    assertEquals(meaning(actual), meaning(this.#withOurUid(recorded)));
  }

  /** The Manager closes the connection. */
  abstract managerLeaves(): Promise<void>;

  /** The device closes the connection, or loses it. */
  abstract deviceLeaves(): Promise<void>;

  /** Waits until the device has noticed the end of its connection. */
  abstract ended(): Promise<void>;

  /** Sends a recorded line unchanged, except for the uid. */
  protected async repeat(line: string): Promise<void> {
    const { uid } = JSON.parse(line);
    await this.manager.send(line.replace(`"${uid}"`, `"${this.uids.get(uid) ?? uid}"`));
  }

  #withOurUid(recorded: JsonObject): JsonObject {
    const uid = String(recorded.uid);
    return this.uids.has(uid) ? { ...recorded, uid: this.uids.get(uid) } : recorded;
  }
}

function newRole(part: Exclude<Part, { notOurs: string }>, uids: Map<string, string>): Role {
  return "client" in part
    ? new ClientRole(part.client, part.linkedWith ?? [], uids)
    : new ServiceRole(part.service, part.login ?? {}, uids);
}

class ClientRole extends Role {
  readonly #connecting: Promise<Client>;
  readonly #linkedWith: string[];
  readonly #links = new Map<string, Link>();
  /** The outcomes of the pending requests, by their recorded uids. */
  readonly #pending = new Map<string, Promise<Outcome>>();
  /** Is fulfilled once the device is connected. */
  #client: Client | undefined;
  #state: "open" | "leaving" | "ended" = "open";

  constructor(options: ClientOptions, linkedWith: string[], uids: Map<string, string>) {
    super(uids);
    this.#linkedWith = linkedWith;
    this.#connecting = connect({ ...options, ...this.manager.connectOptions });
    this.#connecting.catch(() => {}); // awaited when the Manager has sent the reason
  }

  async managerSays(line: string): Promise<void> {
    const { attribute, error, message, result, service, uid } = JSON.parse(line);
    if (attribute !== undefined) return await this.repeat(line); // the device's next line is the reply
    if (uid === "notification") {
      const notified = Promise.withResolvers<unknown[]>();
      this.#links.get(service)!.notificationHandler = (...args) => notified.resolve(args);
      await this.repeat(line);
      const [args, named] = result;
      return assertEquals(await notified.promise, [...args, kwargs(named)]);
    }
    const outcome = this.#client === undefined ? outcomeOf(this.#connecting) : this.#take(uid);
    await this.repeat(line);
    assertEquals(await outcome, error ? { error: message } : { value: result });
  }

  override async deviceSays(recorded: JsonObject): Promise<void> {
    if (recorded.attribute === undefined) {
      await super.deviceSays(recorded);
      if (isIdentity(recorded.result)) await this.#connected();
    } else if (isDisconnect(recorded)) {
      this.#state = "leaving";
      const left = this.#client!.disconnect();
      await super.deviceSays(recorded);
      await left;
    } else {
      const outcome = outcomeOf(this.#request(recorded));
      const actual = await this.manager.receive();
      assertEquals(meaning(actual), meaning(recorded));
      const uid = String(recorded.uid);
      this.uids.set(uid, String(actual.uid));
      this.#pending.set(uid, outcome);
    }
  }

  async managerLeaves(): Promise<void> {
    if (this.#state !== "ended") await this.manager.hangUp();
    this.#state = "ended";
    // Only the request to shut down is completed by the end of the connection.
    for (const outcome of this.#pending.values()) assertEquals(await outcome, { value: true });
  }

  async deviceLeaves(): Promise<void> {
    if (this.#state === "open") {
      // The recorded device only closed the connection; our Client sends a request before.
      const left = this.#client!.disconnect();
      assert(isDisconnect(await this.manager.receive()));
      await left;
      assertEquals(await this.manager.receiveText(), undefined);
      this.#state = "ended";
    }
    await this.ended();
  }

  async ended(): Promise<void> {
    await this.#client?.disconnected;
    assertEquals(this.#client?.isConnected() ?? false, false);
  }

  async #connected(): Promise<void> {
    this.#client = await this.#connecting;
    for (const name of this.#linkedWith) {
      this.#links.set(name, await this.manager.grantLink(this.#client, name));
    }
  }

  /** Makes the call that sends a recorded request. */
  async #request({ service, attribute, args, kwargs: named }: JsonObject): Promise<unknown> {
    const client = this.#client!;
    const call = { args: args as unknown[], kwargs: named as JsonObject };
    if (service !== "Manager") {
      return await this.#links.get(String(service))!.request(String(attribute), call);
    }
    const name = String(call.args[0]);
    if (attribute === "identity") return await client.identities();
    if (attribute === "link") {
      const made = await client.link(name, { [NO_HINT]: true } as LinkOptions & NoHint);
      this.#links.set(name, made);
      return entryOf(made);
    }
    const link = this.#links.get(name);
    switch (link && attribute) {
      case "acquire_lock":
        return await (call.kwargs.shared
          ? link!.acquireLock({ shared: true })
          : link!.acquireLock());
      case "release_lock":
        return await link!.releaseLock();
      case "unlink":
        this.#links.delete(name);
        await link!.unlink();
        return true;
      default:
        // Without a Link, adminRequest() sends the requests of a Link too: it takes any attribute.
        return await client.adminRequest(String(attribute), ...call.args, kwargs(call.kwargs));
    }
  }

  /** The request of a reply; a reply with an empty uid belongs to the only pending request. */
  #take(uid: string): Promise<Outcome> {
    if (uid === "") {
      assertEquals(this.#pending.size, 1);
      [uid] = this.#pending.keys();
    }
    const outcome = this.#pending.get(uid)!;
    this.#pending.delete(uid);
    return outcome;
  }
}

class ServiceRole extends Role {
  readonly #service: Service;
  readonly #started: Promise<Outcome>;
  #state: "starting" | "started" | "refused" = "starting";

  constructor(service: Service, login: ConnectOptions, uids: Map<string, string>) {
    super(uids);
    this.#service = service;
    this.#started = outcomeOf(service.start({ ...login, ...this.manager.connectOptions }));
  }

  async managerSays(line: string): Promise<void> {
    const { error, message, service } = JSON.parse(line);
    if (service !== undefined) await this.#isStarted(); // a Client's request
    await this.repeat(line);
    if (error) {
      this.#state = "refused";
      assertEquals(await this.#started, { error: message });
    }
  }

  async managerLeaves(): Promise<void> {
    if (this.#state !== "refused") await this.#isStarted();
    await this.manager.hangUp();
  }

  deviceLeaves(): Promise<void> {
    return this.ended();
  }

  async ended(): Promise<void> {
    if (this.#state === "refused") await this.#started;
    else await this.#service.finished.catch(() => {}); // the Manager has disconnected it
  }

  /** Waits for `start()`: the Manager sends no confirmation, and no rejection either. */
  async #isStarted(): Promise<void> {
    if (this.#state === "started") return;
    assertEquals(await this.#started, { value: undefined });
    this.#state = "started";
  }
}

function outcomeOf(promise: Promise<unknown>): Promise<Outcome> {
  return promise.then(
    (value) => ({ value }),
    (error) => ({ error: error instanceof RemoteError ? error.remoteMessage : error }),
  );
}

/** The registry entry of a service as a Link has it. */
function entryOf(link: Link): JsonObject {
  return {
    attributes: link.serviceAttributes,
    address: link.serviceAddress,
    language: link.serviceLanguage,
    os: link.serviceOs,
    max_clients: link.serviceMaxClients,
  };
}

/** A device's message, without the parts that can differ between Python and this package. */
function meaning(message: JsonObject): JsonObject {
  const { attribute, error, result, uid } = message;
  if (isDisconnect(message)) return { attribute }; // a Manager reads no other key of it
  if (attribute !== undefined) return { ...message, uid: typeof uid };
  if (error === true) return { ...message, message: ourWords(message.message), traceback: [] };
  if (isIdentity(result)) return identityMeaning(result);
  return message;
}

function isDisconnect({ attribute }: JsonObject): boolean {
  return attribute === "__disconnect__";
}

function isIdentity(result: unknown): result is JsonObject {
  return isObject(result) && "type" in result;
}

/** An identity without the language, the operating system and our extensions. */
function identityMeaning({ type, name, attributes, max_clients = -1 }: JsonObject): JsonObject {
  const kind = String(type).toLowerCase();
  if (!isObject(attributes)) return { type: kind, name };
  const shown = Object.entries(attributes)
    .filter(([name]) => name !== "set_logging_level")
    .map(([name, value]) => [name, withoutAnnotations(value)]);
  return { type: kind, name, attributes: Object.fromEntries(shown), max_clients };
}

/** `(x: float, n=2) -> float` is `(x, n=2)` in TypeScript, which has no types at run time. */
function withoutAnnotations(value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith("(")) return value;
  return value.replace(/ -> .*$/, "").replaceAll(/: \w+/g, "");
}

/** JSON cannot encode Python's complex numbers, nor JavaScript's symbols. */
function ourWords(text: unknown): string {
  const ours = "Object of type symbol is not JSON serializable, at result";
  return String(text).replace("Object of type complex is not JSON serializable", ours);
}
