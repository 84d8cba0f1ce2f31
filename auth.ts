/**
 * The ways to let a peer in. Each asks what it needs through {@linkcode Ask} and throws what the
 * peer is told when it is turned away.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { ValueError } from "./errors.ts";
import type { HostnamesTable } from "./hostnames_table.ts";
import type { Host } from "./hosts.ts";
import { repr } from "./repr.ts";
import type { UsersTable } from "./users_table.ts";

/** Asks the peer for something and gives its answer. */
export type Ask = (attribute: "username" | "password", argument: string) => Promise<string>;

/**
 * Who is let in: everybody, whoever knows the Manager's password, the computers of a table, or
 * the users of a table.
 */
export type Authentication =
  | { method: "none" }
  | { method: "password"; password: string }
  | { method: "hostname"; hostnames: HostnamesTable }
  | { method: "login"; users: UsersTable };

/** Who wants to be let in. */
export interface Visitor {
  /** The computer that the peer connects from. */
  host: Host;
  ask: Ask;
}

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
 * @returns The user that has logged in; `undefined` where nobody has to.
 * @throws {Rejection} If the peer is turned away.
 */
export async function authenticate(
  authentication: Authentication,
  manager: string,
  { host, ask }: Visitor,
): Promise<string | undefined> {
  switch (authentication.method) {
    case "none":
      return undefined;
    case "password": {
      const answer = await ask("password", manager);
      if (!sameSecret(answer, authentication.password)) {
        throw new Rejection(new ValueError("Wrong Manager password"), "wrong Manager password");
      }
      return undefined;
    }
    case "hostname": {
      if (!authentication.hostnames.includes(host.domain, host.name, host.address)) {
        throw new Rejection(
          new ValueError(`${repr(host.domain)} is not a trusted hostname`),
          "untrusted hostname",
        );
      }
      return undefined;
    }
    case "login": {
      const { users } = authentication;
      const username = await ask("username", manager);
      if (!users.isUserRegistered(username)) {
        throw new Rejection(new ValueError("Unregistered user"), "unregistered user");
      }
      if (!await users.isPasswordValid(username, await ask("password", username))) {
        throw new Rejection(new ValueError("Wrong login password"), "wrong login password");
      }
      return username;
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
