/**
 * The `call` command: calls a method of a Service, and prints its result.
 *
 * @module
 */

import { print, printLine } from "../../program/print.ts";
import type { CommandSpec } from "../command_spec.ts";
import {
  connectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../connect_options.ts";
import { CancelledError, ConfigurationError, RemoteError, ValueError } from "../../errors.ts";
import { progressBar, showProgress } from "../progress.ts";
import { runSession } from "../client_session.ts";
import {
  type CallArguments,
  parseArguments,
  parseJsonOrText,
  parseValue,
  splitWords,
} from "../../client/call_syntax.ts";
import { formatResult } from "../output.ts";
import { printable } from "../../base/printable.ts";
import { linkWith, noSuchAttribute, noSuchService, resultsOf } from "../requests.ts";

interface ParsedOptions extends ParsedConnectOptions {
  each?: boolean;
  help?: boolean;
  json?: boolean;
  out?: string;
  quiet?: boolean;
  traceback?: boolean;
}

/** The argument that stands for the content of the standard input. */
const STANDARD_INPUT = "-";

/** The `call` command. */
export const CALL: CommandSpec = {
  options: [
    ...connectOptions(
      "how long connecting, and an answer, may take; without it, an answer may take any time",
    ),
    {
      flag: "--each",
      description: "call it for each line of the standard input, whose words are added",
    },
    { flag: "--json", description: "print all as JSON: a text too, and each number of an array" },
    {
      flag: "--out",
      placeholder: "<file>",
      description: "write an array of numbers as a file of NumPy, .npy; each one of a stream as " +
        "FILE-000001.npy ...",
    },
    { flag: "--quiet", short: "-q", description: "do not show that it goes on" },
    {
      flag: "--traceback",
      description: "if the method fails, also print where, as its Service says",
    },
    {
      flag: "--help",
      short: "-h",
      description: "display help; after a Service and a method, what that says of itself",
    },
  ],
  // -Infinity would be an option, unlike other negative numbers. -1e999 is the same number.
  rewrite: (word) => word === "-Infinity" ? "-1e999" : word,
  async run([service, method, ...words], values) {
    const { help, ...parsed } = values as unknown as ParsedOptions;
    await (help ? describe(service, method, parsed) : call(service, method, words, parsed));
  },
};

/** Prints what a Service says of a method. It is not linked with. */
async function describe(service: string, method: string, parsed: ParsedOptions): Promise<void> {
  const { describeAttribute } = await import("../service_details.ts");
  const lines = await runSession(
    readConnectOptions(parsed),
    "call",
    async ({ client, signal }) => {
      const { services } = await client.identities({ signal });
      if (!Object.hasOwn(services, service)) throw noSuchService("describe", service, services);
      const entry = services[service];
      if (!Object.hasOwn(entry.attributes, method)) {
        throw noSuchAttribute(service, method, entry.attributes);
      }
      const about = await client.about(service, { signal });
      return describeAttribute({ name: service, entry, about, values: new Map() }, method);
    },
  );
  for (const line of lines) printLine(line);
}

async function call(
  service: string,
  method: string,
  words: readonly string[],
  { each = false, json = false, out, quiet = false, traceback = false, ...parsed }: ParsedOptions,
): Promise<void> {
  const connecting = readConnectOptions(parsed);
  const writer = out === undefined ? undefined : await arrayWriter(out);
  // An argument that cannot be parsed is an error before anything is sent.
  const parse = await wordParser(words, each);
  const given = parseArguments(words, parse);
  await runSession(connecting, "call", async ({ client, signal, removeDeadline }) => {
    const link = await linkWith(client, service, signal);
    removeDeadline();
    const waiting = `Waiting for ${printable(`${method} of ${service}`)}`;
    using progress = showProgress(waiting, { quiet });
    const onProgress = (done: number, total: number, direction: "sent" | "received") => {
      const verb = direction === "sent" ? "Sending to" : "Receiving from";
      const bar = `${verb} ${printable(`${method} of ${service}`)} ${progressBar(done, total)}`;
      progress.show(done < total ? bar : waiting);
    };
    let areSeveral = each;
    const save = async (result: unknown) => {
      try {
        await writer?.(result, areSeveral);
      } catch (error) {
        // The method has been called, and perhaps cannot be again: what it has given is not lost.
        if (!(error instanceof CancelledError)) {
          print(`${formatResult(result, true, Deno.stdout.isTerminal())}\n`);
        }
        throw error;
      }
    };
    const request = async (call: CallArguments): Promise<boolean> => {
      const options = { ...call, signal, timeout: parsed.timeout, onProgress };
      try {
        for await (const result of resultsOf(link, method, options, () => areSeveral = true)) {
          progress.clear();
          await save(result);
          if (!print(`${formatResult(result, json, Deno.stdout.isTerminal())}\n`)) return false;
        }
        return true;
      } catch (error) {
        progress.clear();
        if (traceback) printTraceback(error);
        throw error;
      }
    };
    if (!each) return void await request(given);
    let count = 0;
    for await (const line of await inputLines()) {
      try {
        if (!await request(parseArguments([...words, ...splitWords(line)], parse))) return;
      } catch (cause) {
        const message = `Line ${count + 1} of the standard input: ${(cause as Error).message}`;
        throw new ValueError(message, { cause });
      }
      progress.show(`${waiting}, ${++count} done`);
    }
  });
}

// The modules that only some options need are loaded for those.

/** What writes a result that is an array into a file of NumPy, or each of several into one of them. */
async function arrayWriter(
  file: string,
): Promise<(result: unknown, isOneOfSeveral: boolean) => Promise<void>> {
  const { asArray, NpyFiles } = await import("../npy.ts");
  const files = new NpyFiles(file);
  await files.check();
  return async (result, isOneOfSeveral) => {
    const array = asArray(result);
    if (isOneOfSeveral) await files.writeNext(array);
    else await files.write(array);
  };
}

/** The lines of the standard input. */
async function inputLines(): Promise<AsyncIterable<string>> {
  const { createInterface } = await import("node:readline");
  const { stdin: input } = await import("node:process");
  return createInterface({ input });
}

/** Prints the traceback that the Service has sent, on the standard error. */
function printTraceback(error: unknown): void {
  if (!(error instanceof RemoteError)) return;
  const lines = error.traceback.flatMap((line) => line.trimEnd().split("\n"));
  for (const line of lines) console.error(printable(line));
}

/** A parser of words. It has read the standard input already if one of the words stands for it. */
async function wordParser(
  words: readonly string[],
  each: boolean,
): Promise<(word: string) => unknown> {
  const { args, kwargs } = parseArguments(words, (word) => word === STANDARD_INPUT);
  const uses = [...args, ...Object.values(kwargs)].filter(Boolean).length;
  if (uses === 0) return parseValue;
  if (uses > 1 || each) {
    throw new ConfigurationError(
      "Cannot read the standard input twice: give one - and no --each, or '-' for the text",
    );
  }
  const text = await new Response(Deno.stdin.readable).text();
  const value = parseJsonOrText(text.replace(/\r?\n$/, ""));
  return (word) => word === STANDARD_INPUT ? value : parseValue(word);
}
