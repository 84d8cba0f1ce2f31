/**
 * Starts a Manager on another computer over SSH, with the OpenSSH client of the system. Keys, the
 * agent, the configuration and what `ssh` asks are left to OpenSSH.
 *
 * @example
 * ```ts ignore it needs another computer
 * import { connect } from "@msl/network";
 * import { startManager } from "@msl/network/ssh";
 *
 * const manager = ["deno", "run", "-A", "/opt/network/manager.ts", "start"];
 * const remote = await startManager("lab-pc", manager);
 * await using cxn = await connect(remote.connectOptions);
 * console.log(await cxn.identities({ asString: true }));
 * ```
 *
 * @module
 */

import "./base/log_tape.ts";
import { forCaller } from "./base/caller.ts";
import { deadline } from "./base/timer.ts";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectOptions } from "./device/connect_options.ts";
import { StartError, TimeoutError, ValueError } from "./errors.ts";
import { type Line, LineSplitter, LongLine } from "./wire/line.ts";
import { checkTimeout } from "./base/with_timeout.ts";
import { logger } from "./base/log.ts";
import { quoteWord } from "./base/quote.ts";
import { parseReadyLine, type ReadyLine } from "./program/ready_line.ts";
import { type CommandLineOptions, formatStartOptions, MARK } from "./program/start_options.ts";
import { decodeObject } from "./wire/message.ts";

/** How `ssh` is run. The configuration of OpenSSH gives the defaults. */
export interface SshOptions {
  /** The user to log in as. Default: as configured, or else the name of the local user. */
  user?: string;
  /** The port of the SSH server. Default: as configured, or else 22. */
  port?: number;
  /** The file of a private key to log in with. Default: as configured, and the keys of the agent. */
  identityFile?: string;
  /** Further arguments of `ssh`, e.g. `["-J", "gate"]` or `["-o", "BatchMode=yes"]`. */
  args?: readonly string[];
  /** The program: a path, or a name that is looked up in `PATH`. Default: `"ssh"`. */
  executable?: string;
}

/** How a Manager is started on another computer. The files of its options are on that computer. */
export interface StartManagerOptions extends CommandLineOptions {
  /** How to log in to that computer. Default: as OpenSSH is configured. */
  ssh?: SshOptions;
  /**
   * The time until the Manager is ready, in milliseconds. It includes the time in which a person
   * answers what `ssh` asks at the terminal. From 1 to 2,147,483,647. Default: 60,000.
   */
  timeout?: number;
  /**
   * How the options are passed: `"kwargs"` is one JSON object, which scripts of the Python software
   * read too; `"flags"` is for cmd.exe and PowerShell, which do not know the quotes that JSON needs.
   * Default: `"kwargs"`.
   */
  style?: "kwargs" | "flags";
  /**
   * Whether passwords are passed in the command line, where every user of that computer can read
   * them: scripts of the Python software read them nowhere else. Default: `false`.
   */
  showPasswords?: boolean;
}

/** How a program on another computer ended, as far as this computer knows. */
export type RemoteEnd =
  /** The program ended, with this exit code. */
  | { state: "ended"; code: number }
  /**
   * `ssh` ended without an exit code of the program: after `disconnect()`, because the connection
   * broke, or because a signal ended the program. The program may still be running.
   */
  | { state: "lost" };

/** A Manager that was started on another computer. */
export interface RemoteManager extends AsyncDisposable {
  /** The host name or address of the Manager on its own computer. */
  readonly hostname: string;
  /** The port that the Manager listens on. */
  readonly port: number;
  /** Whether connections are encrypted. */
  readonly tls: boolean;
  /**
   * The options with which a Client or Service connects: the host, the port, whether TLS is used,
   * and the password of the Manager if there is one.
   */
  readonly connectOptions: ConnectOptions & { host: string; port: number };
  /**
   * Fulfilled when the program has ended or the connection to it is lost; never rejected. Reading
   * this property keeps the local program alive until then.
   */
  readonly finished: Promise<RemoteEnd>;
  /** Ends the SSH connection within 4 seconds. The Manager keeps running. */
  disconnect(): Promise<void>;
}

/** The longest line of output that is parsed and logged whole, in bytes. */
const LONGEST_LINE = 16 * 1024;
/** How much of the output an error has, in characters. */
const LONGEST_REPORT = 4 * 1024;
/** How long a Manager may take to request something, in milliseconds. */
const FIRST_QUESTION_TIMEOUT = 10_000;
/** How long `ssh` may take to end after SIGTERM, and its output to end after it, in milliseconds. */
const END_TIMEOUT = 2_000;
/** The exit code of `ssh` if it is not that of the program. */
const SSH_FAILED = 255;

const log = logger("ssh");

/**
 * Starts a Manager on another computer, and waits until it accepts connections. The command is
 * `manager.ts start`, a script that passes `parseStartOptions()` to `runServices`, or such a script
 * of the Python software. The options of the Manager are appended to it. Passwords are written to its
 * standard input, and are on no command line, unless `showPasswords` is set.
 *
 * A program that ignores its options is stopped: one whose Manager is at another port, uses TLS or
 * does not use it against `disableTls`, or asks for no password or username although `authPassword`
 * or `authLogin` is given. The last can be checked only if `host` and the port can be reached from
 * this computer; if not, the log has a warning.
 *
 * Then the Manager is independent: neither the end of the local program nor a broken connection ends
 * it. As long as both last, its output is logged by the logger `msl.network.ssh`. A line of more than
 * 16 KiB is cut.
 *
 * `ssh` asks for a password, or about a host key, at the terminal of the local program. Without a
 * terminal it fails.
 *
 * The shells of Windows (cmd.exe and PowerShell) do not know the quotes of a POSIX shell. If the
 * other computer has one of them, `style` must be `"flags"`, and every word and option must consist
 * of letters, digits and `_ . / : + -`. If `command` is a string, this applies to the options alone.
 *
 * @param host The host name or address of the other computer, for `ssh` and for Clients.
 * @param command The words of the command, which are quoted; or a string, which the shell of the
 * other computer interprets.
 * @throws {ValueError} If `host` is no host name, `command` is empty, or a word has a NUL character.
 * @throws {RangeError} If `timeout` is not a positive number.
 * @throws {ConfigurationError} If a password is empty or not one line.
 * @throws {StartError} If `ssh` cannot be run or fails, the command ends before the Manager is
 * ready, or the Manager is not the one that was asked for. The message has the last 4,096 characters of their output.
 * @throws {TimeoutError} If the Manager is not ready in time. The command may still be running.
 *
 * @example
 * ```ts ignore it needs another computer
 * import { connect, startManager } from "@msl/network";
 *
 * const remote = await startManager("lab-pc", ["deno", "run", "-A", "/opt/lab/cameras.ts"]);
 * await using cxn = await connect(remote.connectOptions);
 * ```
 */
export function startManager(
  host: string,
  command: string | readonly string[],
  options: StartManagerOptions = {},
): Promise<RemoteManager> {
  return forCaller(() => start(host, command, options));
}

async function start(
  host: string,
  command: string | readonly string[],
  options: StartManagerOptions,
): Promise<RemoteManager> {
  const { timeout = 60_000, ssh = {}, authPassword } = options;
  checkTimeout("Cannot start a Manager", timeout);
  checkHost(host);
  const { args, input } = formatStartOptions(options, options.style, options.showPasswords);
  const id = crypto.randomUUID();
  const line = commandLine(command, [...args, `${MARK}${id}`]);
  const remote = new SshProcess(host, spawn(host, line, ssh), input);
  const ready = await remote.ready(timeout);
  const { hostname, port, tls } = ready;
  const difference = differenceOf(options, ready) ?? await ignoredLogin(host, ready, options);
  if (difference !== undefined) {
    const isStopped = await stop(host, id, ssh);
    await remote.end();
    throw new StartError(
      `Cannot start a Manager on ${host}: ${difference}. ` +
        (isStopped ? "It was stopped" : "It may still be running there"),
    );
  }
  return {
    hostname,
    port,
    tls,
    connectOptions: { host, port, disableTls: !tls, passwordManager: authPassword },
    get finished() {
      return remote.finished();
    },
    disconnect: () => remote.end(),
    [Symbol.asyncDispose]: () => remote.end(),
  };
}

/** What of a Manager that is ready is not what was asked for. */
function differenceOf(
  { port = 0, disableTls }: StartManagerOptions,
  ready: ReadyLine,
): string | undefined {
  if (port !== 0 && port !== ready.port) {
    return `it runs on port ${ready.port} instead of ${port}, so it ignores its options`;
  }
  if (disableTls === undefined || disableTls !== ready.tls) return undefined;
  return `it uses ${ready.tls ? "TLS" : "no TLS"} against disableTls, so it ignores its options`;
}

/** Whether the Manager asks for the login that its options want; the ready line does not tell. */
async function ignoredLogin(
  host: string,
  { port, tls }: ReadyLine,
  { authPassword, authLogin }: StartManagerOptions,
): Promise<string | undefined> {
  const expected = authPassword !== undefined ? "password" : authLogin ? "username" : undefined;
  if (expected === undefined) return undefined;
  try {
    const asked = await firstQuestion(host, port, tls);
    if (asked === expected) return undefined;
    return `it asks for no ${expected}, so it ignores its options. A script of the Python software ` +
      "reads a password only with showPasswords";
  } catch (error) {
    // The name may be one of the configuration of OpenSSH, and the port reached through a tunnel.
    log.warn("Cannot check whether {host} asks for a {expected}: {reason}", {
      host,
      expected,
      reason: (error as Error).message,
    });
    return undefined;
  }
}

/** The attribute that a Manager requests first. Nothing is sent to it, so its certificate may be any. */
function firstQuestion(host: string, port: number, tls: boolean): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = tls
      ? connectTls({ host, port, rejectUnauthorized: false })
      : connectTcp({ host, port });
    let text = "";
    socket.setEncoding("utf8");
    socket.setTimeout(FIRST_QUESTION_TIMEOUT, () => {
      socket.destroy(new TimeoutError("it requests nothing"));
    });
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (!text.includes("\n") && text.length < LONGEST_LINE) return;
      socket.destroy();
      try {
        resolve(decodeObject(text.split("\n", 1)[0]).attribute);
      } catch (error) {
        reject(error);
      }
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new StartError("it closed the connection")));
  });
}

/** Ends the program of this mark on the other computer, which needs `pkill`. False if it did not. */
async function stop(host: string, id: string, options: SshOptions): Promise<boolean> {
  // The brackets keep the pattern from matching the shell that runs this command.
  const pattern = `${MARK}[${id[0]}]${id.slice(1)}`;
  const child = spawn(host, `pkill -TERM -f -- ${quoteWord(pattern)}`, options);
  await child.stdin.close();
  const { code } = await child.output();
  return code === 0;
}

/** Rejects a host that `ssh` would parse as an option, or as more than a host. */
function checkHost(host: string): void {
  if (/^[^-@/\s][^@/\s]*$/.test(host)) return;
  throw new ValueError(
    `Cannot start a Manager on ${JSON.stringify(host)}: it is not a host name or address`,
  );
}

/** The text for the shell of the other computer. */
function commandLine(command: string | readonly string[], options: readonly string[]): string {
  const text = typeof command === "string" ? command.trim() : command.map(quoteWord).join(" ");
  if (text === "") throw new ValueError("Cannot start a Manager: the command is empty");
  return [text, ...options.map(quoteWord)].join(" ");
}

function spawn(host: string, command: string, options: SshOptions): Deno.ChildProcess {
  const { user, port, identityFile, executable = "ssh" } = options;
  const args = ["-T"]; // with a terminal, the Manager would end together with the connection
  if (user !== undefined) args.push("-l", user);
  if (port !== undefined) args.push("-p", String(port));
  if (identityFile !== undefined) args.push("-i", identityFile);
  args.push(...options.args ?? [], "--", host, command);
  try {
    return new Deno.Command(executable, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound
      ? "there is no such program. Install the OpenSSH client"
      : (cause as Error).message;
    throw new StartError(`Cannot start a Manager on ${host}: Cannot run ${executable}: ${reason}`, {
      cause,
    });
  }
}

/** A running `ssh`. */
class SshProcess {
  readonly #host: string;
  readonly #child: Deno.ChildProcess;
  readonly #ready = Promise.withResolvers<ReadyLine>();
  readonly #ended: Promise<RemoteEnd>;
  readonly #secrets: readonly string[];
  #output = "";
  #isDisconnecting = false;

  /** @param input Lines for the standard input of the command, all of them secrets. */
  constructor(host: string, child: Deno.ChildProcess, input: readonly string[]) {
    this.#host = host;
    this.#child = child;
    this.#secrets = input;
    this.#ended = this.#watch();
    this.#write(input);
  }

  /** Waits until the Manager accepts connections. */
  async ready(timeout: number): Promise<ReadyLine> {
    const failure = `Cannot start a Manager on ${this.#host}`;
    try {
      const outcome = await deadline(Promise.race([this.#ready.promise, this.#ended]), timeout);
      if ("hostname" in outcome) {
        this.#child.unref();
        return outcome;
      }
      const reason = outcome.state === "ended"
        ? `the command ended with exit code ${outcome.code}`
        : "ssh failed";
      throw new StartError(`${failure}: ${reason}. ${this.#report()}`);
    } catch (cause) {
      if (!(cause instanceof DOMException)) throw cause;
      await this.end();
      throw new TimeoutError(
        `${failure}: it was not ready within ${timeout} ms, and may still be running there. ` +
          this.#report(),
        { cause },
      );
    }
  }

  finished(): Promise<RemoteEnd> {
    this.#child.ref();
    return this.#ended;
  }

  /** Ends `ssh`. */
  async end(): Promise<void> {
    this.#isDisconnecting = true;
    this.#child.ref();
    this.#kill("SIGTERM"); // ssh restores the terminal, if it asks for a password
    const timer = setTimeout(() => this.#kill("SIGKILL"), END_TIMEOUT);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Reads the output until `ssh` has ended. */
  async #watch(): Promise<RemoteEnd> {
    const cut = new AbortController();
    const streams = Promise.allSettled([
      this.#child.stdout.pipeTo(this.#lineReader(), { signal: cut.signal }),
      this.#child.stderr.pipeTo(this.#lineReader(), { signal: cut.signal }),
    ]);
    const { code, signal } = await this.#child.status;
    // A process that ssh has started, e.g. for a shared connection, may keep the streams open.
    const timer = setTimeout(() => cut.abort(), END_TIMEOUT);
    await streams;
    clearTimeout(timer);
    const isLost = this.#isDisconnecting || signal !== null || code === SSH_FAILED;
    return isLost ? { state: "lost" } : { state: "ended", code };
  }

  #lineReader(): WritableStream<Uint8Array> {
    const splitter = new LineSplitter(LONGEST_LINE);
    const read = (chunk: Uint8Array) => {
      for (const line of splitter.split(chunk)) this.#readLine(line);
    };
    return new WritableStream({
      write: read,
      close: () => {
        if (splitter.held > 0) read(Uint8Array.of(0x0a)); // ends a last line without a newline
      },
    });
  }

  #readLine(line: Line): void {
    const decoded = new TextDecoder().decode(line instanceof LongLine ? line.head : line);
    // If the command does not read the passwords, a shell may read and repeat them.
    const text = this.#secrets.reduce((text, secret) => text.replaceAll(secret, "***"), decoded);
    log.info("{host}: {text}", { host: this.#host, text });
    this.#output = `${this.#output}${text}\n`.slice(-LONGEST_REPORT);
    const ready = parseReadyLine(decoded);
    if (ready !== undefined) this.#ready.resolve(ready);
  }

  #report(): string {
    return this.#output === "" ? "It said nothing" : `It said:\n${this.#output.trimEnd()}`;
  }

  async #write(lines: readonly string[]): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    try {
      for (const line of lines) await writer.write(new TextEncoder().encode(`${line}\n`));
      await writer.close();
    } catch {
      // ssh has ended before it has read them. Its exit code is reported.
    }
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended already.
    }
  }
}
