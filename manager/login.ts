/**
 * An administrator's login in the middle of a connection: the Manager asks the peer for a name and
 * a password while its other messages go on.
 *
 * A question is asked in the moment in which the one before it is answered: the next line may
 * already be its answer, and must not be taken for anything else.
 *
 * @module
 */

import { type Answer, textOf } from "./answer.ts";
import type { Judge } from "./login_throttle.ts";
import { ValueError } from "../errors.ts";
import type { UsersTable } from "./database/users_table.ts";

/** A name and a password, as they were given. */
interface Credentials {
  username: string;
  password: string;
}

/** Nothing is asked; the name is; the password is; or both are being checked. */
type State =
  | { state: "idle" }
  | { state: "username"; given: PromiseWithResolvers<Credentials> }
  | { state: "password"; given: PromiseWithResolvers<Credentials>; username: string }
  | { state: "checking" };

/** Who a connected peer has shown to be. */
export class Login {
  readonly #sendQuestion: (attribute: "username" | "password", about: string) => void;
  readonly #judge: Judge;
  #username: string | undefined;
  #state: State = { state: "idle" };

  /**
   * @param sendQuestion Sends a question to the peer. The answer is handed to
   * {@linkcode Login.answer}.
   * @param judge Judges the password that is given.
   * @param username The user that logged in when the peer connected, if any did.
   */
  constructor(
    sendQuestion: (attribute: "username" | "password", about: string) => void,
    judge: Judge,
    username: string | undefined,
  ) {
    this.#sendQuestion = sendQuestion;
    this.#judge = judge;
    this.#username = username;
  }

  /** Whether the peer owes an answer to a question. */
  get isAsking(): boolean {
    return this.#state.state === "username" || this.#state.state === "password";
  }

  /** Takes the answer to the question, and asks the next one. */
  answer(answer: Answer): void {
    const text = textOf(answer);
    const now = this.#state;
    if (now.state === "username") {
      this.#state = { state: "password", given: now.given, username: text };
      this.#sendQuestion("password", text);
    } else if (now.state === "password") {
      this.#state = { state: "checking" };
      now.given.resolve({ username: now.username, password: text });
    }
  }

  /**
   * Makes sure that the peer is an administrator: one that has not shown it is asked. Whether the
   * user still is one is looked up every time.
   *
   * @param manager The network name of the Manager.
   * @throws {ValueError} If it is not, has failed too often, or is being asked for another request already.
   */
  async requireAdministrator(users: UsersTable, manager: string): Promise<void> {
    if (this.#username !== undefined && users.isAdmin(this.#username)) return;
    if (this.#state.state !== "idle") {
      throw new ValueError(
        "Cannot send this request to the Manager: an administrator's login is under way",
      );
    }
    const given = Promise.withResolvers<Credentials>();
    this.#state = { state: "username", given };
    this.#sendQuestion("username", manager);
    const { username, password } = await given.promise;
    try {
      const isRight = await this.#judge(() => users.isPasswordValid(username, password));
      if (!isRight || !users.isAdmin(username)) {
        throw new ValueError("You must be an administrator to send this request to the Manager");
      }
      this.#username = username;
    } finally {
      this.#state = { state: "idle" };
    }
  }
}
