/**
 * What the console does with a line: a call of a method, or one of its own commands. It knows
 * nothing of the terminal.
 *
 * @module
 */

import { splitArguments } from "../wire/call.ts";
import type { Client } from "../client.ts";
import { complete, CONSOLE_COMMANDS } from "./console_completion.ts";
import { ValueError } from "../errors.ts";
import type { Identities } from "../wire/identities.ts";
import type { Link } from "../client/link.ts";
import { describeAttributes } from "./listing.ts";
import { linkWith, resultsOf } from "./named_service.ts";
import { formatResult } from "./output.ts";
import { repr } from "../base/repr.ts";
import { printable, table } from "./text_table.ts";
import { argumentsOf, formatArguments, nameOf, splitWords } from "./typed_call.ts";

/** How long Tab waits for the Manager, in milliseconds. */
const TAB_PATIENCE = 1_000;

const HELP = `\
SERVICE METHOD [argument ...]  calls a method and shows its result
SERVICE                        shows what a service offers
ls [SERVICE]                   shows the services, or what one of them offers
link SERVICE                   links with a service, whose notifications are shown from then on;
                               a call does it too
unlink SERVICE                 ends the link
help                           shows this
exit                           ends the console, as Ctrl+D does

An argument is JSON, or else it is text: 1.5 [1, 2] {"a": null} true volt "two words"
Text in '...' is taken as it is, whatever it looks like: '1.5'
key=value gives an argument by its name. The name of a service may be in quotes too.
Tab completes names, Ctrl+C stops waiting for a result. A line that begins with a space is not kept
in the history.`;

/** The lines of one console, which has one Client. */
export class ConsoleSession {
  readonly #client: Client;
  readonly #show: (text: string) => void;
  readonly #links = new Map<string, Link>();
  /** Aborted when nobody waits for the line any longer. */
  #waiting: AbortController | undefined;

  /** @param show Shows lines. */
  constructor(client: Client, show: (text: string) => void) {
    this.#client = client;
    this.#show = show;
  }

  /**
   * Does what a line says.
   *
   * @returns False if it is the last one.
   * @throws What is wrong with the line, and what the call was answered with.
   */
  async execute(line: string): Promise<boolean> {
    const [first, ...others] = splitWords(line);
    if (first === undefined) return true;
    if (first === "exit" && others.length === 0) return false;
    using _ = this.#startWaiting();
    const isCommand = Object.hasOwn(CONSOLE_COMMANDS, first);
    if (isCommand) await this.#command(first, others);
    else if (others.length === 0) await this.#list(nameOf(first));
    else await this.#call(nameOf(first), nameOf(others[0]), others.slice(1));
    return true;
  }

  /** Stops waiting. False if nothing is waited for. */
  interrupt(): boolean {
    if (this.#waiting === undefined) return false;
    this.#waiting.abort(new ValueError("Nobody waits for it any longer; the service may go on"));
    return true;
  }

  /** What the line may go on with, as a completer of `node:readline`. */
  async complete(line: string): Promise<[string[], string]> {
    try {
      const { services } = await this.#client.identities({ timeout: TAB_PATIENCE });
      return complete(line, attributesOf(services));
    } catch {
      return complete(line, {}); // the connection is away
    }
  }

  #startWaiting(): Disposable {
    const waiting = this.#waiting = new AbortController();
    return {
      [Symbol.dispose]: () => {
        if (this.#waiting === waiting) this.#waiting = undefined;
      },
    };
  }

  async #command(command: string, words: readonly string[]): Promise<void> {
    const service = words.length === 1 ? nameOf(words[0]) : undefined;
    if (command === "help" && words.length === 0) return this.#show(HELP);
    if (command === "ls" && words.length === 0) return await this.#listAll();
    if (service === undefined || !CONSOLE_COMMANDS[command]) {
      throw new ValueError(`Cannot do ${repr([command, ...words].join(" "))}: see help`);
    }
    if (command === "ls") await this.#list(service);
    if (command === "link") await this.#link(service);
    if (command === "unlink") await this.#unlink(service);
  }

  async #call(service: string, method: string, words: readonly string[]): Promise<void> {
    const { args, kwargs } = argumentsOf(words);
    const link = await this.#link(service);
    const { signal } = this.#waiting!;
    for await (const result of resultsOf(link, method, { args, kwargs, signal })) {
      if (result !== null) this.#show(formatResult(result, true, true));
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

  async #list(service: string): Promise<void> {
    const { services } = await this.#identities();
    if (!Object.hasOwn(services, service)) {
      throw new ValueError(
        `Cannot do ${repr(service)}: it is no service, and no command (see help)`,
      );
    }
    for (const line of describeAttributes(services[service].attributes)) this.#show(line);
  }

  async #identities(): Promise<Identities> {
    return await this.#client.identities({ signal: this.#waiting!.signal });
  }

  async #link(service: string): Promise<Link> {
    const present = this.#links.get(service);
    if (present !== undefined) return present;
    const link = await linkWith(this.#client, service, this.#waiting!.signal);
    this.#links.set(service, link);
    link.notificationHandler = (...parameters: unknown[]) => {
      const { args, kwargs } = splitArguments(parameters);
      this.#show(`${printable(service)}: ${formatArguments(args, kwargs)}`);
    };
    return link;
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
