/**
 * The Client: connects to a Manager, links with Services, and sends their requests.
 *
 * @module
 */

import { type CallOptions, splitArguments } from "./wire/call.ts";
import {
  answerQuestion,
  type ConnectOptions,
  isQuestion,
  type ResolvedOptions,
  resolveOptions,
} from "./device/device.ts";
import { ConnectionAbortedError, RemoteError } from "./errors.ts";
import type { Future } from "./future.ts";
import { callHandler, type Task, Tasks } from "./base/callbacks.ts";
import {
  type ClientIdentity,
  describeIdentities,
  type Identities,
  type ServiceEntry,
} from "./wire/identities.ts";
import { readLarge } from "./wire/large_values.ts";
import { type Device, ReconnectingConnection } from "./device/reconnecting_connection.ts";
import { decodeLines, LongLine } from "./wire/line.ts";
import { type Link, type LinkCore, remote } from "./client/link.ts";
import { Links } from "./client/links.ts";
import { logger } from "./base/log.ts";
import {
  decodeMessage,
  encodeDisconnect,
  encodeError,
  type Message,
  type Request,
  toMessage,
} from "./wire/message.ts";
import { BEAT, CANCEL, GONE, MANAGER, READY, STREAM } from "./wire/protocol.ts";
import {
  type ConnectionChange,
  type ConnectionHandler,
  describeChange,
} from "./device/connector.ts";
import { Requests } from "./client/requests.ts";
import { Sender } from "./client/sender.ts";
import { type KeyScanner, scanKeys } from "./wire/key_scanner.ts";
import { Turns } from "./client/turns.ts";
import { LANGUAGE, OS } from "./version.ts";

/** How a Client connects. */
export interface ClientOptions extends ConnectOptions {
  /** How the Client calls itself. Default: `"Client"`. */
  name?: string;
}

/** Called when a connection has ended, with the error why, if it was not meant. */
export type ShutdownHandler = (error: Error | undefined) => unknown;

const log = logger("client");

/**
 * Connects to a Manager.
 *
 * @throws {RangeError} If an option is out of its range.
 * @throws {ConnectError} If nothing listens there.
 * @throws {TlsMismatchError} If one side speaks TLS and the other does not.
 * @throws {CertificateError} If the certificate of the Manager is not trusted.
 * @throws {RemoteError} If the Manager turns the Client away, e.g. for a wrong password.
 * @throws {TimeoutError} If the Manager does not answer in time.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect } from "@msl/network";
 *
 * await using cxn = await connect({ host: "lab-pc" });
 * const bm = await cxn.link("BasicMath");
 * console.log(await bm.add(1, 2));
 * ```
 */
export function connect(options: ClientOptions = {}): Promise<Client> {
  return Client.connect(options);
}

/** A connection to a Manager. Made by {@linkcode connect}. */
export class Client implements AsyncDisposable {
  /** How the Client calls itself. */
  readonly name: string;
  /** The host of the Manager. */
  readonly host: string;
  /** The port of the Manager. */
  readonly port: number;
  /**
   * Called once when the connection has ended for good, with the error why; with `undefined` where
   * this Client ended it. `disconnected` waits for it. What it throws is logged.
   */
  shutdownHandler: ShutdownHandler | undefined;
  /** Called with each change of the connection and the links, of a Client that reconnects. */
  connectionHandler: ConnectionHandler | undefined;

  readonly #options: ResolvedOptions;
  readonly #connection: ReconnectingConnection;
  readonly #turns = new Turns();
  readonly #requests = new Requests(
    this.#turns,
    (service) => this.#links.gone(service),
    (request) => this.#sender.giveUp(request),
  );
  readonly #sender: Sender;
  readonly #links: Links;
  readonly #tasks = new Tasks();
  readonly #disconnected = Promise.withResolvers<void>();
  /** Whether all that is left is to call the handler. */
  #isAtEnd = false;

  private constructor(name: string, options: ResolvedOptions) {
    this.name = name;
    this.host = options.host;
    this.port = options.port;
    this.#options = options;
    this.#connection = new ReconnectingConnection(this.#device(), options);
    this.#links = this.#makeLinks();
    this.#sender = new Sender({
      connection: this.#connection,
      requests: this.#requests,
      turns: this.#turns,
      maxWaiting: options.reconnect?.maxWaiting ?? 0,
      isLost: (service) => this.#links.isLost(service),
      extensionsOf: (service) => this.#links.extensionsOf(service),
    });
  }

  /** The same as {@linkcode connect}. */
  static async connect(options: ClientOptions = {}): Promise<Client> {
    const { name = "Client", ...others } = options;
    const client = new Client(name, resolveOptions(others));
    await client.#connection.open();
    client.#live();
    return client;
  }

  /** Where the Manager is, `host:port`. */
  get addressManager(): string {
    return `${this.host}:${this.port}`;
  }

  /** Settles when the connection has ended for good, whoever ended it. */
  get disconnected(): Promise<void> {
    return this.#disconnected.promise;
  }

  /** Whether the connection is up. Not while a Client that reconnects is coming back. */
  isConnected(): boolean {
    return this.#connection.isUp;
  }

  /**
   * Adds what is to be done while the Client is connected, e.g. an asynchronous function with a
   * loop. Each task starts at once, and is given a signal that is aborted when the connection
   * ends. One that fails is logged.
   *
   * @throws {ConnectionAbortedError} If the connection has ended.
   */
  addTasks(...tasks: readonly Task[]): void {
    this.#tasks.add(...tasks);
  }

  /** What the Client says of itself. */
  identity(): ClientIdentity {
    return identityOf(this.name, this.#options.reconnect !== undefined);
  }

  /**
   * Links with a Service.
   *
   * @throws {RemoteError} `KeyError` if there is no such Service, `PermissionError` if it is
   * locked or full.
   */
  link<S = unknown>(service: string, options: CallOptions = {}): Future<Link<S>> {
    const linking = this.#sender.call(
      MANAGER,
      "link",
      { args: [service], kwargs: {}, options },
      { adapt: (entry) => remote<LinkCore, S>(this.#links.open(service, entry as ServiceEntry)) },
    );
    this.#links.expect(service, linking);
    return linking;
  }

  /** Ends a link. The same as `link.unlink()`. */
  async unlink(link: { unlink(): Promise<void> }): Promise<void> {
    await link.unlink();
  }

  /** Asks the Manager who is connected. */
  identities(options?: { asString?: false } & CallOptions): Future<Identities>;
  /** Asks the Manager who is connected; the answer is text to be read, `indent` spaces a level. */
  identities(options: { asString: true; indent?: number } & CallOptions): Future<string>;
  identities(
    options: { asString?: boolean; indent?: number } & CallOptions = {},
  ): Future<Identities> | Future<string> {
    const { asString = false, indent = 2, ...callOptions } = options;
    const call = { args: [], kwargs: {}, options: callOptions };
    if (!asString) return this.#sender.call<Identities>(MANAGER, "identity", call);
    return this.#sender.call(
      MANAGER,
      "identity",
      call,
      { adapt: (identities) => describeIdentities(identities as Identities, indent) },
    );
  }

  /**
   * Sends a request that only an administrator may send, e.g. `adminRequest("users_table.users")`.
   * The Manager may ask for a username and password first; they are taken from the options that
   * the Client was connected with, or asked for at the terminal. Administrator's requests are sent
   * one after the other. Other requests go on meanwhile (a question at the terminal stops the whole
   * program, a `prompt` of your own need not), but wait under a Manager of the Python
   * software, which would take them for the username. `shutdown_manager` gives `true` when the
   * connection has ended, which is all the answer that there is.
   *
   * @throws {RemoteError} If the user is not an administrator, or the request fails.
   * @throws {ConfigurationError} If a username or password is missing and there is no terminal.
   */
  adminRequest<R = unknown>(attribute: string, ...args: unknown[]): Future<R> {
    return this.#sender.call<R>(MANAGER, attribute, splitArguments(args), {
      isAdministrative: true,
    });
  }

  /** Opens another connection to the same Manager, with the same options. */
  spawn(name: string = "Client"): Promise<Client> {
    return Client.connect({ ...this.#options, signal: undefined, name });
  }

  /** Disconnects from the Manager for good. Requests that are not answered fail. */
  async disconnect(): Promise<void> {
    this.#connection.end();
    const connection = this.#connection.current;
    connection?.sendText(encodeDisconnect(this.name));
    await connection?.close();
    if (!this.#isAtEnd) await this.disconnected; // the handler may be what calls this
  }

  /** For `await using`: the same as {@linkcode Client.disconnect}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }

  /** What the Client does with its connections. */
  #device(): Device {
    return {
      name: this.name,
      introduction: () => this.identity(),
      registered: () => Promise.resolve(),
      receive: async (_, lines) => {
        const texts = decodeLines(lines);
        for (const [index, line] of lines.entries()) {
          if (line instanceof LongLine) await this.#receiveLong(line);
          else this.#receive(line, texts[index]);
        }
      },
      lost: (reason) => {
        this.#links.lose();
        this.#turns.unshare();
        this.#requests.end(reason, this.#connection.isEnding);
      },
      returned: () => {
        this.#sender.waiting.release(MANAGER);
        this.#links.restoreAll();
      },
      report: (change) => this.#report(change),
    };
  }

  async #live(): Promise<void> {
    this.#tasks.start();
    const error = await this.#connection.finished();
    const isMeant = this.#connection.isEnding;
    this.#connection.end();
    this.#links.end();
    this.#sender.waiting.failAll((label) =>
      new ConnectionAbortedError(`Cannot request ${label}: ${error.message}`, { cause: error })
    );
    this.#tasks.end(error);
    this.#isAtEnd = true;
    await callHandler(
      `shutdownHandler of ${this.name}`,
      () => this.shutdownHandler?.(isMeant ? undefined : error),
    );
    this.#disconnected.resolve();
  }

  #report(change: ConnectionChange): void {
    log.info("{client}: {change}", { client: this.name, change: describeChange(change) });
    callHandler(`connectionHandler of ${this.name}`, () => this.connectionHandler?.(change));
  }

  async #receiveLong(line: LongLine): Promise<void> {
    const outcome = await readLarge(line, this.#options.readLimit);
    if (outcome.state === "invalid") return this.#failUnreadable(outcome.keys, outcome.error);
    if (outcome.state === "truncated") return;
    try {
      this.#receiveMessage(toMessage(outcome.object));
    } catch (error) {
      const { uid } = outcome.object;
      if (typeof uid === "string") this.#requests.spoil(uid, error as Error);
    }
  }

  #receive(line: Uint8Array, text: string | undefined): void {
    let message: Message;
    try {
      message = decodeMessage(text ?? line);
    } catch (error) {
      return this.#failUnreadable(scanKeys(line), error as Error);
    }
    this.#receiveMessage(message);
  }

  #receiveMessage(message: Message): void {
    switch (message.kind) {
      case "reply":
        if (message.uid === READY) return this.#agree(message.result);
        if (message.uid === GONE) return this.#links.gone(String(message.result));
        return this.#requests.fulfil(message.uid, message.result);
      case "value":
        return this.#requests.give(message.uid, message.value);
      case "error":
        return this.#requests.fail(
          message.uid,
          new RemoteError(message.message, message.traceback),
        );
      case "notification":
        for (const link of this.#links.of(message.service)) {
          link.notify(message.args, message.kwargs);
        }
        return;
      case "request":
        if (!isQuestion(message)) {
          return log.warn("Ignored a request for {attribute}", { attribute: message.attribute });
        }
        this.#answer(message);
    }
  }

  async #answer(question: Request): Promise<void> {
    const connection = this.#connection.current!;
    try {
      await answerQuestion(connection, question, this.#options);
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
    this.#turns.share();
    this.#connection.acceptWelcome(welcome);
  }

  #makeLinks(): Links {
    return new Links({
      reconnect: this.#options.reconnect,
      call: (service, attribute, call) => this.#sender.call(service, attribute, call),
      stream: (service, attribute, call, watch) =>
        this.#sender.stream(service, attribute, call, watch),
      acquireLock: (service, shared, options) => {
        const call = { args: [service], kwargs: { shared }, options };
        const adapt = (linked: unknown) => {
          this.#links.locked(service, shared);
          return linked as string[];
        };
        return this.#sender.call(MANAGER, "acquire_lock", call, { adapt, link: service });
      },
      releaseLock: (service, options) => {
        this.#links.unlocked(service); // at once: it must not be acquired again meanwhile
        const call = { args: [service], kwargs: {}, options };
        return this.#sender.call(MANAGER, "release_lock", call, { link: service });
      },
      unlink: (link) => this.#unlink(link),
      callManager: async (attribute, args, kwargs) => {
        if (!this.isConnected()) throw new ConnectionAbortedError("the connection is lost again");
        return await this.#sender.call(MANAGER, attribute, {
          args,
          kwargs: { ...kwargs },
          options: {},
        }, { neverWaits: true });
      },
      release: (service) => this.#sender.waiting.release(service),
      fail: (service, errorOf) => this.#sender.waiting.fail(service, errorOf),
      report: (change) => this.#report(change),
    });
  }

  async #unlink(link: LinkCore): Promise<void> {
    if (!this.#links.close(link) || !this.isConnected()) return;
    const call = { args: [link.serviceName], kwargs: {}, options: {} };
    try {
      await this.#sender.call(MANAGER, "unlink", call);
    } catch (error) {
      if (!(error instanceof ConnectionAbortedError)) throw error;
      // The link has ended with the connection.
    }
  }
}

function identityOf(name: string, isReconnecting: boolean): ClientIdentity {
  const extensions = [READY, BEAT, CANCEL, STREAM];
  if (isReconnecting) extensions.push(GONE);
  return { type: "client", name, language: LANGUAGE, os: OS, extensions };
}
