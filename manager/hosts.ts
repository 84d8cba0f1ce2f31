/**
 * How the Manager calls the computer that a peer connects from.
 *
 * A peer on the Manager's own computer goes by the Manager's host name, whichever of the
 * computer's addresses it used. Other computers go by the first label of their domain name, or
 * by their numeric address where that has no name.
 *
 * @module
 */

import { lookup, lookupService } from "node:dns/promises";
import { withTimeout } from "../base/with_timeout.ts";

/** How long a look-up may take, in milliseconds. */
const LOOKUP_TIMEOUT = 2_000;

/** A computer, as the `connections` table and network names show it. */
export interface Host {
  /** The numeric address. */
  address: string;
  /** The full domain name, or what stands for it. */
  domain: string;
  /** What goes into a network name. */
  name: string;
  /** What it may be trusted by. This computer goes by its host name alone, as in Python. */
  trustedBy: readonly string[];
}

/** What host names depend on; tests pass their own. */
export interface HostOptions {
  /** The name of this computer. */
  hostname?: string;
  /** The addresses of this computer's interfaces. */
  localAddresses?: () => string[];
  /** The domain name of an address; rejects where there is none. */
  reverse?: (address: string) => Promise<string>;
  /** The addresses of a host or domain name; rejects where there is none. */
  forward?: (name: string) => Promise<string[]>;
}

/** Names computers. */
export class Hosts {
  /** The name of this computer. */
  readonly hostname: string;
  readonly #localAddresses: () => string[];
  readonly #reverse: (address: string) => Promise<string>;
  readonly #forward: (name: string) => Promise<string[]>;

  constructor(options: HostOptions = {}) {
    this.hostname = options.hostname ?? Deno.hostname();
    this.#localAddresses = options.localAddresses ?? interfaceAddresses;
    this.#reverse = options.reverse ?? reverse;
    this.#forward = options.forward ?? forward;
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
      const { hostname } = this;
      return { address: numeric, domain: hostname, name: hostname, trustedBy: [hostname] };
    }
    const domain = await withinTime(this.#reverse(numeric), numeric);
    const name = domain === numeric ? numeric : domain.split(".")[0];
    return { address: numeric, domain, name, trustedBy: [...new Set([domain, name, numeric])] };
  }

  /**
   * Whether a name is really that of the computer with this address: the name has to lead back to
   * the address, since whoever runs a network decides which names its addresses have. Takes two
   * seconds at the most.
   */
  async leadsTo(name: string, address: string): Promise<boolean> {
    if (name === address) return true;
    if (this.aliases().includes(address)) return name === this.hostname;
    return (await withinTime(this.#forward(name), [])).includes(address);
  }
}

/** What a look-up finds; `otherwise` where it finds nothing or takes too long. */
function withinTime<T>(lookUp: Promise<T>, otherwise: T): Promise<T> {
  return withTimeout(lookUp.catch(() => otherwise), LOOKUP_TIMEOUT, () => otherwise);
}

function interfaceAddresses(): string[] {
  return Deno.networkInterfaces().map((networkInterface) => networkInterface.address);
}

async function reverse(address: string): Promise<string> {
  return (await lookupService(address, 0)).hostname;
}

async function forward(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
