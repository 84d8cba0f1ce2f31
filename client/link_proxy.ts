/**
 * The names of a Link: its own members, and any other name is an attribute of its Service. A REPL or a
 * notebook completes those that the Service lists.
 *
 * @module
 */

import { atCaller } from "../base/caller.ts";
import type { Link, LinkCore, LinkMembers } from "./link.ts";

/** The members of a Link. Every other name, also `call` and `notify`, is a remote attribute. */
const MEMBERS: ReadonlySet<string> = new Set<keyof LinkMembers & string>([
  "serviceName",
  "serviceAddress",
  "serviceAttributes",
  "serviceLanguage",
  "serviceOs",
  "serviceMaxClients",
  "serviceUser",
  "notificationHandler",
  "serviceErrorHandler",
  "request",
  "acquireLock",
  "releaseLock",
  "unlink",
  "disconnect",
  "shutdownService",
]);

/** Names that JavaScript itself looks up: requests for them would break `await` and JSON. */
const NEVER_REMOTE: ReadonlySet<string> = new Set(["then", "toJSON"]);

/**
 * Adds the attributes of the Service to a Link. Each name that is not a member of the Link can be
 * called; those that the Service lists are its keys, and `in` knows them and the members.
 */
export function remote<Core extends LinkCore, S>(core: Core): Core & Link<S> {
  const get = (target: Core, name: string | symbol): unknown => {
    if (!isRemote(name)) {
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    }
    if (NEVER_REMOTE.has(name)) return undefined;
    return (...parameters: unknown[]) => target.call(name, parameters);
  };
  return new Proxy(core, {
    get,
    set(target, name, value) {
      if (name !== "notificationHandler" && name !== "serviceErrorHandler") {
        const which = "what can be set is notificationHandler and serviceErrorHandler";
        throw atCaller(new TypeError(`Cannot set ${String(name)}: ${which}`));
      }
      return Reflect.set(target, name, value, target);
    },
    has: (target, name) => isRemote(name) ? isListed(target, name) : Reflect.has(target, name),
    ownKeys: (target) => [...MEMBERS, ...listedOf(target)],
    getOwnPropertyDescriptor(target, name) {
      const isMember = typeof name === "string" && MEMBERS.has(name);
      if (!isMember && !(isRemote(name) && isListed(target, name))) return undefined;
      // The keys that are listed are the attributes of the Service.
      const enumerable = !isMember;
      return { value: get(target, name), enumerable, configurable: true, writable: false };
    },
  }) as Core & Link<S>;
}

/** Whether a name is an attribute of the Service, and not a member of the Link or of any object. */
function isRemote(name: string | symbol): name is string {
  return typeof name === "string" && !MEMBERS.has(name) && !(name in Object.prototype);
}

/** The attributes that the Service lists. */
function listedOf(target: LinkCore): string[] {
  return Object.keys(target.serviceAttributes).filter((name) =>
    isRemote(name) && isListed(target, name)
  );
}

/** Whether the Service lists an attribute. */
function isListed(target: LinkCore, name: string): boolean {
  return Object.hasOwn(target.serviceAttributes, name) && !NEVER_REMOTE.has(name);
}
