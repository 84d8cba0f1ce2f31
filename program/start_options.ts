/**
 * The options of a Manager as a program: parsed from the command line of `start` or of a script, and
 * written as the command line that `startManager` runs on another computer.
 *
 * @module
 */

import { ConfigurationError } from "../errors.ts";
import { credentialFiles } from "../net/credentials.ts";
import type { LogOptions } from "../logging.ts";
import { LOG_FORMATS } from "../logs/log_format.ts";
import type { ManagerOptions } from "../manager.ts";
import { KEPT_CONNECTIONS } from "../limits.ts";
import { parseRetention } from "../manager/retention.ts";
import { DEFAULT_PORT, DEFAULT_WEB_PORT } from "../wire/protocol.ts";
import { collectJoin, JOIN_OPTIONS, type JoinValues, joinValues } from "./join_options.ts";
import { expandKwargs, formatKwargs, isKwarg, kwargOf } from "./kwargs.ts";
import {
  collectLimits,
  formatLimits,
  LIMIT_OPTIONS,
  type LimitsByOption,
  LOG_LIMIT_OPTIONS,
} from "./limit_options.ts";
import { printLine } from "./print.ts";
import {
  formatHelp,
  formatOption,
  keyOf,
  type OptionSpec,
  parseOptions,
  portFrom,
  takesWords,
  USAGE_ERROR,
} from "./option.ts";
import {
  askKeyPassword,
  askNewPassword,
  type GivenPassword,
  PASSWORD_FORMS,
  readPassword,
} from "./password.ts";

/** How a Manager is started as a program. */
export interface StartOptions extends ManagerOptions, LogOptions {
  /** The level of the log: a name or a number of Python, e.g. `"debug"` or 10. Default: `"info"`. */
  logLevel?: string | number;
  /** The log file. Default: a new file in the home folder. */
  logFile?: string;
}

/** The options of a Manager that a command line can have. */
export interface CommandLineOptions extends Omit<StartOptions, "limits" | "hosts"> {
  /** Limits that differ from the default ones. */
  limits?: Partial<LimitsByOption>;
}

/** Options that are parsed, and whose passwords are not read yet. */
export interface ParsedOptions
  extends Omit<CommandLineOptions, "authPassword" | "keyFilePassword" | "join">, JoinValues {
  authPassword?: GivenPassword;
  keyFilePassword?: GivenPassword;
}

/** The options of `start` other than the limits of the Manager. */
export const GENERAL_OPTIONS: readonly OptionSpec[] = [
  {
    flag: "--auth-hostname",
    description: "let in only the computers that the hostname command lists",
  },
  { flag: "--auth-login", description: "let in only the users that the user command lists" },
  {
    flag: "--auth-password",
    short: "-P",
    placeholder: "[word...]",
    description: `let in only those who know this password: ${PASSWORD_FORMS}`,
  },
  {
    flag: "--cert-file",
    short: "-c",
    placeholder: "<file>",
    description: "the certificate in PEM, perhaps with the key; made where it does not exist",
  },
  {
    flag: "--database",
    short: "-d",
    placeholder: "<file>",
    description: "the SQLite database; made where it does not exist",
  },
  { flag: "--disable-tls", description: "do not encrypt connections" },
  {
    flag: "--host",
    short: "-H",
    placeholder: "<host>",
    description: "the host name or address to listen on (default: every one)",
  },
  {
    flag: "--keep-connections",
    placeholder: "<number>",
    description: "how many records of connections the database keeps, and how long: " +
      `a number, an age as 90d, or both as 100000,90d (default: ${KEPT_CONNECTIONS})`,
    parse: (text) => {
      parseRetention(text);
      return text;
    },
  },
  {
    flag: "--key-file",
    short: "-k",
    placeholder: "<file>",
    description: "the private key in PEM; made where it does not exist",
  },
  {
    flag: "--key-file-password",
    short: "-D",
    placeholder: "[word...]",
    description: `the password of the key: ${PASSWORD_FORMS}`,
  },
  {
    flag: "--port",
    short: "-p",
    placeholder: "<number>",
    description: "the port; 0 takes a free one",
    byDefault: DEFAULT_PORT,
    parse: portFrom(0),
  },
  {
    flag: "--web",
    placeholder: "[port]",
    description: `serve web pages, for browsers (default port: ${DEFAULT_WEB_PORT})`,
    parse: portFrom(0),
  },
  {
    flag: "--web-origin",
    placeholder: "<origins>",
    description: "other sites whose pages may connect, as https://lab.example.org,https://b.org",
    parse: originsOf,
  },
  {
    flag: "--web-root",
    placeholder: "<folder>",
    description: "the folder of your own pages, under /lab/ (default: web in the home folder)",
  },
  {
    flag: "--metrics",
    placeholder: "<port>",
    description: "serve metrics for Prometheus at a port of their own; 0 takes a free one " +
      "(default: at that of --web)",
    parse: portFrom(0),
  },
  {
    flag: "--log-level",
    short: "-G",
    placeholder: "<level>",
    description: "debug, info, warning, error or critical",
    byDefault: "info",
  },
  {
    flag: "--log-file",
    short: "-l",
    placeholder: "<file>",
    description: "the log file (default: a new one in the home folder)",
  },
  {
    flag: "--log-format",
    placeholder: "<format>",
    description: "how the log is written (default: text)",
    choices: LOG_FORMATS,
  },
  ...LOG_LIMIT_OPTIONS,
  ...JOIN_OPTIONS,
];

/** The origins of a list with commas. */
function originsOf(text: string): string[] {
  const origins = text.split(",");
  const wrong = origins.find((one) => !URL.canParse(one) || new URL(one).origin !== one);
  if (wrong === undefined) return origins;
  throw new RangeError(
    `An origin is a scheme, a host and perhaps a port, as https://lab.example.org, got ${wrong}.`,
  );
}

/**
 * Converts parsed options into those of a Manager, and reads the passwords.
 *
 * @throws {ConfigurationError} If a password is empty or cannot be read, or has to be asked for and
 * there is no terminal; or if an option of joining other Managers has no `--node` or no `--join`.
 */
export function readStartOptions(parsed: ParsedOptions): CommandLineOptions {
  const { authPassword, keyFilePassword, ...others } = collectJoin(collectLimits(parsed));
  return {
    ...others,
    authPassword: authPassword &&
      readPassword(authPassword, () => askNewPassword("the Manager")),
    keyFilePassword: keyFilePassword &&
      readPassword(keyFilePassword, () => askKeyPassword(credentialFiles(parsed).keyFile)),
  };
}

/**
 * Parses the command line of a script that calls `runServices`. Its options are those of
 * `manager.ts start`, so that `startManager` can start the script on another computer. It also reads
 * `--kwargs` with a JSON object, which `start_manager` of the Python software passes.
 *
 * If an option is unknown or has a wrong value, it prints a message on the standard error and ends
 * the process with exit code 2. For `--help` it prints the options, and ends the process with exit
 * code 0.
 *
 * @param args The words of the command line. Default: `Deno.args`.
 * @returns The options for {@linkcode runServices}. Durations are in milliseconds, sizes in bytes.
 * @throws {ConfigurationError} If a password is empty or cannot be read, or has to be asked for and
 * there is no terminal; if `--kwargs` cannot be used; or if an option of joining other Managers has
 * no `--node` or no `--join`.
 *
 * @example
 * ```ts ignore it does not end
 * import { parseStartOptions, runServices, Service } from "@msl/network";
 *
 * class Lamp extends Service {
 *   isOn(): boolean {
 *     return true;
 *   }
 * }
 *
 * await runServices(new Lamp(), parseStartOptions());
 * ```
 */
export function parseStartOptions(args: readonly string[] = Deno.args): CommandLineOptions {
  const specs = [...GENERAL_OPTIONS, ...LIMIT_OPTIONS];
  const outcome = parseOptions(specs, withoutMark(expandKwargs(specs, args)));
  switch (outcome.state) {
    case "parsed":
      return readStartOptions(outcome.values as ParsedOptions);
    case "help":
      printLine(
        ["Usage: script [options]", "", "Starts a Network Manager and its Services", "", "Options:"]
          .concat(formatHelp(specs)).join("\n"),
      );
      return Deno.exit(0);
    case "rejected":
      console.error(`error: ${outcome.message}`);
      return Deno.exit(USAGE_ERROR);
  }
}

/** A word that `startManager` adds, by which it finds the program that it has started. */
export const MARK = "--started-as=";

/** The command line of `start` or of a script without the words that only `startManager` writes. */
export function withoutMark(args: readonly string[]): string[] {
  return args.filter((word) => !word.startsWith(MARK));
}

/**
 * Writes options as a command line that programs of this package and scripts of the Python software
 * read: `--kwargs` with what both know, and options that a Python script ignores. A password is not
 * on it, since every user of a computer can see the command lines of its programs. Each password is
 * a line of the standard input.
 *
 * @param style With `"flags"`, no `--kwargs`: for a shell without the quotes of POSIX.
 * @param showPasswords Whether passwords are in `--kwargs` nevertheless, where Python reads them.
 * @throws {ConfigurationError} If a password is not one line.
 */
export function formatStartOptions(
  options: CommandLineOptions,
  style: "kwargs" | "flags" = "kwargs",
  showPasswords = false,
): { args: string[]; input: string[] } {
  const { args, input } = formatFlags(options);
  if (style === "flags") return { args, input };
  const values: Record<string, unknown> = { ...options };
  const isPassed = (spec: OptionSpec) =>
    isKwarg(spec) && (showPasswords || !takesWords(spec)) && values[keyOf(spec)] !== undefined &&
    values[keyOf(spec)] !== false;
  const passed = GENERAL_OPTIONS.filter(isPassed);
  const kwargs = Object.fromEntries(passed.map((spec) => [kwargOf(spec), values[keyOf(spec)]]));
  // The Services of a Python script log in with it.
  if (kwargs.auth_password !== undefined) kwargs.password_manager = kwargs.auth_password;
  const isFlag = (word: string) =>
    !passed.some(({ flag }) => word === flag || word.startsWith(`${flag}=`));
  return {
    args: [...formatKwargs(kwargs), ...args.filter(isFlag)],
    input: showPasswords ? [] : input,
  };
}

function formatFlags(options: CommandLineOptions): { args: string[]; input: string[] } {
  const values: Record<string, unknown> = { ...options, ...joinValues(options.join) };
  const secrets = GENERAL_OPTIONS.filter((spec) =>
    takesWords(spec) && values[keyOf(spec)] !== undefined
  );
  const others = GENERAL_OPTIONS.filter((spec) => !takesWords(spec));
  return {
    args: [
      ...others.flatMap((spec) => formatOption(spec, values[keyOf(spec)])),
      ...formatLimits(options.limits ?? {}),
      ...secrets.flatMap((spec) => formatOption(spec, "-")),
    ],
    input: secrets.map((spec) => requireLine(keyOf(spec), String(values[keyOf(spec)]))),
  };
}

/** A password that is one line. */
function requireLine(option: string, password: string): string {
  if (!/^$|[\r\n]/.test(password)) return password;
  throw new ConfigurationError(
    `Cannot pass ${option} on the standard input: it must be one line, and not empty`,
  );
}
