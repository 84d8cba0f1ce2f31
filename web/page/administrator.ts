/**
 * Whether the person at the page is an administrator, and the requests of one.
 *
 * A Manager whose users log in knows it. Any other asks for the name and the password of an
 * administrator when the first such request comes: they are typed into a form of the page before, so
 * that nothing is sent that has to fail. Failed logins are counted by the Manager, so none is repeated.
 *
 * @module
 */

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Prompt } from "../../base/prompt.ts";
import { type Client, RemoteError } from "../client.ts";

/** The parts of a Client that an administrator uses. */
export type AdministratorClient = Pick<Client, "adminRequest">;

/** What the page knows of the person. */
export type AdministratorState =
  /** Nothing was requested yet. */
  | { readonly state: "unknown" }
  | { readonly state: "checking" }
  /** A name and a password are needed. `reason`: why the last ones were refused. */
  | { readonly state: "needed"; readonly reason: string | undefined }
  | { readonly state: "granted" }
  /** The user who has logged in is no administrator. */
  | { readonly state: "other"; readonly username: string };

/** What a person has typed. */
export interface AdministratorCredentials {
  username: string;
  password: string;
}

/** A request that any administrator may send, and that changes nothing. */
const HARMLESS = "port";

/** The person at the page, perhaps an administrator. */
export class Administrator {
  readonly #state = signal<AdministratorState>({ state: "unknown" });
  #client: AdministratorClient | undefined;
  /** The user who has logged in with the connection. */
  #user: string | undefined;
  #credentials: AdministratorCredentials | undefined;

  /** What the page knows of the person. */
  get state(): ReadonlySignal<AdministratorState> {
    return this.#state;
  }

  /** Answers what the Manager asks for while the page is connected. */
  readonly prompt: Prompt = {
    text: () => this.#answer("username"),
    secret: () => this.#answer("password"),
    confirm: () => Promise.resolve(false),
  };

  /**
   * The page is connected, or its connection has ended.
   *
   * @param user The user who has logged in with the connection.
   */
  follow(client: AdministratorClient | undefined, user: string | undefined): void {
    if (client === this.#client && user === this.#user) return;
    this.#client = client;
    this.#user = user;
    this.#state.value = { state: "unknown" };
  }

  /** Finds out whether the person is an administrator, without asking for anything. */
  async check(): Promise<void> {
    if (this.#client === undefined || this.#state.value.state !== "unknown") return;
    if (this.#user === undefined && this.#credentials === undefined) {
      this.#state.value = { state: "needed", reason: undefined };
      return;
    }
    this.#state.value = { state: "checking" };
    await this.request(HARMLESS).catch(() => {});
    if (this.#state.value.state === "checking") this.#state.value = { state: "unknown" };
  }

  /** Logs an administrator in, for a Manager without users. Never rejects. */
  async logIn(credentials: AdministratorCredentials): Promise<void> {
    this.#credentials = credentials;
    await this.request(HARMLESS).catch((error) => {
      if (error instanceof RemoteError) return; // its reason is told
      this.#state.value = { state: "needed", reason: (error as Error).message };
    });
  }

  /** Forgets the name and the password. The connection keeps the rights that it has. */
  forget(): void {
    this.#credentials = undefined;
    this.#state.value = { state: "unknown" };
  }

  /**
   * Sends a request of an administrator.
   *
   * @throws {RemoteError} If the Manager refuses it.
   * @throws The other errors of a request.
   */
  async request<R = unknown>(attribute: string, ...args: unknown[]): Promise<R> {
    const client = this.#client;
    if (client === undefined) throw new TypeError("The page is not connected");
    try {
      const result = await client.adminRequest<R>(attribute, ...args);
      if (client === this.#client) this.#state.value = { state: "granted" };
      return result;
    } catch (error) {
      if (client === this.#client && error instanceof RemoteError) this.#refused(error);
      throw error;
    }
  }

  #refused(error: RemoteError): void {
    const isLogin = LOGIN_ERRORS.test(error.remoteMessage);
    if (!isLogin) {
      this.#state.value = { state: "granted" }; // the request itself was wrong
      return;
    }
    this.#credentials = undefined;
    this.#state.value = this.#user === undefined
      ? { state: "needed", reason: reasonOf(error.remoteMessage) }
      : { state: "other", username: this.#user };
  }

  #answer(key: keyof AdministratorCredentials): Promise<string> {
    const credentials = this.#credentials;
    if (credentials === undefined) {
      return Promise.reject(new Error("Log in as an administrator"));
    }
    return Promise.resolve(credentials[key]);
  }
}

/** The Manager's texts for a login that it refuses. */
const LOGIN_ERRORS = /\badministrator\b|Too many failed logins/;

function reasonOf(message: string): string {
  const [, many] = /^\w+: (Too many failed logins[^(]*)/.exec(message) ?? [];
  return many?.trim() ?? "The name or the password is wrong, or the user is no administrator.";
}
