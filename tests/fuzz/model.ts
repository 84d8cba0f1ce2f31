/**
 * What a Manager does with each line, by the rules of docs/protocol.md and nothing else: who is
 * connected, linked and locked, who owes which answer, and what everybody is sent.
 */

import { LIMITS } from "../../limits.ts";
import { isObject, type JsonObject } from "../../wire/message.ts";
import { MANAGER } from "../../wire/protocol.ts";

/** What somebody is sent. */
export type Delivery =
  /** The request of a client. */
  | { to: string; what: "request"; request: JsonObject }
  /** An answer or a notification of a service, as it came. */
  | { to: string; what: "same" }
  /** An answer of the Manager, to the request of that uid. */
  | { to: string; what: "result"; uid: string; result?: unknown }
  | { to: string; what: "error"; uid: string | undefined }
  /** A question of the Manager. */
  | { to: string; what: "question"; attribute: "username" | "password" };

interface Client {
  kind: "client";
  /** Where an administrator's login is, and for which request. */
  login?: { asked: "username" | "password"; uid: string };
}

interface Service {
  kind: "service";
  name: string;
  maxClients: number;
  links: Set<string>;
  locks: Set<string>;
}

/** An answer that a service owes to a client. */
interface Debt {
  service: Service;
  client: string;
  uid: string;
}

const REQUESTS = ["identity", "status", "link", "unlink", "acquire_lock", "release_lock"];

/** A Manager, as it should be. Peers go by their network names. */
export class Model {
  readonly peers = new Map<string, Client | Service>();
  debts: Debt[] = [];

  /** Whether it is let in. */
  joins(peer: string, kind: "client" | "service", name: string, maxClients: number): boolean {
    if (kind === "service" && (name === MANAGER || this.#service(name) !== undefined)) return false;
    this.peers.set(
      peer,
      kind === "client" ? { kind } : { kind, name, maxClients, links: new Set(), locks: new Set() },
    );
    return true;
  }

  /** It is gone: what it owes is answered for it. */
  leaves(peer: string): Delivery[] {
    const gone = this.peers.get(peer);
    this.peers.delete(peer);
    for (const service of this.#services()) {
      service.links.delete(peer);
      service.locks.delete(peer);
    }
    const orphans = this.debts.filter(({ service }) => service === gone);
    this.debts = this.debts.filter(({ service, client }) => service !== gone && client !== peer);
    return orphans.map(({ client, uid }) => ({ to: client, what: "error", uid }));
  }

  /**
   * It says something.
   *
   * @param said The object that its line holds; a request if that was typed; else the text, or
   * `undefined` if it is neither.
   */
  says(peer: string, said: JsonObject | string | undefined): Delivery[] | "leaves" | "fault" {
    const speaker = this.peers.get(peer)!;
    if (speaker.kind === "service") {
      return isObject(said) ? this.#hears(speaker, peer, said) : "fault";
    }
    if (isObject(said)) return this.#asked(speaker, peer, said);
    if (said !== undefined && speaker.login) return this.#answered(speaker, peer);
    return [{ to: peer, what: "error", uid: undefined }];
  }

  /** A service could not say what it meant to: the Manager may tell somebody whom it owes an answer. */
  fails(service: string, client: string, uid: unknown): boolean {
    return this.#settles(this.peers.get(service) as Service, client, uid);
  }

  /** A client sends an object. */
  #asked(client: Client, me: string, said: JsonObject): Delivery[] | "leaves" {
    const uid = isName(said.uid) ? said.uid : "";
    const refused: Delivery[] = [{ to: me, what: "error", uid }];
    if (!has(said, "attribute") && (has(said, "result") || said.error === true)) {
      if (!client.login || (said.uid ?? "") !== "") return []; // it answers what nobody has asked
      return has(said, "result") ? this.#answered(client, me) : refused;
    }
    const { attribute, service: name, args, kwargs } = said;
    if (attribute === "__disconnect__") return "leaves";
    const isRequest = isName(attribute) && isName(name) && Array.isArray(args) &&
      isObject(kwargs) && isName(said.uid);
    if (!isRequest) return refused;
    if (name === MANAGER) {
      if (said.error === true) return refused;
      if (REQUESTS.includes(attribute)) return this.#manages(me, uid, attribute, args, kwargs);
      if (client.login) return refused;
      client.login = { asked: "username", uid };
      return [{ to: me, what: "question", attribute: "username" }];
    }
    const service = this.#service(name);
    if (service === undefined || !this.#mayUse(service, me)) return refused;
    this.debts.push({ service, client: me, uid });
    const request = { ...said, requester: me, error: false };
    return [{ to: this.#nameOf(service), what: "request", request }];
  }

  /** Nobody in this model is an administrator. */
  #answered(client: Client, me: string): Delivery[] {
    const { asked, uid } = client.login!;
    client.login = asked === "username" ? { asked: "password", uid } : undefined;
    return asked === "username"
      ? [{ to: me, what: "question", attribute: "password" }]
      : [{ to: me, what: "error", uid }];
  }

  /** A client requests something of the Manager. */
  #manages(
    me: string,
    uid: string,
    attribute: string,
    args: unknown[],
    kwargs: JsonObject,
  ): Delivery[] {
    const refused: Delivery[] = [{ to: me, what: "error", uid }];
    const done = (result?: unknown): Delivery[] => [{ to: me, what: "result", uid, result }];
    const names = { identity: [], status: [], acquire_lock: ["service", "shared"] }[attribute] ??
      ["service"];
    const bound = bind(names, args, kwargs);
    if (bound === undefined) return refused;
    if (names.length === 0) return done();
    const { service: name, shared = null } = bound;
    if (!isName(name) || ![true, false, 0, 1, null].includes(shared as null)) {
      return refused;
    }
    const service = this.#service(name);
    if (service === undefined) return attribute === "unlink" ? done(true) : refused;
    const { links, locks } = service;
    switch (attribute) {
      case "link":
        if (!this.#mayUse(service, me)) return refused;
        links.add(me);
        return done();
      case "unlink":
        locks.delete(me);
        return links.delete(me) ? done(true) : refused;
      case "acquire_lock":
        if (!links.has(me) || (!shared && links.size > 1)) return refused;
        locks.add(me);
        return done([...links].sort());
      default:
        locks.delete(me);
        return done([...locks].sort());
    }
  }

  /** A service sends an object. */
  #hears(service: Service, me: string, said: JsonObject): Delivery[] | "leaves" | "fault" {
    const { attribute, requester, uid, result } = said;
    if (!has(said, "result") && said.error !== true) {
      if (!has(said, "attribute")) return "fault";
      if (attribute === "__disconnect__") return "leaves";
      const { args = [], kwargs = {} } = said;
      const isFine = isName(uid ?? "") && (attribute === "identity" || attribute === "status") &&
        said.service === MANAGER &&
        Array.isArray(args) && isObject(kwargs) && bind([], args, kwargs) !== undefined;
      return [{
        to: me,
        what: isFine ? "result" : "error",
        uid: isName(uid) ? uid : "",
      }];
    }
    if ((requester ?? null) === null && uid === "notification") {
      const isFine = Array.isArray(result) && said.error !== true;
      if (!isFine || said.service !== service.name) return [];
      return [...service.links].map((to) => ({ to, what: "same" }));
    }
    if (typeof requester !== "string" || typeof uid !== "string") return "fault";
    return this.#settles(service, requester, uid) ? [{ to: requester, what: "same" }] : [];
  }

  #settles(service: Service, client: string, uid: unknown): boolean {
    const at = this.debts.findIndex((debt) =>
      debt.service === service && debt.client === client && debt.uid === uid
    );
    if (at !== -1) this.debts.splice(at, 1);
    return at !== -1;
  }

  /** Whether a client is linked with a service, or could be. */
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

/** Whether it is the name of something, or a uid, that is not too long. */
function isName(text: unknown): text is string {
  return typeof text === "string" && text.length <= LIMITS.maxNameLength;
}

function has(object: JsonObject, key: string): boolean {
  return Object.hasOwn(object, key);
}

/** Arguments by the names of their parameters, of which the first is required. */
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
  const isFine = [...bound.keys()].every((name) => names.includes(name)) &&
    (names.length === 0 || bound.has(names[0]));
  return isFine ? Object.fromEntries(bound) : undefined;
}
