/**
 * Shows that long work goes on: one line on the standard error that moves and is gone again, and
 * nothing at all where that is no terminal.
 *
 * @module
 */

import createSpinner from "yocto-spinner";

/** What is shown, until it is disposed of. */
export interface Progress extends Disposable {
  /** Shows another text. */
  show(text: string): void;
  /** Takes the line away, so that another can be printed. It comes back. */
  clear(): void;
}

/** How it is shown. */
export interface ProgressOptions {
  /** Show nothing. Default: false. */
  quiet?: boolean;
  /** End the process on Ctrl+C, as it would without. Default: true. */
  endOnSignal?: boolean;
}

/** Work that is done sooner is not shown, in milliseconds. */
const SOON = 300;

const NONE: Progress = { show() {}, clear() {}, [Symbol.dispose]() {} };

/** Shows a text until the work is done. */
export function showProgress(
  text: string,
  { quiet = false, endOnSignal = true }: ProgressOptions = {},
): Progress {
  if (quiet || !isAtTerminal()) return NONE;
  const spinner = createSpinner({ text, handleSignals: endOnSignal });
  const timer = setTimeout(() => spinner.start(), SOON);
  return {
    show(text) {
      spinner.text = text;
    },
    clear() {
      spinner.clear();
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      spinner.stop();
    },
  };
}

/** Whether there is a terminal where a line can be taken away again. */
function isAtTerminal(): boolean {
  // Where CI is set, a spinner would print lines.
  return Deno.stderr.isTerminal() && Deno.env.get("TERM") !== "dumb" && !Deno.env.has("CI");
}
