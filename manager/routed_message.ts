/**
 * The rules for the members of a message that the Manager routes: which are required, of which type
 * they are, and what a message is by the members that it has.
 *
 * @module
 */

import { repr } from "../base/repr.ts";
import { KeyError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { Envelope, type Field, type Kind } from "../wire/envelope.ts";
import { extensionOfPartialReply } from "../wire/protocol.ts";
import { checkName, checkServiceName } from "./names.ts";

/** The limits of the members of a message. */
export type MessageLimits = Pick<Limits, "maxDepth" | "maxNameLength">;

/** The envelope of the last message that was read, by the rules of the Manager. */
export class RoutedMessage extends Envelope {
  readonly #limits: MessageLimits;

  constructor(limits: MessageLimits) {
    super(limits.maxDepth);
    this.#limits = limits;
  }

  /** Whether the message is a request, complete or not. */
  get isRequest(): boolean {
    return this.kind("attribute") !== "absent" ||
      (this.kind("result") === "absent" && !this.isTrue("error"));
  }

  /**
   * The extension of a reply after which the request is still pending, e.g. a value of a stream;
   * `undefined` for a reply that completes it.
   */
  get partialReply(): string | undefined {
    if (this.kind("attribute") === "absent") return undefined;
    if (this.isTrue("error")) return undefined; // an error completes it, whatever else it has
    return extensionOfPartialReply(this.text("attribute") ?? "");
  }

  /** Whether a member is absent or `null`. */
  isMissing(field: Field): boolean {
    const kind = this.kind(field);
    return kind === "absent" || kind === "null";
  }

  /**
   * Checks the type of a member that is required.
   *
   * @throws {KeyError} If it is absent.
   * @throws {TypeError} If it is of another type.
   */
  require(field: Field, kind: Kind): void {
    const found = this.kind(field);
    if (found === kind) return;
    if (found === "absent") throw new KeyError(field);
    throw new TypeError(`The ${repr(field)} of a message must be of type ${kind}, not ${found}`);
  }

  /**
   * The text of a member that is required.
   *
   * @throws As {@linkcode RoutedMessage.require}.
   */
  requireText(field: Field): string {
    const text = this.text(field);
    if (text === undefined) this.require(field, "string");
    return text!;
  }

  /**
   * The text of a member that is required: a name or a uid, which the Manager keeps.
   *
   * @throws As {@linkcode RoutedMessage.require}.
   * @throws {ValueError} If it is longer than the limit.
   */
  requireName(field: Field): string {
    return checkName(field, this.requireText(field), this.#limits);
  }

  /**
   * The name of a service, which may be one of another node.
   *
   * @throws As {@linkcode RoutedMessage.requireName}.
   */
  requireServiceName(): string {
    return checkServiceName("service", this.requireText("service"), this.#limits);
  }
}
