/**
 * Opens the connections of a device: the first one, for which it may ask a person, and later ones
 * with the same answers. It also has the changes that a device reports, and which errors are worth
 * another attempt. `reconnecting_connection.ts` decides when to connect.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";
import type { ResolvedOptions } from "./device_options.ts";
import { openConnection } from "./handshake.ts";
import { CertificateError, ConfigurationError, RemoteError } from "../errors.ts";
import type { ClientIdentity, ServiceIdentity, ServiceUser } from "../wire/identities.ts";
import type { Prompt } from "../base/prompt.ts";
import type { RecordContent } from "../base/log.ts";

/** A change of the connection between a device and its Manager, or of a link. */
export type ConnectionChange =
  /** The connection has ended, and the device reconnects. */
  | { state: "lost"; error: Error }
  /** An attempt has failed; the first one is number 1. Another one follows. */
  | { state: "retrying"; error: Error; attempt: number }
  /** The device is connected again. */
  | { state: "connected" }
  /** The link with a service has ended, or cannot be restored yet. */
  | { state: "unlinked"; service: string; error: Error }
  /**
   * The link with a service is restored, and so is a lock, unless `unlocked` came before. If another
   * user offers the service than before, `before` is that one, and `user` the one who does now.
   */
  | { state: "linked"; service: string; user?: ServiceUser; before?: ServiceUser }
  /**
   * The lock of a service cannot be restored: another client has acquired it, or the Manager has
   * not noticed yet that the old connection has ended.
   */
  | { state: "unlocked"; service: string; error: Error };

/** Describes a change on one line. */
export function describeChange(change: ConnectionChange): string {
  const { message, properties } = contentOfChange(change);
  return message.replaceAll(/\{(\w+)\}/g, (_, key) => String(properties[key]));
}

/** What a change may have. */
type Details = Partial<{
  state: string;
  service: string;
  attempt: number;
  error: Error;
  user: ServiceUser;
  before: ServiceUser;
}>;

/** A change for a log: its message, and what that consists of. */
export function contentOfChange(change: ConnectionChange): RecordContent {
  const { service, attempt, error, user, before }: Details = change;
  const all = {
    state: change.state,
    service,
    attempt,
    offered_by: user?.name,
    offered_before_by: before?.name,
    error: error?.message,
  };
  const message = "{state}" +
    (service === undefined ? "" : " '{service}'") +
    (attempt === undefined ? "" : ", attempt {attempt}") +
    (before === undefined
      ? ""
      : `, offered by ${user ? "{offered_by}" : "no user"} now and by {offered_before_by} before`) +
    (error === undefined ? "" : ": {error}");
  const given = Object.entries(all).filter(([_, value]) => value !== undefined);
  return { message, properties: Object.fromEntries(given) };
}

/** Called with each change. An error that it throws, or rejects with, is logged. */
export type ConnectionHandler = (change: ConnectionChange) => unknown;

/** Opens connections to one Manager. */
export class Connector {
  readonly #options: ResolvedOptions;
  readonly #identity: () => ClientIdentity | ServiceIdentity;
  readonly #answers = new Map<string, string>();

  /** @param identity Gives the identity to send. It may be another one each time. */
  constructor(options: ResolvedOptions, identity: () => ClientIdentity | ServiceIdentity) {
    this.#options = options;
    this.#identity = identity;
  }

  /**
   * Connects. Asks a person for the credentials that the options do not have.
   *
   * @throws What {@linkcode openConnection} throws.
   */
  open(signal: AbortSignal): Promise<Connection> {
    const { prompt } = this.#options;
    const remember = (ask: Prompt["text"]): Prompt["text"] => async (question) => {
      const answer = this.#answers.get(question) ?? await ask(question);
      this.#answers.set(question, answer);
      return answer;
    };
    return this.#open(signal, {
      text: remember((question) => prompt.text(question)),
      secret: remember((question) => prompt.secret(question)),
      confirm: (question) => prompt.confirm(question),
    });
  }

  /**
   * Connects with the answers that a person gave for the first connection. Asks nothing, since
   * nobody may be at the terminal any more.
   *
   * @throws {ConfigurationError} If the Manager asks for credentials that it did not ask for before.
   * @throws What {@linkcode openConnection} throws.
   */
  reopen(signal: AbortSignal): Promise<Connection> {
    const recall = (question: string): string => {
      const answer = this.#answers.get(question);
      if (answer === undefined) {
        throw new ConfigurationError(
          `Cannot ask "${question}" while reconnecting. Give the answer as an option`,
        );
      }
      return answer;
    };
    return this.#open(signal, { text: recall, secret: recall, confirm: () => false });
  }

  #open(signal: AbortSignal, prompt: Prompt): Promise<Connection> {
    return openConnection({ ...this.#options, prompt, signal }, this.#identity());
  }
}

/**
 * The errors of a Manager after which another attempt is useless: it has rejected the credentials
 * or the identity. A name that is taken is not one of them: it may be held by the device's own
 * former connection, whose end the Manager has not noticed yet.
 */
const FINAL = new Set(["ValueError", "KeyError", "TypeError"]);

/** Whether another attempt may succeed after this error. */
export function isRetriable(error: unknown): boolean {
  if (error instanceof RemoteError) return !FINAL.has(error.remoteName);
  // The permissions of a program stay as they are. By its name: a browser has no `Deno.errors`.
  if (error instanceof Error && (error.cause as Error | undefined)?.name === "NotCapable") {
    return false;
  }
  return !(error instanceof CertificateError || error instanceof ConfigurationError ||
    error instanceof RangeError);
}
