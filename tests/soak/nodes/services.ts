/** The services of a soak of several nodes. They write down each method that begins. */

import { delay } from "@std/async/delay";
import { type ConnectOptions, Service } from "../../../mod.ts";
import type { Journal } from "./journal.ts";

/** The time between two notifications, in milliseconds. */
const NOTIFY_EVERY = 100;

/** What every method is called with: the name of the call, its client, and the lock that this holds. */
export type CallArguments = [call: string, client: string, lock: string | null];

/** A service whose methods return the name of their call. */
export class Counted extends Service {
  readonly #fullName: string;
  readonly #journal: Journal;
  readonly #incarnation = crypto.randomUUID().slice(0, 8);
  #number = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param node The node that it is connected to. */
  constructor(name: string, node: string, journal: Journal) {
    super({ name });
    this.#fullName = `${node}.${name}`;
    this.#journal = journal;
  }

  /** Starts it, and its notifications. */
  async _begin(options: ConnectOptions): Promise<void> {
    await this.start(options);
    this.#timer = setInterval(
      () => this.emitNotification(this.#incarnation, ++this.#number),
      NOTIFY_EVERY,
    );
  }

  quick(...call: CallArguments): string {
    return this.#run(call);
  }

  /** Lasts some milliseconds, unless it is cancelled. */
  async slow(...[call, client, lock, time]: [...CallArguments, number]): Promise<string> {
    const { signal } = this.request!;
    const name = this.#run([call, client, lock]);
    await delay(time, { signal });
    return name;
  }

  /** Returns the name of the call, and the text. */
  large(...[call, client, lock, text]: [...CallArguments, string]): [string, string] {
    return [this.#run([call, client, lock]), text];
  }

  /** Counts from 0. */
  async *values(
    ...[call, client, lock, count]: [...CallArguments, number]
  ): AsyncGenerator<number> {
    this.#run([call, client, lock], true);
    for (let value = 0; value < count; value++) {
      yield value;
      if (value % 10 === 9) await delay(1);
    }
  }

  /** Stops the notifications. */
  _rest(): void {
    clearInterval(this.#timer);
  }

  #run([call, client, lock]: CallArguments, isLate?: true): string {
    const { requester } = this.request!;
    const service = this.#fullName;
    const held = lock ?? undefined;
    this.#journal.write({ kind: "ran", call, client, service, requester, lock: held, isLate });
    return call;
  }
}
