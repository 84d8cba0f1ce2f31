/**
 * The `ls` command: lists the Clients and Services of a Manager, or the attributes of a Service.
 *
 * @module
 */

import { printLine } from "../../program/print.ts";
import type { CommandSpec } from "../command_spec.ts";
import {
  connectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../connect_options.ts";
import { ValueError } from "../../errors.ts";
import type { Identities } from "../../wire/identities.ts";
import { describeListing, type Listing, listingOf } from "../listing.ts";
import { type ClientSession, runSession } from "../client_session.ts";
import { bold } from "../style.ts";
import { encodeForTerminal } from "../../wire/printable_json.ts";
import { noSuchService, requestStatus } from "../requests.ts";

interface ParsedOptions extends ParsedConnectOptions {
  all?: boolean;
  json?: boolean;
}

/** The `ls` command. */
export const LS: CommandSpec = {
  options: [
    ...connectOptions(),
    {
      flag: "--all",
      short: "-a",
      description: "list what every Service has too, e.g. set_logging_level",
    },
    { flag: "--json", description: "print one object of JSON, with everything" },
  ],
  run: ([name], values) => list(name, values as unknown as ParsedOptions),
};

async function list(
  name: string | undefined,
  { all, json, ...parsed }: ParsedOptions,
): Promise<void> {
  const connecting = readConnectOptions(parsed);
  if (name === undefined) {
    const { listing } = await runSession(connecting, "ls", requestListing);
    return printLine(json ? encodeForTerminal(listing) : describeListing(listing, bold));
  }
  const { describeService, detailsAsJson, requestDetails } = await import("../service_details.ts");
  const { service, details } = await runSession(connecting, "ls", async (session) => {
    const { identities, listing } = await requestListing(session);
    const { services } = identities;
    if (!Object.hasOwn(services, name)) throw noSuchService("list", name, services);
    const { client, signal } = session;
    const details = await requestDetails(client, name, services[name], signal);
    return { service: { ...services[name], links: listing.services[name].links }, details };
  });
  if (json) return printLine(encodeForTerminal(detailsAsJson(service, details)));
  for (const line of describeService(details, all)) printLine(line);
}

async function requestListing(
  session: ClientSession,
): Promise<{ identities: Identities; listing: Listing }> {
  const identities = await session.client.identities({ signal: session.signal });
  try {
    const { services, requester } = await requestStatus(session);
    const links = Object.entries(services).map(([name, { links }]) => [name, links]);
    return { identities, listing: listingOf(identities, Object.fromEntries(links), requester) };
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const requester = session.client.networkName ?? null; // of the Python software
    return { identities, listing: listingOf(identities, null, requester) };
  }
}
