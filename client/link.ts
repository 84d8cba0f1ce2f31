/**
 * A Link: it calls the methods of a Service as if they were local.
 *
 * `bm.add(1, 2)` sends the request at once and returns a Future. A name that is not one of the
 * Link's own members is a remote attribute. A remote attribute with the name of such a member is
 * called with `bm.request("unlink", ...)`.
 *
 * @module
 */

import { type Call, type CallOptions, Kwargs, splitArguments } from "../wire/call.ts";
import { ConnectionAbortedError } from "../errors.ts";
import { Future } from "../future.ts";
import { callHandler } from "../base/callbacks.ts";
import type { JsonObject } from "../wire/message.ts";
import { NOTHING_SAID, type ServiceAbout } from "../wire/about.ts";
import { isSameUser, type ServiceEntry, type ServiceUser } from "../wire/identities.ts";
import { UnhandledNotifications } from "./unhandled_notifications.ts";
import type { RemoteAttribute, RemoteMethod } from "./remote.ts";
import { repr } from "../base/repr.ts";
import type { Service } from "../service.ts";
import type { Requests, SendOptions } from "./requests.ts";

/** What an explicit {@linkcode LinkMembers.request} takes. */
export interface RequestOptions extends CallOptions {
  /** The arguments by position. */
  args?: readonly unknown[];
  /** The arguments by name. */
  kwargs?: Readonly<Record<string, unknown>>;
}

/** The options of a link. */
export interface LinkOptions extends CallOptions {
  /**
   * Whether the Link is for the Service of one user only, the one who offers it now. When it is
   * restored, and another user has taken the name of the Service, its requests fail with a
   * `PermissionError`, until a Service of the first user is back. The other Links of this Client with
   * that Service are not restored either. Needs a Manager of this package where users log in.
   * Default: false.
   */
  sameUser?: boolean;
}

/**
 * Called with the arguments of a notification; keyword arguments come last, as one `Kwargs`. Its
 * errors, and those of a promise that it returns, are logged.
 */
export type NotificationHandler = (...args: unknown[]) => unknown;

/**
 * Called with the error of a request; a `RemoteError` if the Service or the Manager sent it. Its
 * own errors, and those of a promise that it returns, are logged.
 */
export type ServiceErrorHandler = (error: Error) => unknown;

/**
 * The members of every Link, beside the methods of its Service.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect } from "@msl/network";
 *
 * await using cxn = await connect();
 * await using dmm = await cxn.link("DigitalMultimeter");
 * dmm.notificationHandler = (reading) => console.log(reading);
 * await dmm.acquireLock();
 * await dmm.configure("voltage");
 * await dmm.releaseLock();
 * ```
 */
export interface LinkMembers extends AsyncDisposable {
  /** The name of the Service. */
  readonly serviceName: string;
  /** The address of the Service, `host:port`. */
  readonly serviceAddress: string;
  /** The attributes of the Service: the signature of a method as text, or the value of a constant. */
  readonly serviceAttributes: Readonly<Record<string, unknown>>;
  /** The programming language of the Service. */
  readonly serviceLanguage: string;
  /** The operating system that the Service runs on. */
  readonly serviceOs: string;
  /** How many Clients may be linked with the Service; 0 or less means no limit. */
  readonly serviceMaxClients: number;
  /** The user who offers the Service; `undefined` if users do not log in, or under a Python Manager. */
  readonly serviceUser: ServiceUser | undefined;
  /**
   * What the Service says of itself: descriptions, units, limits. Empty where it says nothing, as a
   * service in Python, and under a Python Manager.
   */
  readonly serviceAbout: ServiceAbout;
  /**
   * When the reading in the notification was taken that the handler is called with, in milliseconds
   * since 1970 by the clock of the Service; `undefined` if it does not say it, as one in Python. It
   * changes with each notification: read it before the first `await` of the handler.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { connect, Service } from "@msl/network";
   * import { TestManager } from "@msl/network/testing";
   *
   * await using manager = await TestManager.start();
   * await using service = new Service({ name: "Thermometer" });
   * await service.start(manager.connectOptions);
   * await using cxn = await connect(manager.connectOptions);
   * const thermometer = await cxn.link("Thermometer");
   * const { promise, resolve } = Promise.withResolvers<unknown>();
   * thermometer.notificationHandler = (celsius) =>
   *   resolve([celsius, thermometer.notificationTime]);
   * const noon = new Date("2026-01-31T12:00:00Z");
   * await service.emitNotificationAt(noon, 21.5);
   * assertEquals(await promise, [21.5, noon.getTime()]);
   * ```
   */
  readonly notificationTime: number | undefined;
  /**
   * Called with each notification of the Service. Until it is set for the first time the last 64
   * notifications are kept for it, so that none is lost that follows the reply to `link()`.
   */
  notificationHandler: NotificationHandler | undefined;
  /**
   * Called with the error of each request that fails, in addition to the rejection of its Future.
   * Not called for a Future that is cancelled. Set it before the request is sent.
   */
  serviceErrorHandler: ServiceErrorHandler | undefined;
  /**
   * Requests an attribute by its name, with explicit arguments and options.
   *
   * @throws {RemoteError} If the method fails, or the Manager or the Service refuses the request.
   * @throws {TypeError} If an argument cannot be written as JSON.
   * @throws {RangeError} If `timeout` is not a positive number of milliseconds.
   * @throws {TimeoutError} If `timeout` is over. The Future stays pending, and `result()` still
   * gives the value.
   * @throws {CancelledError} If the Future is cancelled; or the reason of `signal`.
   * @throws {ConnectionAbortedError} If the Service disconnects, the link has ended, or the
   * connection ends first; or if too many requests wait while the Client reconnects.
   */
  request<R = unknown>(attribute: string, options?: RequestOptions): Future<R>;
  /**
   * Locks the Service: no new Client can link with it until the lock is released. Several linked
   * Clients may hold a `shared` lock. An exclusive lock (the default) needs this Client to be the
   * only one that is linked.
   *
   * @returns A Future of the network names of the linked Clients.
   * @throws {RemoteError} With the `remoteName` `PermissionError` if other Clients are linked and
   * the lock is exclusive, with `KeyError` if the Service has disconnected.
   * @throws {RangeError} If `timeout` is not a positive number of milliseconds.
   * @throws {TimeoutError} If `timeout` is over. The request is cancelled then, and a lock that it
   * has acquired nevertheless is released.
   * @throws {CancelledError} If the Future is cancelled; or the reason of `signal`.
   * @throws {ConnectionAbortedError} If the connection ends first, or has ended.
   */
  acquireLock(options?: { shared?: boolean } & CallOptions): Future<string[]>;
  /**
   * Releases the lock. Does nothing if this Client holds none.
   *
   * @returns A Future of the network names of the Clients that still hold a lock.
   * @throws {RemoteError} With the `remoteName` `KeyError` if the Service has disconnected.
   * @throws {RangeError} If `timeout` is not a positive number of milliseconds.
   * @throws {TimeoutError} If `timeout` is over.
   * @throws {CancelledError} If the Future is cancelled; or the reason of `signal`.
   * @throws {ConnectionAbortedError} If the connection ends first, or has ended.
   */
  releaseLock(options?: CallOptions): Future<string[]>;
  /**
   * Ends the link, and releases its lock. Requests that are made later fail with a
   * `ConnectionAbortedError`; the replies to earlier ones still come.
   *
   * @throws {RemoteError} If the Manager refuses.
   */
  unlink(): Promise<void>;
  /** Ends the link. The same as {@linkcode LinkMembers.unlink}. */
  disconnect(): Promise<void>;
  /**
   * Requests that the Service shuts down, and gives its reply. What a Service does is decided by
   * its own method `shutdown_service`; the errors are those of {@linkcode LinkMembers.request}.
   */
  shutdownService<R = unknown>(...args: unknown[]): Future<R>;
}

/**
 * The names of a Service's class that are not remote attributes: the members of a Link, the names
 * that JavaScript itself looks up, and the names that a Service does not offer.
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
 * The methods of a Service as a Link has them. A constant or property is called like a method.
 *
 * A Service does not offer the methods of its base class, except for `set_logging_level`, nor names
 * that begin with `_`, nor those that are `private` or `protected`.
 */
export type Remote<S> =
  & {
    readonly [Name in keyof S as Name extends NotRemote<S> ? never : Name]-?: RemoteAttribute<
      S[Name]
    >;
  }
  & (S extends Service ? RemoteLogging : unknown);

/** The method that every Service of this package offers. */
export interface RemoteLogging {
  /** Changes how much the Service logs, as {@linkcode Service.setLoggingLevel} does. */
  readonly set_logging_level: RemoteMethod<[level: string | number], Future<boolean>>;
}

/** The methods of a Service whose class is not given. */
export interface UnknownRemote {
  /** Requests the attribute of that name. */
  // deno-lint-ignore no-explicit-any -- the caller knows what an unknown method returns
  readonly [name: string]: <R = any>(...args: unknown[]) => Future<R>;
}

/**
 * A Link with a Service of class `S`; without it, any method can be called.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, type Link, Service } from "@msl/network";
 *
 * class BasicMath extends Service {
 *   add(x: number, y: number): number {
 *     return x + y;
 *   }
 * }
 *
 * await using cxn = await connect();
 * const bm: Link<BasicMath> = await cxn.link<BasicMath>("BasicMath");
 * const sum: number = await bm.add(1, 2);
 * console.log(sum);
 * ```
 */
export type Link<S = unknown> = LinkMembers & (unknown extends S ? UnknownRemote : Remote<S>);

/** What a Link needs of its Client: the Client's {@linkcode Links}. */
export interface LinkOwner {
  /** The requests of the Client. */
  readonly requests: Requests;
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
  serviceErrorHandler: ServiceErrorHandler | undefined;
  readonly #unhandled = new UnhandledNotifications();
  #notificationHandler: NotificationHandler | undefined;
  #notificationTime: number | undefined;
  readonly #owner: LinkOwner;
  /** The same for each request. */
  readonly #sendOptions: SendOptions<unknown> = { peer: this };
  #entry: ServiceEntry;
  /** Why the Link has ended; empty if its user has ended it. */
  #ended: string | undefined;
  /** Whether only a Service of the same user may take its place. */
  readonly #sameUser: boolean;

  constructor(owner: LinkOwner, name: string, entry: ServiceEntry, sameUser = false) {
    this.#owner = owner;
    this.#sameUser = sameUser;
    this.serviceName = name;
    this.#entry = entry;
    this.serviceErrorHandler = undefined;
  }

  get notificationHandler(): NotificationHandler | undefined {
    return this.#notificationHandler;
  }
  set notificationHandler(handler: NotificationHandler | undefined) {
    this.#notificationHandler = handler;
    // Later, so that no handler is called before the statement that sets it is done.
    if (handler !== undefined) queueMicrotask(() => this.#handleKept());
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

  get serviceUser(): ServiceUser | undefined {
    return this.#entry.offered_by;
  }

  get serviceAbout(): ServiceAbout {
    return this.#entry.about ?? NOTHING_SAID;
  }

  get notificationTime(): number | undefined {
    return this.#notificationTime;
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
    if (this.#ended !== undefined) return this.#refuse("acquire_lock");
    return this.#owner.acquireLock(this.serviceName, shared, options);
  }

  releaseLock(options: CallOptions = {}): Future<string[]> {
    if (this.#ended !== undefined) return this.#refuse("release_lock");
    return this.#owner.releaseLock(this.serviceName, options);
  }

  async unlink(): Promise<void> {
    this.end("");
    await this.#owner.unlink(this);
  }

  disconnect(): Promise<void> {
    return this.unlink();
  }

  shutdownService<R = unknown>(...args: unknown[]): Future<R> {
    return this.#send("shutdown_service", splitArguments(args));
  }

  /** The link has ended, for this reason: later requests fail. */
  end(reason: string): void {
    this.#ended ??= reason;
    this.#unhandled.close();
  }

  /** The link was restored. The identity of the Service may have changed. */
  renew(entry: ServiceEntry): void {
    this.#entry = entry;
  }

  /** Whether a Service of that user may take the place of the one that was linked. */
  accepts(user: ServiceUser | undefined): boolean {
    return !this.#sameUser || isSameUser(user, this.serviceUser);
  }

  /** The extensions of the protocol that both the Service and the Manager know. */
  get extensions(): readonly string[] {
    return this.#entry.extensions ?? [];
  }

  /** Calls the handler with a notification, or keeps it until there is one. */
  notify(args: readonly unknown[], kwargs: JsonObject, time?: number): void {
    if (this.#unhandled.keeps) this.#unhandled.add(args, kwargs, time);
    else this.#handle(args, kwargs, time);
  }

  #handleKept(): void {
    if (this.#notificationHandler === undefined) return; // it was removed at once
    for (const { args, kwargs, time } of this.#unhandled.close()) this.#handle(args, kwargs, time);
  }

  #handle(args: readonly unknown[], kwargs: JsonObject, time: number | undefined): void {
    this.#notificationTime = time;
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
    if (this.#ended !== undefined) return this.#refuse(attribute);
    const { requests } = this.#owner;
    if (!this.#entry.streams?.includes(attribute)) {
      return this.#watch(
        requests.call<R>(this.serviceName, attribute, call, this.#sendOptions as SendOptions<R>),
      );
    }
    const { stream, reply } = requests.stream(
      this.serviceName,
      attribute,
      call,
      this.#sendOptions,
    );
    this.#watch(reply);
    // To await a stream gives an array; only the caller's type knows that.
    return stream as Future<unknown> as Future<R>;
  }

  /** The Future of a request of a Link that has ended. */
  #refuse<R>(attribute: string): Future<R> {
    const service = repr(this.serviceName);
    const reason = this.#ended === "" ? "" : `: ${this.#ended}`;
    const { future, reject } = Future.withResolvers<R>();
    reject(
      new ConnectionAbortedError(
        `Cannot request ${attribute}: the link with the ${service} service has ended${reason}`,
      ),
    );
    return future;
  }

  /** Calls the error handler if a request fails. */
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

/** The members of a Link. Every other name, also `call` and `notify`, is a remote attribute. */
const MEMBERS: ReadonlySet<string> = new Set<keyof LinkMembers & string>([
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
]);

/** Names that JavaScript itself looks up: requests for them would break `await` and JSON. */
const NEVER_REMOTE: ReadonlySet<string> = new Set(["then", "toJSON"]);

/** Adds the methods of the Service to a Link: every name that is not a member of the Link. */
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
