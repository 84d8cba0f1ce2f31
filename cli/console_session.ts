/**
 * Executes the lines of the console: a call of a method, or a command of the console itself. The
 * terminal is left to `commands/console.ts`, completion to `console_completion.ts`.
 *
 * @module
 */

import { splitArguments } from "../wire/call.ts";
import type { Client } from "../client.ts";
import { complete, CONSOLE_COMMANDS, serviceWithArguments } from "./console_completion.ts";
import { ValueError } from "../errors.ts";
import type { Identities } from "../wire/identities.ts";
import type { Link } from "../client/link.ts";
import { describeAttribute, describeService, requestDetails } from "./service_details.ts";
import { repr } from "../base/repr.ts";
import { formatArguments, parseArguments, parseName, splitWords } from "../client/call_syntax.ts";
import { SUMMARIES } from "./array_summary.ts";
import { encodeForTerminal } from "../wire/printable_json.ts";
import { table } from "./output.ts";
import { printable } from "../base/printable.ts";
import { linkWith, noSuchAttribute, noSuchService, resultsOf } from "./requests.ts";

/** The time-out of the request for names to complete, in milliseconds. */
const COMPLETION_TIMEOUT = 1_000;

const HELP = `\
SERVICE METHOD [argument ...]  links with a service, calls a method, shows its result, and unlinks
SERVICE                        shows what a service offers
ls [SERVICE]                   shows the services, or what one of them offers; ls --all SERVICE
                               also what every service has
link SERVICE                   stays linked with a service: its notifications are shown, and nobody
                               else can link with it where it takes one client only
unlink SERVICE                 ends that link
help SERVICE METHOD            shows what the service says of the method
help or ?                      shows this
exit or quit                   ends the console, as Ctrl+D does

An argument is JSON, or else it is text: 1.5 [1, 2] {"a": null} true volt "two words"
Text in '...' is taken as it is, whatever it looks like: '1.5'
key=value gives an argument by its name. The name of a service may be in quotes too.
Tab completes names, Ctrl+R searches the history, Ctrl+C stops waiting for a result. A line that
begins with a space is not kept in the history.`;

/** Why a line has ended before it was done: by Ctrl+C. */
const INTERRUPTED = {
  manager: "Stopped waiting for the Manager",
  call: "Nobody waits for it any longer; the service may go on",
  stream: "The stream is cancelled: no further values come",
};

/** A console, which has one Client and its links. */
export class ConsoleSession {
  readonly #client: Client;
  readonly #show: (text: string) => void;
  readonly #note: (text: string) => void;
  readonly #links = new Map<string, Link>();
  /** Aborts the line that is being executed. */
  #execution: AbortController | undefined;
  /** What that line waits for. */
  #awaited: keyof typeof INTERRUPTED = "manager";

  /**
   * @param show Shows one or more lines of a result.
   * @param note Tells a person what a script does not print.
   */
  constructor(client: Client, show: (text: string) => void, note: (text: string) => void) {
    this.#client = client;
    this.#show = show;
    this.#note = note;
  }

  /**
   * Executes a line.
   *
   * @returns False if it ends the console.
   * @throws {ValueError} If the line cannot be parsed, or names nothing that exists.
   * @throws The error of a call.
   */
  async execute(line: string): Promise<boolean> {
    const [first, ...others] = splitWords(line);
    if (first === undefined) return true;
    if ((first === "exit" || first === "quit") && others.length === 0) return false;
    using _ = this.#startExecution();
    const isCommand = Object.hasOwn(CONSOLE_COMMANDS, first);
    if (isCommand) await this.#command(first, others);
    else if (others.length === 0) await this.#list(parseName(first));
    else await this.#call(parseName(first), parseName(others[0]), others.slice(1));
    return true;
  }

  /** Stops waiting for a result. Returns false if no line is being executed. */
  interrupt(): boolean {
    if (this.#execution === undefined) return false;
    this.#execution.abort(new ValueError(INTERRUPTED[this.#awaited]));
    return true;
  }

  /** Completes a line, as a completer of `node:readline` does. */
  async complete(line: string): Promise<[string[], string]> {
    try {
      const { services } = await this.#client.identities({ timeout: COMPLETION_TIMEOUT });
      const service = serviceWithArguments(line);
      const about = service !== undefined && Object.hasOwn(services, service)
        ? await this.#client.about(service, { timeout: COMPLETION_TIMEOUT })
        : undefined;
      return complete(line, attributesOf(services), about);
    } catch {
      return complete(line, {}); // the Client is not connected
    }
  }

  #startExecution(): Disposable {
    const execution = this.#execution = new AbortController();
    this.#awaited = "manager";
    return {
      [Symbol.dispose]: () => {
        if (this.#execution === execution) this.#execution = undefined;
      },
    };
  }

  async #command(command: string, words: readonly string[]): Promise<void> {
    if ((command === "help" || command === "?") && words.length === 0) return this.#show(HELP);
    if (command === "help" && words.length === 2) {
      return await this.#help(parseName(words[0]), parseName(words[1]));
    }
    if (command === "ls" && words.length === 0) return await this.#listAll();
    if (command === "ls" && words.length === 2 && words[0] === "--all") {
      return await this.#list(parseName(words[1]), true);
    }
    const service = words.length === 1 && command !== "help" ? parseName(words[0]) : undefined;
    if (service === undefined || !CONSOLE_COMMANDS[command]) {
      throw new ValueError(`Cannot do ${repr([command, ...words].join(" "))}: see help`);
    }
    if (command === "ls") await this.#list(service);
    if (command === "link") await this.#stayLinked(service);
    if (command === "unlink") await this.#unlink(service);
  }

  async #call(service: string, method: string, words: readonly string[]): Promise<void> {
    const { args, kwargs } = parseArguments(words);
    const { signal } = this.#execution!;
    const kept = this.#links.get(service);
    const link = kept ?? await this.#link(service);
    try {
      this.#awaited = "call";
      const request = { args, kwargs, signal };
      for await (const result of resultsOf(link, method, request, () => this.#awaited = "stream")) {
        if (result !== null) this.#show(encodeForTerminal(result, SUMMARIES));
      }
    } finally {
      // Nothing waits for it: what is sent later arrives later.
      if (kept === undefined) link.unlink().catch((error) => this.#note(error.message));
    }
  }

  async #listAll(): Promise<void> {
    const { services } = await this.#identities();
    const rows = Object.entries(services).map(([name, { address, language }]) => [
      name,
      address,
      language,
      this.#links.has(name) ? "yes" : "no",
    ]);
    const lines = table(["service", "address", "language", "linked"], rows);
    this.#show(rows.length > 0 ? lines.join("\n") : "No services");
  }

  async #list(service: string, all = false): Promise<void> {
    const { services } = await this.#identities();
    if (!Object.hasOwn(services, service)) {
      throw new ValueError(
        `Cannot do ${repr(service)}: it is no service, and no command (see help)`,
      );
    }
    const { signal } = this.#execution!;
    const details = await requestDetails(this.#client, service, services[service], signal);
    this.#show(describeService(details, all).join("\n"));
  }

  async #help(service: string, method: string): Promise<void> {
    const { services } = await this.#identities();
    if (!Object.hasOwn(services, service)) throw noSuchService("describe", service, services);
    const entry = services[service];
    if (!Object.hasOwn(entry.attributes, method)) {
      throw noSuchAttribute(service, method, entry.attributes);
    }
    const about = await this.#client.about(service, { signal: this.#execution!.signal });
    const details = { name: service, entry, about, values: new Map() };
    this.#show(describeAttribute(details, method).join("\n"));
  }

  async #identities(): Promise<Identities> {
    return await this.#client.identities({ signal: this.#execution!.signal });
  }

  /** Links, and shows the notifications of the service. */
  async #link(service: string): Promise<Link> {
    const link = await linkWith(this.#client, service, this.#execution!.signal);
    link.notificationHandler = (...parameters: unknown[]) => {
      const { args, kwargs } = splitArguments(parameters);
      this.#show(`${printable(service)}: ${formatArguments(args, kwargs, SUMMARIES)}`);
    };
    return link;
  }

  async #stayLinked(service: string): Promise<void> {
    if (this.#links.has(service)) return;
    this.#links.set(service, await this.#link(service));
    this.#note(`Linked with ${printable(service)}, until unlink ${printable(service)}`);
  }

  async #unlink(service: string): Promise<void> {
    const link = this.#links.get(service);
    if (link === undefined) {
      throw new ValueError(`Cannot unlink ${repr(service)}: it is not linked`);
    }
    this.#links.delete(service);
    await link.unlink();
  }
}

function attributesOf(services: Identities["services"]): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(services).map(([name, { attributes }]) => [name, attributes]),
  );
}
