/**
 * Numbers the sources of a target that has no numbers of its own.
 *
 * @module
 */

import type { SourceDescription } from "./reading.ts";

/** The sources of a target. */
export class SourceNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #sources: SourceDescription[] = [];

  /** The number of a source, the same one for the same description. */
  numberOf(description: SourceDescription): number {
    const key = sourceKey(description);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      this.#sources.push(description);
      number = this.#sources.length;
      this.#numbers.set(key, number);
    }
    return number;
  }

  /** The source that has a number. */
  get(number: number): SourceDescription {
    const source = this.#sources[number - 1];
    if (source === undefined) throw new RangeError(`Cannot find the source ${number}`);
    return source;
  }
}

/** A text that is the same for the same source. {@linkcode sourceOfKey} reads it. */
export function sourceKey(description: SourceDescription): string {
  const { service, attribute, arguments: words, unit } = description;
  return JSON.stringify([service, attribute, words, unit]);
}

/** A source with another text for each of its texts. */
export function mapSource(
  { service, attribute, arguments: words, unit }: SourceDescription,
  change: (text: string) => string,
): SourceDescription {
  return {
    service: change(service),
    attribute: change(attribute),
    arguments: change(words),
    unit: change(unit),
  };
}

/** The source of a key of {@linkcode sourceKey}. */
export function sourceOfKey(key: string): SourceDescription {
  const [service, attribute, words, unit] = JSON.parse(key);
  return { service, attribute, arguments: words, unit };
}
