/**
 * The names of the computers that peers connect from.
 *
 * A peer on the Manager's own computer has the Manager's host name, whichever of the computer's
 * addresses it used. Another computer has the first label of its domain name, or its numeric address
 * if that has no name.
 *
 * @module
 */

import { isIP } from "node:net";
import { ConfigurationError } from "../errors.ts";
import { MAX_LOOKUPS } from "../limits.ts";
import { interfaceAddresses, localNames } from "../base/local_names.ts";
import { repr } from "../base/repr.ts";
import { PriorityGate } from "./priority_gate.ts";
import { withTimeout } from "../base/with_timeout.ts";

/** How long a look-up may take, with the wait for its turn, in milliseconds. */
const LOOKUP_TIMEOUT = 2_000;

/** A computer, as the `connections` table and network names list it. */
export interface Host {
  /** The numeric address. */
  address: string;
  /** The full domain name; the numeric address if there is none. */
  domain: string;
  /** The name in a network name. */
  name: string;
  /**
   * The names by which the table of trusted host names may list it. This computer is trusted by its
   * host name alone, as in Python.
   */
  trustedNames: readonly string[];
}

/** How computers are named. Every field replaces what the system says; tests use this. */
export interface HostOptions {
  /** The name of this computer. Default: `Deno.hostname()`. */
  hostname?: string;
  /** The addresses of this computer's interfaces. Default: those of `Deno.networkInterfaces()`. */
  localAddresses?: () => string[];
  /** The domain name of an address. Rejects if there is none. Default: a reverse DNS look-up. */
  reverse?: (address: string) => Promise<string>;
  /** The addresses of a host or domain name. Rejects if there is none. Default: a DNS look-up. */
  forward?: (name: string) => Promise<string[]>;
}

/** The domains of 127.0.0.1 and ::1 for a reverse look-up, which Python trusts too. */
const LOOPBACK_DOMAINS = ["1.0.0.127.in-addr.arpa", `1.${"0.".repeat(31)}ip6.arpa`];

/** Looks up the names of computers. */
export class Hosts {
  /** The name of this computer. */
  readonly hostname: string;
  readonly #localAddresses: () => string[];
  readonly #reverse: (address: string) => Promise<string>;
  readonly #forward: (name: string) => Promise<string[]>;
  readonly #gate = new PriorityGate(MAX_LOOKUPS);

  constructor(options: HostOptions = {}) {
    this.hostname = options.hostname ?? Deno.hostname();
    this.#localAddresses = options.localAddresses ?? interfaceAddresses;
    this.#reverse = options.reverse ?? reverse;
    this.#forward = options.forward ?? forward;
  }

  /** Every name and address of this computer. */
  aliases(): string[] {
    return localNames(this.hostname, this.#localAddresses());
  }

  /** The names that a new database trusts: those of this computer, and those of its loopback. */
  trustedAtFirst(): string[] {
    return [...this.aliases(), ...LOOPBACK_DOMAINS];
  }

  /**
   * Every name and address of this computer for a certificate, with its full domain name.
   *
   * @param host The host that a Manager listens on, if not every one.
   */
  async certificateNames(host?: string): Promise<string[]> {
    const domain = await this.domain();
    const [hostname, ...others] = this.aliases();
    const names = [hostname, ...(domain ? [domain] : []), ...others, ...(host ? [host] : [])];
    return [...new Set(names)];
  }

  /**
   * The full domain name of this computer, e.g. `pc.lab.org`; `undefined` if the system knows none, or
   * this program has no permission for the network. Takes four seconds at the most.
   */
  async domain(): Promise<string | undefined> {
    // Without the permission, a look-up would ask for it, or never end (Deno 2.9).
    if (Deno.permissions.querySync({ name: "net" }).state !== "granted") return undefined;
    const addresses = await this.#lookUp(() => this.#forward(this.hostname), []);
    const domains = await Promise.all(
      addresses.map((address) => this.#lookUp(() => this.#reverse(address), "")),
    );
    const prefix = `${this.hostname}.`.toLowerCase();
    return domains.find((domain) => domain.toLowerCase().startsWith(prefix));
  }

  /**
   * The addresses of a name, each once; an address itself.
   *
   * @throws {ConfigurationError} If there are none.
   */
  async addressesOf(name: string): Promise<string[]> {
    if (isIP(name) !== 0) return [name];
    if (!/^[^\s/:[\]]+$/.test(name)) {
      throw new ConfigurationError(
        `Cannot listen on ${
          repr(name)
        }: that is no host name or IP address. The port is an option ` +
          `of its own, and an IPv6 address has no brackets`,
      );
    }
    let addresses: string[];
    try {
      addresses = await this.#forward(name);
    } catch (cause) {
      throw new ConfigurationError(
        `Cannot listen on ${name}: the name has no address (${(cause as Error).message})`,
        { cause },
      );
    }
    if (addresses.length === 0) {
      throw new ConfigurationError(`Cannot listen on ${name}: the name has no address`);
    }
    return [...new Set(addresses)];
  }

  /**
   * The computer with this address. The look-up takes two seconds at the most.
   *
   * @param isKnown Whether a device was let in from there before: its look-up comes first.
   */
  async find(address: string, isKnown = false): Promise<Host> {
    const numeric = address.replace(/^::ffff:(?=\d+\.)/i, "");
    if (this.aliases().includes(numeric)) {
      const { hostname } = this;
      return { address: numeric, domain: hostname, name: hostname, trustedNames: [hostname] };
    }
    const domain = await this.#lookUp(() => this.#reverse(numeric), numeric, isKnown);
    const name = domain === numeric ? numeric : domain.split(".")[0];
    return { address: numeric, domain, name, trustedNames: [...new Set([domain, name, numeric])] };
  }

  /**
   * Whether a name resolves to this address. The name that an address resolves to proves nothing:
   * the operator of a network chooses the names of its addresses. Takes two seconds at the most.
   */
  async resolvesTo(name: string, address: string): Promise<boolean> {
    if (name === address) return true;
    if (this.aliases().includes(address)) return name === this.hostname;
    return (await this.#lookUp(() => this.#forward(name), [])).includes(address);
  }

  /**
   * The result of a look-up; `otherwise` if it finds nothing or takes too long. Each takes one of the
   * runtime's 32 threads until the name server has answered or the system has given it up, which may
   * be long after the time-out here. Passwords are checked by the same threads, so that only a few
   * look-ups run at once: connections from many addresses whose name server is silent would take all.
   */
  #lookUp<T>(lookUp: () => Promise<T>, otherwise: T, isPreferred = false): Promise<T> {
    let isOver = false;
    const turn = this.#gate.run(isPreferred, () => isOver ? otherwise : lookUp());
    return withTimeout(turn.catch(() => otherwise), LOOKUP_TIMEOUT, () => {
      isOver = true;
      return otherwise;
    });
  }
}

async function reverse(address: string): Promise<string> {
  const { lookupService } = await import("node:dns/promises"); // not for each command: 5 ms
  return (await lookupService(address, 0)).hostname;
}

async function forward(name: string): Promise<string[]> {
  const { lookup } = await import("node:dns/promises");
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
