/**
 * The options of a command that connects to a Manager, as data: `commander_options.ts` gives them to
 * commander.
 *
 * A password is never a word on the command line, which every user of the computer can see. It is
 * read from a file or from the standard input, or asked for at the terminal.
 *
 * @module
 */

import type { ConnectOptions } from "../device/connect_options.ts";
import { ConfigurationError } from "../errors.ts";
import { fileExists } from "../base/files.ts";
import { localNames } from "../base/local_names.ts";
import { COUNT, DURATION, numberOption, type OptionSpec, portFrom } from "../program/option.ts";
import { DEFAULT_PORT } from "../wire/protocol.ts";
import { readPasswordFile } from "../program/password.ts";
import { certificateFile } from "../base/paths.ts";
import { type Prompt, terminalPrompt } from "../base/prompt.ts";
import { formatDuration } from "../base/units.ts";

/** The options as they are parsed. */
export interface ParsedConnectOptions {
  host: string;
  port: number;
  disableTls?: boolean;
  certFile?: string;
  username?: string;
  passwordFile?: string;
  /** In milliseconds. */
  timeout?: number;
}

/** The options with which a command connects. */
export interface CommandConnectOptions extends ConnectOptions {
  /** Whether numbers are printed as they were received. */
  exactNumbers: boolean;
  host: string;
  port: number;
  timeout: number;
  prompt: Prompt;
}

const DEFAULT_HOST = "localhost";
const DEFAULT_TIMEOUT = 10_000;

/**
 * The options. An environment variable that is empty counts as not set.
 *
 * @param timeout The description of the time-out in the help.
 */
export function connectOptions(timeout = "how long it may take"): OptionSpec[] {
  const parsePort = portFrom(1);
  return [
    {
      flag: "--host",
      short: "-H",
      placeholder: "<host>",
      description: "the host name or address of the Manager",
      env: "MSL_NETWORK_HOST",
      byDefault: DEFAULT_HOST,
      parse: (text) => text || DEFAULT_HOST,
    },
    {
      flag: "--port",
      short: "-p",
      placeholder: "<number>",
      description: "the port of the Manager",
      env: "MSL_NETWORK_PORT",
      byDefault: DEFAULT_PORT,
      parse: (text) => text === "" ? DEFAULT_PORT : parsePort(text),
    },
    { flag: "--disable-tls", description: "speak plain TCP" },
    {
      flag: "--cert-file",
      short: "-c",
      placeholder: "<file>",
      description: "the certificate to trust, in PEM",
    },
    {
      flag: "--username",
      placeholder: "<name>",
      description: "who to log in as, where the Manager asks for it",
      env: "MSL_NETWORK_USERNAME",
    },
    {
      flag: "--password-file",
      placeholder: "<file>",
      description:
        "the password, of the user or of the Manager: a file whose first line it is, or - for the " +
        "standard input",
    },
    timeOption("--timeout", timeout, DEFAULT_TIMEOUT, 1),
  ];
}

/** An option whose value is a time to wait. Its default and its least value are in milliseconds. */
export function timeOption(
  flag: `--${string}`,
  description: string,
  byDefault: number,
  least: number = 0,
): OptionSpec {
  return numberOption({ flag, notation: DURATION, description }, byDefault, (milliseconds) => {
    if (milliseconds >= least) return;
    throw new RangeError(`It must be at least ${formatDuration(least)}.`);
  });
}

/** The option `--count`: how often something is done; 0 for no limit. */
export function countOption(description: string, byDefault: number): OptionSpec {
  return numberOption({ flag: "--count", notation: COUNT, description }, byDefault, () => {});
}

/**
 * Converts parsed options into those with which a command connects.
 *
 * @throws {ConfigurationError} If the password cannot be read, or is empty.
 */
export function readConnectOptions(parsed: ParsedConnectOptions): CommandConnectOptions {
  const { host, port, disableTls, timeout = DEFAULT_TIMEOUT, username, passwordFile } = parsed;
  const password = passwordFile === undefined ? undefined : readPasswordFile(
    passwordFile,
    () => terminalPrompt.secret("Enter the password:"),
  );
  return {
    host,
    port,
    timeout,
    disableTls,
    ...certificateOptions(parsed),
    username: username || undefined,
    // A Manager asks for one of the two, depending on its method of authentication.
    password,
    passwordManager: password,
    prompt: optionsPrompt,
    exactNumbers: true,
  };
}

/**
 * The certificate of a Manager on this computer is in the home folder of its user, under the host that
 * it listens on, or else `localhost`. It is trusted for every name of this computer. The name in it is
 * not compared, since exactly this certificate is expected.
 */
function certificateOptions(
  { host, certFile, disableTls }: ParsedConnectOptions,
): Pick<ConnectOptions, "certFile" | "assertHostname"> {
  if (certFile !== undefined) return { certFile };
  if (disableTls) return {};
  if (fileExists(certificateFile(host))) return {};
  const names = localNames();
  if (!names.includes(host)) return {};
  const local = ["localhost", ...names].map((name) => certificateFile(name)).find(fileExists);
  return local === undefined ? {} : { certFile: local, assertHostname: false };
}

/** Asks at the terminal. Without a terminal the error says which option to give instead. */
const optionsPrompt: Prompt = {
  text(question) {
    requireTerminal("Cannot ask for the username", "Give it with --username");
    return terminalPrompt.text(question);
  },
  secret(question) {
    requireTerminal("Cannot ask for the password", "Give it with --password-file");
    return terminalPrompt.secret(question);
  },
  confirm(question) {
    requireTerminal(
      "Cannot ask whether to trust the certificate of the Manager",
      "Give one with --cert-file",
    );
    return terminalPrompt.confirm(question);
  },
};

function requireTerminal(refusal: string, advice: string): void {
  if (Deno.stdin.isTerminal()) return;
  throw new ConfigurationError(`${refusal}: the standard input is not a terminal. ${advice}`);
}
