/**
 * The Client: links with Services, and sends their requests. The entry points connect one: `/client.ts`
 * over TCP or TLS, `/web/client.ts` over a WebSocket.
 *
 * @module
 */

import { type CallOptions, splitArguments } from "../wire/call.ts";
import type { DeviceOptions, ResolvedOptions } from "../device/device_options.ts";
import { answerCredentialRequest, isCredentialRequest } from "../device/handshake.ts";
import { forCaller } from "../base/caller.ts";
import { ConnectionAbortedError, RemoteError, ValueError } from "../errors.ts";
import type { Future } from "../future.ts";
import { GRACE } from "../limits.ts";
import { callHandler, type Task, Tasks } from "../base/callbacks.ts";
import { NOTHING_SAID, type ServiceAbout, toServiceAbout } from "../wire/about.ts";
import { type ClientIdentity, describeIdentities, type Identities } from "../wire/identities.ts";
import { readArguments, readArgumentsInSteps } from "../wire/array_reader.ts";
import { KNOWS_ARRAYS } from "../wire/array_key.ts";
import { type ParseJson, parseJsonExactly } from "../wire/json.ts";
import { readLarge } from "../wire/large_values.ts";
import { type Device, ReconnectingConnection } from "../device/reconnecting_connection.ts";
import type { Link, LinkOptions } from "./link.ts";
import { Links } from "./links.ts";
import { logger } from "../base/log.ts";
import {
  decodeMessage,
  encodeError,
  isObject,
  type Message,
  type Notification,
  type Request,
  toMessage,
} from "../wire/message.ts";
import {
  ABOUT,
  ARRAYS,
  BEAT,
  CANCEL,
  extensionsOf,
  GONE,
  MANAGER,
  OWNER,
  PARTS,
  READY,
  STREAM,
  TIME,
  TRACE,
} from "../wire/protocol.ts";
import type { ConnectionChange, ConnectionHandler } from "../device/connector.ts";
import { logChange } from "../device/connection_log.ts";
import { Requests, type RequestsOptions } from "./requests.ts";
import { type KeyScanner, scanKeys } from "../wire/key_scanner.ts";
import { OBSERVATION_TIME } from "../base/unobserved_failures.ts";
import { checkTimeout } from "../base/with_timeout.ts";

/** The options of a Client, over whatever it is connected. */
export interface CommonClientOptions extends DeviceOptions {
  /** The name of the Client in the network name `name[host:port]`. Default: `"Client"`. */
  name?: string;
  /**
   * Give each number that JavaScript would change, e.g. `1.0` or an integer above 2^53, as an object of
   * `JSON.rawJSON`, which is sent and printed as it was received. Default: `false`, the nearest number.
   */
  exactNumbers?: boolean;
  /**
   * Whether the stack of an error of a call begins where the program has made the call. That costs
   * each call about 4 µs of CPU. Default: `true`.
   */
  asyncStackTraces?: boolean;
  /**
   * How long the end of the Client waits for its `shutdownHandler`, in milliseconds; `Infinity` for no
   * limit. Default: 5,000.
   */
  grace?: number;
}

/** What only a Client is told, with its defaults filled in. */
type ClientSettings = Required<
  Pick<CommonClientOptions, "exactNumbers" | "asyncStackTraces" | "grace">
>;

/**
 * Called once when a connection has ended for good. Its argument is the error that ended it;
 * `undefined` if this side did.
 */
export type ShutdownHandler = (error: Error | undefined) => unknown;

const log = logger("client");

/**
 * Connects a new Client. Each entry point has a `connect` of its own, which knows how a Manager is
 * reached from there.
 *
 * @param resolve Fills in the other options. Its errors are those of the promise.
 * @throws What the `connect` of the entry point throws.
 */
export let openClient: (
  own: OwnOptions,
  resolve: () => ClientConnectOptions,
) => Promise<Client>;

/** How a Client connects, and traces its requests. */
type ClientConnectOptions = ResolvedOptions & Pick<RequestsOptions, "trace">;

/** The options of a Client itself, which its connection does not know. */
type OwnOptions = Pick<CommonClientOptions, "name"> & Partial<ClientSettings>;

/**
 * A connection to a Manager. Made by `connect`.
 *
 * Arguments and results are JSON, so that a Service may be a program in Python:
 *
 * | a value                                           | arrives as                           |
 * | ------------------------------------------------- | ------------------------------------ |
 * | text, a boolean, `null`                           | itself                               |
 * | a number, also `NaN`, `Infinity` and `-0`         | itself                               |
 * | a bigint                                          | an integer with all of its digits    |
 * | `undefined`                                       | see below                            |
 * | an array, a plain object                          | itself                               |
 * | a typed array, an `NdArray`                       | itself, or lists: see below          |
 * | an object with `toJSON` or `to_json`              | what that returns: a `Date` is text  |
 * | another object                                    | its own enumerable properties        |
 * | anything else                                     | a `TypeError` that names its place   |
 *
 * Anything else is what JSON would write as `{}` or leave out: a Promise (await it first), a Future, an
 * Error, a `Map`, a `Set`, a `Blob`, an `ArrayBuffer`, a function, a symbol, a generator, a Link, an
 * object of a class without properties of its own, and a cycle.
 *
 * An array of numbers arrives as it is, to the bit, at a device that knows the extension `arrays`, as
 * those of this package do; as lists at all others. What is sent is a copy of it, made at once up to 16
 * MiB; of more, it must not change until it is sent.
 *
 * `undefined` is an argument that is not given: it is left out after the last other argument, and a
 * `TypeError` before one. A property that is `undefined` is left out, an item of an array and a result
 * are `null`.
 *
 * The largest result has `readLimit` bytes (default: 1 GiB): the request fails with a `ValueError` if
 * there are more. Arguments are bounded in the same way by the `readLimit` of the Service. The Manager
 * bounds both by its limits `maxMessageSize` (default: 1 GiB) and `maxHeld`.
 *
 * A request is sent at the call, whether others are pending or not. Bound them by awaiting some before
 * the next ones are sent. While the Client reconnects up to `maxWaiting` requests wait
 * ({@linkcode ReconnectOptions}); one more fails at once.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect } from "@msl/network";
 *
 * await using cxn = await connect({ host: "lab-pc", reconnect: true });
 * cxn.connectionHandler = (change) => console.log(change.state);
 * const dmm = await cxn.link("DigitalMultimeter");
 * console.log(await dmm.measure());
 * ```
 */
export class Client implements AsyncDisposable {
  /** The name of the Client. */
  readonly name: string;
  /** The host of the Manager. */
  readonly host: string;
  /** The port of the Manager. */
  readonly port: number;
  /**
   * Called once when the connection has ended for good, with the error that ended it; with
   * `undefined` if this Client ended it. `disconnected` settles after it, or after the option `grace`
   * (5 seconds). Its errors are logged, and that it takes longer.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { connect } from "@msl/network";
   *
   * const cxn = await connect();
   * cxn.shutdownHandler = (error) => console.log(error?.message ?? "disconnected");
   * ```
   */
  shutdownHandler: ShutdownHandler | undefined;
  /**
   * Called with each change of the connection and the links. A Client that does not reconnect has one
   * such change: `unlinked`, when a Service has disconnected, which ends its Links for good. Its errors
   * are logged.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { connect } from "@msl/network";
   *
   * const cxn = await connect({ reconnect: true });
   * cxn.connectionHandler = (change) => {
   *   if (change.state === "retrying") console.log(`attempt ${change.attempt} has failed`);
   *   if (change.state === "unlocked") console.log(`the lock of ${change.service} is lost`);
   * };
   * ```
   */
  connectionHandler: ConnectionHandler | undefined;

  readonly #options: ClientConnectOptions;
  readonly #settings: ClientSettings;
  readonly #parse: ParseJson | undefined;
  readonly #connection: ReconnectingConnection;
  readonly #requests: Requests;
  readonly #links: Links;
  #networkName: string | undefined;
  /** Whether the Manager has replied since the Client was connected, or connected again. */
  #hasReply = false;
  readonly #tasks = new Tasks();
  readonly #disconnected = Promise.withResolvers<void>();
  /** Whether everything has ended but for the call of the handler. */
  #isAtEnd = false;

  private constructor(
    {
      name = "Client",
      exactNumbers = false,
      asyncStackTraces = true,
      grace = GRACE,
    }: OwnOptions,
    options: ClientConnectOptions,
  ) {
    if (!(grace >= 0)) {
      throw new RangeError(
        `Cannot connect: grace must be 0 or a positive number of milliseconds, got ${grace}`,
      );
    }
    this.name = name;
    this.#settings = { exactNumbers, asyncStackTraces, grace };
    this.#parse = exactNumbers ? parseJsonExactly : undefined;
    this.host = options.host;
    this.port = options.port;
    this.#options = options;
    this.#connection = new ReconnectingConnection(this.#device(), options);
    this.#requests = new Requests(this.#connection, {
      maxWaiting: options.reconnect?.maxWaiting ?? 0,
      onServiceGone: (service) => this.#links.serviceGone(service),
      readLimit: options.readLimit,
      parse: this.#parse,
      asyncStackTraces,
      trace: options.trace,
    });
    this.#links = new Links({
      requests: this.#requests,
      connection: this.#connection,
      reconnect: options.reconnect,
      report: (change) => this.#report(change),
    });
  }

  static {
    openClient = (own, resolve) =>
      forCaller(async () => {
        const client = new Client(own, resolve());
        await client.#connection.open();
        client.#live();
        return client;
      });
  }

  /**
   * The name of the Client on the network, `name[host:port]`, as the Manager has it, e.g. in the
   * list that `acquireLock` returns. `undefined` until the first reply, which a Manager of this
   * package sends while the Client connects.
   */
  get networkName(): string | undefined {
    return this.#networkName;
  }

  /** The address of the Manager, `host:port`. */
  get addressManager(): string {
    return `${this.host}:${this.port}`;
  }

  /** Fulfilled when the connection has ended for good, whichever side ended it. Never rejects. */
  get disconnected(): Promise<void> {
    return this.#disconnected.promise;
  }

  /** Whether the connection is up; `false` while the Client reconnects. */
  isConnected(): boolean {
    return this.#connection.isUp;
  }

  /**
   * Adds tasks that run while the Client is connected, e.g. an asynchronous function with a loop.
   * Each task starts at once. Its argument is a signal that is aborted when the connection ends for
   * good. A task that fails is logged, and ends no other.
   *
   * @throws {ConnectionAbortedError} If the connection has ended.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { connect } from "@msl/network";
   *
   * const cxn = await connect();
   * const dmm = await cxn.link("DigitalMultimeter");
   * cxn.addTasks(async (signal) => {
   *   while (!signal.aborted) console.log(await dmm.measure());
   * });
   * await cxn.disconnected;
   * ```
   */
  addTasks(...tasks: readonly Task[]): void {
    this.#tasks.add(...tasks);
  }

  /** The identity that the Client sends to the Manager. */
  identity(): ClientIdentity {
    return identityOf(this.name, this.#options);
  }

  /**
   * Links with a Service.
   *
   * If the request is cancelled, or `timeout` is over, the Client has no link with the Service, unless
   * another Link is open: a link that the Manager makes nevertheless is ended at once, and takes none
   * of the places of a Service with `maxClients`. To wait for some time only, and keep the request,
   * use `cxn.link(service).result({ timeout })`.
   *
   * @param service The name of the Service.
   * @param options With `sameUser`, the Link is restored only with a Service of the same user.
   * @returns A Future of the Link.
   * @throws {PermissionError} With `sameUser`, if the Manager does not say who offers the Service.
   * @throws {RemoteError} With the `remoteName` `KeyError` if no such Service is connected, with
   * `PermissionError` if the Service is locked or full, or this user may not use it.
   * @throws {RangeError} If `timeout` is not a positive number of milliseconds.
   * @throws {TimeoutError} If `timeout` is over. Unlike that of a call, the Future is cancelled then:
   * a later `result()` gives the same error.
   * @throws {CancelledError} If the Future is cancelled; or the reason of `signal`, if that is
   * aborted.
   * @throws {ConnectionAbortedError} If the connection ends first, or has ended; or if too many
   * requests wait while the Client reconnects (`reconnect: { maxWaiting }`).
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { connect } from "@msl/network";
   *
   * await using cxn = await connect();
   * await using bm = await cxn.link("BasicMath", { timeout: 5_000 });
   * console.log(await bm.add(1, 2));
   * ```
   */
  link<S = unknown>(service: string, options: LinkOptions = {}): Future<Link<S>> {
    return this.#links.link<S>(service, options);
  }

  /**
   * Ends a link. The same as `link.unlink()`.
   *
   * @throws {RemoteError} If the Manager refuses.
   */
  async unlink(link: { unlink(): Promise<void> }): Promise<void> {
    await link.unlink();
  }

  /**
   * Requests the identities of the Manager and of all connected Clients and Services.
   *
   * @throws {RangeError} If `timeout` is not a positive number of milliseconds.
   * @throws {TimeoutError} If `timeout` is over.
   * @throws {CancelledError} If the Future is cancelled; or the reason of `signal`.
   * @throws {ConnectionAbortedError} If the connection ends first, or has ended.
   */
  identities(options?: { asString?: false } & CallOptions): Future<Identities>;
  /**
   * Requests the identities as text for a person, each level indented by `indent` spaces
   * (default: 2).
   */
  identities(options: { asString: true; indent?: number } & CallOptions): Future<string>;
  identities(
    options: { asString?: boolean; indent?: number } & CallOptions = {},
  ): Future<Identities> | Future<string> {
    const { asString = false, indent = 2, ...callOptions } = options;
    const call = { args: [], kwargs: {}, options: callOptions };
    if (!asString) return this.#requests.call<Identities>(MANAGER, "identity", call);
    return this.#requests.call(
      MANAGER,
      "identity",
      call,
      { adapt: (identities) => describe(identities, indent) },
    );
  }

  /**
   * Requests what a Service says of itself: descriptions, units, limits, schemas. No link is needed.
   * A Link has the same as `link.serviceAbout`.
   *
   * What is not said is empty: of a service in Python, under a Manager that does not know
   * descriptions, and, but for the names of attributes, of a Service that this user may not use.
   *
   * @param service The name of the Service.
   * @throws {RemoteError} With the `remoteName` `KeyError` if no such Service is connected.
   * @throws {RangeError} If `timeout` is not a positive number of milliseconds.
   * @throws {TimeoutError} If `timeout` is over.
   * @throws {ConnectionAbortedError} If the connection ends first, or has ended.
   * @throws The reason of `signal`, if that is aborted.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { connect } from "@msl/network";
   *
   * await using cxn = await connect();
   * const { attributes } = await cxn.about("DigitalMultimeter");
   * console.log(attributes.voltage?.result?.unit);
   * for (const [name, { implements: roles }] of Object.entries(await cxn.about())) {
   *   if (roles.includes("recorder.1")) console.log(`${name} records`);
   * }
   * ```
   */
  about(service: string, options?: CallOptions): Promise<ServiceAbout>;
  /** Requests what each connected Service says of itself, by its name. */
  about(service?: undefined, options?: CallOptions): Promise<Record<string, ServiceAbout>>;
  async about(
    service?: string,
    options: CallOptions = {},
  ): Promise<ServiceAbout | Record<string, ServiceAbout>> {
    const { timeout = Infinity, ...others } = options;
    checkTimeout("Cannot request about", timeout);
    const start = performance.now();
    // The first reply of a Manager of this package says what it knows. To any other the request would
    // be one of an administrator.
    if (!this.#hasReply) await this.identities(options);
    const isKnown = this.#requests.managerExtensions.includes(ABOUT);
    if (!isKnown) return service === undefined ? {} : NOTHING_SAID;
    const left = Math.max(timeout - (performance.now() - start), 1);
    const call = {
      args: service === undefined ? [] : [service],
      kwargs: {},
      options: { ...others, ...(timeout === Infinity ? {} : { timeout: left }) },
    };
    const said = await this.#requests.call(MANAGER, "about", call);
    if (service !== undefined) return toServiceAbout(said);
    return Object.fromEntries(
      Object.entries(isObject(said) ? said : {}).map(([name, about]) => [
        name,
        toServiceAbout(about),
      ]),
    );
  }

  /**
   * Sends a request that only an administrator may send, e.g. `adminRequest("users_table.users")`.
   * The Manager may ask for a username and password first. The Client takes them from the options
   * that it was connected with, or asks at the terminal.
   *
   * Administrator's requests are sent one after the other. Other requests are sent meanwhile; a
   * question at the terminal stops the whole program, a `prompt` of your own need not. Under a
   * Manager of the Python software they are held, since it would take them for the username.
   *
   * The Manager does not reply to `shutdown_manager`: its Future is fulfilled with `true` when the
   * connection has ended.
   *
   * @param attribute What is requested, e.g. `"users_table.usernames"`.
   * @param args The arguments; keyword arguments and options of the call come last.
   * @throws {RemoteError} If the user is not an administrator, or the request fails.
   * @throws {ConfigurationError} If a username or password is missing and there is no terminal.
   * @throws {TimeoutError} If the time-out of `options()` is over.
   * @throws {CancelledError} If the Future is cancelled.
   * @throws {ConnectionAbortedError} If the connection ends first, or has ended.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { connect } from "@msl/network";
   *
   * await using cxn = await connect({ username: "admin", password: "a good password" });
   * console.log(await cxn.adminRequest("users_table.usernames"));
   * ```
   */
  adminRequest<R = unknown>(attribute: string, ...args: unknown[]): Future<R> {
    return this.#requests.call<R>(MANAGER, attribute, splitArguments(args), {
      isAdministrative: true,
    });
  }

  /**
   * Opens another connection to the same Manager, with the same options except for `signal`. Its
   * errors are those of `connect`.
   *
   * @param name The name of the new Client.
   */
  spawn(name: string = "Client"): Promise<Client> {
    const own = { ...this.#settings, name };
    return openClient(own, () => ({ ...this.#options, signal: undefined }));
  }

  /**
   * Disconnects from the Manager for good. Never rejects.
   *
   * For the answers to requests that no code awaits it waits up to a second first, so that their
   * errors are reported. Other pending requests fail with a `ConnectionAbortedError`: it is not known
   * whether the Service carries
   * them out. It is told that nobody waits for them; a call with large arguments may not have been
   * made yet. So await the result, and not only `future.sent`, of what has to be done.
   *
   * While requests are pending the Manager has 2 seconds to end the connection, so that it reads them.
   * What waits to be written has 2 seconds.
   */
  async disconnect(): Promise<void> {
    if (this.isConnected()) await this.#requests.unobservedAnswered(OBSERVATION_TIME);
    this.#connection.end();
    await this.#connection.disconnect(this.#requests.hasPending);
    if (!this.#isAtEnd) await this.disconnected; // the handler may be what calls this
  }

  /** For `await using`: the same as {@linkcode Client.disconnect}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }

  /** What the reconnecting connection calls. */
  #device(): Device {
    return {
      name: this.name,
      identity: () => this.identity(),
      registered: () => Promise.resolve(),
      receive: (_, line, text) => {
        let message: Message;
        try {
          message = decodeMessage(text ?? line, this.#parse);
        } catch (error) {
          return this.#failUnreadable(scanKeys(line), error as Error);
        }
        this.#receiveMessage(message);
      },
      receiveLong: async (_, line) => {
        const outcome = await readLarge(line, this.#options.readLimit, this.#parse);
        if (outcome.state === "invalid") return this.#failUnreadable(outcome.keys, outcome.error);
        if (outcome.state === "truncated") return;
        try {
          const message = toMessage(outcome.object);
          if (KNOWS_ARRAYS) await readLongArrays(message, this.#requests, this.#links);
          this.#receiveMessage(message);
        } catch (error) {
          const { uid } = outcome.object;
          if (typeof uid !== "string") throw error;
          this.#requests.spoil(uid, error as Error);
        }
      },
      onDisconnect: (reason) => {
        this.#hasReply = false;
        this.#links.connectionLost();
        this.#requests.disconnected(reason, this.#connection.isEnding);
      },
      onReconnect: () => {
        this.#requests.release(MANAGER);
        this.#links.restoreAll();
      },
      onChange: (change) => this.#report(change),
    };
  }

  async #live(): Promise<void> {
    this.#tasks.start();
    const error = await this.#connection.keepConnected();
    const isMeant = this.#connection.isEnding;
    this.#connection.end();
    this.#links.end();
    this.#requests.end(
      (label) =>
        new ConnectionAbortedError(`Cannot request ${label}: ${error.message}`, { cause: error }),
      isMeant,
    );
    this.#tasks.end(error);
    this.#isAtEnd = true;
    await callHandler(
      "shutdownHandler",
      this.name,
      () => this.shutdownHandler?.(isMeant ? undefined : error),
      this.#settings.grace,
    );
    this.#disconnected.resolve();
  }

  #report(change: ConnectionChange): void {
    logChange(log, { client: this.name }, change);
    callHandler("connectionHandler", this.name, () => this.connectionHandler?.(change));
  }

  #receiveMessage(message: Message): void {
    switch (message.kind) {
      case "reply":
        this.#networkName = message.requester ?? undefined;
        this.#hasReply = true;
        if (message.uid === READY) return this.#agree(message.result);
        if (message.uid === GONE && typeof message.result === "string") {
          return this.#links.serviceGone(message.result);
        }
        return this.#requests.fulfil(message);
      case "value":
        return this.#requests.give(message);
      case "part":
        return this.#requests.takePart(message);
      case "room":
        return this.#requests.addRoom(message);
      case "error":
        if (message.uid === "") this.#connection.receiveError(message.message);
        return this.#requests.fail(
          message.uid,
          new RemoteError(message.message, message.traceback),
        );
      case "notification":
        if (KNOWS_ARRAYS) readNotification(message, this.#links);
        for (const link of this.#links.of(message.service)) {
          link.notify(message.args, message.kwargs, message.time);
        }
        return;
      case "request":
        if (!isCredentialRequest(message)) {
          return log.warn("Ignored a request for {attribute}", { attribute: message.attribute });
        }
        this.#answer(message);
    }
  }

  async #answer(question: Request): Promise<void> {
    const connection = this.#connection.current!;
    try {
      await answerCredentialRequest(connection, question, this.#options);
    } catch (error) {
      // The Manager waits for an answer, and then refuses the request.
      this.#requests.explain(error as Error);
      connection.sendText(encodeError(question.requester, question.uid, error));
    }
  }

  #failUnreadable(keys: KeyScanner, error: Error): void {
    const uid = keys.text("uid");
    if (uid !== undefined) return this.#requests.spoil(uid, error);
    log.error("Ignored a message that cannot be read: {error}", { error: error.message });
  }

  /** The Manager is one of ours. */
  #agree(welcome: unknown): void {
    this.#requests.shareConnection(extensionsOf(welcome));
    this.#connection.acceptConfirmation(welcome);
  }
}

/** Reads the arrays of a long line with pauses. Messages after it wait: their order stays. */
async function readLongArrays(message: Message, requests: Requests, links: Links): Promise<void> {
  if (message.kind === "reply" || message.kind === "value") await requests.readLongArrays(message);
  else if (message.kind === "notification" && mayHaveArrays(message, links)) {
    const { args, kwargs } = message;
    [message.args, message.kwargs] = await readArgumentsInSteps(args, kwargs);
    message.areArraysRead = true;
  }
}

/** Puts the arrays of a notification in their places, if its service knows arrays. */
function readNotification(message: Notification, links: Links): void {
  if (message.areArraysRead || !mayHaveArrays(message, links)) return;
  [message.args, message.kwargs] = readArguments(message.args, message.kwargs);
}

/** Whether the service of a notification knows arrays. */
function mayHaveArrays({ service }: Notification, links: Links): boolean {
  return links.of(service).some(({ extensions }) => extensions.includes(ARRAYS));
}

/** The identities as text. What the Manager has sent may be anything. */
function describe(identities: unknown, indent: number): string {
  try {
    return describeIdentities(identities as Identities, indent);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new ValueError(`Cannot read the identities that the Manager has sent: ${reason}`, {
      cause,
    });
  }
}

function identityOf(name: string, { language, os }: ResolvedOptions): ClientIdentity {
  const extensions = [READY, BEAT, CANCEL, STREAM, PARTS, OWNER, GONE, ABOUT, TIME, TRACE];
  if (KNOWS_ARRAYS) extensions.push(ARRAYS);
  return { type: "client", name, language, os, extensions };
}
