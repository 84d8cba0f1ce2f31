/**
 * The command line. Its commands and options are those of `msl-network`.
 *
 * @module
 */

import { Command, InvalidArgumentError } from "commander";
import { ConfigurationError } from "./errors.ts";
import { parseLevel, startLogging } from "./logging.ts";
import { Manager, type ManagerOptions } from "./manager.ts";
import { DEFAULT_PORT } from "./message.ts";
import { logFile } from "./paths.ts";
import { VERSION } from "./version.ts";

/** What the options of `start` are parsed to. */
interface StartOptions {
  authPassword?: string[];
  certFile?: string;
  database?: string;
  disableTls?: boolean;
  host?: string;
  keyFile?: string;
  keyFilePassword?: string[];
  port: number;
  logLevel: string;
  logFile?: string;
}

/** Runs a command. An error that a user can do something about is one line, and exit code 1. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    Deno.exitCode = 1;
  }
}

function program(): Command {
  const program = new Command("msl-network")
    .description("Connects Clients to Services (instruments, sensors, computation).")
    .version(VERSION, "-V, --version")
    .showHelpAfterError("Add --help to see what is possible.");
  program.command("start", { isDefault: true })
    .description("Start the Network Manager (the default command)")
    .option(
      "-P, --auth-password <word...>",
      "let in only those who know this password: words, or a file whose first line it is",
    )
    .option("-c, --cert-file <file>", "the certificate in PEM; made where it does not exist")
    .option("-d, --database <file>", "the SQLite database; made where it does not exist")
    .option("--disable-tls", "do not encrypt connections")
    .option("-H, --host <host>", "the host name or address to listen on (default: every one)")
    .option("-k, --key-file <file>", "the private key in PEM; made where it does not exist")
    .option(
      "-D, --key-file-password <word...>",
      "the password of the key: words, or a file whose first line it is",
    )
    .option("-p, --port <number>", "the port; 0 takes a free one", parsePort, DEFAULT_PORT)
    .option("-G, --log-level <level>", "debug, info, warning, error or critical", "info")
    .option("-l, --log-file <file>", "the log file (default: a new one in the home folder)")
    .action(start);
  return program;
}

async function start(options: StartOptions): Promise<void> {
  const { authPassword, keyFilePassword, logLevel, ...others } = options;
  const managerOptions: ManagerOptions = {
    ...others,
    authPassword: authPassword && readPassword(authPassword),
    keyFilePassword: keyFilePassword && readPassword(keyFilePassword),
  };
  await using _logging = await startLogging(
    parseLevel(logLevel),
    options.logFile ?? logFile(new Date()),
  );
  await using manager = await Manager.start(managerOptions);
  using _signals = onSignal(() => manager.shutdown());
  const host = options.host ?? manager.hostname;
  console.log(
    `Network Manager running on ${host}:${manager.port} (TLS ${
      manager.tls ? "ENABLED" : "DISABLED"
    })`,
  );
  await manager.finished;
}

/** Calls a function when the process is asked to end. */
function onSignal(callback: () => void): Disposable {
  // Windows knows no SIGTERM; closing the console window is a SIGHUP there.
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK", "SIGHUP"]
    : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, callback);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, callback);
    },
  };
}

/** A password given as words, or as the name of a file whose first line it is. */
function readPassword(words: readonly string[]): string {
  const given = words.join(" ");
  let password = given;
  try {
    password = Deno.readTextFileSync(given).split(/\r?\n/, 1)[0];
  } catch {
    // Not a file that can be read, so it is the password itself.
  }
  if (password === "") throw new ConfigurationError("Cannot use an empty password");
  return password;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be an integer from 0 to 65535.");
}
