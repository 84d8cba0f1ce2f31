/**
 * A Link: a Service seen from a Client, its methods called as if they were local.
 *
 * `bm.add(1, 2)` sends the request at once and returns a Future. Whatever name is not one of the
 * Link's own members is a remote attribute; one that a Link happens to have too is reached with
 * `bm.request("unlink", ...)`.
 *
 * @module
 */

import { type Call, type CallOptions, Kwargs, splitArguments } from "../wire/call.ts";
import { ConnectionAbortedError } from "../errors.ts";
import { Future } from "../future.ts";
import { callHandler } from "../base/callbacks.ts";
import type { JsonObject } from "../wire/message.ts";
import type { ServiceEntry } from "../wire/identities.ts";
import type { RemoteAttribute, RemoteMethod } from "./remote.ts";
import { repr } from "../base/repr.ts";
import type { Service } from "../service.ts";
import type { Stream } from "./stream.ts";

/** What an explicit {@linkcode LinkMembers.request} takes. */
export interface RequestOptions extends CallOptions {
  /** The arguments by position. */
  args?: readonly unknown[];
  /** The arguments by name. */
  kwargs?: Readonly<Record<string, unknown>>;
}

/**
 * Called with the arguments of a notification; keyword arguments come last, as one `Kwargs`. What
 * it throws, or its promise is rejected with, is logged.
 */
export type NotificationHandler = (...args: unknown[]) => unknown;

/**
 * Called with the error of a request; a `RemoteError` if the Service or the Manager sent it. What
 * it throws, or its promise is rejected with, is logged.
 */
export type ServiceErrorHandler = (error: Error) => unknown;

/** What every Link has, beside the methods of its Service. */
export interface LinkMembers extends AsyncDisposable {
  /** The name of the Service. */
  readonly serviceName: string;
  /** Where the Service runs, `host:port`. */
  readonly serviceAddress: string;
  /** What the Service offers: method name to signature text, or the value of a constant. */
  readonly serviceAttributes: Readonly<Record<string, unknown>>;
  /** The programming language of the Service. */
  readonly serviceLanguage: string;
  /** The operating system that the Service runs on. */
  readonly serviceOs: string;
  /** How many Clients may be linked with the Service; 0 or less means no limit. */
  readonly serviceMaxClients: number;
  /** Called with each notification of the Service. */
  notificationHandler: NotificationHandler | undefined;
  /**
   * Called with the error of each request that is not answered with a result, beside whoever
   * awaits it. Set it before the request is sent.
   */
  serviceErrorHandler: ServiceErrorHandler | undefined;
  /** Requests an attribute by its name, with everything said explicitly. */
  request<R = unknown>(attribute: string, options?: RequestOptions): Future<R>;
  /**
   * Locks the Service: no new Client can link with it until the lock is released. A `shared` lock
   * may be held by several linked Clients, an exclusive one needs this to be the only link.
   *
   * @returns The network names of the linked Clients.
   */
  acquireLock(options?: { shared?: boolean } & CallOptions): Future<string[]>;
  /** Releases the lock. Returns the network names of the Clients that still hold one. */
  releaseLock(options?: CallOptions): Future<string[]>;
  /** Ends the link, and releases its lock. */
  unlink(): Promise<void>;
  /** The same as {@linkcode LinkMembers.unlink}. */
  disconnect(): Promise<void>;
  /** Asks the Service to shut down, and returns what it answers. */
  shutdownService<R = unknown>(...args: unknown[]): Future<R>;
}

/**
 * Names of a Service's class that are no remote attributes: what a Link has itself, what JavaScript
 * looks for, and what a Service does not offer.
 */
export type NotRemote<S> =
  | keyof LinkMembers
  | keyof typeof Object.prototype
  | "then"
  | "toJSON"
  | `_${string}`
  | symbol
  | number
  | (S extends Service ? keyof Service : never);

/**
 * The methods of a Service as they are called from afar; constants and properties are calls too.
 *
 * Methods of the base class are not offered, except for `set_logging_level`, nor are names that
 * begin with `_`, and those that are `private` or `protected`.
 */
export type Remote<S> =
  & {
    readonly [Name in keyof S as Name extends NotRemote<S> ? never : Name]-?: RemoteAttribute<
      S[Name]
    >;
  }
  & (S extends Service ? RemoteLogging : unknown);

/** What every Service of ours offers. */
export interface RemoteLogging {
  /** Changes how much the Service logs, as {@linkcode Service.setLoggingLevel} does. */
  readonly set_logging_level: RemoteMethod<[level: string | number], Future<boolean>>;
}

/** The methods of a Service whose class is not known here. */
export interface UnknownRemote {
  /** Requests the attribute of that name. */
  // deno-lint-ignore no-explicit-any -- what an unknown method returns, the caller knows
  readonly [name: string]: <R = any>(...args: unknown[]) => Future<R>;
}

/** A Link with a Service of class `S`, or with one of an unknown class. */
export type Link<S = unknown> = LinkMembers & (unknown extends S ? UnknownRemote : Remote<S>);

/** What a Link asks of its Client. */
export interface LinkOwner {
  /** Sends a request to a Service. */
  call<R>(service: string, attribute: string, call: Call): Future<R>;
  /** Sends a request whose result is a stream. */
  stream(
    service: string,
    attribute: string,
    call: Call,
    watch: (request: Future<unknown>) => void,
  ): Stream<unknown>;
  /** Locks a Service. */
  acquireLock(service: string, shared: boolean, options: CallOptions): Future<string[]>;
  /** Releases the lock of a Service. */
  releaseLock(service: string, options: CallOptions): Future<string[]>;
  /** Ends a Link. */
  unlink(link: LinkCore): Promise<void>;
}

/** A Link without its remote methods. {@linkcode remote} adds those. */
export class LinkCore implements LinkMembers {
  readonly serviceName: string;
  notificationHandler: NotificationHandler | undefined;
  serviceErrorHandler: ServiceErrorHandler | undefined;
  readonly #owner: LinkOwner;
  #entry: ServiceEntry;
  #isLinked = true;

  constructor(owner: LinkOwner, name: string, entry: ServiceEntry) {
    this.#owner = owner;
    this.serviceName = name;
    this.#entry = entry;
    this.notificationHandler = undefined;
    this.serviceErrorHandler = undefined;
  }

  get serviceAddress(): string {
    return this.#entry.address;
  }

  get serviceAttributes(): Readonly<Record<string, unknown>> {
    return this.#entry.attributes;
  }

  get serviceLanguage(): string {
    return this.#entry.language;
  }

  get serviceOs(): string {
    return this.#entry.os;
  }

  get serviceMaxClients(): number {
    return this.#entry.max_clients;
  }

  request<R = unknown>(attribute: string, options: RequestOptions = {}): Future<R> {
    const { args = [], kwargs = {}, ...callOptions } = options;
    const call = { args: [...args], kwargs: { ...kwargs }, options: callOptions };
    return this.#send(attribute, call);
  }

  /** Requests an attribute with the parameters of an ordinary call. */
  call(attribute: string, parameters: readonly unknown[]): Future<unknown> {
    return this.#send(attribute, splitArguments(parameters));
  }

  acquireLock(
    { shared = false, ...options }: { shared?: boolean } & CallOptions = {},
  ): Future<string[]> {
    return this.#owner.acquireLock(this.serviceName, shared, options);
  }

  releaseLock(options: CallOptions = {}): Future<string[]> {
    return this.#owner.releaseLock(this.serviceName, options);
  }

  async unlink(): Promise<void> {
    this.#isLinked = false;
    await this.#owner.unlink(this);
  }

  disconnect(): Promise<void> {
    return this.unlink();
  }

  shutdownService<R = unknown>(...args: unknown[]): Future<R> {
    return this.#send("shutdown_service", splitArguments(args));
  }

  /** The link was restored: what the Service says of itself may have changed. */
  renew(entry: ServiceEntry): void {
    this.#entry = entry;
  }

  /** The extensions of the protocol that the Service knows, and the Manager too. */
  get extensions(): readonly string[] {
    return this.#entry.extensions ?? [];
  }

  /** Hands a notification to the handler. */
  notify(args: readonly unknown[], kwargs: JsonObject): void {
    const named = Object.keys(kwargs).length > 0 ? [new Kwargs(kwargs)] : [];
    callHandler(
      `The notification handler of ${this.serviceName}`,
      () => this.notificationHandler?.(...args, ...named),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unlink();
  }

  #send<R>(attribute: string, call: Call): Future<R> {
    if (this.#isLinked) {
      if (!this.#entry.streams?.includes(attribute)) {
        return this.#watch(this.#owner.call(this.serviceName, attribute, call));
      }
      // What is awaited of a stream is an array, which only the caller can know.
      const watch = (request: Future<unknown>) => void this.#watch(request);
      const stream: Future<unknown> = this.#owner.stream(this.serviceName, attribute, call, watch);
      return stream as Future<R>;
    }
    const { future, reject } = Future.withResolvers<R>();
    reject(
      new ConnectionAbortedError(
        `Cannot request ${attribute}: the link with the ${
          repr(this.serviceName)
        } service has ended`,
      ),
    );
    return future;
  }

  /** Has the error handler hear of a request that fails. */
  #watch<R>(future: Future<R>): Future<R> {
    const handler = this.serviceErrorHandler;
    if (handler === undefined) return future;
    future.addDoneCallback(async () => {
      if (future.cancelled()) return;
      const error = await future.exception();
      if (error === null) return;
      await callHandler(
        `The error handler of ${this.serviceName}`,
        () => handler(error as Error),
      );
    });
    return future;
  }

  toString(): string {
    return `<Link with ${this.serviceName}[${this.serviceAddress}]>`;
  }
}

/** What a Link answers itself; a Service is asked for everything else, `call` and `notify` too. */
const MEMBERS: ReadonlySet<string> = new Set<keyof LinkMembers & string>([
  "serviceName",
  "serviceAddress",
  "serviceAttributes",
  "serviceLanguage",
  "serviceOs",
  "serviceMaxClients",
  "notificationHandler",
  "serviceErrorHandler",
  "request",
  "acquireLock",
  "releaseLock",
  "unlink",
  "disconnect",
  "shutdownService",
]);

/** Names that JavaScript itself looks for: asking a Service for them would break `await` and JSON. */
const NEVER_REMOTE: ReadonlySet<string> = new Set(["then", "toJSON"]);

/** Gives an object the methods of a Service: every name that is not a Link's own. */
export function remote<Core extends LinkCore, S>(core: Core): Core & Link<S> {
  return new Proxy(core, {
    get(target, name) {
      if (typeof name === "symbol" || MEMBERS.has(name) || name in Object.prototype) {
        const member = Reflect.get(target, name, target);
        return typeof member === "function" ? member.bind(target) : member;
      }
      if (NEVER_REMOTE.has(name)) return undefined;
      return (...parameters: unknown[]) => target.call(name, parameters);
    },
    set(target, name, value) {
      if (name !== "notificationHandler" && name !== "serviceErrorHandler") {
        throw new TypeError(
          `Cannot set ${
            String(name)
          }: what can be set is notificationHandler and serviceErrorHandler`,
        );
      }
      return Reflect.set(target, name, value, target);
    },
  }) as Core & Link<S>;
}
