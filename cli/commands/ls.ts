/**
 * The `ls` command: lists the Clients and Services of a Manager, or the attributes of a Service.
 *
 * @module
 */

import type { Command } from "commander";
import {
  addConnectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../connect_options.ts";
import { ValueError } from "../../errors.ts";
import { describeAttributes, describeListing, type Listing, listingOf } from "../listing.ts";
import { type ClientSession, runSession } from "../client_session.ts";
import { bold, encodeForTerminal } from "../output.ts";
import { noSuchService, requestStatus } from "../requests.ts";

interface ParsedOptions extends ParsedConnectOptions {
  json?: boolean;
}

/** Adds `ls` to the program. */
export function addLs(program: Command): void {
  addConnectOptions(program.command("ls"))
    .description("List the Services, the Clients and their links, or what a Service offers")
    .argument("[service]", "the name of a Service")
    .option("--json", "print one object of JSON")
    .action(async (name: string | undefined, { json, ...parsed }: ParsedOptions) => {
      const connecting = readConnectOptions(parsed);
      const listing = await runSession(connecting, "ls", requestListing);
      if (name === undefined) {
        return console.log(json ? encodeForTerminal(listing) : describeListing(listing, bold));
      }
      const service = serviceOf(listing, name);
      if (json) return console.log(encodeForTerminal(service));
      for (const line of describeAttributes(service.attributes)) console.log(line);
    });
}

async function requestListing(session: ClientSession): Promise<Listing> {
  const identities = await session.client.identities({ signal: session.signal });
  try {
    const { services, requester } = await requestStatus(session);
    const links = Object.entries(services).map(([name, { links }]) => [name, links]);
    return listingOf(identities, Object.fromEntries(links), requester);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return listingOf(identities, null, session.client.networkName ?? null); // of the Python software
  }
}

function serviceOf({ services }: Listing, name: string): Listing["services"][string] {
  if (Object.hasOwn(services, name)) return services[name];
  throw noSuchService("list", name, services);
}
