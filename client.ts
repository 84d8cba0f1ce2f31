/**
 * The Client: connects to a Manager, links with Services, and sends their requests.
 *
 * @module
 */

import { type Call, type CallOptions, takeApart } from "./call.ts";
import { type Connection, describeEnd } from "./connection.ts";
import {
  answerQuestion,
  type ConnectOptions,
  isQuestion,
  openConnection,
  type ResolvedOptions,
  resolveOptions,
} from "./device.ts";
import { ConnectionAbortedError, RemoteError } from "./errors.ts";
import type { Future, FutureWithResolvers } from "./future.ts";
import { callHandler } from "./handler.ts";
import { describeIdentities, type Identities } from "./identities.ts";
import { encodeLarge, isLarge, readLarge } from "./large.ts";
import { LongLine } from "./line.ts";
import { type Link, LinkCore, type LinkOwner, remote } from "./link.ts";
import { logger } from "./log.ts";
import {
  asMessage,
  beginRequest,
  type ClientIdentity,
  decodeMessage,
  encodeDisconnect,
  encodeError,
  encodeRequest,
  type JsonObject,
  MANAGER,
  type Message,
  READY,
} from "./message.ts";
import type { ServiceEntry } from "./registry.ts";
import { repr } from "./repr.ts";
import { Requests } from "./requests.ts";
import { skim, type Skimmer } from "./skimmer.ts";
import { type Task, Tasks } from "./tasks.ts";
import { Turns } from "./turns.ts";
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
 * ```ts ignore
 * await using cxn = await connect({ host: "lab-pc" });
 * const bm = await cxn.link<BasicMath>("BasicMath");
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
   * Called once when the connection has ended, with the error why; with `undefined` where this
   * Client ended it. `disconnected` waits for it. What it throws is logged.
   */
  shutdownHandler: ShutdownHandler | undefined;

  readonly #connection: Connection;
  readonly #options: ResolvedOptions;
  readonly #links = new Set<LinkCore>();
  readonly #turns = new Turns();
  readonly #requests = new Requests(this.#turns);
  readonly #tasks = new Tasks();
  readonly #owner: LinkOwner;
  readonly #disconnected: Promise<void>;
  #isLeaving = false;

  private constructor(connection: Connection, name: string, options: ResolvedOptions) {
    this.#connection = connection;
    this.#options = options;
    this.name = name;
    this.host = options.host;
    this.port = options.port;
    this.#owner = {
      call: (service, attribute, call) => this.#call(service, attribute, call),
      callManager: (attribute, call) =>
        this.#call(MANAGER, attribute, { args: [], kwargs: {}, options: {}, ...call }),
      unlink: (link) => this.#unlink(link),
    };
    this.#disconnected = this.#receiveAll();
    this.#tasks.start();
  }

  /** The same as {@linkcode connect}. */
  static async connect(options: ClientOptions = {}): Promise<Client> {
    const { name = "Client", ...others } = options;
    const resolved = resolveOptions(others);
    return new Client(await openConnection(resolved, identityOf(name)), name, resolved);
  }

  /** Where the Manager is, `host:port`. */
  get addressManager(): string {
    return `${this.host}:${this.port}`;
  }

  /** Settles when the connection has ended, whoever ended it. */
  get disconnected(): Promise<void> {
    return this.#disconnected;
  }

  /** Whether the connection is up. */
  isConnected(): boolean {
    return this.#connection.isOpen;
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
    return identityOf(this.name);
  }

  /**
   * Links with a Service.
   *
   * @throws {RemoteError} `KeyError` if there is no such Service, `PermissionError` if it is
   * locked or full.
   */
  link<S = unknown>(service: string, options: CallOptions = {}): Future<Link<S>> {
    return this.#call(
      MANAGER,
      "link",
      { args: [service], kwargs: {}, options },
      (entry) => this.#newLink<S>(service, entry as ServiceEntry),
    );
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
    if (!asString) return this.#call<Identities>(MANAGER, "identity", call);
    return this.#call(
      MANAGER,
      "identity",
      call,
      (identities) => describeIdentities(identities as Identities, indent),
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
    const call = takeApart(args);
    const label = `${attribute} of the Manager`;
    const { uid, settle } = this.#requests.open<R>(label, call.options);
    this.#turns.administer(uid, () => {
      this.#send(uid, MANAGER, attribute, call, settle);
      return !settle.future.done();
    });
    return settle.future;
  }

  /** Opens another connection to the same Manager, with the same options. */
  spawn(name: string = "Client"): Promise<Client> {
    return Client.connect({ ...this.#options, name });
  }

  /** Disconnects from the Manager. Requests that are not answered fail. */
  async disconnect(): Promise<void> {
    this.#isLeaving = true;
    this.#connection.sendText(encodeDisconnect(this.name));
    await this.#connection.close();
    await this.#disconnected;
  }

  /** For `await using`: the same as {@linkcode Client.disconnect}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }

  #call<R>(
    service: string,
    attribute: string,
    call: Call,
    adapt?: (result: unknown) => R,
  ): Future<R> {
    const label = service === MANAGER
      ? `${attribute} of the Manager`
      : `${attribute} of the ${repr(service)} service`;
    const { uid, settle } = this.#requests.open<R>(label, call.options);
    this.#turns.send(() => this.#send(uid, service, attribute, call, settle, adapt));
    return settle.future;
  }

  #send<R>(
    uid: string,
    service: string,
    attribute: string,
    { args, kwargs }: Call,
    settle: FutureWithResolvers<R>,
    adapt?: (result: unknown) => R,
  ): void {
    if (settle.future.done()) return; // it was cancelled before it could be sent
    if (!this.isConnected()) {
      return settle.reject(
        new ConnectionAbortedError(
          `Cannot request ${attribute}: not connected to the Manager at ${this.addressManager}`,
        ),
      );
    }
    const refuse = (cause: unknown) =>
      settle.reject(
        new TypeError(`Cannot request ${attribute}: ${(cause as Error).message}`, { cause }),
      );
    const request = { service, attribute, args, kwargs, uid };
    if (isLarge(args) || isLarge(kwargs)) {
      this.#requests.sent(request, settle, adapt);
      this.#sendLarge(request).catch((cause) => {
        this.#requests.forget(uid);
        refuse(cause);
      });
      return;
    }
    let line: string;
    try {
      line = encodeRequest(request);
    } catch (cause) {
      return refuse(cause);
    }
    this.#requests.sent(request, settle, adapt);
    this.#connection.sendText(line);
  }

  async #sendLarge(
    { args, kwargs, ...keys }: {
      service: string;
      attribute: string;
      args: readonly unknown[];
      kwargs: JsonObject;
      uid: string;
    },
  ): Promise<void> {
    const [argPieces, kwargPieces] = [await encodeLarge(args), await encodeLarge(kwargs)];
    if (!this.#requests.isOut(keys.uid)) return; // it was cancelled meanwhile
    await this.#connection.sendPieces(
      beginRequest(keys),
      ...argPieces,
      ',"kwargs":',
      ...kwargPieces,
      "}",
    );
  }

  /** Reads until the connection ends, and then fails whatever is not answered. */
  async #receiveAll(): Promise<void> {
    for await (const lines of this.#connection) {
      for (const line of lines) {
        if (line instanceof LongLine) await this.#receiveLong(line);
        else this.#receive(line);
      }
    }
    const reason = describeEnd(await this.#connection.ended);
    const manager = `the Manager at ${this.addressManager}`;
    log.info("{client} disconnected from {manager}: {reason}", {
      client: this.name,
      manager,
      reason,
    });
    this.#requests.end(`the connection to ${manager} ended, ${reason}`, this.#isLeaving);
    const error = new ConnectionAbortedError(`The connection to ${manager} ended: ${reason}`);
    this.#tasks.end(error);
    await callHandler(
      `shutdownHandler of ${this.name}`,
      () => this.shutdownHandler?.(this.#isLeaving ? undefined : error),
    );
  }

  async #receiveLong(line: LongLine): Promise<void> {
    const outcome = await readLarge(line, this.#options.readLimit);
    if (outcome.state === "refused") return this.#failUnreadable(outcome.keys, outcome.error);
    if (outcome.state === "cut") return;
    try {
      this.#receiveMessage(asMessage(outcome.object));
    } catch (error) {
      const { uid } = outcome.object;
      if (typeof uid === "string") this.#requests.fail(uid, error as Error);
    }
  }

  #receive(line: Uint8Array): void {
    let message: Message;
    try {
      message = decodeMessage(line);
    } catch (error) {
      return this.#failUnreadable(skim(line), error as Error);
    }
    this.#receiveMessage(message);
  }

  #receiveMessage(message: Message): void {
    switch (message.kind) {
      case "reply":
        if (message.uid === READY) return this.#turns.share();
        return this.#requests.fulfil(message.uid, message.result);
      case "error":
        return this.#requests.fail(
          message.uid,
          new RemoteError(message.message, message.traceback),
        );
      case "notification":
        for (const link of this.#links) {
          if (link.serviceName === message.service) link.notify(message.args, message.kwargs);
        }
        return;
      case "request":
        if (!isQuestion(message)) {
          return log.warn("Ignored a request for {attribute}", { attribute: message.attribute });
        }
        answerQuestion(this.#connection, message, this.#options).catch((error) => {
          // The Manager waits for an answer, and then refuses the request.
          this.#requests.explain(error);
          this.#connection.sendText(encodeError(message.requester, message.uid, error));
        });
    }
  }

  #failUnreadable(keys: Skimmer, error: Error): void {
    const uid = keys.text("uid");
    if (uid !== undefined) return this.#requests.fail(uid, error);
    log.error("Ignored a message that cannot be read: {error}", { error: error.message });
  }

  #newLink<S>(name: string, entry: ServiceEntry): Link<S> {
    const core = new LinkCore(this.#owner, name, entry);
    this.#links.add(core);
    return remote<LinkCore, S>(core);
  }

  async #unlink(link: LinkCore): Promise<void> {
    if (!this.#links.delete(link)) return;
    const name = link.serviceName;
    // The Manager knows of one link per Service, however many of ours share it.
    for (const other of this.#links) if (other.serviceName === name) return;
    if (this.isConnected()) await this.#owner.callManager("unlink", { args: [name] });
  }
}

function identityOf(name: string): ClientIdentity {
  return { type: "client", name, language: LANGUAGE, os: OS, extensions: [READY] };
}
