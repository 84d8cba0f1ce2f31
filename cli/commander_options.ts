/**
 * Converts options that are data (`program/option.ts`) into options of commander.
 *
 * @module
 */

import { InvalidArgumentError, Option } from "commander";
import { labelOf, type OptionSpec, repeated } from "../program/option.ts";

/** Converts one option. */
export function commanderOption(spec: OptionSpec): Option {
  const option = new Option(labelOf(spec), spec.description);
  if (spec.byDefault !== undefined) option.default(spec.byDefault);
  if (spec.choices) option.choices(spec.choices);
  const { parse } = spec;
  if (parse) {
    const parseOne = argumentParser(parse);
    option.argParser((text, before: unknown) => repeated(spec, before, parseOne(text)));
  }
  return option;
}

/** A parser whose errors commander reports as an invalid argument. */
export function argumentParser<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}
