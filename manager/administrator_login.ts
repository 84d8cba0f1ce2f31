/**
 * The login of an administrator while the peer is connected: the Manager prompts the peer for a name
 * and a password, and the peer's other messages are routed meanwhile. The login of a handshake is in
 * `authentication.ts`.
 *
 * This module also parses the answer to a prompt, for the handshake too: a program answers with a
 * JSON reply, a person at a terminal with a line of plain text.
 *
 * The prompt for the password is sent in the call that receives the name: the next line may already
 * be the password, and must not be routed as a message.
 *
 * @module
 */

import { KeyError, ValueError } from "../errors.ts";
import { parseJson } from "../wire/json.ts";
import { isObject } from "../wire/message.ts";
import { retryWhileLocked } from "../base/database_lock.ts";
import type { SessionUser, UsersTable } from "./database/users_table.ts";
import { logIn, type LoginAttempt } from "./login_throttle.ts";

/** An answer to a prompt: the `result` of a JSON reply, or a line of plain text. */
export type Answer = { form: "reply"; result: unknown } | { form: "text"; line: string };

/** A name and a password, as the peer sent them. */
interface Credentials {
  username: string;
  password: string;
}

type State =
  /** No login is under way. */
  | { state: "idle" }
  /** The peer is prompted for the name. */
  | { state: "username"; credentials: PromiseWithResolvers<Credentials> }
  /** The peer is prompted for the password. */
  | { state: "password"; credentials: PromiseWithResolvers<Credentials>; username: string }
  /** Both have come. */
  | { state: "checking" };

/** Who a connected peer has logged in as. */
export class Login {
  readonly #sendPrompt: (attribute: "username" | "password", argument: string) => void;
  readonly #attemptLogin: LoginAttempt;
  #user: SessionUser | undefined;
  #state: State = { state: "idle" };

  /**
   * @param sendPrompt Sends a prompt to the peer. Pass the answer to {@linkcode Login.receive}.
   * @param attemptLogin Checks the password, throttled.
   * @param user The user who logged in during the handshake; `undefined` if none did.
   */
  constructor(
    sendPrompt: (attribute: "username" | "password", argument: string) => void,
    attemptLogin: LoginAttempt,
    user: SessionUser | undefined,
  ) {
    this.#sendPrompt = sendPrompt;
    this.#attemptLogin = attemptLogin;
    this.#user = user;
  }

  /** Whether the peer has not answered a prompt yet. */
  get isPrompting(): boolean {
    return this.#state.state === "username" || this.#state.state === "password";
  }

  /** Takes the answer to a prompt, and sends the next one. Ignored if there is no prompt. */
  receive(answer: Answer): void {
    const text = textOf(answer);
    const now = this.#state;
    if (now.state === "username") {
      this.#state = { state: "password", credentials: now.credentials, username: text };
      this.#sendPrompt("password", text);
    } else if (now.state === "password") {
      this.#state = { state: "checking" };
      now.credentials.resolve({ username: now.username, password: text });
    }
  }

  /**
   * Makes sure that the peer is an administrator, and prompts it if it has not logged in as one.
   * The database is asked each time: the user may have lost the rights, have another password, or
   * have been removed, and another one have got the name.
   *
   * @param manager The network name of the Manager.
   * @throws {ValueError} If the user is no administrator, the password is wrong, or a login is
   * under way for another request.
   * @throws {PermissionError} If too many logins from the computer have failed.
   * @throws {ConnectionAbortedError} If the Manager shuts down before the password is checked.
   */
  async requireAdministrator(users: UsersTable, manager: string): Promise<void> {
    if (this.#user !== undefined && await isAdministrator(users, this.#user)) return;
    if (this.#state.state !== "idle") {
      throw new ValueError(
        "Cannot send this request to the Manager: an administrator's login is under way",
      );
    }
    const credentials = Promise.withResolvers<Credentials>();
    this.#state = { state: "username", credentials };
    this.#sendPrompt("username", manager);
    const { username, password } = await credentials.promise;
    try {
      const user = await logIn(users, this.#attemptLogin, username, password);
      if (!await isAdministrator(users, user)) {
        throw new ValueError("You must be an administrator to send this request to the Manager");
      }
      this.#user = user;
    } finally {
      this.#state = { state: "idle" };
    }
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses a line as the answer to a prompt.
 *
 * @throws {TypeError} If the line is not UTF-8.
 * @throws {KeyError} If it is a JSON object without a `result`.
 */
export function parseAnswer(line: Uint8Array): Answer {
  const text = decoder.decode(line);
  let reply: unknown;
  try {
    reply = parseJson(text);
  } catch {
    return { form: "text", line: text };
  }
  if (!isObject(reply)) return { form: "text", line: text }; // a password may look like a number
  if (!Object.hasOwn(reply, "result")) throw new KeyError("result");
  return { form: "reply", result: reply.result };
}

/** The text of an answer. Empty if the result is not a string, so that it can match nothing. */
export function textOf(answer: Answer): string {
  if (answer.form === "text") return answer.line;
  return typeof answer.result === "string" ? answer.result : "";
}

/** Whether a user who has logged in still is one, and is an administrator now. */
async function isAdministrator(users: UsersTable, user: SessionUser | undefined): Promise<boolean> {
  if (user === undefined) return false;
  return await retryWhileLocked(() => users.current(user)?.isAdmin ?? false);
}
