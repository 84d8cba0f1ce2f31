/**
 * The authentication methods. Each prompts the peer for what it needs through {@linkcode Prompt}, and
 * throws the error that a rejected peer is sent.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { logIn, type LoginAttempt } from "./login_throttle.ts";
import { ConnectionAbortedError, PermissionError, ValueError } from "../errors.ts";
import type { HostnamesTable } from "./database/hostnames_table.ts";
import type { Host, Hosts } from "./hosts.ts";
import { logger } from "../base/log.ts";
import { REFUSED_LOGIN } from "./refused_logins.ts";
import { repr } from "../base/repr.ts";
import { retryWhileLocked } from "../base/database_lock.ts";
import type { SessionUser, UsersTable } from "./database/users_table.ts";

const log = logger("auth");

/** Prompts the peer, and gives its answer. */
export type Prompt = (attribute: "username" | "password", argument: string) => Promise<string>;

/** How a Manager authenticates its peers. */
export type Authentication =
  /** Not at all. */
  | { method: "none" }
  /** By the Manager's password. */
  | { method: "password"; password: string }
  /** By the name of the computer, which must be in a table. */
  | { method: "hostname"; hostnames: HostnamesTable; hosts: Pick<Hosts, "resolvesTo"> }
  /** By the name and password of a user. */
  | { method: "login"; users: UsersTable };

/** A peer that is to be authenticated. */
export interface UnauthenticatedPeer {
  /** The computer that the peer connects from. */
  host: Host;
  prompt: Prompt;
  /** Checks its password, throttled. */
  attemptLogin: LoginAttempt;
}

/** A peer is rejected in the handshake. */
export class RejectionError extends Error {
  /** The error that the peer is sent. */
  readonly reason: Error;
  /** What goes into the `connections` table, after `rejected: `. */
  readonly record: string;

  constructor(reason: Error, record: string) {
    super(reason.message, { cause: reason });
    this.name = "RejectionError";
    this.reason = reason;
    this.record = record;
  }
}

/**
 * Authenticates a peer.
 *
 * @param manager The network name of the Manager.
 * @returns The user who has logged in; `undefined` if the method needs no user.
 * @throws {RejectionError} If the peer is rejected.
 */
export async function authenticate(
  authentication: Authentication,
  manager: string,
  { host, prompt, attemptLogin }: UnauthenticatedPeer,
): Promise<SessionUser | undefined> {
  switch (authentication.method) {
    case "none":
      return undefined;
    case "password": {
      const answer = await prompt("password", manager);
      const check = () => sameSecret(answer, authentication.password);
      if (!await orRejected(attemptLogin(check))) {
        throw new RejectionError(
          new ValueError("Wrong Manager password"),
          REFUSED_LOGIN.managerPassword,
        );
      }
      return undefined;
    }
    case "hostname": {
      const { hostnames, hosts } = authentication;
      if (!await isTrusted(host, hostnames, hosts)) {
        throw new RejectionError(
          new ValueError(`${repr(host.domain)} is not a trusted hostname`),
          REFUSED_LOGIN.hostname,
        );
      }
      return undefined;
    }
    case "login": {
      const { users } = authentication;
      const username = await prompt("username", manager);
      if (!await retryWhileLocked(() => users.isUserRegistered(username))) {
        await orRejected(attemptLogin(() => false));
        throw new RejectionError(new ValueError("Unregistered user"), REFUSED_LOGIN.user);
      }
      const password = await prompt("password", username);
      const user = await orRejected(logIn(users, attemptLogin, username, password));
      if (user !== undefined) return user;
      throw new RejectionError(new ValueError("Wrong login password"), REFUSED_LOGIN.loginPassword);
    }
  }
}

/**
 * The outcome of a throttled attempt to log in.
 *
 * @throws {RejectionError} If too many logins have failed, or the Manager shuts down.
 */
async function orRejected<T>(attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    if (error instanceof PermissionError) throw new RejectionError(error, REFUSED_LOGIN.throttled);
    if (error instanceof ConnectionAbortedError) throw new RejectionError(error, "shutting down");
    throw error;
  }
}

/** Whether the computer has a trusted name or address, and the name resolves to its address. */
async function isTrusted(
  { address, trustedNames }: Host,
  hostnames: HostnamesTable,
  hosts: Pick<Hosts, "resolvesTo">,
): Promise<boolean> {
  for (const name of trustedNames) {
    if (!await retryWhileLocked(() => hostnames.includes(name))) continue;
    if (await hosts.resolvesTo(name, address)) return true;
    log.warn("{address} claims to be {name}, but that name resolves to another address", {
      address,
      name,
    });
  }
  return false;
}

/** Compares two secrets in a time that does not depend on where they differ, or on their lengths. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
