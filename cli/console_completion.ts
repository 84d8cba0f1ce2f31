/**
 * What Tab completes in the console: commands, services, their methods, and keyword arguments.
 *
 * @module
 */

import { nameOf, splitWords, wordOfName } from "./typed_call.ts";

/** What services offer, by their names: method name to signature text, or a constant's value. */
export type Offers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The commands of the console, and whether the name of a service may follow. */
export const CONSOLE_COMMANDS: Readonly<Record<string, boolean>> = {
  help: false,
  ls: true,
  link: true,
  unlink: true,
  exit: false,
};

/**
 * The words that a line may go on with.
 *
 * @returns Them, and the beginning of a word at the end of the line, which they replace.
 */
export function complete(line: string, offers: Offers): [words: string[], beginning: string] {
  const [before, beginning] = lastWord(line);
  const words = candidates(before, offers).filter(({ word, name }) =>
    word.startsWith(beginning) || name.startsWith(beginning)
  ).map(({ word }) => word);
  if (words.length === 1 && !words[0].endsWith("=")) words[0] += " ";
  return [words, beginning];
}

interface Candidate {
  name: string;
  /** The name as it is typed. */
  word: string;
}

function candidates(before: readonly string[], offers: Offers): Candidate[] {
  const named = (names: readonly string[]) =>
    names.map((name) => ({ name, word: wordOfName(name) }));
  const services = Object.keys(offers);
  const [first, second] = before;
  if (first === undefined) {
    // A service that is called like a command is typed in quotes.
    const commands = Object.keys(CONSOLE_COMMANDS);
    return [
      ...commands.map((name) => ({ name, word: name })),
      ...services.map((name) => ({
        name,
        word: commands.includes(name) ? JSON.stringify(name) : wordOfName(name),
      })),
    ];
  }
  if (Object.hasOwn(CONSOLE_COMMANDS, first)) {
    return second === undefined && CONSOLE_COMMANDS[first] ? named(services) : [];
  }
  const service = nameOf(first);
  if (!Object.hasOwn(offers, service)) return [];
  const attributes = offers[service];
  if (second === undefined) return named(Object.keys(attributes));
  const method = nameOf(second);
  if (!Object.hasOwn(attributes, method)) return [];
  return parametersOf(attributes[method]).map((name) => ({ name, word: `${name}=` }));
}

/** The names in a signature, `(x: float, n=2) -> float`. */
function parametersOf(signature: unknown): string[] {
  if (typeof signature !== "string" || !signature.startsWith("(")) return [];
  return [...signature.matchAll(/[(,]\s*([\p{ID_Start}_][\p{ID_Continue}]*)(?=\s*[:=,)])/gu)]
    .map(([_, name]) => name);
}

/** The words of a line that are complete, and the one at its end that is not. */
function lastWord(line: string): [before: string[], last: string] {
  for (let at = line.length; at > 0; at--) {
    if (!/\s/.test(line[at - 1])) continue;
    try {
      return [splitWords(line.slice(0, at)), line.slice(at)];
    } catch {
      // The space is in a quote that is not closed yet.
    }
  }
  return [[], line];
}
