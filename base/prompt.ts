/**
 * Asks a person at the terminal for what the options leave out.
 *
 * @module
 */

import { CancelledError, ConfigurationError } from "../errors.ts";

/** Asks a person. Tests and graphical programs have their own. */
export interface Prompt {
  /** Asks for text. */
  text(question: string): string | Promise<string>;
  /** Asks for text that is not shown. */
  secret(question: string): string | Promise<string>;
  /** Asks for yes or no. */
  confirm(question: string): boolean | Promise<boolean>;
}

/** Asks a person who is waited for: nothing else happens meanwhile. */
export interface TerminalPrompt extends Prompt {
  text(question: string): string;
  secret(question: string): string;
  confirm(question: string): boolean;
}

/** Asks at the terminal. Each question throws a `ConfigurationError` where there is none. */
export const terminalPrompt: TerminalPrompt = {
  text(question) {
    requireTerminal(question);
    return prompt(question) ?? "";
  },
  secret(question) {
    requireTerminal(question);
    // The echo is off before the question is shown: whoever answers at once would see the secret.
    // Ctrl+C is a character as any other, since the signal would leave the terminal without its echo.
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
    Deno.kill(Deno.pid, "SIGINT"); // ends the process, unless the program has another idea
    throw new CancelledError(`Nobody answers "${question}": it was interrupted`);
  },
  confirm(question) {
    requireTerminal(question);
    return /^y(es)?$/i.test(prompt(`${question} (y/n)`) ?? "");
  },
};

/** Asks at the terminal; `undefined` where there is none. */
export function promptIfTerminal(): TerminalPrompt | undefined {
  return Deno.stdin.isTerminal() ? terminalPrompt : undefined;
}

function requireTerminal(question: string): void {
  if (Deno.stdin.isTerminal()) return;
  throw new ConfigurationError(
    `Cannot ask "${question}": the standard input is not a terminal. Give the answer as an option`,
  );
}

const [ENTER, LINE_FEED, CTRL_C, CTRL_D, CTRL_U, CTRL_BACKSLASH] = [13, 10, 3, 4, 21, 28];
const [BACKSPACE, DELETE] = [8, 127];

/** What is typed until Enter; `undefined` if it is interrupted. */
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
        while (((typed.pop() ?? 0) & 0xc0) === 0x80); // a character may be several bytes
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
