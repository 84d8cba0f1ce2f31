/**
 * In the place of `wire/held_texts.ts` in the bundle for browsers: it holds the first texts of a value
 * only. A page hardly sends more, and what is not held is written again when it is sent.
 *
 * @module
 */

/** How much of a value is held, in bytes of UTF-8. */
export const HELD_AS_TEXT = 8 * 1024 * 1024;

/** Texts that are held. */
export class HeldTexts implements Iterable<string> {
  readonly #texts: string[];
  #size: number;

  /**
   * @param texts The first ones.
   * @param size Their size, in bytes of UTF-8.
   */
  constructor(texts: readonly string[], size: number) {
    this.#texts = [...texts];
    this.#size = size;
  }

  /**
   * Adds a text. False if there is no room for it.
   *
   * @param size Its size, in bytes of UTF-8.
   */
  tryAdd(text: string, size: number): boolean {
    this.#size += size;
    return this.#size <= HELD_AS_TEXT && this.#texts.push(text) > 0;
  }

  /** Drops all texts. */
  release(): void {
    this.#texts.length = 0;
  }

  [Symbol.iterator](): IterableIterator<string> {
    return this.#texts.values();
  }
}

/** Whether there is room for copies of arrays: always. */
export function tryTakeCopies(): boolean {
  return true;
}

/** They are not needed any more. */
export function giveBackCopies(): void {}
