/**
 * What the Service itself is told of a method that has failed.
 *
 * The rule: an error is thrown _on purpose_ if its class is one of this package (`ValueError` and the
 * others), plain `Error`, or one that the program or a library of it defines; so is what is no error.
 * It answers the Client, and is a warning without a stack in the log. An error is _unexpected_ if its
 * class is one that JavaScript, Deno or Node defines: `TypeError`, `RangeError`, `ReferenceError`,
 * `SyntaxError`, `Deno.errors.NotFound` and so on. The method has a bug, or something on its computer
 * is not as it should be: it is an error in the log, with its stack, and is on the standard error of
 * a program that has configured no log. Arguments that do not fit the parameters are the mistake of
 * the Client, although they are a `TypeError` on the wire.
 *
 * @module
 */

import { reportFailure } from "../base/failure_report.ts";
import { logger } from "../base/log.ts";
import { NetworkError, shownMessage } from "../errors.ts";

/** A request whose method has failed. */
export interface FailedRequest {
  readonly attribute: string;
  readonly requester: string;
}

const log = logger("service");

/** Tells the Service of what a method has thrown. Never throws. */
export function logFailure({ attribute, requester }: FailedRequest, thrown: unknown): void {
  if (isUnexpected(thrown)) {
    const message = "{attribute} failed unexpectedly for {requester}: {error}";
    return reportFailure(log, message, { attribute, requester, error: thrown });
  }
  const error = shownMessage(thrown);
  log.warn("{attribute} failed for {requester}: {error}", { attribute, requester, error });
}

/** Whether a method has not thrown this on purpose, by the rule above. */
export function isUnexpected(thrown: unknown): boolean {
  try {
    if (!(thrown instanceof Error) || thrown instanceof NetworkError) return false;
    if (thrown instanceof DOMException) return true;
    const { name, constructor } = thrown;
    // A class of the program inherits the name of the one that it extends. An error that comes from
    // a worker has lost its class, and has its name.
    const className = constructor.name.replace(/^Node/, "");
    return isOfRuntime(name) && (className === name || className === "Error");
  } catch {
    return false; // a getter of the program has thrown
  }
}

/** Whether JavaScript or Deno has a class of errors of this name, other than plain `Error`. */
function isOfRuntime(name: string): boolean {
  if (Object.hasOwn(Deno.errors, name)) return true;
  const found: unknown = Reflect.get(globalThis, name);
  return typeof found === "function" && found.prototype instanceof Error;
}
