/**
 * Large arguments that arrive in pieces. Their size is known before the first piece, and those of all
 * requests of a Service together have a limit.
 *
 * @module
 */

import { Arrival, ArrivalBudget, type ArrivalOptions } from "../device/arrival.ts";
import { ValueError } from "../errors.ts";
import type { PieceContent } from "../wire/message.ts";

/** What the arguments of all requests share while they arrive. */
export class ArgumentsBudget extends ArrivalBudget {
  #held = 0;
  readonly #limit: number;

  /** @param limit How many bytes of incomplete arguments may be held. Default: no limit. */
  constructor(limit = Infinity) {
    super();
    this.#limit = limit;
  }

  /**
   * Holds so many bytes more.
   *
   * @throws {ValueError} When that is more than the limit.
   */
  hold(size: number): void {
    if (this.#held + size > this.#limit) {
      throw new ValueError(
        `Large arguments of several requests arrive at once, and have more than readLimit ` +
          `together, ${this.#limit} bytes`,
      );
    }
    this.#held += size;
  }

  /** Holds so many bytes less. */
  release(size: number): void {
    this.#held -= size;
  }
}

/** The arguments of one request. */
export class ArgumentsArrival extends Arrival {
  /** In bytes. */
  readonly size: number;
  readonly #budget: ArgumentsBudget;
  /** How many bytes are held. */
  #held = 0;

  constructor(size: number, options: ArrivalOptions & { budget: ArgumentsBudget }) {
    super(options);
    this.size = size;
    this.#budget = options.budget;
  }

  /** Whether all bytes have come. */
  get isComplete(): boolean {
    return this.assembly?.received === this.size;
  }

  /**
   * Gives room for the first pieces.
   *
   * @throws {ValueError} When the arguments are larger than the limit.
   */
  begin(): void {
    this.assembly = this.assemble(this.size);
    this.give();
  }

  override add(content: PieceContent): void {
    super.add(content);
    const added = this.assembly!.received - this.#held;
    this.#budget.hold(added);
    this.#held += added;
  }

  override close(): void {
    super.close();
    this.#budget.release(this.#held);
    this.#held = 0;
  }
}
