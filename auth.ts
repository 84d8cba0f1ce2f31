/**
 * The ways to let a peer in. Each asks what it needs through {@linkcode Ask} and throws what the
 * peer is told when it is turned away.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { ValueError } from "./errors.ts";

/** Asks the peer for something and gives its answer. */
export type Ask = (attribute: "username" | "password", argument: string) => Promise<string>;

/** Who is let in: everybody, or whoever knows the Manager's password. */
export type Authentication =
  | { method: "none" }
  | { method: "password"; password: string };

/** A peer that is turned away. */
export class Rejection extends Error {
  /** What the peer is told. */
  readonly reason: Error;
  /** What the `connections` table says, after `rejected: `. */
  readonly record: string;

  constructor(reason: Error, record: string) {
    super(reason.message, { cause: reason });
    this.name = "Rejection";
    this.reason = reason;
    this.record = record;
  }
}

/**
 * Lets the peer in, or not.
 *
 * @param manager The network name of the Manager, which a question is asked in the name of.
 * @throws {Rejection} If the peer is turned away.
 */
export async function authenticate(
  authentication: Authentication,
  manager: string,
  ask: Ask,
): Promise<void> {
  switch (authentication.method) {
    case "none":
      return;
    case "password": {
      const answer = await ask("password", manager);
      if (!sameSecret(answer, authentication.password)) {
        throw new Rejection(new ValueError("Wrong Manager password"), "wrong Manager password");
      }
    }
  }
}

/** Compares two secrets in a time that tells nothing about where they differ, or their lengths. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
