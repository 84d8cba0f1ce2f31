/**
 * A progress indicator: one animated line on the standard error, which is removed at the end. Where
 * the standard error is not a terminal, nothing is shown.
 *
 * @module
 */

import type { Spinner } from "yocto-spinner";
import { readableSize } from "../base/readable.ts";

/** A progress indicator. It is shown until it is disposed of. */
export interface Progress extends Disposable {
  /** Shows another text. */
  show(text: string): void;
  /** Removes the line, so that another can be printed. It is shown again with the next frame. */
  clear(): void;
}

/** How progress is shown. */
export interface ProgressOptions {
  /** Show nothing. Default: false. */
  quiet?: boolean;
  /** End the process on Ctrl+C, as without the indicator. Default: true. */
  endOnSignal?: boolean;
}

/** No progress is shown for work that takes less, in milliseconds. */
const SHOW_AFTER = 300;

const NONE: Progress = { show() {}, clear() {}, [Symbol.dispose]() {} };

/** Shows a text until the indicator is disposed of. */
export function showProgress(
  text: string,
  { quiet = false, endOnSignal = true }: ProgressOptions = {},
): Progress {
  if (quiet || !isAtTerminal()) return NONE;
  let spinner: Spinner | undefined;
  let isOver = false;
  const timer = setTimeout(async () => {
    // Most work is done before it has to be loaded.
    const { default: createSpinner } = await import("yocto-spinner");
    if (!isOver) spinner = createSpinner({ text, handleSignals: endOnSignal }).start();
  }, SHOW_AFTER);
  return {
    show(newText) {
      text = newText;
      if (spinner !== undefined) spinner.text = newText;
    },
    clear() {
      spinner?.clear();
    },
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
      spinner?.stop();
    },
  };
}

/** The characters of a bar. */
const BAR_WIDTH = 20;

/** A bar for what has been sent or received of a large value, e.g. `[#####               ] 25 % of 3.8 MiB`. */
export function progressBar(done: number, total: number): string {
  const share = Math.min(done / total, 1);
  const bar = "#".repeat(Math.floor(share * BAR_WIDTH)).padEnd(BAR_WIDTH);
  return `[${bar}] ${Math.floor(share * 100)} % of ${readableSize(total)}`;
}

/** Whether the standard error is a terminal on which a line can be removed. */
function isAtTerminal(): boolean {
  // Where CI is set, a spinner would print lines.
  return Deno.stderr.isTerminal() && Deno.env.get("TERM") !== "dumb" && !Deno.env.has("CI");
}
