/**
 * A terminal that shows one picture of text again and again, in a screen of its own, and gives the keys
 * that are pressed. When it is disposed of, the terminal is as it was.
 *
 * @module
 */

import process from "node:process";
import { print } from "../program/print.ts";

/** The screen of its own, without a cursor; and lines that are too long are cut, not wrapped. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
/** To the upper left corner; the rest of a line; the rest of the screen. */
const [HOME, END_OF_LINE, END_OF_SCREEN] = ["\x1b[H", "\x1b[K", "\x1b[J"];

/** The size of a terminal that does not say it. */
const USUAL = { columns: 80, rows: 24 };

/** Whether the standard output is a terminal on which the cursor can be moved. */
export function isScreen(): boolean {
  return Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb";
}

/** A terminal. The standard output has to be one. */
export class Screen implements Disposable {
  readonly #onKeys: (keys: string) => void;
  readonly #listener = (bytes: Uint8Array) => this.#onKeys(new TextDecoder().decode(bytes));
  readonly #hasKeys = Deno.stdin.isTerminal();
  #onResize = () => {};

  /**
   * @param onKeys Called with what is typed, if the standard input is a terminal too. Ctrl+C is among
   * it, as `"\x03"`.
   */
  constructor(onKeys: (keys: string) => void) {
    this.#onKeys = onKeys;
    print(ENTER);
    if (this.#hasKeys) {
      process.stdin.setRawMode(true);
      process.stdin.on("data", this.#listener);
      process.stdin.resume();
    }
  }

  /** Calls a function when the size has changed. */
  set onResize(listener: () => void) {
    if (Deno.build.os === "windows") return; // it has no signal for that
    Deno.removeSignalListener("SIGWINCH", this.#onResize);
    this.#onResize = listener;
    Deno.addSignalListener("SIGWINCH", listener);
  }

  /** How much room there is, in characters. */
  get size(): { columns: number; rows: number } {
    try {
      const { columns, rows } = Deno.consoleSize();
      return columns > 0 && rows > 0 ? { columns, rows } : USUAL;
    } catch {
      return USUAL;
    }
  }

  /** Shows these lines. */
  show(lines: readonly string[]): void {
    print(HOME + lines.map((line) => `${line}${END_OF_LINE}`).join("\r\n") + END_OF_SCREEN);
  }

  [Symbol.dispose](): void {
    this.onResize = () => {};
    if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGWINCH", this.#onResize);
    if (this.#hasKeys) {
      process.stdin.off("data", this.#listener);
      process.stdin.setRawMode(false);
      process.stdin.pause();
    }
    print(LEAVE);
  }
}
