/**
 * Asks a person at the terminal for what the options leave out.
 *
 * @module
 */

import { promptSecret } from "@std/cli/prompt-secret";
import { ConfigurationError } from "./errors.ts";

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
    // The question is shown before the echo is off: whoever answers at once would see the secret.
    Deno.stdin.setRaw(true, Deno.build.os === "windows" ? undefined : { cbreak: true });
    try {
      return (promptSecret as (message: string) => string | null)(question) ?? "";
    } finally {
      Deno.stdin.setRaw(false);
    }
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
