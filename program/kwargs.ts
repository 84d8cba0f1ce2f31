/**
 * The options of a Manager as the Python software passes them to a script that it starts on another
 * computer: `--kwargs` and a JSON object with the keyword arguments.
 *
 * @module
 */

import { ConfigurationError } from "../errors.ts";
import { decodeObject, type JsonObject } from "../wire/message.ts";
import { formatOption, keyOf, type OptionSpec, takesWords } from "./option.ts";

/** The option whose value is the object. */
const FLAG = "--kwargs";

/** The options that the Python software knows as keyword arguments; it refuses any other. */
const KWARGS: ReadonlySet<string> = new Set([
  "authHostname",
  "authLogin",
  "authPassword",
  "certFile",
  "database",
  "disableTls",
  "host",
  "keyFile",
  "keyFilePassword",
  "port",
]);

/** Keyword arguments of a Python Service, which do not concern a Manager. */
const OF_SERVICES = [
  "assert_hostname",
  "auto_save",
  "password",
  "password_manager",
  "read_limit",
  "timeout",
  "username",
];

/** The options that are keyword arguments of the Python software. */
export function isKwarg(spec: OptionSpec): boolean {
  return KWARGS.has(keyOf(spec));
}

/** The words `--kwargs` and a JSON object; none if there is nothing to pass. */
export function formatKwargs(kwargs: JsonObject): string[] {
  return Object.keys(kwargs).length === 0 ? [] : [FLAG, JSON.stringify(kwargs)];
}

/** The name of an option in Python, e.g. `auth_login` of `--auth-login`. */
export function kwargOf({ flag }: OptionSpec): string {
  return flag.slice("--".length).replaceAll("-", "_");
}

/**
 * A command line in which `--kwargs` and its object are replaced by the options that they stand for.
 * They are at its place, so that options after it win.
 *
 * @throws {ConfigurationError} If the object cannot be read, or has a key or a value that is not known.
 */
export function expandKwargs(specs: readonly OptionSpec[], args: readonly string[]): string[] {
  const at = args.findIndex((word) => word === FLAG || word.startsWith(`${FLAG}=`));
  if (at < 0) return [...args];
  const isOneWord = args[at] !== FLAG;
  const text = isOneWord ? args[at].slice(FLAG.length + 1) : args[at + 1];
  return args.toSpliced(at, isOneWord ? 1 : 2, ...optionsOf(specs, text));
}

function optionsOf(specs: readonly OptionSpec[], text: string | undefined): string[] {
  let kwargs: JsonObject;
  try {
    kwargs = decodeObject(text ?? "");
  } catch (cause) { // the text may have a password
    throw new ConfigurationError(`Cannot read ${FLAG}: it is not a JSON object`, { cause });
  }
  return Object.entries(kwargs).flatMap(([name, value]) => {
    if (value === null || OF_SERVICES.includes(name)) return [];
    const spec = specs.find((spec) => kwargOf(spec) === name);
    if (spec === undefined) {
      throw new ConfigurationError(
        `Cannot use ${FLAG}: there is no option ${JSON.stringify(name)}`,
      );
    }
    const isFlag = spec.placeholder === undefined;
    const isList = spec.isRepeated && Array.isArray(value) &&
      value.every((one) => typeof one === "string");
    if (isList) return formatOption(spec, value);
    if (isFlag ? typeof value !== "boolean" : !["string", "number"].includes(typeof value)) {
      throw new ConfigurationError(`Cannot use ${FLAG}: the value of "${name}" has a wrong type`);
    }
    if (takesWords(spec) && value === "-") {
      throw new ConfigurationError(`Cannot use ${FLAG}: "-" is no password`);
    }
    return formatOption({ ...spec, format: undefined }, value);
  });
}
