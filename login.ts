/**
 * An administrator's login in the middle of a connection: the Manager asks the peer for a name and
 * a password while its other messages go on.
 *
 * @module
 */

import { type Answer, textOf } from "./answer.ts";
import type { Ask } from "./auth.ts";
import { ValueError } from "./errors.ts";
import type { UsersTable } from "./users_table.ts";

/** Who a connected peer has shown to be. */
export class Login {
  readonly #ask: (attribute: string, argument: string) => void;
  #username: string | undefined;
  #question: PromiseWithResolvers<string> | undefined;
  #isUnderWay = false;

  /**
   * @param ask Sends a question to the peer. The answer is handed to {@linkcode Login.answer}.
   * @param username The user that logged in when the peer connected, if any did.
   */
  constructor(ask: (attribute: string, argument: string) => void, username: string | undefined) {
    this.#ask = ask;
    this.#username = username;
  }

  /** Whether the peer owes an answer to a question. */
  get isAsking(): boolean {
    return this.#question !== undefined;
  }

  /** Takes the answer to the question. */
  answer(answer: Answer): void {
    this.#question?.resolve(textOf(answer));
    this.#question = undefined;
  }

  /**
   * Makes sure that the peer is an administrator: one that has not shown it is asked. Whether the
   * user still is one is looked up every time.
   *
   * @param manager The network name of the Manager.
   * @throws {ValueError} If it is not, or is being asked for another request already.
   */
  async requireAdministrator(users: UsersTable, manager: string): Promise<void> {
    if (this.#username !== undefined && users.isAdmin(this.#username)) return;
    if (this.#isUnderWay) {
      throw new ValueError(
        "Cannot send this request to the Manager: an administrator's login is under way",
      );
    }
    this.#isUnderWay = true;
    try {
      const username = await this.#inquire("username", manager);
      const password = await this.#inquire("password", username);
      if (!await users.isPasswordValid(username, password) || !users.isAdmin(username)) {
        throw new ValueError("You must be an administrator to send this request to the Manager");
      }
      this.#username = username;
    } finally {
      this.#isUnderWay = false;
    }
  }

  #inquire: Ask = (attribute, argument) => {
    this.#question = Promise.withResolvers();
    this.#ask(attribute, argument);
    return this.#question.promise;
  };
}
