/**
 * Completion in the console: of commands, services, their methods, and keyword arguments.
 *
 * @module
 */

import { formatName, parseName, splitWords } from "./call_syntax.ts";

/** The attributes of each service by its name: the signature of a method, or the value of a constant. */
export type Completable = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The commands of the console, and whether each takes the name of a service. */
export const CONSOLE_COMMANDS: Readonly<Record<string, boolean>> = {
  help: false,
  "?": false,
  ls: true,
  link: true,
  unlink: true,
  exit: false,
  quit: false,
};

/**
 * Completes the last word of a line.
 *
 * @returns The words that it may become, and the incomplete word that each of them replaces.
 */
export function complete(
  line: string,
  services: Completable,
): [words: string[], beginning: string] {
  const [before, beginning] = lastWord(line);
  const words = candidates(before, services).filter(({ word, name }) =>
    word.startsWith(beginning) || name.startsWith(beginning)
  ).map(({ word }) => word);
  if (words.length === 1 && !words[0].endsWith("=")) words[0] += " ";
  return [words, beginning];
}

interface Candidate {
  name: string;
  /** The name as a word of the console. */
  word: string;
}

function candidates(before: readonly string[], services: Completable): Candidate[] {
  const named = (names: readonly string[]) =>
    names.map((name) => ({ name, word: formatName(name) }));
  const names = Object.keys(services);
  const [first, second] = before;
  if (first === undefined) {
    // A service with the name of a command is typed in quotes.
    const commands = Object.keys(CONSOLE_COMMANDS);
    return [
      ...commands.map((name) => ({ name, word: name })),
      ...names.map((name) => ({
        name,
        word: commands.includes(name) ? JSON.stringify(name) : formatName(name),
      })),
    ];
  }
  if (Object.hasOwn(CONSOLE_COMMANDS, first)) {
    return second === undefined && CONSOLE_COMMANDS[first] ? named(names) : [];
  }
  const service = parseName(first);
  if (!Object.hasOwn(services, service)) return [];
  const attributes = services[service];
  if (second === undefined) return named(Object.keys(attributes));
  const method = parseName(second);
  if (!Object.hasOwn(attributes, method)) return [];
  return parametersOf(attributes[method]).map((name) => ({ name, word: `${name}=` }));
}

/** The names of the parameters in a signature, e.g. `(x: float, n=2) -> float`. */
function parametersOf(signature: unknown): string[] {
  if (typeof signature !== "string" || !signature.startsWith("(")) return [];
  return [...signature.matchAll(/[(,]\s*([\p{ID_Start}_][\p{ID_Continue}]*)(?=\s*[:=,)])/gu)]
    .map(([_, name]) => name);
}

/** The complete words of a line, and the incomplete word at its end. */
function lastWord(line: string): [before: string[], last: string] {
  for (let at = line.length; at > 0; at--) {
    if (!/\s/.test(line[at - 1])) continue;
    try {
      return [splitWords(line.slice(0, at)), line.slice(at)];
    } catch {
      // The space is within a quote that is not closed yet.
    }
  }
  return [[], line];
}
