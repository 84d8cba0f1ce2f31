/**
 * The search in the history of the console (Ctrl+R): what each key does. The terminal is left to
 * `commands/console.ts`.
 *
 * @module
 */

/** A key, as `node:readline` describes it. */
export interface Key {
  /** E.g. `"r"` or `"return"`; `undefined` for most that are no letter. */
  name?: string;
  ctrl?: boolean;
  meta?: boolean;
}

/** What a key has done: the search goes on, or it has ended with this line. */
export type SearchOutcome =
  | { readonly state: "searching" }
  /** `isPassedOn`: the key is for the editor of the line. */
  | { readonly state: "ended"; readonly line: string; readonly isPassedOn: boolean };

const SEARCHING: SearchOutcome = { state: "searching" };

/** A search for a text in earlier lines. */
export class HistorySearch {
  readonly #history: readonly string[];
  readonly #before: string;
  #wanted = "";
  /** The index of the line that was found; -1 before the first search. */
  #found = -1;

  /**
   * @param history The earlier lines, the newest one first.
   * @param before The line that was typed before the search.
   */
  constructor(history: readonly string[], before: string) {
    this.#history = history;
    this.#before = before;
  }

  /** What is shown in the place of the line. */
  get text(): string {
    const isMissing = this.#wanted !== "" && this.#match === undefined;
    return `(${isMissing ? "not in the history" : "history"}) ${this.#wanted}: ${
      this.#match ?? ""
    }`;
  }

  /** Does what a key means. */
  press(text: string | undefined, { name, ctrl = false, meta = false }: Key): SearchOutcome {
    if (ctrl && name === "r") return this.#find(this.#found + 1, 1);
    if (ctrl && name === "s") return this.#find(this.#found - 1, -1);
    if (ctrl && (name === "c" || name === "g")) return this.#end(this.#before, false);
    if (name === "escape") return this.#end(this.#line, false);
    if (name === "backspace") {
      this.#wanted = [...this.#wanted].slice(0, -1).join("");
      this.#found = -1;
      return this.#find(0, 1);
    }
    if (ctrl || meta || text === undefined || !/^[^\p{Cc}]+$/u.test(text)) {
      return this.#end(this.#line, true);
    }
    this.#wanted += text;
    return this.#find(Math.max(this.#found, 0), 1);
  }

  get #match(): string | undefined {
    const line = this.#history[this.#found];
    return this.#wanted !== "" && line?.includes(this.#wanted) ? line : undefined;
  }

  get #line(): string {
    return this.#match ?? this.#before;
  }

  /** Finds the next line from an index on; keeps the present one where there is none. */
  #find(from: number, step: 1 | -1): SearchOutcome {
    if (this.#wanted === "") return SEARCHING;
    const present = this.#match;
    for (let index = from; index in this.#history; index += step) {
      const line = this.#history[index];
      if (line === present && index !== this.#found || !line.includes(this.#wanted)) continue;
      this.#found = index;
      break;
    }
    return SEARCHING;
  }

  #end(line: string, isPassedOn: boolean): SearchOutcome {
    return { state: "ended", line, isPassedOn };
  }
}
