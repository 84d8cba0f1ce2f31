/**
 * Starts a Manager on another computer, with the system's own OpenSSH client: its keys, agent,
 * configuration and questions are the user's, none of them are dealt with here.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import type { ConnectOptions } from "./device/device.ts";
import { StartError, TimeoutError, ValueError } from "./errors.ts";
import { type Line, LineSplitter, LongLine } from "./wire/line.ts";
import { LONGEST_TIME } from "./limits.ts";
import { logger } from "./base/log.ts";
import { quoteWord } from "./base/quote.ts";
import { parseReadyLine, type ReadyLine } from "./program/ready_line.ts";
import { type CommandLineOptions, formatStartOptions } from "./program/start_options.ts";

/** How the system's `ssh` is called. What is left out is as OpenSSH is configured. */
export interface SshOptions {
  /** The user to log in as. Default: as configured, else the name of the local user. */
  user?: string;
  /** The port of the SSH server. Default: as configured, else 22. */
  port?: number;
  /** The file of a private key to log in with. Default: as configured, and the agent's keys. */
  identityFile?: string;
  /** Further arguments of `ssh`, e.g. `["-J", "gate"]` or `["-o", "BatchMode=yes"]`. */
  args?: readonly string[];
  /** The program. Default: `"ssh"`, wherever the system finds it. */
  executable?: string;
}

/** How a Manager is started on another computer. A file that an option names is one over there. */
export interface StartManagerOptions extends CommandLineOptions {
  /** How to log in there. Default: as OpenSSH is configured. */
  ssh?: SshOptions;
  /**
   * How long until the Manager is ready, in milliseconds; also the time that a person has to
   * answer what `ssh` asks at the terminal. Default: 60,000.
   */
  timeout?: number;
}

/** How the run of a program on another computer ended, as far as this computer knows. */
export type RemoteEnd =
  /** It ended, with this exit code. */
  | { state: "ended"; code: number }
  /**
   * `ssh` ended without an exit code of the program: after `disconnect()`, when the connection
   * broke, or as a signal ended the program. It may well be running.
   */
  | { state: "lost" };

/** A Manager that was started on another computer. */
export interface RemoteManager extends AsyncDisposable {
  /** The host name or address that the Manager goes by on its own computer. */
  readonly hostname: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Whether connections are encrypted. */
  readonly tls: boolean;
  /**
   * What a Client or Service connects with: the host, the port, whether TLS is used, and the
   * Manager's password, if one was given.
   */
  readonly connectOptions: ConnectOptions & { host: string; port: number };
  /**
   * Settles when the program has ended or the connection to it is lost; never rejects. The local
   * program stays alive for it once it was asked for.
   */
  readonly finished: Promise<RemoteEnd>;
  /** Ends the SSH connection. The Manager goes on. */
  disconnect(): Promise<void>;
}

/** How long a line of output may be, in bytes, to be looked at and logged whole. */
const LONGEST_LINE = 16 * 1024;
/** How much of what was said goes into an error, in characters. */
const LONGEST_REPORT = 4 * 1024;
/** How long `ssh` may take to end when it is asked to, in milliseconds. */
const PATIENCE = 2_000;
/** The exit code of `ssh` where it is not that of the program. */
const SSH_FAILED = 255;

const log = logger("ssh");

/**
 * Starts a Manager on another computer and waits until it can be connected to. The command is
 * `manager.ts`, or a script that passes `parseStartOptions()` to `runServices`; the options are
 * appended to it. Passwords go to its standard input, never on a command line.
 *
 * The Manager runs on its own from then on: neither the end of the local program nor a broken
 * connection ends it. While both last, what it prints goes to the logger `msl.network.ssh`.
 *
 * `ssh` asks for a password or about a host key at the terminal of the local program; where there
 * is none, it fails instead.
 *
 * On Windows, the other computer's shell (cmd.exe or PowerShell) does not know the quotes of a POSIX
 * shell: every word and option must be made of letters, digits and `_ . / : + -`. Of a `command`
 * that is a string, this holds for the options alone.
 *
 * @param host The host name or address of the other computer, for `ssh` and then for Clients.
 * @param command The words of the command, each of which arrives as it is; or a string, which is
 *   text for the shell over there.
 * @throws {ValueError} If `host` is no host name, `command` is empty, or a word has a NUL character.
 * @throws {RangeError} If `timeout` is out of range.
 * @throws {ConfigurationError} If a password is not one line.
 * @throws {StartError} If `ssh` cannot be run or fails, or the command ends before the Manager is
 *   ready. The message has the last 4 KiB of what they said.
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
export async function startManager(
  host: string,
  command: string | readonly string[],
  options: StartManagerOptions = {},
): Promise<RemoteManager> {
  const { timeout = 60_000, ssh = {}, authPassword } = options;
  if (!(timeout > 0 && timeout <= LONGEST_TIME)) {
    const range = `from 1 to ${LONGEST_TIME} milliseconds`;
    throw new RangeError(`Cannot start a Manager: timeout must be ${range}, got ${timeout}`);
  }
  checkHost(host);
  const { args, input } = formatStartOptions(options);
  const session = new Session(host, spawn(host, commandLine(command, args), ssh), input);
  const { hostname, port, tls } = await session.start(timeout);
  return {
    hostname,
    port,
    tls,
    connectOptions: { host, port, disableTls: !tls, passwordManager: authPassword },
    get finished() {
      return session.finished();
    },
    disconnect: () => session.end(),
    [Symbol.asyncDispose]: () => session.end(),
  };
}

/** A host that `ssh` would take for an option, or for more than a host, is refused. */
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
  const args = ["-T"]; // a terminal over there would end the Manager together with the connection
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
class Session {
  readonly #host: string;
  readonly #child: Deno.ChildProcess;
  readonly #ready = Promise.withResolvers<ReadyLine>();
  readonly #ended: Promise<RemoteEnd>;
  readonly #secrets: readonly string[];
  #said = "";
  #isLeft = false;

  /** Takes over `ssh`, and writes lines to the standard input of the command: secrets. */
  constructor(host: string, child: Deno.ChildProcess, input: readonly string[]) {
    this.#host = host;
    this.#child = child;
    this.#secrets = input;
    this.#ended = this.#watch();
    this.#tell(input);
  }

  /** Waits until the Manager is ready. */
  async start(timeout: number): Promise<ReadyLine> {
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
    this.#isLeft = true;
    this.#child.ref();
    this.#kill("SIGTERM"); // which leaves the terminal as it was, if ssh asks for a password
    const timer = setTimeout(() => this.#kill("SIGKILL"), PATIENCE);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Reads all that is said, until `ssh` has ended. */
  async #watch(): Promise<RemoteEnd> {
    const cut = new AbortController();
    const streams = Promise.allSettled([
      this.#child.stdout.pipeTo(this.#listener(), { signal: cut.signal }),
      this.#child.stderr.pipeTo(this.#listener(), { signal: cut.signal }),
    ]);
    const { code, signal } = await this.#child.status;
    // A process that ssh has left behind, e.g. a connection that is shared, may keep them open.
    const timer = setTimeout(() => cut.abort(), PATIENCE);
    await streams;
    clearTimeout(timer);
    const isLost = this.#isLeft || signal !== null || code === SSH_FAILED;
    return isLost ? { state: "lost" } : { state: "ended", code };
  }

  #listener(): WritableStream<Uint8Array> {
    const splitter = new LineSplitter(LONGEST_LINE);
    const hear = (chunk: Uint8Array) => {
      for (const line of splitter.split(chunk)) this.#hear(line);
    };
    return new WritableStream({
      write: hear,
      close: () => {
        if (splitter.held > 0) hear(Uint8Array.of(0x0a)); // a last line that was not ended
      },
    });
  }

  #hear(line: Line): void {
    const said = new TextDecoder().decode(line instanceof LongLine ? line.head : line);
    // A command that does not read the passwords may leave them to a shell, which repeats them.
    const text = this.#secrets.reduce((text, secret) => text.replaceAll(secret, "***"), said);
    log.info("{host}: {text}", { host: this.#host, text });
    this.#said = `${this.#said}${text}\n`.slice(-LONGEST_REPORT);
    const ready = parseReadyLine(said);
    if (ready !== undefined) this.#ready.resolve(ready);
  }

  #report(): string {
    return this.#said === "" ? "It said nothing" : `It said:\n${this.#said.trimEnd()}`;
  }

  async #tell(lines: readonly string[]): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    try {
      for (const line of lines) await writer.write(new TextEncoder().encode(`${line}\n`));
      await writer.close();
    } catch {
      // ssh has ended before it read them; how it ended says why.
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
