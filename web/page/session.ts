/**
 * The connection of the page: connects, asks for a login where the Manager does, connects again when
 * the Manager is back. Its state is a signal. The Client knows how; this decides what the person is
 * told, and asked.
 *
 * What a person types is in the memory of the page alone, for the Client to connect again with.
 *
 * @module
 */

import { type ReadonlySignal, signal } from "@preact/signals";
import { delay } from "@std/async/delay";
import type { Prompt } from "../../base/prompt.ts";
import {
  type Client,
  ConfigurationError,
  connect as connectOverWebSocket,
  RemoteError,
  type WebClientOptions,
} from "../client.ts";
import type { ConnectionChange } from "../../device/connector.ts";

/** What a Manager asks for: the name and password of a user, or its own password. */
export type LoginKind = "user" | "password";

/** What a person has typed. */
export interface Credentials {
  username?: string;
  password: string;
}

/** Who has logged in: a user, or somebody who knows the password of the Manager. */
export interface Login {
  readonly kind: LoginKind;
  readonly username: string | undefined;
}

/** Where the connection of the page is. */
export type SessionState =
  | { readonly state: "connecting" }
  /** A person has to log in. `reason`: why the last try was refused. */
  | { readonly state: "login"; readonly kind: LoginKind; readonly reason: string | undefined }
  | { readonly state: "connected"; readonly client: Client }
  /** The Manager is away since that time; the page tries to connect again. */
  | { readonly state: "lost"; readonly since: number; readonly reason: string }
  /** The Manager does not let this page in. */
  | { readonly state: "refused"; readonly reason: string };

/** What a session depends on. */
export interface SessionOptions {
  connect?: (options: WebClientOptions) => Promise<Client>;
  /** The address of the Manager. Default: that of the page. */
  url?: string;
  /** How long the page waits after the first and after later attempts, in milliseconds. */
  firstDelay?: number;
  longestDelay?: number;
}

/** The time between two attempts to connect, in milliseconds: the first one and the longest one. */
const FIRST_DELAY = 250;
const LONGEST_DELAY = 3_000;

/** The connection of the page. */
export class Session {
  /**
   * Asks a person what the Manager asks once the page is connected: to log in as an administrator.
   * Default: nobody answers.
   */
  administrator: Prompt = { text: refuse, secret: refuse, confirm: refuse };
  readonly #state = signal<SessionState>({ state: "connecting" });
  readonly #login = signal<Login | undefined>(undefined);
  readonly #connect: (options: WebClientOptions) => Promise<Client>;
  readonly #url: string | undefined;
  readonly #delays: { firstDelay: number; longestDelay: number };
  readonly #listeners = new Set<(change: ConnectionChange) => void>();
  #client: Client | undefined;
  /** Ends what `open()` does. */
  #opening = new AbortController();

  constructor(
    {
      connect = connectOverWebSocket,
      url,
      firstDelay = FIRST_DELAY,
      longestDelay = LONGEST_DELAY,
    }: SessionOptions = {},
  ) {
    this.#connect = connect;
    this.#url = url;
    this.#delays = { firstDelay, longestDelay };
  }

  /** Where the connection is. */
  get state(): ReadonlySignal<SessionState> {
    return this.#state;
  }

  /** Who has logged in; `undefined` if the Manager asks for nothing. */
  get login(): ReadonlySignal<Login | undefined> {
    return this.#login;
  }

  /** Calls a function with each change of the connection and of a link. */
  onChange(listener: (change: ConnectionChange) => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Connects, in the place of any attempt that is under way. Without credentials first, as most
   * Managers ask for none. Tries again while the Manager is away. Never rejects.
   */
  async open(credentials?: Credentials): Promise<void> {
    this.#opening.abort();
    const { signal } = this.#opening = new AbortController();
    const { state } = this.#state.value;
    if (state !== "login" && state !== "connecting") this.#state.value = { state: "connecting" };
    const since = Date.now();
    let { firstDelay: time } = this.#delays;
    while (!signal.aborted) {
      const question: Question = { kind: undefined, isConnected: false };
      try {
        const client = await this.#connect(this.#optionsFor(credentials, question, signal));
        question.isConnected = true;
        if (signal.aborted) return await client.disconnect();
        return this.#connected(client, credentials);
      } catch (error) {
        if (signal.aborted) return;
        if (question.kind !== undefined) return this.#askFor(question.kind, undefined);
        if (error instanceof RemoteError) return this.#refused(error, credentials);
        this.#state.value = { state: "lost", since, reason: reasonOf(error) };
      }
      await pause(time, signal);
      time = Math.min(2 * time, this.#delays.longestDelay);
    }
  }

  /** Ends the connection, and asks for another login. Never rejects. */
  async logOut(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#opening.abort();
    this.#askFor(this.#login.value?.kind ?? "user", undefined);
    await client?.disconnect();
  }

  #optionsFor(
    { username, password }: Partial<Credentials> = {},
    question: Question,
    signal: AbortSignal,
  ): WebClientOptions {
    return {
      name: "Web page",
      ...(this.#url === undefined ? {} : { url: this.#url }),
      ...(username === undefined ? { passwordManager: password } : { username, password }),
      reconnect: this.#delays,
      asyncStackTraces: false,
      prompt: this.#promptFor(question),
      signal,
    };
  }

  /** Answers no question of the handshake, but notes what the Manager asks for. */
  #promptFor(question: Question): Prompt {
    const ask = (kind: LoginKind, way: "text" | "secret") => (text: string) => {
      if (question.isConnected) return this.administrator[way](text);
      question.kind ??= kind;
      return refuse();
    };
    return { text: ask("user", "text"), secret: ask("password", "secret"), confirm: refuse };
  }

  #connected(client: Client, credentials: Credentials | undefined): void {
    this.#client = client;
    this.#login.value = credentials && loginOf(credentials);
    client.connectionHandler = (change) => {
      if (this.#client === client) this.#changed(client, change);
    };
    client.shutdownHandler = (error) => {
      if (this.#client !== client || error === undefined) return;
      this.#client = undefined;
      if (error instanceof RemoteError) this.#refused(error, credentials);
      else this.open(); // the Manager asks for what it did not ask for before
    };
    this.#state.value = { state: "connected", client };
  }

  #changed(client: Client, change: ConnectionChange): void {
    if (change.state === "lost") {
      this.#state.value = { state: "lost", since: Date.now(), reason: reasonOf(change.error) };
    } else if (change.state === "connected") this.#state.value = { state: "connected", client };
    for (const listener of this.#listeners) listener(change);
  }

  /** The Manager has refused the page for good: another login helps, if it was one that it refused. */
  #refused(error: Error, credentials: Credentials | undefined): void {
    const reason = reasonOf(error);
    if (credentials === undefined) this.#state.value = { state: "refused", reason };
    else this.#askFor(loginOf(credentials).kind, reason);
  }

  #askFor(kind: LoginKind, reason: string | undefined): void {
    this.#login.value = undefined;
    this.#state.value = { state: "login", kind, reason };
  }
}

/** What a Manager has asked for, while the page connects. */
interface Question {
  kind: LoginKind | undefined;
  isConnected: boolean;
}

function refuse(): Promise<never> {
  return Promise.reject(new ConfigurationError("The page has no answer for the Manager"));
}

function loginOf({ username }: Credentials): Login {
  return { kind: username === undefined ? "password" : "user", username };
}

async function pause(time: number, signal: AbortSignal): Promise<void> {
  await delay(time, { signal }).catch(() => {}); // it was aborted
}

/** The Manager's texts for a login that it refuses, and what a person is told. */
const REFUSALS: readonly (readonly [text: RegExp, told: string])[] = [
  [/Wrong (Manager|login) password/, "The password is wrong."],
  [/Unregistered user/, "There is no such user."],
];

/** An error in words for a person, without the name of its class. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof RemoteError)) return (error as Error).message;
  const { remoteName, remoteMessage } = error;
  const text = remoteName === "" ? remoteMessage : remoteMessage.slice(`${remoteName}: `.length);
  return REFUSALS.find(([known]) => known.test(text))?.[1] ?? text;
}
