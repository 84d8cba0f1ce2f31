/**
 * How the Manager calls the computer that a peer connects from.
 *
 * A peer on the Manager's own computer goes by the Manager's host name, whichever of the
 * computer's addresses it used. Other computers go by the first label of their domain name, or
 * by their numeric address where that has no name.
 *
 * @module
 */

import { lookupService } from "node:dns/promises";

/** How long a reverse look-up may take, in milliseconds. */
const LOOKUP_TIMEOUT = 2_000;

/** A computer, as the `connections` table and network names show it. */
export interface Host {
  /** The numeric address. */
  address: string;
  /** The full domain name, or what stands for it. */
  domain: string;
  /** What goes into a network name. */
  name: string;
}

/** What host names depend on; tests pass their own. */
export interface HostOptions {
  /** The name of this computer. */
  hostname?: string;
  /** The addresses of this computer's interfaces. */
  localAddresses?: () => string[];
  /** The domain name of an address; rejects where there is none. */
  reverse?: (address: string) => Promise<string>;
}

/** Names computers. */
export class Hosts {
  /** The name of this computer. */
  readonly hostname: string;
  readonly #localAddresses: () => string[];
  readonly #reverse: (address: string) => Promise<string>;

  constructor(options: HostOptions = {}) {
    this.hostname = options.hostname ?? Deno.hostname();
    this.#localAddresses = options.localAddresses ?? interfaceAddresses;
    this.#reverse = options.reverse ?? reverse;
  }

  /** Every name and address that stands for this computer. */
  aliases(): string[] {
    return [
      ...new Set([this.hostname, "localhost", "127.0.0.1", "::1", ...this.#localAddresses()]),
    ];
  }

  /** The computer with this address. Takes two seconds at the most. */
  async find(address: string): Promise<Host> {
    const numeric = address.replace(/^::ffff:(?=\d+\.)/i, "");
    if (this.aliases().includes(numeric)) {
      return { address: numeric, domain: this.hostname, name: this.hostname };
    }
    const domain = await this.#lookUp(numeric);
    return { address: numeric, domain, name: domain === numeric ? numeric : domain.split(".")[0] };
  }

  async #lookUp(address: string): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const expired = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(address), LOOKUP_TIMEOUT);
    });
    try {
      return await Promise.race([this.#reverse(address).catch(() => address), expired]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function interfaceAddresses(): string[] {
  return Deno.networkInterfaces().map((networkInterface) => networkInterface.address);
}

async function reverse(address: string): Promise<string> {
  return (await lookupService(address, 0)).hostname;
}
