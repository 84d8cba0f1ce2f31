/**
 * A model of the Manager by the rules of docs/protocol.md alone: the connected peers, links, locks
 * and pending requests, and the lines that each peer is sent.
 */

import { LIMITS } from "../../limits.ts";
import { isObject, type JsonObject } from "../../wire/message.ts";
import { splitServiceName } from "../../wire/node_name.ts";
import { MANAGER } from "../../wire/protocol.ts";

/** A line that a peer is sent. */
export type Delivery =
  /** The request of a client. */
  | { to: string; what: "request"; request: JsonObject }
  /** A reply or a notification of a service, unchanged. */
  | { to: string; what: "same" }
  /** A reply of the Manager, to the request with this uid. */
  | { to: string; what: "result"; uid: string; result?: unknown }
  | { to: string; what: "error"; uid: string | undefined }
  /** A prompt of the Manager. */
  | { to: string; what: "prompt"; attribute: "username" | "password" };

interface Client {
  kind: "client";
  /** The last prompt of an administrator's login, and the uid of its request. */
  login?: { prompted: "username" | "password"; uid: string };
}

interface Service {
  kind: "service";
  name: string;
  maxClients: number;
  links: Set<string>;
  locks: Set<string>;
}

/** A request of a client without a reply of the service. */
interface PendingRequest {
  service: Service;
  client: string;
  uid: string;
}

const REQUESTS = ["identity", "status", "link", "unlink", "acquire_lock", "release_lock"];

/** A model of a Manager. Peers are identified by their network names. */
export class Model {
  readonly peers = new Map<string, Client | Service>();
  pending: PendingRequest[] = [];

  /** Registers a peer. Returns whether it is accepted. */
  register(peer: string, kind: "client" | "service", name: string, maxClients: number): boolean {
    if (kind === "service" && (name === MANAGER || this.#service(name) !== undefined)) return false;
    this.peers.set(
      peer,
      kind === "client" ? { kind } : { kind, name, maxClients, links: new Set(), locks: new Set() },
    );
    return true;
  }

  /** Removes a peer. Its pending requests are rejected. */
  unregister(peer: string): Delivery[] {
    const removed = this.peers.get(peer);
    this.peers.delete(peer);
    for (const service of this.#services()) {
      service.links.delete(peer);
      service.locks.delete(peer);
    }
    const orphaned = this.pending.filter(({ service }) => service === removed);
    this.pending = this.pending.filter(({ service, client }) =>
      service !== removed && client !== peer
    );
    return orphaned.map(({ client, uid }) => ({ to: client, what: "error", uid }));
  }

  /**
   * A peer sends a line.
   *
   * @param message The object in the line; the request if the line is a typed one; else the text, or
   * `undefined` if it is neither.
   */
  receive(
    peer: string,
    message: JsonObject | string | undefined,
  ): Delivery[] | "disconnects" | "violation" {
    const sender = this.peers.get(peer)!;
    if (sender.kind === "service") {
      return isObject(message) ? this.#receiveFromService(sender, peer, message) : "violation";
    }
    if (isObject(message)) return this.#receiveFromClient(sender, peer, message);
    if (message !== undefined && sender.login) return this.#continueLogin(sender, peer);
    return [{ to: peer, what: "error", uid: undefined }];
  }

  /** Completes a request whose reply is no valid line. Returns whether it was pending. */
  completes(service: string, client: string, uid: unknown): boolean {
    return this.#complete(this.peers.get(service) as Service, client, uid);
  }

  /** A client sends an object. */
  #receiveFromClient(
    client: Client,
    sender: string,
    message: JsonObject,
  ): Delivery[] | "disconnects" {
    const uid = isName(message.uid) ? message.uid : "";
    const rejected: Delivery[] = [{ to: sender, what: "error", uid }];
    if (!has(message, "attribute") && (has(message, "result") || message.error === true)) {
      if (!client.login || (message.uid ?? "") !== "") return []; // a reply to no prompt
      return has(message, "result") ? this.#continueLogin(client, sender) : rejected;
    }
    const { attribute, service: name, args, kwargs } = message;
    if (attribute === "__disconnect__") return "disconnects";
    const isRequest = isName(attribute) && isServiceName(name) && Array.isArray(args) &&
      isObject(kwargs) && isName(message.uid);
    if (!isRequest) return rejected;
    if (name === MANAGER) {
      if (message.error === true) return rejected;
      if (REQUESTS.includes(attribute)) {
        return this.#managerRequest(sender, uid, attribute, args, kwargs);
      }
      if (client.login) return rejected;
      client.login = { prompted: "username", uid };
      return [{ to: sender, what: "prompt", attribute: "username" }];
    }
    const service = this.#service(name);
    if (service === undefined || !this.#mayUse(service, sender)) return rejected;
    this.pending.push({ service, client: sender, uid });
    const request = { ...message, requester: sender, error: false };
    return [{ to: this.#nameOf(service), what: "request", request }];
  }

  /** Every login fails: the model has no administrators. */
  #continueLogin(client: Client, sender: string): Delivery[] {
    const { prompted, uid } = client.login!;
    client.login = prompted === "username" ? { prompted: "password", uid } : undefined;
    return prompted === "username"
      ? [{ to: sender, what: "prompt", attribute: "password" }]
      : [{ to: sender, what: "error", uid }];
  }

  /** A client sends a request to the Manager. */
  #managerRequest(
    sender: string,
    uid: string,
    attribute: string,
    args: unknown[],
    kwargs: JsonObject,
  ): Delivery[] {
    const rejected: Delivery[] = [{ to: sender, what: "error", uid }];
    const done = (result?: unknown): Delivery[] => [{ to: sender, what: "result", uid, result }];
    const names = { identity: [], status: [], acquire_lock: ["service", "shared"] }[attribute] ??
      ["service"];
    const bound = bind(names, args, kwargs);
    if (bound === undefined) return rejected;
    if (names.length === 0) return done();
    const { service: name, shared = null } = bound;
    if (!isServiceName(name) || ![true, false, 0, 1, null].includes(shared as null)) {
      return rejected;
    }
    const service = this.#service(name);
    if (service === undefined) return attribute === "unlink" ? done(true) : rejected;
    const { links, locks } = service;
    switch (attribute) {
      case "link":
        if (!this.#mayUse(service, sender)) return rejected;
        links.add(sender);
        return done();
      case "unlink":
        locks.delete(sender);
        return links.delete(sender) ? done(true) : rejected;
      case "acquire_lock":
        if (!links.has(sender) || (!shared && links.size > 1)) return rejected;
        locks.add(sender);
        return done([...links].sort());
      default:
        locks.delete(sender);
        return done([...locks].sort());
    }
  }

  /** A service sends an object. */
  #receiveFromService(
    service: Service,
    sender: string,
    message: JsonObject,
  ): Delivery[] | "disconnects" | "violation" {
    const { attribute, requester, uid, result } = message;
    if (!has(message, "result") && message.error !== true) {
      if (!has(message, "attribute")) return "violation";
      if (attribute === "__disconnect__") return "disconnects";
      const { args = [], kwargs = {} } = message;
      const isValid = isName(uid ?? "") && (attribute === "identity" || attribute === "status") &&
        message.service === MANAGER &&
        Array.isArray(args) && isObject(kwargs) && bind([], args, kwargs) !== undefined;
      return [{
        to: sender,
        what: isValid ? "result" : "error",
        uid: isName(uid) ? uid : "",
      }];
    }
    if ((requester ?? null) === null && uid === "notification") {
      const isValid = Array.isArray(result) && message.error !== true;
      if (!isValid || message.service !== service.name) return [];
      return [...service.links].map((to) => ({ to, what: "same" }));
    }
    if (typeof requester !== "string" || typeof uid !== "string") return "violation";
    return this.#complete(service, requester, uid) ? [{ to: requester, what: "same" }] : [];
  }

  #complete(service: Service, client: string, uid: unknown): boolean {
    const at = this.pending.findIndex((pending) =>
      pending.service === service && pending.client === client && pending.uid === uid
    );
    if (at !== -1) this.pending.splice(at, 1);
    return at !== -1;
  }

  /** Whether a client is linked with a service, or can link with it. */
  #mayUse({ links, locks, maxClients }: Service, client: string): boolean {
    return links.has(client) || (locks.size === 0 && (maxClients <= 0 || links.size < maxClients));
  }

  #services(): Service[] {
    return [...this.peers.values()].filter((peer) => peer.kind === "service");
  }

  #service(name: string): Service | undefined {
    return this.#services().find((service) => service.name === name);
  }

  #nameOf(service: Service): string {
    return [...this.peers].find(([_, peer]) => peer === service)![0];
  }
}

function has(object: JsonObject, key: string): boolean {
  return Object.hasOwn(object, key);
}

/** The arguments by their parameters' names, of which the first is required. */
function bind(
  names: string[],
  args: unknown[],
  kwargs: JsonObject,
): JsonObject | undefined {
  const bound = new Map(Object.entries(kwargs));
  if (args.length > names.length) return undefined;
  for (const [index, value] of args.entries()) {
    if (bound.has(names[index])) return undefined;
    bound.set(names[index], value);
  }
  const isValid = [...bound.keys()].every((name) => names.includes(name)) &&
    (names.length === 0 || bound.has(names[0]));
  return isValid ? Object.fromEntries(bound) : undefined;
}

/** Whether it is a name or a uid that is not too long. */
function isName(text: unknown): text is string {
  return typeof text === "string" && text.length <= LIMITS.maxNameLength;
}

/** The same for the name of a service, whose node is not counted. */
function isServiceName(text: unknown): text is string {
  return typeof text === "string" && isName(splitServiceName(text)?.service ?? text);
}
