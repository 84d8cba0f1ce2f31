/**
 * What a device needs to come back to a Manager that it has lost: the answers that it gave when it
 * connected first, and whether it is worth trying. What has changed is reported.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";
import { openConnection, type ResolvedOptions } from "./device.ts";
import { CertificateError, ConfigurationError, RemoteError } from "../errors.ts";
import type { ClientIdentity, ServiceIdentity } from "../wire/identities.ts";
import type { Prompt } from "../base/prompt.ts";
import { repr } from "../base/repr.ts";

/** What has changed between a device and its Manager. */
export type ConnectionChange =
  /** The connection is lost, and the device tries to come back. */
  | { state: "lost"; error: Error }
  /** An attempt has failed, the first one is number 1. The next one follows. */
  | { state: "retrying"; error: Error; attempt: number }
  /** The device is connected again. */
  | { state: "connected" }
  /** The link with a service is lost, or cannot be restored yet. */
  | { state: "unlinked"; service: string; error: Error }
  /** The link with a service is back, and the lock too if one was held and is not `unlocked`. */
  | { state: "linked"; service: string }
  /**
   * The lock that was held of a service is lost: somebody else was faster, or the Manager has not
   * noticed yet that the old connection is gone.
   */
  | { state: "unlocked"; service: string; error: Error };

/** A change in words, on one line. */
export function describeChange(change: ConnectionChange): string {
  const attempt = "attempt" in change ? `, attempt ${change.attempt}` : "";
  const service = "service" in change ? ` ${repr(change.service)}` : "";
  const reason = "error" in change ? `: ${change.error.message}` : "";
  return `${change.state}${service}${attempt}${reason}`;
}

/** Called with each change. What it throws, or its promise is rejected with, is logged. */
export type ConnectionHandler = (change: ConnectionChange) => unknown;

/** The way to one Manager, for the first connection and for those after it. */
export class Connector {
  readonly #options: ResolvedOptions;
  readonly #identity: () => ClientIdentity | ServiceIdentity;
  readonly #answers = new Map<string, string>();

  /** @param identity What the device says of itself. It may be another each time. */
  constructor(options: ResolvedOptions, identity: () => ClientIdentity | ServiceIdentity) {
    this.#options = options;
    this.#identity = identity;
  }

  /** Connects, and asks a person for what the options leave out. Throws as {@linkcode openConnection}. */
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

  /** Connects again. Nobody is asked: there may be nobody by now. */
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
 * The errors of a Manager after which a device need not try again: it is not let in, or is no
 * device. A name that is taken may be one's own, of a connection whose end was not noticed yet.
 */
const FINAL = new Set(["ValueError", "KeyError", "TypeError"]);

/** Whether a device may yet be let in after this error. */
export function isRetriable(error: unknown): boolean {
  if (error instanceof RemoteError) return !FINAL.has(error.remoteName);
  return !(error instanceof CertificateError || error instanceof ConfigurationError ||
    error instanceof RangeError);
}
