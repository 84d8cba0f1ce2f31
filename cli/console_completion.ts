/**
 * Completion in the console: of commands, services, their methods, keyword arguments, and the values
 * that a service says an argument may have.
 *
 * @module
 */

import type { ParameterAbout, ServiceAbout } from "../wire/about.ts";
import { isObject } from "../wire/message.ts";
import { formatArguments, formatName, parseName, splitWords } from "../client/call_syntax.ts";
import { aboutAttribute, aboutParameter } from "./description.ts";

/** The attributes of each service by its name: the signature of a method, or the value of a constant. */
export type Completable = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The commands of the console, and whether each takes the name of a service. */
export const CONSOLE_COMMANDS: Readonly<Record<string, boolean>> = {
  help: true,
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
 * @param about What the service says of itself that the line begins with, if that is known.
 * @returns The words that it may become, and the incomplete word that each of them replaces.
 */
export function complete(
  line: string,
  services: Completable,
  about?: ServiceAbout,
): [words: string[], beginning: string] {
  const [before, beginning] = lastWord(line);
  const words = candidates(before, services, about).filter(({ word, name }) =>
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

/** The service that a line begins with after which a method and a space follow, if there is one. */
export function serviceWithArguments(line: string): string | undefined {
  const [before] = lastWord(line);
  const [first] = before;
  return before.length < 2 || Object.hasOwn(CONSOLE_COMMANDS, first) ? undefined : parseName(first);
}

function candidates(
  before: readonly string[],
  services: Completable,
  about: ServiceAbout | undefined,
): Candidate[] {
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
    if (second === undefined) return CONSOLE_COMMANDS[first] ? named(names) : [];
    const service = parseName(second);
    const isHelp = first === "help" && before.length === 2 && Object.hasOwn(services, service);
    return isHelp ? named(Object.keys(services[service])) : [];
  }
  const service = parseName(first);
  if (!Object.hasOwn(services, service)) return [];
  const attributes = services[service];
  if (second === undefined) return named(Object.keys(attributes));
  const method = parseName(second);
  if (!Object.hasOwn(attributes, method)) return [];
  const said = about && aboutAttribute(about, method);
  return parametersOf(attributes[method]).flatMap((name) => [
    { name, word: `${name}=` },
    ...valuesOf(aboutParameter(said, name)).map((value) => {
      const word = `${name}=${value}`;
      return { name: word, word };
    }),
  ]);
}

/** How many values of an argument are offered at most. */
const MOST_VALUES = 64;

/** The values that an argument may have, as words of the console, if a service enumerates them. */
function valuesOf(said: ParameterAbout | undefined): string[] {
  const { enum: values, anyOf } = said?.schema ?? {};
  const constants = Array.isArray(anyOf) && anyOf.every((one) => isObject(one) && "const" in one)
    ? anyOf.map((one) => one.const)
    : [];
  const all: unknown[] = Array.isArray(values) ? values : constants;
  return all.length > MOST_VALUES ? [] : all.map((value) => formatArguments([value], {}));
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
