/**
 * What a Client adds to the error of a call: the name that was probably meant, and how the method is
 * called. The text that the other side sends is fixed by the protocol and stays as it is on the wire.
 *
 * @module
 */

import { addHint, type RemoteError } from "../errors.ts";
import { repr } from "../base/repr.ts";
import { listNames, suggestName } from "../base/suggestion.ts";

/** What is known of the Service that was called. */
export interface CalledService {
  /** Its attributes: the signature of a method as text, or a value. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly language: string;
}

/** What a Manager's error says of a Service that a Client wants to link with. */
const NO_SUCH_SERVICE = / service does not exist, cannot link with /;

/** Python's texts for arguments that do not fit the parameters. */
const WRONG_ARGUMENTS = /^TypeError: .*\(\) (takes|missing|got an unexpected|got multiple)\b/;
const COUNTS = /takes (?:from (\d+) to )?(\d+) positional arguments? but (\d+) (?:was|were) given/;

/** The language of the Services of this package, whose methods have no `self`. */
const OF_PACKAGE = /^TypeScript\b/;

/** Whether an error says that there is no such Service. */
export function isNoSuchService({ remoteName, message }: RemoteError): boolean {
  return remoteName === "KeyError" && NO_SUCH_SERVICE.test(message);
}

/** The hint for a link with a Service that is not connected. */
export function hintOfLink(service: string, names: readonly string[]): string {
  return `${suggestName(service, names)} Connected: ${listNames(names)}`.trimStart();
}

/** Adds the Services that are connected to the error of a link. */
export function explainLink(error: RemoteError, service: string, names: readonly string[]): void {
  if (names.includes(service)) return; // it has connected meanwhile
  addHint(error, hintOfLink(service, names));
}

/** Adds how a Service is called to the error of a call. */
export function explainCall(
  error: RemoteError,
  attribute: string,
  { attributes, language }: CalledService,
): void {
  const names = Object.keys(attributes);
  const isKnown = Object.hasOwn(attributes, attribute);
  if (error.remoteName === "AttributeError") {
    // Another one is missing within the method.
    if (isKnown || !error.message.includes(repr(attribute))) return;
    return addHint(
      error,
      `${suggestName(attribute, names)} It has ${listNames(names)}`.trimStart(),
    );
  }
  const signature = isKnown ? attributes[attribute] : undefined;
  if (typeof signature !== "string" || !signature.startsWith("(")) return;
  if (!WRONG_ARGUMENTS.test(error.message) || !error.message.includes(`${attribute}() `)) return;
  const message = OF_PACKAGE.test(language) ? withoutSelf(error.message) : error.message;
  addHint(error, `Call it as ${attribute}${signature}`, message);
}

/** Python counts the object of a method as an argument, which a person who calls it does not give. */
function withoutSelf(message: string): string {
  return message.replace(COUNTS, (_, least: string | undefined, most: string, given: string) => {
    const [last, count] = [Number(most) - 1, Number(given) - 1];
    const range = least === undefined ? `${last}` : `from ${Number(least) - 1} to ${last}`;
    const plural = last === 1 && least === undefined ? "" : "s";
    return `takes ${range} positional argument${plural} but ${count} ${
      count === 1 ? "was" : "were"
    } given`;
  });
}
