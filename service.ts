/**
 * The Service: makes the methods and properties of a class available to Clients.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { ServiceRequest } from "./service/active_request.ts";
import { Answering } from "./service/answering.ts";
import { Attributes, SHUTDOWN_SERVICE } from "./service/attributes.ts";
import { splitArguments } from "./wire/call.ts";
import type { Connection } from "./net/connection.ts";
import { type ConnectOptions, type ResolvedOptions, resolveOptions } from "./device/device.ts";
import { ConnectionAbortedError, RemoteError } from "./errors.ts";
import { callHandler, type Task, Tasks } from "./base/callbacks.ts";
import { readLarge } from "./wire/large_values.ts";
import { setLoggingLevel } from "./base/log_level.ts";
import { type Device, ReconnectingConnection } from "./device/reconnecting_connection.ts";
import { decodeLines, LongLine } from "./wire/line.ts";
import { logger } from "./base/log.ts";
import {
  decodeMessage,
  encodeDisconnect,
  encodeNotification,
  isObject,
  type Message,
  toMessage,
} from "./wire/message.ts";
import type { ServiceIdentity } from "./wire/identities.ts";
import { BEAT, CANCEL, isControl, READY, STREAM } from "./wire/protocol.ts";
import { type ConnectionChange, describeChange } from "./device/connector.ts";
import { repr } from "./base/repr.ts";
import { scanKeys } from "./wire/key_scanner.ts";
import { LANGUAGE, OS } from "./version.ts";
import { workerMethod } from "./service/worker_method.ts";
import { type WorkerOptions, WorkerPool } from "./service/worker_pool.ts";

/** How a Service presents itself. */
export interface ServiceOptions {
  /** The name that Clients link with. Default: the name of the class. */
  name?: string;
  /** How many Clients may be linked at once. Default: -1; 0 or less means no limit. */
  maxClients?: number;
  /** Attributes that are not listed in the identity. They can be requested all the same. */
  ignoreAttributes?: readonly string[];
  /** The workers of the methods that {@linkcode Service.inWorkers} makes. */
  workers?: WorkerOptions;
}

/** How long to wait for a Manager to refuse the Service, where it does not confirm it, in ms. */
const SILENCE_IS_CONSENT = 1_000;
/** How long the Manager may take to disconnect a Service that asked for it, in milliseconds. */
const DISCONNECT_TIMEOUT = 2_000;

/** A Service takes no request any more in `ending`. */
type State =
  | { state: "new" }
  | { state: "starting"; started: Promise<void>; connection: ReconnectingConnection }
  | { state: "running"; connection: ReconnectingConnection }
  | { state: "ending"; connection: ReconnectingConnection }
  | { state: "ended" };

const log = logger("service");

/**
 * The base class of Services. Every method, getter and property of a subclass can be requested,
 * except for those whose name starts with `_` or `#`.
 *
 * Requests run concurrently, and each is answered in its own time. A method may be asynchronous;
 * what it returns (or its promise is fulfilled with) is the result, what it throws is the error.
 * A `static schema` ({@linkcode Schemas}) checks arguments before a method is called.
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
  readonly #answering: Answering;
  readonly #tasks = new Tasks();
  readonly #workers: WorkerPool;
  readonly #finished = Promise.withResolvers<void>();
  #state: State = { state: "new" };
  /** Whether the Manager is one that sends messages about requests, which nobody answers. */
  #isControlled = false;
  /** Settled by the Manager when it confirms or refuses the Service. */
  #confirmation = Promise.withResolvers<void>();

  /**
   * Prepares the Service; {@linkcode Service.start} connects it.
   *
   * @throws {RangeError} If `maxClients` is not an integer, or `workers` has limits that are none.
   * @throws {TypeError} If the class has a `static schema` without lists of schemas.
   */
  constructor(options: ServiceOptions = {}) {
    const { maxClients = -1 } = options;
    if (!Number.isInteger(maxClients)) {
      throw new RangeError(
        `Cannot make a Service: maxClients must be an integer, got ${maxClients}`,
      );
    }
    this.#name = options.name ?? this.constructor.name;
    this.#maxClients = maxClients;
    this.#ignored = new Set(options.ignoreAttributes);
    this.#workers = new WorkerPool(options.workers);
    this.#attributes = new Attributes(this, Service.prototype);
    this.#answering = new Answering({
      attributes: this.#attributes,
      check: () => this.#checkRunning(),
      onAnswered: (attribute) => {
        if (attribute === SHUTDOWN_SERVICE) this.shutdown();
      },
    });
  }

  /** The name that Clients link with. */
  get name(): string {
    return this.#name;
  }

  /** How many Clients may be linked at once; 0 or less means no limit. */
  get maxClients(): number {
    return this.#maxClients;
  }

  /**
   * The request that is being answered, also after an `await` in the method; `undefined` outside
   * of one.
   */
  get request(): ServiceRequest | undefined {
    return this.#answering.current;
  }

  /** Settles when a Service that was started has ended, and its handler too; never rejects. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /**
   * Adds what is to be done while the Service is connected, e.g. an asynchronous function that
   * emits a notification now and then. Each task starts when the Service is connected, at once if
   * it is, and is given a signal that is aborted when the connection ends. One that fails is
   * logged, and the Service goes on.
   *
   * @throws {ConnectionAbortedError} If the Service has disconnected.
   */
  addTasks(...tasks: readonly Task[]): void {
    this.#tasks.add(...tasks);
  }

  /**
   * Called once when the Service has disconnected, not where the Manager refused it. A subclass
   * overrides it, e.g. to switch an instrument off; `finished` waits for it.
   *
   * @param error Why the connection ended; `undefined` where the Service ended it itself.
   */
  shutdownHandler(_error: Error | undefined): void | Promise<void> {}

  /**
   * Called with each change of the connection, of a Service that reconnects. A subclass overrides
   * it. What it throws is logged.
   */
  connectionHandler(_change: ConnectionChange): void | Promise<void> {}

  /**
   * Makes a method of a function that is called in a pool of Workers, so that a long computation
   * does not keep other requests waiting. It has no access to the Service: it is given copies of its
   * arguments, and its result is copied (`structuredClone`).
   *
   * The workers are started when they are needed, and ended with the Service or with its connection.
   * A request that is given up frees its worker.
   *
   * @param called An exported function.
   * @param module The URL of the module that exports it.
   * @throws {TypeError} If the function has no name, or `module` is no URL.
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
    return workerMethod(
      called,
      module,
      (task, args) => this.#workers.call(task, args, this.request?.signal),
    );
  }

  /**
   * Changes how much this process logs. Clients may request it, as `set_logging_level`.
   *
   * @param level A name or number of Python's, e.g. `"debug"` or 10.
   * @returns Whether it could: not where the application configured LogTape without the filter
   * that `runServices` and the Manager's command line use.
   * @throws {ValueError} If there is no such level.
   */
  setLoggingLevel(level: string | number): boolean {
    return setLoggingLevel(level);
  }

  /** Leaves attributes out of the identity, e.g. a getter that is slow. Before `start()`. */
  ignoreAttributes(...names: string[]): void {
    for (const name of names) this.#ignored.add(name);
  }

  /**
   * Connects to a Manager and serves requests from then on. The promise is fulfilled when the
   * Service can be linked with; to wait for its end there is `finished`. A Manager of the Python
   * software does not confirm a Service: it has a second to refuse it.
   *
   * @throws {ConnectionAbortedError} If the Service was started before, or the Manager leaves.
   * @throws {RemoteError} If the Manager refuses the Service, e.g. as its name is taken.
   * @throws {TypeError} If the class has a `static schema` that does not fit its methods.
   * @throws As {@linkcode connect} does.
   */
  async start(options: ConnectOptions = {}): Promise<void> {
    if (this.#state.state !== "new") {
      throw new ConnectionAbortedError(
        `Cannot start the ${repr(this.#name)} service: it was started before`,
      );
    }
    this.#attributes.checkSchemas();
    const resolved = resolveOptions(options);
    const connection = new ReconnectingConnection(this.#device(resolved), resolved);
    const started = this.#connect(connection);
    this.#state = { state: "starting", started, connection };
    await started;
  }

  /**
   * Sends a notification to every Client that is linked. While a Service that reconnects is coming
   * back no Client is linked, and nothing is sent.
   *
   * @param args The arguments; keyword arguments go last, `kwargs({ unit: "V" })`.
   * @throws {ConnectionAbortedError} If the Service is not connected, and does not come back.
   * @throws {TypeError} If JSON cannot hold the arguments.
   */
  emitNotification(...args: unknown[]): void {
    const connection = this.#connection;
    const call = splitArguments(args);
    const line = encodeNotification(this.#name, call.args, call.kwargs);
    if (connection?.isUp) return connection.current!.sendText(line);
    if (this.#state.state === "running" && connection?.reconnects) return;
    throw new ConnectionAbortedError(
      `Cannot emit a notification: the ${repr(this.#name)} service is not connected`,
    );
  }

  /**
   * Lets the requests that are running finish, then disconnects from the Manager. A method that
   * calls it is one of them, and is not made to wait.
   */
  async shutdown(): Promise<void> {
    if (this.#state.state === "starting") {
      const { started, connection } = this.#state;
      if (connection.isWaiting) connection.end();
      await started.catch(() => {}); // who started it hears of it
    }
    const { state } = this.#state;
    if (state === "new") this.#workers.abandon(this.#gone("was shut down"));
    if (state === "new" || state === "ended") return; // the handler of the end may call this
    if (this.#state.state === "running") {
      const { connection } = this.#state;
      this.#state = { state: "ending", connection };
      this.#leave(connection);
    }
    if (this.request === undefined) await this.finished;
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
    this.#live(connection);
  }

  /** What the Service does with its connections. */
  #device({ readLimit }: ResolvedOptions): Device {
    return {
      name: this.#name,
      introduction: () => this.#identity(),
      registered: () => this.#registered(),
      receive: async (connection, lines) => {
        const texts = decodeLines(lines);
        for (const [index, line] of lines.entries()) {
          if (line instanceof LongLine) await this.#receiveLong(connection, line, readLimit);
          else this.#receive(connection, line, texts[index]);
        }
        if (connection.congested) await connection.drained();
      },
      lost: () => {
        this.#isControlled = false; // the next Manager may be another one
        this.#workers.abandon(this.#gone("is not connected any more"));
        this.#answering.forget();
      },
      returned: () => {},
      report: (change) => {
        log.info("{service}: {change}", {
          service: this.#name,
          change: describeChange(change),
        });
        callHandler(
          `connectionHandler of ${this.#name}`,
          () => this.connectionHandler(change),
        );
      },
    };
  }

  /** Waits until the Manager confirms the Service. One that says nothing has taken it. */
  async #registered(): Promise<void> {
    const confirmation = this.#confirmation = Promise.withResolvers<void>();
    confirmation.promise.catch(() => {});
    const silence = new AbortController();
    try {
      await Promise.race([
        confirmation.promise,
        delay(SILENCE_IS_CONSENT, { signal: silence.signal }).catch(() => {}),
      ]);
    } finally {
      silence.abort();
    }
  }

  /** Until the connection has ended for good. */
  async #live(connection: ReconnectingConnection): Promise<void> {
    const error = await connection.finished();
    const isMeant = this.#state.state === "ending";
    connection.end();
    this.#state = { state: "ended" };
    this.#tasks.end(error);
    this.#workers.close(this.#gone("has ended"));
    await callHandler(
      `shutdownHandler of ${this.#name}`,
      () => this.shutdownHandler(isMeant ? undefined : error),
    );
    this.#finished.resolve();
  }

  /** Disconnects when the requests that are running are answered. */
  async #leave(connection: ReconnectingConnection): Promise<void> {
    connection.end();
    const current = connection.current!;
    await Promise.resolve(); // a method that has called shutdown() is answered first
    this.#answering.endStreams(this.#shuttingDown());
    await this.#answering.settled(current);
    current.sendText(encodeDisconnect(this.#name));
    const patience = new AbortController();
    await Promise.race([
      current.ended,
      delay(DISCONNECT_TIMEOUT, { signal: patience.signal }).catch(() => {}),
    ]);
    patience.abort();
    await current.close();
  }

  async #receiveLong(connection: Connection, line: LongLine, readLimit: number): Promise<void> {
    const outcome = await readLarge(line, readLimit);
    if (outcome.state === "invalid") {
      return this.#answering.refuse(connection, outcome.keys, outcome.error);
    }
    if (outcome.state === "truncated") return;
    try {
      this.#receiveMessage(connection, toMessage(outcome.object));
    } catch (error) {
      log.warn("Received a message that cannot be read: {error}", { error });
    }
  }

  #receive(connection: Connection, line: Uint8Array, text: string | undefined): void {
    let message: Message;
    try {
      message = decodeMessage(text ?? line);
    } catch (error) {
      return this.#answering.refuse(connection, scanKeys(line), error as Error);
    }
    this.#receiveMessage(connection, message);
  }

  #receiveMessage(connection: Connection, message: Message): void {
    if (message.kind === "request") {
      if (this.#isControlled && isControl(message.attribute)) this.#answering.control(message);
      else this.#answering.answer(connection, message);
    } else if (message.kind === "reply" && message.uid === READY) {
      this.#connection?.acceptWelcome(message.result);
      this.#isControlled = isObject(message.result) && Array.isArray(message.result.extensions);
      this.#confirmation.resolve();
    } else if (message.kind === "error") {
      this.#confirmation.reject(new RemoteError(message.message, message.traceback));
      log.error("The Manager says: {error}", { error: message.message });
    }
  }

  #checkRunning(): void {
    if (this.#state.state !== "ending" && this.#state.state !== "ended") return;
    throw this.#shuttingDown();
  }

  #shuttingDown(): ConnectionAbortedError {
    return new ConnectionAbortedError(`the ${repr(this.#name)} service is shutting down`);
  }

  /** Why a worker does not finish. */
  #gone(what: string): Error {
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
      extensions: [READY, BEAT, CANCEL, STREAM],
      streams: this.#attributes.streams(this.#ignored),
    };
  }
}
