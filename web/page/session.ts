/// <reference lib="dom" />
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
import type { Prompt } from "../../base/prompt.ts";
import { type Client, connect as connectOverWebSocket, RemoteError } from "../client.ts";
import type { WebClientOptions } from "../client.ts";
import type { ConnectionChange } from "../../device/connector.ts";

/** What a Manager asks for: the name and password of a user, or its own password. */
export type LoginKind = "user" | "password";

/** What a person has typed. */
export interface Credentials {
  username?: string;
  password: string;
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
  readonly #state = signal<SessionState>({ state: "connecting" });
  readonly #connect: (options: WebClientOptions) => Promise<Client>;
  readonly #url: string | undefined;
  readonly #delays: { firstDelay: number; longestDelay: number };
  readonly #listeners = new Set<(change: ConnectionChange) => void>();
  /** The last one who has logged in. */
  readonly #username = signal<string | undefined>(undefined);
  #client: Client | undefined;

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

  /** The user who has logged in; `undefined` for none. */
  get username(): ReadonlySignal<string | undefined> {
    return this.#username;
  }

  /** Calls a function with each change of the connection and of a link. */
  onChange(listener: (change: ConnectionChange) => void): void {
    this.#listeners.add(listener);
  }

  /** Connects: without credentials first, as most Managers ask for none. Never rejects. */
  async open(credentials?: Credentials): Promise<void> {
    const { username, password } = credentials ?? {};
    const needed: { kind: LoginKind | undefined } = { kind: undefined };
    const since = Date.now();
    if (this.#state.value.state !== "login") this.#state.value = { state: "connecting" };
    for (let delay = this.#delays.firstDelay;; delay = this.#next(delay)) {
      try {
        this.#connected(
          await this.#connect({
            name: "Web page",
            ...(this.#url === undefined ? {} : { url: this.#url }),
            reconnect: this.#delays,
            username,
            password,
            passwordManager: username === undefined ? password : undefined,
            asyncStackTraces: false,
            prompt: promptFor(needed),
          }),
          username,
        );
        return;
      } catch (error) {
        const reason = reasonOf(error);
        if (needed.kind !== undefined) return this.#askFor(needed.kind, undefined);
        if (error instanceof RemoteError) return this.#refused(error, credentials);
        this.#state.value = { state: "lost", since, reason };
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    }
  }

  /** Ends the connection, and asks for another login. */
  async logOut(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#askFor("user", undefined);
    await client?.disconnect();
  }

  #next(delay: number): number {
    return Math.min(delay * 2, this.#delays.longestDelay);
  }

  #connected(client: Client, username: string | undefined): void {
    this.#client = client;
    this.#username.value = username;
    client.connectionHandler = (change) => {
      if (this.#client === client) this.#changed(client, change);
    };
    client.shutdownHandler = (error) => {
      if (this.#client !== client || error === undefined) return;
      this.#client = undefined;
      this.#refused(error, username === undefined ? undefined : { username, password: "" });
    };
    this.#state.value = { state: "connected", client };
  }

  #changed(client: Client, change: ConnectionChange): void {
    if (change.state === "lost") {
      this.#state.value = { state: "lost", since: Date.now(), reason: reasonOf(change.error) };
    } else if (change.state === "connected") this.#state.value = { state: "connected", client };
    for (const listener of this.#listeners) listener(change);
  }

  /** The Manager has refused the page for good: another login may help if it was one that it refused. */
  #refused(error: Error, credentials: Credentials | undefined): void {
    const reason = reasonOf(error);
    if (credentials === undefined) {
      this.#state.value = { state: "refused", reason };
    } else this.#askFor(credentials.username === undefined ? "password" : "user", reason);
  }

  #askFor(kind: LoginKind, reason: string | undefined): void {
    this.#username.value = undefined;
    this.#state.value = { state: "login", kind, reason };
  }
}

/** Answers no question, but notes what the Manager asks for. */
function promptFor(needed: { kind: LoginKind | undefined }): Prompt {
  const note = (kind: LoginKind) => () => {
    needed.kind ??= kind;
    return Promise.reject(new Error("The page asks for it"));
  };
  return { text: note("user"), secret: note("password"), confirm: () => Promise.resolve(false) };
}

/** The Manager's texts for a login that it refuses, and what a person is told. */
const REFUSALS: readonly (readonly [text: RegExp, told: string])[] = [
  [/Wrong (Manager|login) password/, "The password is wrong."],
  [/Unregistered user/, "There is no such user."],
];

/** An error in words for a person. */
export function reasonOf(error: unknown): string {
  const text = error instanceof RemoteError ? error.remoteMessage : (error as Error).message;
  return REFUSALS.find(([known]) => known.test(text))?.[1] ?? text.split("\n")[0];
}
