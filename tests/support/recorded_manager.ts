/**
 * Plays the recordings of a Python Manager: a scripted Manager says what was recorded, our Clients
 * and Services do what the recorded devices did, and must say what those said.
 */

import { assert, assertEquals } from "@std/assert";
import type { ConnectOptions } from "../../device/device.ts";
import { isObject, type JsonObject } from "../../wire/message.ts";
import {
  type Client,
  type ClientOptions,
  connect,
  kwargs,
  type Link,
  RemoteError,
  type Service,
} from "../../mod.ts";
import { readRecording } from "./recording.ts";
import { ScriptedManager } from "./scripted_manager.ts";

/** Who plays a connection of a recording: a Client or a Service of ours, or nobody. */
export type Part =
  | {
    client: ClientOptions;
    /** Services that the Client is linked with from the start; that is not in the recording. */
    linkedWith?: string[];
  }
  | { service: Service; login?: ConnectOptions }
  | { notOurs: string };

/**
 * Plays a recording in the order of its lines. The Manager forwards nothing by itself: it says the
 * recorded lines, with the recorded uid of a request replaced by the one that our Client made up.
 *
 * @param cast Who plays each connection.
 * @returns How many entries of the recording were played, and how many belong to nobody of ours.
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
      assert(part !== undefined, `nobody plays connection ${connection}`);
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

/** What came of a promise; of a RemoteError the text. */
type Outcome = { value: unknown } | { error: unknown };

/** A device of ours with the Manager that it talks to. */
abstract class Role {
  readonly manager = new ScriptedManager();
  /** The recorded uids, and what our Clients call the same requests. */
  protected readonly uids: Map<string, string>;

  constructor(uids: Map<string, string>) {
    this.uids = uids;
  }

  /** The Manager says a line; what the device makes of it must be what was recorded. */
  abstract managerSays(line: string): Promise<void>;

  /** The device says what it said in the recording. */
  async deviceSays(recorded: JsonObject): Promise<void> {
    const actual = await this.manager.hear();
    assertEquals(meaning(actual), meaning(this.#withOurUid(recorded)));
  }

  /** The Manager closes the connection. */
  abstract managerLeaves(): Promise<void>;

  /** The device closes the connection, or has lost it. */
  abstract deviceLeaves(): Promise<void>;

  /** Waits until the device knows that its connection has ended. */
  abstract ended(): Promise<void>;

  /** Says a recorded line as it was, but for the uid. */
  protected async repeat(line: string): Promise<void> {
    const { uid } = JSON.parse(line);
    await this.manager.say(line.replace(`"${uid}"`, `"${this.uids.get(uid) ?? uid}"`));
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
  /** What came of the requests that are not answered yet, by their recorded uids. */
  readonly #pending = new Map<string, Promise<Outcome>>();
  /** Connected once the identity is sent. */
  #client: Client | undefined;
  #state: "open" | "leaving" | "ended" = "open";

  constructor(options: ClientOptions, linkedWith: string[], uids: Map<string, string>) {
    super(uids);
    this.#linkedWith = linkedWith;
    this.#connecting = connect({ ...options, ...this.manager.connectOptions });
    this.#connecting.catch(() => {}); // looked at when the Manager has said why
  }

  async managerSays(line: string): Promise<void> {
    const { attribute, error, message, result, service, uid } = JSON.parse(line);
    if (attribute !== undefined) return await this.repeat(line); // the device's next line answers
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
    } else if (isGoodbye(recorded)) {
      this.#state = "leaving";
      const left = this.#client!.disconnect();
      await super.deviceSays(recorded);
      await left;
    } else {
      const outcome = outcomeOf(this.#request(recorded));
      const actual = await this.manager.hear();
      assertEquals(meaning(actual), meaning(recorded));
      const uid = String(recorded.uid);
      this.uids.set(uid, String(actual.uid));
      this.#pending.set(uid, outcome);
    }
  }

  async managerLeaves(): Promise<void> {
    if (this.#state !== "ended") await this.manager.hangUp();
    this.#state = "ended";
    // Only the request to shut down is answered by the end of the connection.
    for (const outcome of this.#pending.values()) assertEquals(await outcome, { value: true });
  }

  async deviceLeaves(): Promise<void> {
    if (this.#state === "open") {
      // The recorded device was just gone; a Client of ours says so.
      const left = this.#client!.disconnect();
      assert(isGoodbye(await this.manager.hear()));
      await left;
      assertEquals(await this.manager.hearText(), undefined);
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

  /** Makes the call that a recorded request came from. */
  async #request({ service, attribute, args, kwargs: named }: JsonObject): Promise<unknown> {
    const client = this.#client!;
    const call = { args: args as unknown[], kwargs: named as JsonObject };
    if (service !== "Manager") {
      return await this.#links.get(String(service))!.request(String(attribute), call);
    }
    const name = String(call.args[0]);
    if (attribute === "identity") return await client.identities();
    if (attribute === "link") {
      const made = await client.link(name);
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
        // Also what only a Link would ask, where there is none: any attribute can be asked for.
        return await client.adminRequest(String(attribute), ...call.args, kwargs(call.kwargs));
    }
  }

  /** The request that an answer is for: with an empty uid the only one that is out. */
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
    else await this.#service.finished;
  }

  /** Waits for `start()`: nothing confirms it, but no refusal came either. */
  async #isStarted(): Promise<void> {
    if (this.#state === "started") return;
    assertEquals(await this.#started, { value: undefined });
    this.#state = "started";
  }
}

function outcomeOf(promise: Promise<unknown>): Promise<Outcome> {
  return promise.then(
    (value) => ({ value }),
    (error) => ({ error: error instanceof RemoteError ? error.message : error }),
  );
}

/** What the Manager has told a Link of its service. */
function entryOf(link: Link): JsonObject {
  return {
    attributes: link.serviceAttributes,
    address: link.serviceAddress,
    language: link.serviceLanguage,
    os: link.serviceOs,
    max_clients: link.serviceMaxClients,
  };
}

/** What a device's line says, without what may differ between Python and us. */
function meaning(message: JsonObject): JsonObject {
  const { attribute, error, result, uid } = message;
  if (isGoodbye(message)) return { attribute }; // a Manager needs no more of it
  if (attribute !== undefined) return { ...message, uid: typeof uid };
  if (error === true) return { ...message, message: ourWords(message.message), traceback: [] };
  if (isIdentity(result)) return identityMeaning(result);
  return message;
}

function isGoodbye({ attribute }: JsonObject): boolean {
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

/** `(x: float, n=2) -> float` is `(x, n=2)` in TypeScript: types are not there at run time. */
function withoutAnnotations(value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith("(")) return value;
  return value.replace(/ -> .*$/, "").replaceAll(/: \w+/g, "");
}

/** Python has complex numbers that JSON cannot hold, JavaScript has BigInts. */
function ourWords(text: unknown): string {
  return String(text).replace("Object of type complex", "Object of type bigint");
}
