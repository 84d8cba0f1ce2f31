/**
 * The `ls` command: who is connected to a Manager, and what a Service offers.
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
import { noSuchService } from "../named_service.ts";
import { askStatus } from "../status_request.ts";
import { bold } from "../style.ts";
import { encodeForTerminal } from "../typed_call.ts";
import { type Visit, visit } from "../client_session.ts";

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
      const listing = await visit(connecting, "ls", (visit) => ask(connecting, visit));
      if (name === undefined) {
        return console.log(json ? encodeForTerminal(listing) : describeListing(listing, bold));
      }
      const service = serviceOf(listing, name);
      if (json) return console.log(encodeForTerminal(service));
      for (const line of describeAttributes(service.attributes)) console.log(line);
    });
}

async function ask(to: { host: string; port: number }, visit: Visit): Promise<Listing> {
  const identities = await visit.client.identities({ signal: visit.signal });
  try {
    const { services, requester } = await askStatus(to, visit);
    const links = Object.entries(services).map(([name, { links }]) => [name, links]);
    return listingOf(identities, Object.fromEntries(links), requester);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return listingOf(identities, null, null); // it is a Manager of the Python software
  }
}

function serviceOf({ services }: Listing, name: string): Listing["services"][string] {
  if (Object.hasOwn(services, name)) return services[name];
  throw noSuchService("list", name, services);
}
