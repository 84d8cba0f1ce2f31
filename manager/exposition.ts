/**
 * Writes metrics in the text format of Prometheus, version 0.0.4.
 *
 * @module
 */

/** The media type of the text. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The labels of a sample. A value may be any text; a name is written as it is. */
export type Labels = Readonly<Record<string, string>>;

/** A value, with its labels if it has any. */
export type Sample = readonly [value: number, labels?: Labels];

/** The durations of one set of labels. */
export interface Durations {
  readonly labels: Labels;
  /** How many values are in each bucket, not added up; the last one has no upper bound. */
  readonly buckets: readonly number[];
  readonly sum: number;
}

/** A text that grows by metrics. */
export class Exposition {
  readonly #lines: string[] = [];
  readonly #common: Labels;

  /** @param common Labels that every sample has, e.g. which of several Managers it is from. */
  constructor(common: Labels = {}) {
    this.#common = common;
  }

  /** The text. */
  toString(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  /** Adds a number that goes up and down. */
  gauge(name: string, help: string, samples: Iterable<Sample>): void {
    this.#add(name, "gauge", help, samples);
  }

  /** Adds a number that only grows. Its name ends with `_total`. */
  counter(name: string, help: string, samples: Iterable<Sample>): void {
    this.#add(name, "counter", help, samples);
  }

  /** Adds histograms. */
  histogram(
    name: string,
    help: string,
    bounds: readonly number[],
    histograms: Iterable<Durations>,
  ): void {
    this.#describe(name, "histogram", help);
    const uppers = [...bounds.map(String), "+Inf"];
    for (const { labels, buckets, sum } of histograms) {
      const text = this.#textOf(labels);
      const before = text === "" ? "" : `${text},`;
      let count = 0;
      for (const [index, number] of buckets.entries()) {
        count += number;
        this.#lines.push(`${name}_bucket{${before}le="${uppers[index]}"} ${count}`);
      }
      this.#sample(`${name}_sum`, sum, text);
      this.#sample(`${name}_count`, count, text);
    }
  }

  #add(name: string, type: string, help: string, samples: Iterable<Sample>): void {
    this.#describe(name, type, help);
    for (const [value, labels] of samples) this.#sample(name, value, this.#textOf(labels));
  }

  #describe(name: string, type: string, help: string): void {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  }

  #sample(name: string, value: number, labels: string): void {
    this.#lines.push(`${name}${labels === "" ? "" : `{${labels}}`} ${value}`);
  }

  /** Labels, and those of all samples, as text. */
  #textOf(labels?: Labels): string {
    return Object.entries({ ...this.#common, ...labels })
      .map(([label, text]) => `${label}="${escape(text)}"`).join(",");
  }
}

/** The value of a label between quotes. */
function escape(text: string): string {
  return /[\\"\n]/.test(text) ? text.replaceAll(/[\\"]/g, "\\$&").replaceAll("\n", "\\n") : text;
}
