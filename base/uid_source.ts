/**
 * Makes the uids of requests. A uid is random, so that a service cannot guess the one of the
 * client's next request to another service, and cannot answer that in its place. A page over plain
 * HTTP has no `crypto.randomUUID()`.
 *
 * @module
 */

/**
 * The number of characters. Of texts with fewer than 10 characters V8 keeps one copy of each when it
 * reads JSON, and the look-up for it takes as long as all the rest of reading a reply; from 13 on, a
 * part of a text keeps the whole text in memory. 12 characters are 72 random bits: of a million
 * pending uids two are equal with a probability of 1 in 10^10.
 */
const LENGTH = 12;
/** How many uids are made of the random bytes that are taken at once: 3 KiB. */
const COUNT = 256;
/** The characters of a uid. JSON escapes none of them. */
const ALPHABET = new TextEncoder().encode(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
);

/** Makes uids. Each owner of requests has a source of its own. */
export class UidSource {
  readonly #fillRandom: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #decoder = new TextDecoder();
  /** The characters of the next uids. */
  #characters = "";
  /** The index of the next uid in them. */
  #index = 0;

  /** @param fillRandom Fills an array with random bytes. Default: `crypto.getRandomValues()`. */
  constructor(
    fillRandom: (bytes: Uint8Array<ArrayBuffer>) => void = (bytes) => crypto.getRandomValues(bytes),
  ) {
    this.#fillRandom = fillRandom;
  }

  /** A uid that was not made before. */
  next(): string {
    if (this.#index === this.#characters.length) this.#refill();
    return this.#characters.slice(this.#index, this.#index += LENGTH);
  }

  #refill(): void {
    const bytes = new Uint8Array(COUNT * LENGTH);
    this.#fillRandom(bytes);
    for (let at = 0; at < bytes.length; at++) bytes[at] = ALPHABET[bytes[at] % ALPHABET.length];
    this.#characters = this.#decoder.decode(bytes);
    this.#index = 0;
  }
}
