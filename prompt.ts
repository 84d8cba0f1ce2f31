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

/** Asks at the terminal. Each question throws a `ConfigurationError` where there is none. */
export const terminalPrompt: Prompt = {
  text(question) {
    requireTerminal(question);
    return prompt(question) ?? "";
  },
  secret(question) {
    requireTerminal(question);
    return (promptSecret as (message: string) => string | null)(`${question} `) ?? "";
  },
  confirm(question) {
    requireTerminal(question);
    return /^y(es)?$/i.test(prompt(`${question} (y/n)`) ?? "");
  },
};

function requireTerminal(question: string): void {
  if (Deno.stdin.isTerminal()) return;
  throw new ConfigurationError(
    `Cannot ask "${question}": the standard input is not a terminal. Give the answer as an option`,
  );
}
