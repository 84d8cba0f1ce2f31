/**
 * The object that a user has of a Link: its members, the attributes of its Service, and a function for
 * every other name.
 *
 * What is known is a property of the object itself, since an inspector, and so a REPL or a notebook,
 * completes no names of a Proxy. Only the prototype, which is asked for all other names, is one.
 *
 * @module
 */

import { atCaller } from "../base/caller.ts";
import { INSPECT, type Link, type LinkCore, type LinkMembers } from "./link.ts";

/** The members of a Link. Every other name, also `call` and `notify`, is a remote attribute. */
const MEMBERS: readonly (keyof LinkMembers & string)[] = [
  "serviceName",
  "serviceAddress",
  "serviceAttributes",
  "serviceLanguage",
  "serviceOs",
  "serviceMaxClients",
  "serviceUser",
  "serviceAbout",
  "notificationTime",
  "notificationHandler",
  "serviceErrorHandler",
  "request",
  "acquireLock",
  "releaseLock",
  "unlink",
  "disconnect",
  "shutdownService",
];

/** Names that JavaScript itself looks up: requests for them would break `await` and JSON. */
const NEVER_REMOTE: ReadonlySet<string> = new Set(["then", "toJSON"]);

/** Gives the Link of an object, to make another object of it. */
const CORE: unique symbol = Symbol("core");

/**
 * Makes the object of a Link. Its keys are the attributes that the Service lists, and `in` knows the
 * members too.
 */
export function remote<Core extends LinkCore, S>(core: Core): Core & Link<S> {
  return new LinkObject(core).object as Core & Link<S>;
}

/**
 * Makes an object that has the members of another one as well. A name that both have is of the other.
 *
 * @param link An object that {@linkcode remote} has made.
 */
export function combineWith<M extends object, S>(members: M, link: Link<S>): M & Link<S> {
  const { [CORE]: core } = link as unknown as { [CORE]: LinkCore };
  return new LinkObject(core, members).object as M & Link<S>;
}

class LinkObject {
  readonly object: object;
  readonly #core: LinkCore;
  /** The members that come before those of the Link. */
  readonly #others: object | undefined;
  readonly #members: ReadonlySet<string>;

  constructor(core: LinkCore, others?: object) {
    this.#core = core;
    this.#others = others;
    this.#members = new Set([...MEMBERS, ...(others === undefined ? [] : namesOf(others))]);
    this.object = Object.create(
      new Proxy(Object.create(null), {
        get: (_, name) => this.#get(name),
        set: (_, name, value) => {
          this.#set(name, value);
          return true;
        },
        has: (_, name) =>
          typeof name === "symbol" ? Reflect.has(core, name) : name in Object.prototype,
      }),
    );
    for (const name of this.#members) this.#define(name, false);
    Object.defineProperty(this.object, INSPECT, { value: core[INSPECT] });
    core.whenRenewed(() => this.#defineAttributes());
    this.#defineAttributes();
  }

  /** Makes the attributes that the Service lists now properties of the object. */
  #defineAttributes(): void {
    for (const name of Object.keys(this.object)) Reflect.deleteProperty(this.object, name);
    for (const name of Object.keys(this.#core.serviceAttributes)) {
      if (this.#isRemote(name) && !NEVER_REMOTE.has(name)) this.#define(name, true);
    }
  }

  #define(name: string, enumerable: boolean): void {
    Object.defineProperty(this.object, name, {
      get: () => this.#get(name),
      set: (value) => this.#set(name, value),
      enumerable,
      configurable: true,
    });
  }

  #get(name: string | symbol): unknown {
    if (name === CORE) return this.#core;
    if (!this.#isRemote(name)) {
      const owner = this.#others !== undefined && name in this.#others ? this.#others : this.#core;
      const member = Reflect.get(owner, name, owner);
      return typeof member === "function" ? member.bind(owner) : member;
    }
    if (NEVER_REMOTE.has(name)) return undefined;
    return (...parameters: unknown[]) => this.#core.call(name, parameters);
  }

  #set(name: string | symbol, value: unknown): void {
    const isOfOthers = this.#others !== undefined && name in this.#others;
    const owner = isOfOthers ? this.#others! : this.#core;
    const isSet = (isOfOthers || name === "notificationHandler" ||
      name === "serviceErrorHandler") && Reflect.set(owner, name, value, owner);
    if (isSet) return;
    const which = "what can be set is notificationHandler and serviceErrorHandler";
    throw atCaller(new TypeError(`Cannot set ${String(name)}: ${which}`));
  }

  /** Whether a name is an attribute of the Service, and not a member or of any object. */
  #isRemote(name: string | symbol): name is string {
    return typeof name === "string" && !this.#members.has(name) && !(name in Object.prototype);
  }
}

/** The names of the properties of an object and of its class. */
function namesOf(object: object): string[] {
  const names: string[] = [];
  for (
    let owner = object;
    owner !== Object.prototype && owner !== null;
    owner = Object.getPrototypeOf(owner)
  ) names.push(...Object.getOwnPropertyNames(owner));
  return names.filter((name) => name !== "constructor");
}
