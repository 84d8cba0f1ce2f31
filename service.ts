/**
 * The Service: makes the methods and properties of a class available to Clients.
 *
 * This module has the states of a Service, its connection and its identity. `service/` lists and
 * calls the attributes, dispatches requests and runs the workers; `device/` connects.
 *
 * As an entry point it exports all that a Service needs: the class, keyword arguments, the errors
 * that a method or `start()` throws, and their types. Such a program downloads 3 npm packages; one
 * that imports `@msl/network` downloads 16.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { type ConnectOptions, Service, ValueError } from "@msl/network/service";
 *
 * class Roots extends Service {
 *   root(x: number): number {
 *     if (x < 0) throw new ValueError(`Cannot take the root of ${x}: it is negative`);
 *     return Math.sqrt(x);
 *   }
 * }
 *
 * const options: ConnectOptions = { host: "lab-pc", reconnect: true };
 * await new Roots().start(options);
 * ```
 *
 * @module
 */

import type { ServiceRequest } from "./service/active_request.ts";
import { Attributes, SHUTDOWN_SERVICE } from "./service/attributes.ts";
import { Dispatcher } from "./service/dispatcher.ts";
import { notificationLines, sendNotification } from "./service/notifications.ts";
import { timeOf } from "./service/time.ts";
import { splitArguments } from "./wire/call.ts";
import type { Connection } from "./net/connection.ts";
import { type ConnectOptions, resolveOptions } from "./device/connect_options.ts";
import { openTelemetry, type TraceContext } from "./base/telemetry.ts";
import { RpcSpan } from "./wire/rpc_span.ts";
import type { ResolvedOptions } from "./device/device_options.ts";
import { ConnectionAbortedError, RemoteError } from "./errors.ts";
import { CONNECTION_LIMITS, GRACE, MAX_RUNNING } from "./limits.ts";
import { callHandler, type Task, Tasks } from "./base/callbacks.ts";
import { atCaller, forCaller } from "./base/caller.ts";
import { readLarge } from "./wire/large_values.ts";
import { logger } from "./base/log.ts";
import { setLoggingLevel, setServiceLoggingLevel } from "./base/log_level.ts";
import "./base/log_tape.ts";
import { type Device, ReconnectingConnection } from "./device/reconnecting_connection.ts";
import type { LongLine } from "./wire/line.ts";
import {
  decodeObject,
  type JsonObject,
  type Message,
  type Request,
  toMessage,
} from "./wire/message.ts";
import type { ServiceIdentity } from "./wire/identities.ts";
import {
  ABOUT,
  ARRAYS,
  BEAT,
  CANCEL,
  extensionOfControl,
  PARTS,
  READY,
  STREAM,
  TIME,
  TRACE,
} from "./wire/protocol.ts";
import type { ConnectionChange } from "./device/connector.ts";
import { logChange } from "./device/connection_log.ts";
import { repr } from "./base/repr.ts";
import { withTimeout } from "./base/with_timeout.ts";
import { scanKeys } from "./wire/key_scanner.ts";
import { LANGUAGE, OS } from "./version.ts";
import { Registration } from "./service/registration.ts";
import { type WorkerOptions, WorkerPool } from "./service/worker_pool.ts";

export * from "./device/exports.ts";
export type { ServiceRequest } from "./service/active_request.ts";
export type {
  About,
  DeclaredAttribute,
  DeclaredParameter,
  DeclaredValue,
  Described,
} from "./service/about.ts";
export type { ConnectOptions } from "./device/connect_options.ts";
export { AttributeError, KeyError, NameError, PermissionError, WorkerError } from "./errors.ts";
export type {
  SchemaIssue,
  SchemaList,
  SchemaResult,
  Schemas,
  StandardSchema,
} from "./service/schema.ts";
export { NdArray, type NumberArray } from "./wire/nd_array.ts";
export type { WorkerOptions } from "./service/worker_pool.ts";

/** The options of a Service. */
export interface ServiceOptions {
  /** The name that Clients link with. Default: the name of the class. */
  name?: string;
  /** How many Clients may be linked at once; 0 or less for no limit. Default: -1. */
  maxClients?: number;
  /**
   * The names of attributes that the identity does not list. Clients can still request them.
   * Default: none.
   */
  ignoreAttributes?: readonly string[];
  /**
   * How many requests may run at once: those whose method has not finished, or whose stream has not
   * ended. A further one fails with a `PermissionError`. Default: 10,000.
   */
  maxRunning?: number;
  /**
   * How many bytes may wait for the Manager to read them before {@linkcode Service.emitNotification}
   * throws a {@linkcode QueueFullError}. Default: 64 MiB.
   */
  queueLimit?: number;
  /**
   * How long {@linkcode Service.shutdown} waits for the requests that run, and then for
   * `shutdownHandler`, in milliseconds; `Infinity` for no limit. The callers of requests that are not
   * done get a `ConnectionAbortedError`. Default: 5,000.
   */
  grace?: number;
  /** The workers for the methods that {@linkcode Service.inWorkers} makes. */
  workers?: WorkerOptions;
}

/** The state of a Service. It accepts no request any more in `ending`. */
type State =
  | { state: "new" }
  | { state: "starting"; started: Promise<void>; connection: ReconnectingConnection }
  | { state: "running"; connection: ReconnectingConnection }
  | { state: "ending"; connection: ReconnectingConnection }
  | { state: "ended" };

const log = logger("service");

/**
 * The base class of Services. Clients can request every method, getter and property of a subclass,
 * except for those whose name starts with `_` or `#`.
 *
 * Requests run concurrently. A method may be asynchronous: the value that it returns, or its promise
 * is fulfilled with, is the result, and what it throws is the error. Up to `maxRunning` requests run
 * at once: a method that must not run twice at once has to see to it.
 *
 * The values of a method that is a generator are a stream. A Client that reads streams gives credit
 * for a number of values and then for more, so a slow one pauses the generator, and no queue grows.
 * Any other Client gets the values as one array, of 100,000 values at most.
 *
 * A `static schema` ({@linkcode Schemas}) checks arguments before a method is called. A `static about`
 * ({@linkcode About}) says what the methods do, their units and their limits.
 *
 * Arguments, results and the arguments of notifications are JSON, so that a Client may be a program in
 * Python:
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
 * The error of a result that JSON cannot hold goes to the Client. The largest result is what the
 * Client accepts: its `readLimit` (default: 1 GiB). The largest request has the `readLimit` of the
 * options of `start()`; a longer one is rejected with a `ValueError`.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { Service } from "@msl/network";
 *
 * class BasicMath extends Service {
 *   euler = Math.E;
 *
 *   add(x: number, y: number): number {
 *     return x + y;
 *   }
 * }
 *
 * await new BasicMath().start();
 * ```
 */
export class Service implements AsyncDisposable {
  readonly #name: string;
  readonly #maxClients: number;
  readonly #ignored: Set<string>;
  readonly #attributes: Attributes;
  readonly #dispatcher: Dispatcher;
  readonly #tasks = new Tasks();
  readonly #workers: WorkerPool;
  readonly #queueLimit: number;
  readonly #grace: number;
  readonly #finished = Promise.withResolvers<void>();
  #state: State = { state: "new" };
  readonly #registration = new Registration();
  /** Where the Manager is, for spans. */
  #manager = { host: "", port: 0 };

  /**
   * Prepares the Service; {@linkcode Service.start} connects it.
   *
   * @throws {RangeError} If `maxClients` is not an integer, `maxRunning`, `queueLimit` or `workers.size`
   * not an integer of at least 1, or `workers.queue` not an integer of at least 0, or
   * `grace` is negative or `NaN`.
   * @throws {TypeError} If the class has a `static schema` that is not an object with lists of schemas.
   */
  constructor(options: ServiceOptions = {}) {
    const { maxClients = -1, maxRunning = MAX_RUNNING, queueLimit = CONNECTION_LIMITS.queueLimit } =
      options;
    const { grace = GRACE } = options;
    if (!Number.isInteger(maxClients)) {
      throw atCaller(
        new RangeError(`Cannot make a Service: maxClients must be an integer, got ${maxClients}`),
      );
    }
    for (const [name, value] of Object.entries({ maxRunning, queueLimit })) {
      if (Number.isSafeInteger(value) && value >= 1) continue;
      throw atCaller(
        new RangeError(
          `Cannot make a Service: ${name} must be an integer of at least 1, got ${value}`,
        ),
      );
    }
    if (!(grace >= 0)) {
      throw atCaller(
        new RangeError(
          `Cannot make a Service: grace must be 0 or a positive number of milliseconds, got ${grace}`,
        ),
      );
    }
    this.#finished.promise.catch(() => {}); // for those who do not wait for it
    this.#queueLimit = queueLimit;
    this.#grace = grace;
    this.#name = options.name ?? this.constructor.name;
    this.#maxClients = maxClients;
    this.#ignored = new Set(options.ignoreAttributes);
    this.#workers = new WorkerPool(options.workers);
    this.#attributes = new Attributes(this, Service.prototype);
    this.#dispatcher = new Dispatcher({
      attributes: this.#attributes,
      maxRunning,
      checkRunning: () => this.#checkRunning(),
      onReplied: (attribute) => {
        if (attribute === SHUTDOWN_SERVICE) this.shutdown();
      },
      startSpan: (request, trace) => this.#startSpan(request, trace),
    });
  }

  /** The name that Clients link with. */
  get name(): string {
    return this.#name;
  }

  /** How many Clients may be linked at once; 0 or less for no limit. The Manager enforces it. */
  get maxClients(): number {
    return this.#maxClients;
  }

  /**
   * The request that the method is answering, also after an `await` in the method; `undefined`
   * outside of a method that a Client has requested.
   */
  get request(): ServiceRequest | undefined {
    return this.#dispatcher.current;
  }

  /**
   * Settled when a Service that was started has ended for good and its `shutdownHandler` has returned
   * (or has not within `grace`), or when it was shut down during a `start()` that failed. It stays pending if `start()` fails
   * otherwise, after which the Service can be started again, or is never called.
   *
   * It is fulfilled if the Service was shut down, by this program or by a Client. It rejects with the
   * error why if the Service has lost its Manager; nothing happens if nobody waits for it then. A
   * program that waits for nothing else awaits `runUntilEnd`.
   */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /**
   * Adds tasks that run while the Service is connected, e.g. an asynchronous function that emits a
   * notification now and then. A task starts when the Service is connected for the first time, or at
   * once if it is already. It goes on while a Service reconnects. Its signal is aborted when the
   * connection has ended for good, with the error why. An error that it throws is logged, and the
   * Service goes on. The number of tasks has no limit.
   *
   * @throws {ConnectionAbortedError} If the connection has ended for good.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { Service } from "@msl/network";
   *
   * const service = new Service({ name: "Clock" });
   * service.addTasks((signal) => {
   *   const timer = setInterval(() => service.emitNotification(Date.now()), 1_000);
   *   signal.addEventListener("abort", () => clearInterval(timer));
   * });
   * await service.start();
   * ```
   */
  addTasks(...tasks: readonly Task[]): void {
    this.#tasks.add(...tasks);
  }

  /**
   * Called once when the connection has ended for good, but not when the Manager rejected the
   * Service, or the Service was shut down before it was connected. A subclass overrides it, e.g. to
   * switch an instrument off. {@linkcode Service.finished} waits for it, for the option `grace` (5
   * seconds); a handler that takes longer is logged, and goes on. An error that it throws is logged.
   *
   * @param _error Why the connection ended; `undefined` if the Service ended it itself.
   *
   * @example Switch an instrument off
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { Service } from "@msl/network";
   * import { TestManager } from "@msl/network/testing";
   *
   * class PowerSupply extends Service {
   *   #volts = 5; // stands for the connection to an instrument
   *   get volts(): number {
   *     return this.#volts;
   *   }
   *   override async shutdownHandler(): Promise<void> {
   *     this.#volts = await Promise.resolve(0);
   *   }
   * }
   *
   * await using manager = await TestManager.start();
   * const supply = new PowerSupply();
   * await supply.start(manager.connectOptions);
   * await supply.shutdown();
   * assertEquals(supply.volts, 0);
   * ```
   */
  shutdownHandler(_error: Error | undefined): void | Promise<void> {}

  /**
   * Called with each change of the connection of a Service that reconnects. A subclass overrides it.
   * Nothing waits for a promise that it returns. An error that it throws is logged.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { Service } from "@msl/network";
   * import type { ConnectionChange } from "@msl/network/service";
   *
   * class PowerSupply extends Service {
   *   override connectionHandler(change: ConnectionChange): void {
   *     if (change.state === "lost") console.log("no Client can switch it off now");
   *   }
   * }
   *
   * await new PowerSupply().start({ reconnect: true });
   * ```
   */
  connectionHandler(_change: ConnectionChange): void | Promise<void> {}

  /**
   * Makes a method that calls a function in a pool of Workers, so that a long computation does not
   * block other requests. The function has no access to the Service: it gets copies of its
   * arguments, and its result is copied (`structuredClone`).
   *
   * {@linkcode WorkerOptions} bounds the workers and the calls that wait for one. A worker starts
   * when it is needed. It ends with the Service, with its connection, or when the request that it
   * runs is cancelled.
   *
   * @param called An exported function.
   * @param module The URL of the module that exports it.
   * @returns The method. Its promise rejects with the error of the function; with a
   * {@linkcode WorkerError} if the worker crashes or too many calls wait; with a `TypeError` if an
   * argument or the result cannot be copied; and with the reason if the request is cancelled or the
   * connection ends.
   * @throws {TypeError} If the function has no name, or `module` is not a URL.
   *
   * @example
   * ```ts ignore its function is a file of its own
   * import { Service } from "@msl/network";
   * import { countPrimes } from "./prime_counting.ts";
   *
   * class PrimeNumbers extends Service {
   *   countPrimes = this.inWorkers(countPrimes, import.meta.resolve("./prime_counting.ts"));
   * }
   * ```
   */
  protected inWorkers<Args extends unknown[], Result>(
    called: (...args: Args) => Result,
    module: string | URL,
  ): (...args: Args) => Promise<Awaited<Result>> {
    return this.#workers.method(called, module, () => this.request?.signal);
  }

  /**
   * Changes the lowest level that this process logs. Clients can request it as `set_logging_level`;
   * then what a Manager in this process logs does not change, since only an administrator may do that.
   *
   * It changes nothing in an application that configures its own logging.
   *
   * @param level The name or number of a level of Python, e.g. `"debug"` or 10.
   * @returns Whether there is such a level.
   */
  setLoggingLevel(level: string | number): boolean {
    return this.request === undefined ? setLoggingLevel(level) : setServiceLoggingLevel(level);
  }

  /**
   * Leaves attributes out of the identity, e.g. a getter that is slow. Clients can still request
   * them. Call it before {@linkcode Service.start}, which sends the identity.
   */
  ignoreAttributes(...names: string[]): void {
    for (const name of names) this.#ignored.add(name);
  }

  /**
   * Connects to a Manager, and serves requests from then on. Fulfilled when Clients can link with
   * the Service; {@linkcode Service.finished} waits for its end. A Manager of the Python software
   * does not confirm a Service: the promise is fulfilled if it has not rejected the Service within
   * 1 second. A Service whose start has failed can be started again, unless it was shut down meanwhile.
   *
   * @throws {RangeError} If an option is out of its range.
   * @throws {TypeError} If the class has a `static schema` that does not fit its methods, or a `static
   * about` that is wrong.
   * @throws {ConnectError} If nothing listens there, or it does not accept in time.
   * @throws {TlsMismatchError} If one side speaks TLS and the other does not.
   * @throws {CertificateError} If the certificate of the Manager is not trusted, or its file cannot be
   * read.
   * @throws {ConfigurationError} If a password or username is missing, and there is no terminal.
   * @throws {CancelledError} If the person who is asked for one interrupts it.
   * @throws {RemoteError} If the Manager rejects the Service, e.g. because its name is taken or the
   * password is wrong.
   * @throws {TimeoutError} If the Manager does not answer within `timeout`.
   * @throws {ValueError} If the Manager sends a line that is too long for a handshake.
   * @throws {JSONDecodeError} If the Manager sends a line that is not a JSON object.
   * @throws {ConnectionAbortedError} If the Service was started before, the Manager closes the
   * connection, or {@linkcode Service.shutdown} is called while it waits for the Manager.
   * @throws The reason of `signal`, if that is aborted.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { Service } from "@msl/network";
   *
   * class Echo extends Service {
   *   echo(text: string): string {
   *     return text;
   *   }
   * }
   *
   * const service = new Echo();
   * await service.start({ host: "lab-pc", reconnect: true });
   * await service.finished;
   * ```
   */
  start(options: ConnectOptions = {}): Promise<void> {
    return forCaller(() => this.#start(options));
  }

  /** See {@linkcode Service.start}. */
  async #start(options: ConnectOptions): Promise<void> {
    if (this.#state.state !== "new") {
      throw new ConnectionAbortedError(
        `Cannot start the ${repr(this.#name)} service: it was started before`,
      );
    }
    this.#attributes.checkSchemas();
    this.#attributes.describe(this.#ignored); // which checks it
    const resolved = resolveOptions(options);
    this.#manager = { host: resolved.host, port: resolved.port };
    const connection = new ReconnectingConnection(this.#device(resolved), resolved);
    const started = this.#connect(connection);
    this.#state = { state: "starting", started, connection };
    await started;
  }

  /**
   * Sends a notification to every Client that is linked. While a Service reconnects no Client is
   * linked: the notification is dropped.
   *
   * The notification is added to the queue of the connection at the call. The promise is fulfilled
   * when the Manager reads fast enough that the next one may follow: at once, unless more than 8 MiB
   * wait, then when less than 2 MiB do, or the connection has ended. It never rejects, so a Service
   * that emits little may ignore it. A Service that does not wait, and has the option `queueLimit` (64
   * MiB) of bytes wait, gets an error at the call. The connection ends when more than 8 MiB wait and
   * the Manager reads nothing for 30 seconds.
   *
   * A slow Client does not slow the Service down: the Manager closes a Client for which more than 64
   * MiB wait (its default). For many values use a generator method instead: its stream adapts to the
   * speed of the Client.
   *
   * @param args The arguments of the notification; keyword arguments last, `kwargs({ unit: "V" })`.
   * @returns Settles when the next notification may follow. The errors are thrown at the call.
   * @throws {ConnectionAbortedError} If the Service is not connected, and does not reconnect.
   * @throws {QueueFullError} If more than `queueLimit` bytes wait already. Nothing is sent.
   * @throws {TypeError} If JSON cannot hold the arguments.
   * @throws {ValueError} If the notification is longer than 16 MiB.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { kwargs, Service } from "@msl/network";
   *
   * const service = new Service({ name: "Thermometer" });
   * await service.start();
   * await service.emitNotification(21.5, kwargs({ unit: "degC" }));
   * ```
   */
  emitNotification(...args: unknown[]): Promise<void> {
    return this.#emit(args);
  }

  /**
   * Sends a notification of a reading that was taken at another time than now, e.g. by the instrument
   * itself. Clients get the time as `link.notificationTime`. Otherwise it is
   * {@linkcode Service.emitNotification}, and its errors are the same.
   *
   * @param time When the reading was taken: a `Date`, or milliseconds since 1970, which are rounded.
   * @param args The arguments of the notification; keyword arguments last, `kwargs({ unit: "V" })`.
   * @returns Settles when the next notification may follow. The errors are thrown at the call.
   * @throws {RangeError} If no `Date` can have that time.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { Service } from "@msl/network";
   *
   * const service = new Service({ name: "Logger" });
   * await service.start();
   * await service.emitNotificationAt(new Date("2026-01-31T12:00:00Z"), 21.5);
   * ```
   */
  emitNotificationAt(time: Date | number, ...args: unknown[]): Promise<void> {
    return this.#emit(args, Number(time));
  }

  #emit(args: unknown[], time?: number): Promise<void> {
    try {
      return this.#sendNotification(args, time);
    } catch (error) {
      throw atCaller(error);
    }
  }

  #sendNotification(args: unknown[], time?: number): Promise<void> {
    const connection = this.#connection;
    const taken = timeOf(time);
    const lines = notificationLines(
      this.#name,
      splitArguments(args),
      this.#registration.knows(TIME) ? taken : undefined,
      this.#registration.forms,
    );
    if (connection?.isUp) return sendNotification(connection.current!, lines, this.#queueLimit);
    if (this.#state.state === "running" && connection?.reconnects) return Promise.resolve();
    throw new ConnectionAbortedError(
      `Cannot emit a notification: the ${repr(this.#name)} service is not connected`,
    );
  }

  /**
   * Shuts the Service down: it rejects new requests, aborts its streams, waits until the other
   * requests that run are answered, and disconnects. It may be called more than once.
   *
   * The wait for those requests takes up to the option `grace` (5 seconds), and ends when the
   * connection ends. The signals of the requests that are not done then are aborted, and their callers
   * get a `ConnectionAbortedError`; a method goes on as long as it wants. The Manager has 2 seconds to
   * disconnect the Service, and the lines that wait to be written have 2 more.
   *
   * Fulfilled when the Service has ended and `shutdownHandler` has returned, or has not within `grace`;
   * never rejects. A Manager of this package does not list the Service any more then. If a method
   * that a Client has requested calls it, the promise is fulfilled at once, since the Service
   * waits for that method.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { Service } from "@msl/network";
   *
   * const service = new Service({ name: "Echo" });
   * await service.start();
   * Deno.addSignalListener("SIGINT", () => service.shutdown());
   * await service.finished;
   * ```
   */
  async shutdown(): Promise<void> {
    if (this.#state.state === "starting") {
      const { started, connection } = this.#state;
      if (connection.isWaiting) connection.end();
      await started.catch((error) => this.#endUnconnected(error)); // before the caller of start() has it
    }
    const { state } = this.#state;
    if (state === "new") this.#workers.cancelAll(this.#unfinished("was shut down"));
    if (state === "new" || state === "ended") return; // `shutdownHandler` may call this
    if (this.#state.state === "running") {
      const { connection } = this.#state;
      this.#state = { state: "ending", connection };
      this.#disconnect(connection);
    }
    if (this.request === undefined) await this.finished.catch(() => {}); // it has ended in any case
  }

  /** For `await using`: the same as {@linkcode Service.shutdown}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  get #connection(): ReconnectingConnection | undefined {
    return "connection" in this.#state ? this.#state.connection : undefined;
  }

  async #connect(connection: ReconnectingConnection): Promise<void> {
    try {
      await connection.open();
    } catch (error) {
      this.#state = { state: "new" }; // it may be started again
      throw error;
    }
    this.#state = { state: "running", connection };
    log.info("{service} is connected to {manager}", {
      service: this.#name,
      manager: connection.manager,
    });
    this.#tasks.start();
    this.#awaitEnd(connection);
  }

  /** The Service, as its connection calls it. */
  #device({ readLimit }: ResolvedOptions): Device {
    this.#dispatcher.readLimit = readLimit;
    return {
      name: this.#name,
      identity: () => this.#identity(),
      registered: () => this.#registration.confirmed(),
      receive: (connection, line, text) => this.#receive(connection, line, text),
      receiveLong: (connection, line) => this.#receiveLong(connection, line, readLimit),
      afterRead: (connection) => connection.congested ? connection.drained() : undefined,
      onDisconnect: () => {
        this.#registration.lost();
        this.#workers.cancelAll(this.#unfinished("is not connected any more"));
        this.#dispatcher.abortAll();
      },
      onReconnect: () => {},
      onChange: (change) => {
        logChange(log, { name: this.#name }, change); // a Service has no links
        callHandler(
          "connectionHandler",
          this.#name,
          () => this.connectionHandler(change),
        );
      },
    };
  }

  /** Waits until the connection has ended for good, and ends the Service. */
  async #awaitEnd(connection: ReconnectingConnection): Promise<void> {
    const error = await connection.keepConnected();
    const isIntended = this.#state.state === "ending";
    connection.end();
    this.#state = { state: "ended" };
    this.#tasks.end(error);
    this.#workers.close(this.#unfinished("has ended"));
    await callHandler(
      "shutdownHandler",
      this.#name,
      () => this.shutdownHandler(isIntended ? undefined : error),
      this.#grace,
    );
    if (isIntended) this.#finished.resolve();
    else this.#finished.reject(error);
  }

  /** Ends a Service that was shut down before it was connected. `start()` rejects with the error. */
  #endUnconnected(error: Error): void {
    if (this.#state.state !== "new") return; // another call of shutdown() was faster
    this.#state = { state: "ended" };
    this.#tasks.end(error);
    this.#workers.close(this.#unfinished("was shut down"));
    this.#finished.resolve();
  }

  /** Disconnects when no request is pending any more. */
  async #disconnect(connection: ReconnectingConnection): Promise<void> {
    connection.end();
    const current = connection.current!;
    await Promise.resolve(); // the reply of a method that has called shutdown() is sent first
    this.#dispatcher.abortStreams(this.#shuttingDown());
    this.#dispatcher.rejectIncomplete(current, this.#shuttingDown());
    await withTimeout(
      this.#dispatcher.drained(current),
      this.#grace,
      () => this.#dispatcher.abandon(current, this.#shutDownMeanwhile()),
    );
    await connection.disconnect(true);
  }

  async #receiveLong(connection: Connection, line: LongLine, readLimit: number): Promise<void> {
    const outcome = await readLarge(line, readLimit);
    if (outcome.state === "invalid") {
      return this.#dispatcher.reject(connection, outcome.keys, outcome.error);
    }
    if (outcome.state === "truncated") return;
    try {
      const message = toMessage(outcome.object);
      if (message.kind === "request" && this.#isCall(message)) {
        await this.#dispatcher.dispatchLong(connection, message, outcome.object);
      } else this.#receiveMessage(connection, message, outcome.object);
    } catch (error) {
      log.warn("Received a message that cannot be read: {error}", { error });
    }
  }

  #receive(connection: Connection, line: Uint8Array, text: string | undefined): void {
    let object: JsonObject;
    let message: Message;
    try {
      object = decodeObject(text ?? line);
      message = toMessage(object);
    } catch (error) {
      return this.#dispatcher.reject(connection, scanKeys(line), error as Error);
    }
    this.#receiveMessage(connection, message, object);
  }

  #receiveMessage(connection: Connection, message: Message, trace: TraceContext): void {
    if (message.kind === "request") {
      if (this.#isCall(message)) this.#dispatcher.dispatch(connection, message, trace);
      else this.#dispatcher.control(connection, message);
    } else if (message.kind === "reply" && message.uid === READY) {
      this.#connection?.acceptConfirmation(message.result);
      this.#registration.confirm(message.result);
    } else if (message.kind === "reply" && message.uid === ARRAYS) {
      this.#registration.acceptForms(message.result);
    } else if (message.kind === "error") {
      this.#connection?.receiveError(message.message);
      this.#registration.reject(new RemoteError(message.message, message.traceback));
      log.error("The Manager sent an error: {error}", { error: message.message });
    }
  }

  /** Whether a request is one of a method or a property; others are about one that is pending. */
  #isCall({ attribute }: Request): boolean {
    const extension = extensionOfControl(attribute);
    return extension === undefined || !this.#registration.knows(extension);
  }

  #startSpan({ attribute, requester }: Request, trace: TraceContext): RpcSpan | undefined {
    if (openTelemetry() === undefined) return undefined;
    const isKnown = this.#attributes.has(attribute);
    const call = { service: this.#name, attribute, isKnown, requester: requester ?? undefined };
    return RpcSpan.start({ kind: "server", ...call, ...this.#manager }, trace);
  }

  #checkRunning(): void {
    if (this.#state.state !== "ending" && this.#state.state !== "ended") return;
    throw this.#shuttingDown();
  }

  #shuttingDown(): ConnectionAbortedError {
    return new ConnectionAbortedError(`the ${repr(this.#name)} service is shutting down`);
  }

  #shutDownMeanwhile(): ConnectionAbortedError {
    return new ConnectionAbortedError(
      `the ${repr(this.#name)} service was shut down, and the request was not done within ` +
        `${this.#grace} ms (grace)`,
    );
  }

  /** The error of a call that a worker does not finish. */
  #unfinished(what: string): Error {
    return new ConnectionAbortedError(
      `Cannot finish in a worker: the ${repr(this.#name)} service ${what}`,
    );
  }

  #identity(): ServiceIdentity {
    return {
      type: "service",
      name: this.#name,
      attributes: this.#attributes.list(this.#ignored),
      language: LANGUAGE,
      os: OS,
      max_clients: this.#maxClients,
      extensions: [READY, BEAT, CANCEL, STREAM, PARTS, ABOUT, TIME, TRACE, ARRAYS],
      streams: this.#attributes.streams(this.#ignored),
      about: this.#attributes.describe(this.#ignored), // JSON leaves out what is not said
    };
  }
}
