/**
 * The bus over NATS, with its client for JavaScript, which only this module and `nats_transport.ts`
 * import.
 *
 * It connects until it succeeds, and again when the connection has ended, for as long as it is open.
 *
 * @module
 */

import {
  AuthorizationError,
  type ConnectionOptions,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  PermissionViolationError,
  type Status,
  type Subscription,
  UserAuthenticationExpiredError,
} from "@nats-io/transport-node";
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { UidSource } from "../base/uid_source.ts";
import { withTimeout } from "../base/with_timeout.ts";
import { ConnectionAbortedError } from "../errors.ts";
import { type Bus, type BusMessage, type BusState, RefusedSubject } from "./bus.ts";
import { connectNats } from "./nats_transport.ts";

/** How long an attempt to connect may take, in milliseconds. */
const CONNECT_TIMEOUT = 3_000;
/** The time between two attempts, in milliseconds: a random one, so that not all nodes come at once. */
const RETRY = [250, 750] as const;
/** After two pings without an answer the connection has ended: a stopped server is noticed after 3 s. */
const PING_INTERVAL = 1_000;
/** How long `close()` waits until what was published is sent, in milliseconds. */
const LINGER = 1_000;
/** The longest message of a server that has not said it, which is its default, in bytes. */
const MAX_PAYLOAD = 1024 * 1024;
const NOBODY = 503;
const EMPTY = new Uint8Array(0);

const encoder = new TextEncoder();

/** What a node logs in with at NATS. */
export type NatsLogin =
  | { kind: "creds"; text: string }
  | { kind: "seed"; seed: string }
  | { kind: "token"; token: string }
  | { kind: "password"; user: string; password: string };

/** How the bus connects. */
export interface NatsBusOptions {
  /** The addresses of the servers, `nats://HOST:PORT` or `tls://HOST:PORT`. One is used. */
  servers: readonly string[];
  /** The name of the connection, which the tools of NATS show. */
  name: string;
  /** The subject below which answers come, one that this node may publish and subscribe to. */
  answers: string;
  /** Default: none. */
  login?: NatsLogin;
  /** The file with the certificates of authorities, in PEM. Default: those of the runtime. */
  caFile?: string;
  /** Called with each problem, which may come again and again: a refused login or permission. */
  onProblem: (error: Error) => void;
}

/** A subscription as it was requested, and as it is at the present connection. */
interface Wanted {
  readonly subject: string;
  readonly receive: (message: BusMessage) => void;
  current: Subscription | undefined;
}

/** A connection with NATS. */
export class NatsBus implements Bus {
  readonly #options: NatsBusOptions;
  readonly #wanted = new Set<Wanted>();
  readonly #watchers = new Set<(state: BusState) => void>();
  readonly #closing = new AbortController();
  readonly #uids = new UidSource();
  /** The questions that no answer has said "nobody" to. */
  readonly #questions = new Set<string>();
  readonly #ended: Promise<void>;
  #connection: NatsConnection | undefined;
  #state: BusState = { state: "disconnected", since: Date.now(), cause: undefined };
  #isConnected = false;

  /** Starts to connect. */
  constructor(options: NatsBusOptions) {
    this.#options = options;
    this.#want(`${options.answers}.*`, (subject) => this.#questions.delete(subject));
    this.#ended = this.#run();
  }

  get state(): BusState {
    return this.#state;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  get maxPayload(): number {
    return this.#connection?.info?.max_payload ?? MAX_PAYLOAD;
  }

  publish(subject: string, bytes: Uint8Array, reply?: string): boolean {
    const connection = this.#connection;
    // Without `info` the client has begun to connect again, which the status says a moment later: it
    // would keep the message, and send it over the next connection.
    if (!this.#isConnected || connection?.info === undefined) return false;
    connection.publish(subject, bytes, reply === undefined ? undefined : { reply });
    return true;
  }

  subscribe(subject: string, receive: (message: BusMessage) => void): () => void {
    const wanted: Wanted = { subject, receive, current: undefined };
    this.#wanted.add(wanted);
    this.#subscribe(wanted);
    return () => {
      this.#wanted.delete(wanted);
      if (this.#connection?.isClosed() === false) wanted.current?.unsubscribe();
    };
  }

  async hasSubscriber(subject: string): Promise<boolean> {
    const question = `${this.#options.answers}.${this.#uids.next()}`;
    this.#questions.add(question);
    try {
      if (!this.publish(subject, EMPTY, question)) throw new Error("it is not connected");
      await this.#connection!.flush(); // the server answers in order, so "nobody" comes first
      return this.#questions.has(question);
    } catch (cause) {
      throw new ConnectionAbortedError(
        "Cannot ask NATS who is subscribed: the connection has ended",
        {
          cause,
        },
      );
    } finally {
      this.#questions.delete(question);
    }
  }

  async tryOut(
    subscriptions: readonly string[],
    publications: readonly string[],
  ): Promise<void> {
    const connection = this.#connection;
    if (!this.#isConnected || connection === undefined) {
      throw new ConnectionAbortedError("Cannot ask NATS what is allowed: it is not connected");
    }
    for (const wanted of this.#wanted) this.#subscribe(wanted);
    const callback = () => {}; // what is refused, the status tells
    const trials = subscriptions.map((subject) => connection.subscribe(subject, { callback }));
    for (const subject of publications) this.publish(subject, EMPTY);
    try {
      await connection.flush(); // the server answers in order, so what it refuses comes first
      await delay(0); // the status has told that too
    } catch (cause) {
      throw new ConnectionAbortedError(
        "Cannot ask NATS what is allowed: the connection has ended",
        { cause },
      );
    } finally {
      if (!connection.isClosed()) { for (const trial of trials) trial.unsubscribe(); }
    }
  }

  watch(changed: (state: BusState) => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    if (this.#isConnected) {
      await withTimeout(connection!.flush().catch(() => {}), LINGER, () => {});
    }
    this.#change({ state: "closed" });
    this.#closing.abort();
    await connection?.close();
    await this.#ended;
  }

  /** Connects, and again whenever the client has given up. */
  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const connection = await this.#connect();
      if (connection === undefined) {
        const [least, most] = RETRY;
        await delay(least + Math.random() * (most - least), { signal }).catch(() => {});
      } else if (signal.aborted) {
        await connection.close();
      } else {
        await this.#use(connection);
      }
    }
  }

  /** One attempt. */
  async #connect(): Promise<NatsConnection | undefined> {
    try {
      await this.#findServer();
      return await connectNats(optionsOf(this.#options));
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#disconnected(error as Error);
      return undefined;
    }
  }

  /**
   * Waits until one of the servers has greeted. An attempt of the client itself cannot be cancelled, and
   * its error does not name the server.
   */
  async #findServer(): Promise<void> {
    const attempts = this.#options.servers.map((server) => greet(server, this.#closing.signal));
    try {
      await Promise.any(attempts);
    } catch (error) {
      throw (error as AggregateError).errors[0];
    } finally {
      await Promise.allSettled(attempts);
    }
  }

  /** Uses a connection until it is closed. The client connects again by itself until then. */
  async #use(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    const statuses = connection.status(); // before the subscriptions, which may be refused
    this.#connected(connection);
    for await (const status of statuses) this.#note(connection, status);
    const error = await connection.closed();
    for (const wanted of this.#wanted) wanted.current = undefined;
    if (!this.#closing.signal.aborted) this.#disconnected(error ?? undefined);
  }

  #note(connection: NatsConnection, status: Status): void {
    switch (status.type) {
      case "disconnect":
        return this.#disconnected(undefined);
      case "reconnect":
        return this.#connected(connection);
      case "error":
        return this.#options.onProblem(this.#explain(status.error));
    }
  }

  #connected(connection: NatsConnection): void {
    for (const wanted of this.#wanted) this.#subscribe(wanted);
    this.#change({ state: "connected", since: Date.now(), server: connection.getServer() });
  }

  #disconnected(error: Error | undefined): void {
    const problem = error === undefined ? undefined : this.#explain(error);
    if (problem !== undefined) this.#options.onProblem(problem);
    this.#change({ state: "disconnected", since: Date.now(), cause: problem?.message });
  }

  /** An error of the client in words that say what to do. */
  #explain(error: Error): Error {
    if (error instanceof PermissionViolationError) {
      return new RefusedSubject(error.message, error.operation, error.subject);
    }
    const isLogin = error instanceof AuthorizationError ||
      error instanceof UserAuthenticationExpiredError;
    if (!isLogin) return error;
    const advice = this.#options.login === undefined
      ? "it wants credentials (--join-credentials)"
      : "it does not accept those of --join-credentials";
    return new Error(`NATS refuses the login: ${advice} (${error.message})`, { cause: error });
  }

  /** Answers to questions, which are the only messages whose headers mean anything. */
  #want(subject: string, nobody: (subject: string) => void): void {
    const receive = (message: BusMessage & { headers?: { code: number } }) => {
      if (message.headers?.code === NOBODY) nobody(message.subject);
    };
    this.#wanted.add({ subject, receive, current: undefined });
  }

  /** Subscribes, unless that is done: the client does it again at each new connection, if it may. */
  #subscribe(wanted: Wanted): void {
    if (this.#connection === undefined || this.#connection.isClosed()) return;
    if (wanted.current?.isClosed() === false) return;
    const { subject, receive } = wanted;
    wanted.current = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) return; // it has ended, which the status tells
        try {
          receive(message);
        } catch (cause) {
          this.#options.onProblem(cause as Error); // the client would read nothing more
        }
      },
    });
  }

  #change(state: BusState): void {
    const before = this.#state;
    if (before.state === "closed") return;
    this.#isConnected = state.state === "connected";
    if (state.state !== before.state) {
      this.#state = state;
      for (const changed of [...this.#watchers]) changed(state);
    } else if (state.state === "disconnected" && before.state === "disconnected") {
      this.#state = { ...before, cause: state.cause ?? before.cause };
    }
  }
}

/** Waits for the first bytes of a server. Rejects if none come in time. */
async function greet(server: string, signal: AbortSignal): Promise<void> {
  const { hostname, port } = new URL(server);
  const expiry = new AbortController();
  const timer = setTimeout(
    () => expiry.abort(new Error(`${server} has not answered within ${CONNECT_TIMEOUT} ms`)),
    CONNECT_TIMEOUT,
  );
  const either = AbortSignal.any([signal, expiry.signal]);
  try {
    const address = { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
    using socket = await Deno.connect({ ...address, signal: either });
    const size = await abortable(socket.read(new Uint8Array(1)), either);
    if (size === null) throw new Error("it has closed the connection");
  } catch (cause) {
    if (either.aborted) throw either.reason;
    throw new Error(`Cannot connect to ${server}: ${(cause as Error).message}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

function optionsOf({ servers, name, login, caFile }: NatsBusOptions): ConnectionOptions {
  const mustBeSecure = servers.some((server) => server.startsWith("tls:"));
  return {
    servers: [...servers],
    name,
    timeout: CONNECT_TIMEOUT,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    pingInterval: PING_INTERVAL,
    reconnectDelayHandler: () => RETRY[0] + Math.random() * (RETRY[1] - RETRY[0]),
    ...(mustBeSecure || caFile !== undefined
      ? { tls: caFile === undefined ? {} : { caFile } }
      : {}),
    ...loginOptions(login),
  };
}

function loginOptions(login: NatsLogin | undefined): ConnectionOptions {
  switch (login?.kind) {
    case undefined:
      return {};
    case "creds":
      return { authenticator: credsAuthenticator(encoder.encode(login.text)) };
    case "seed":
      return { authenticator: nkeyAuthenticator(encoder.encode(login.seed)) };
    case "token":
      return { token: login.token };
    case "password":
      return { user: login.user, pass: login.password };
  }
}
