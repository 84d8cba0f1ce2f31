/**
 * Asks a person at the terminal for a value that no option gives, e.g. a password.
 *
 * @module
 */

import { CancelledError, ConfigurationError } from "../errors.ts";

/**
 * Asks a person. The default asks at the terminal; a graphical program or a test has its own. An
 * error that a method throws is the error of the call that needs the answer, e.g. of `connect`.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, type Prompt } from "@msl/network";
 *
 * const prompt: Prompt = {
 *   text: (question) => question.includes("user") ? "alice" : "",
 *   secret: () => Deno.readTextFile("/run/secrets/alice"),
 *   confirm: () => false,
 * };
 * await using cxn = await connect({ prompt });
 * ```
 */
export interface Prompt {
  /** Asks for text; the empty text where nothing is entered. */
  text(question: string): string | Promise<string>;
  /** Asks for text that is not shown while it is typed, e.g. a password. */
  secret(question: string): string | Promise<string>;
  /** Asks for yes or no: `true` for yes. */
  confirm(question: string): boolean | Promise<boolean>;
}

/** A prompt that blocks the program until the person has answered. */
export interface TerminalPrompt extends Prompt {
  text(question: string): string;
  secret(question: string): string;
  confirm(question: string): boolean;
}

/**
 * Asks at the terminal. Each method throws a `ConfigurationError` when the standard input is not a
 * terminal.
 */
export const terminalPrompt: TerminalPrompt = {
  text(question) {
    requireTerminal(question);
    return prompt(question) ?? "";
  },
  secret(question) {
    requireTerminal(question);
    // The echo is off before the question is shown, so that a fast answer is not visible. Raw mode
    // makes Ctrl+C an ordinary character: its signal would leave the terminal without echo.
    Deno.stdin.setRaw(true);
    let secret: string | undefined;
    try {
      write(`${question} `);
      secret = readSecret();
    } finally {
      Deno.stdin.setRaw(false);
      write("\n");
    }
    if (secret !== undefined) return secret;
    // A process of Windows cannot send SIGINT.
    if (Deno.build.os === "windows") Deno.exit(INTERRUPTED);
    Deno.kill(Deno.pid, "SIGINT"); // ends the process, unless the program handles the signal
    throw new CancelledError(`Nobody answers "${question}": it was interrupted`);
  },
  confirm(question) {
    requireTerminal(question);
    return /^y(es)?$/i.test(prompt(`${question} (y/n)`) ?? "");
  },
};

/** The prompt at the terminal; `undefined` when the standard input is not a terminal. */
export function promptIfTerminal(): TerminalPrompt | undefined {
  return Deno.stdin.isTerminal() ? terminalPrompt : undefined;
}

/**
 * One line of the standard input, and no byte more: the next line may be another answer. `undefined`
 * at its end.
 */
export function readInputLine(
  decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes),
): string | undefined {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  let size: number | null;
  while ((size = Deno.stdin.readSync(byte)) !== null && byte[0] !== 0x0a) bytes.push(byte[0]);
  if (size === null && bytes.length === 0) return undefined;
  return decode(new Uint8Array(bytes)).replace(/\r$/, "");
}

function requireTerminal(question: string): void {
  if (Deno.stdin.isTerminal()) return;
  throw new ConfigurationError(
    `Cannot ask "${question}": the standard input is not a terminal. Give the answer as an option`,
  );
}

/** The exit code of a process that Ctrl+C has ended, as shells give it. */
const INTERRUPTED = 130;

const [ENTER, LINE_FEED, CTRL_C, CTRL_D, CTRL_U, CTRL_BACKSLASH] = [13, 10, 3, 4, 21, 28];
const [BACKSPACE, DELETE] = [8, 127];

/** The text that is typed until Enter; `undefined` after Ctrl+C. */
function readSecret(): string | undefined {
  const typed: number[] = [];
  for (const byte = new Uint8Array(1); Deno.stdin.readSync(byte) !== null;) {
    switch (byte[0]) {
      case ENTER:
      case LINE_FEED:
      case CTRL_D:
        return textOf(typed);
      case CTRL_C:
      case CTRL_BACKSLASH:
        return undefined;
      case CTRL_U:
        typed.length = 0;
        break;
      case BACKSPACE:
      case DELETE:
        while (((typed.pop() ?? 0) & 0xc0) === 0x80); // a character of UTF-8 may have several bytes
        break;
      default:
        typed.push(byte[0]);
    }
  }
  return textOf(typed);
}

function textOf(bytes: readonly number[]): string {
  return new TextDecoder().decode(new Uint8Array(bytes));
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
