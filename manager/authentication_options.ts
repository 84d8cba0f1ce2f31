/**
 * How a Manager authenticates, by its options: the method, and what the one who starts it is told of a
 * choice that cannot work, or protects less than it seems. `authentication.ts` has the methods.
 *
 * @module
 */

import type { Authentication } from "./authentication.ts";
import type { Database } from "./database/database.ts";
import { ConfigurationError } from "../errors.ts";
import type { Hosts } from "./hosts.ts";
import { logger } from "../base/log.ts";

/** The options that choose a method. */
export interface AuthenticationOptions {
  disableTls?: boolean;
  authHostname?: boolean;
  authLogin?: boolean;
  authPassword?: string;
}

const PLAIN_PASSWORDS =
  "TLS is disabled: everybody on the network can read the passwords that are sent to this " +
  "Manager. Start it without --disable-tls";

const log = logger("manager");

/**
 * Checks that one method is chosen at most.
 *
 * @throws {ConfigurationError} If there are several.
 */
export function checkAuthentication(
  { authHostname, authLogin, authPassword }: AuthenticationOptions,
): void {
  const methods = [authHostname === true, authLogin === true, authPassword !== undefined];
  if (methods.filter(Boolean).length <= 1) return;
  throw new ConfigurationError("Cannot specify multiple authentication methods");
}

/**
 * The method that the options choose. Warns of access lists that it does not use.
 *
 * @param path The file of the database, for the error.
 * @throws {ConfigurationError} If users have to log in, and there are none.
 */
export function authenticationOf(
  { authHostname, authLogin, authPassword }: AuthenticationOptions,
  { access, hostnames, users }: Pick<Database, "access" | "hostnames" | "users">,
  hosts: Pick<Hosts, "resolvesTo">,
  path: string,
): Authentication {
  if (authLogin) {
    if (users.users().length > 0) return { method: "login", users };
    throw new ConfigurationError(
      `Cannot let users log in: there are none in ${path}. ` +
        `Run the "user" command to add one: user add NAME --password WORD...`,
    );
  }
  warnOfUnusedLists(access);
  if (authHostname) return { method: "hostname", hostnames, hosts };
  if (authPassword !== undefined) return { method: "password", password: authPassword };
  return { method: "none" };
}

function warnOfUnusedLists(access: Database["access"]): void {
  const services = [...new Set([...access.lists().keys(), ...access.offerLists().keys()])];
  if (services.length === 0) return;
  log.warn(
    "Everybody may use and offer every service, though there are lists for {services}: they " +
      "need users who log in. Start the Manager with --auth-login",
    { services },
  );
}

/** Warns once of passwords that the network can read. */
export class PlainPasswordWarning {
  #isDue: boolean;

  /** Warns at once if every peer must send a password. */
  constructor({ disableTls, authLogin, authPassword }: AuthenticationOptions) {
    this.#isDue = disableTls === true;
    if (this.#isDue && (authLogin === true || authPassword !== undefined)) {
      this.#isDue = false;
      log.warn(PLAIN_PASSWORDS);
    }
  }

  /** Warns of the first administrator that logs in. */
  administratorLogsIn(address: string): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    log.warn("{address} logs in as an administrator. " + PLAIN_PASSWORDS, { address });
  }
}
