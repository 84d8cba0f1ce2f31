/**
 * The ways to let a peer in. Each asks what it needs through {@linkcode Ask} and throws what the
 * peer is told when it is turned away.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { Judge } from "./login_throttle.ts";
import { ConnectionAbortedError, PermissionError, ValueError } from "../errors.ts";
import type { HostnamesTable } from "./database/hostnames_table.ts";
import type { Host, Hosts } from "./hosts.ts";
import { logger } from "../base/log.ts";
import { repr } from "../base/repr.ts";
import type { UsersTable } from "./database/users_table.ts";

const log = logger("auth");

/** Asks the peer for something and gives its answer. */
export type Ask = (attribute: "username" | "password", argument: string) => Promise<string>;

/**
 * Who is let in: everybody, whoever knows the Manager's password, the computers of a table, or
 * the users of a table.
 */
export type Authentication =
  | { method: "none" }
  | { method: "password"; password: string }
  | { method: "hostname"; hostnames: HostnamesTable; hosts: Pick<Hosts, "leadsTo"> }
  | { method: "login"; users: UsersTable };

/** Who wants to be let in. */
export interface Visitor {
  /** The computer that the peer connects from. */
  host: Host;
  ask: Ask;
  /** Judges what it answers to a question for a password. */
  judge: Judge;
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
  { host, ask, judge }: Visitor,
): Promise<string | undefined> {
  switch (authentication.method) {
    case "none":
      return undefined;
    case "password": {
      const answer = await ask("password", manager);
      if (!await isRight(judge, () => sameSecret(answer, authentication.password))) {
        throw new Rejection(new ValueError("Wrong Manager password"), "wrong Manager password");
      }
      return undefined;
    }
    case "hostname": {
      const { hostnames, hosts } = authentication;
      if (!await isTrusted(host, hostnames, hosts)) {
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
        await isRight(judge, () => false);
        throw new Rejection(new ValueError("Unregistered user"), "unregistered user");
      }
      const password = await ask("password", username);
      if (!await isRight(judge, () => users.isPasswordValid(username, password))) {
        throw new Rejection(new ValueError("Wrong login password"), "wrong login password");
      }
      return username;
    }
  }
}

/** What is judged of an attempt, or that there were too many, or that the Manager shuts down. */
async function isRight(judge: Judge, check: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await judge(check);
  } catch (error) {
    if (error instanceof PermissionError) throw new Rejection(error, "too many failed logins");
    if (error instanceof ConnectionAbortedError) throw new Rejection(error, "shutting down");
    throw error;
  }
}

/** Whether the computer has a name, or an address, that is trusted and really its own. */
async function isTrusted(
  { address, trustedBy }: Host,
  hostnames: HostnamesTable,
  hosts: Pick<Hosts, "leadsTo">,
): Promise<boolean> {
  for (const candidate of trustedBy) {
    if (!hostnames.includes(candidate)) continue;
    if (await hosts.leadsTo(candidate, address)) return true;
    log.warn("{address} says that it is {candidate}, but that name leads elsewhere", {
      address,
      candidate,
    });
  }
  return false;
}

/** Compares two secrets in a time that tells nothing about where they differ, or their lengths. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
