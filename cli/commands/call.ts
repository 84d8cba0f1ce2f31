/**
 * The `call` command: calls a method of a Service, and prints its result.
 *
 * @module
 */

import type { Command } from "commander";
import process from "node:process";
import { createInterface } from "node:readline";
import {
  addConnectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../connect_options.ts";
import { ConfigurationError, ValueError } from "../../errors.ts";
import { linkWith, resultsOf } from "../named_service.ts";
import { formatResult, printLine } from "../output.ts";
import { showProgress } from "../progress.ts";
import { printable } from "../text_table.ts";
import {
  argumentsOf,
  jsonOrText,
  splitWords,
  type TypedArguments,
  valueOf,
} from "../typed_call.ts";
import { visit } from "../client_session.ts";

interface ParsedOptions extends ParsedConnectOptions {
  each?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** The argument that stands for what is on the standard input. */
const STANDARD_INPUT = "-";

/** Adds `call` to the program. */
export function addCall(program: Command): void {
  addConnectOptions(
    program.command("call"),
    "how long connecting, and an answer, may take; without it, an answer may take any time",
  )
    .description("Call a method of a Service and print its result")
    .argument("<service>", "the name of the Service")
    .argument("<method>", "the name of the method, or of a constant")
    .argument(
      "[argument...]",
      "JSON, or else text; key=value by name; - is the standard input; text in '...' is taken " +
        "as it is, as is what begins with a hyphen after --",
    )
    .option("--each", "call it for each line of the standard input, whose words are added")
    .option("--json", "print a text as JSON too")
    .option("-q, --quiet", "do not show that it goes on")
    .action(call);
}

async function call(
  service: string,
  method: string,
  words: string[],
  { each = false, json = false, quiet = false, ...parsed }: ParsedOptions,
): Promise<void> {
  const connecting = readConnectOptions(parsed);
  // What cannot be read is said before anything is sent.
  const read = await reader(words, each);
  const given = argumentsOf(words, read);
  await visit(connecting, "call", async ({ client, signal, takeAnyTime }) => {
    const link = await linkWith(client, service, signal);
    takeAnyTime();
    using progress = showProgress(`Waiting for ${printable(`${method} of ${service}`)}`, { quiet });
    const request = async (call: TypedArguments): Promise<boolean> => {
      const options = { ...call, signal, timeout: parsed.timeout };
      for await (const result of resultsOf(link, method, options)) {
        progress.clear();
        if (!printLine(formatResult(result, json, Deno.stdout.isTerminal()))) return false;
      }
      return true;
    };
    if (!each) return void await request(given);
    let count = 0;
    for await (const line of createInterface({ input: process.stdin })) {
      try {
        if (!await request(argumentsOf([...words, ...splitWords(line)], read))) return;
      } catch (cause) {
        const message = `Line ${count + 1} of the standard input: ${(cause as Error).message}`;
        throw new ValueError(message, { cause });
      }
      progress.show(`Waiting for ${printable(`${method} of ${service}`)}, ${++count} done`);
    }
  });
}

/** Makes values of words, of which one may stand for what is on the standard input. */
async function reader(words: readonly string[], each: boolean): Promise<(word: string) => unknown> {
  const { args, kwargs } = argumentsOf(words, (word) => word === STANDARD_INPUT);
  const places = [...args, ...Object.values(kwargs)].filter(Boolean).length;
  if (places === 0) return valueOf;
  if (places > 1 || each) {
    throw new ConfigurationError(
      "Cannot read the standard input twice: give one - and no --each, or '-' for the text",
    );
  }
  const text = await new Response(Deno.stdin.readable).text();
  const value = jsonOrText(text.replace(/\r?\n$/, ""));
  return (word) => word === STANDARD_INPUT ? value : valueOf(word);
}
