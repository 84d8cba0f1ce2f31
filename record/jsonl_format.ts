/**
 * A recording as lines of JSON. Values are as they were received; as in Python's JSON, a number may be
 * `NaN`, `Infinity` or `-Infinity`. Times are in milliseconds since 1970.
 *
 * @module
 */

import { parseJson } from "../wire/json.ts";
import type { StoredReading } from "./batch.ts";
import type { LineFormat, LineGap, RecordedLine } from "./line_format.ts";
import type { SourceDescription } from "./reading.ts";

/** Lines of JSON. */
export class JsonLines implements LineFormat {
  readonly header = "";
  readonly start = '{"time":';
  /** The part of a line that is the same for all readings of a source. */
  readonly #middles = new WeakMap<SourceDescription, string>();

  /** `{"time": ..., "received": ..., "service": ..., ..., "value": ...}` */
  reading(source: SourceDescription, { time, received, value, json }: StoredReading): string {
    return `{"time":${time},"received":${received}${this.#middle(source)},"value":${
      json ?? value
    }}\n`;
  }

  /** `{"time": ..., "until": ..., "service": ..., ..., "gap": "why"}` */
  gap(source: SourceDescription, { start, end, reason }: LineGap): string {
    return `{"time":${start},"until":${end ?? null}${this.#middle(source)},"gap":${
      JSON.stringify(reason)
    }}\n`;
  }

  /** A line of JSON has all of its characters. */
  written(source: SourceDescription): SourceDescription {
    return source;
  }

  /** @inheritdoc */
  parse(line: string): RecordedLine | undefined {
    let fields: Record<string, unknown>;
    try {
      fields = parseJson(line) as Record<string, unknown>;
    } catch {
      return undefined;
    }
    if (typeof fields !== "object" || fields === null) return undefined;
    const { time, received, until, service, attribute, arguments: words, unit, gap } = fields;
    const texts = [service, attribute, words, unit];
    if (typeof time !== "number" || texts.some((text) => typeof text !== "string")) {
      return undefined;
    }
    const source = { service, attribute, arguments: words, unit } as SourceDescription;
    if (typeof gap === "string") {
      const end = typeof until === "number" ? { end: until } : {};
      return { source, gap: { start: time, ...end, reason: gap } };
    }
    return typeof received === "number" && "value" in fields
      ? { source, reading: { time, received } }
      : undefined;
  }

  #middle(source: SourceDescription): string {
    let middle = this.#middles.get(source);
    if (middle === undefined) {
      const { service, attribute, arguments: words, unit } = source;
      const object = JSON.stringify({ service, attribute, arguments: words, unit });
      this.#middles.set(source, middle = `,${object.slice(1, -1)}`);
    }
    return middle;
  }
}
