/**
 * Who is connected to a Manager, as tables for a person and as an object for a program.
 *
 * @module
 */

import type { Identities } from "../wire/identities.ts";
import type { ServiceEntry } from "../wire/identities.ts";
import { printable, table } from "./text_table.ts";
import { encodeForTerminal } from "./typed_call.ts";

/** Which Clients are linked with which Service, by the Service's name; `null` if nobody tells. */
export type LinksByService = Record<string, readonly string[]> | null;

/** Who is connected. The Client that asks is left out. */
export interface Listing {
  manager: { hostname: string; port: number; language: string; os: string };
  services: Record<string, ServiceEntry & { links: readonly string[] | null }>;
  clients: Identities["clients"];
}

/**
 * Puts together what a Manager has told.
 *
 * @param requester The network name of the Client that asked, if it is known.
 */
export function listingOf(
  { hostname, port, language, os, clients, services }: Identities,
  links: LinksByService,
  requester: string | null,
): Listing {
  const linksWith = (service: string) =>
    links === null ? null : Object.hasOwn(links, service) ? links[service] : [];
  return {
    manager: { hostname, port, language, os },
    services: Object.fromEntries(
      Object.entries(services).map(([name, entry]) => [name, { ...entry, links: linksWith(name) }]),
    ),
    clients: Object.fromEntries(Object.entries(clients).filter(([name]) => name !== requester)),
  };
}

/** Who is connected, a table for each kind. */
export function describeListing(
  { manager, services, clients }: Listing,
  heading: (text: string) => string = String,
): string {
  const { hostname, port, language, os } = manager;
  const linkedWith = (client: string): string => {
    const names = Object.keys(services).filter((name) => services[name].links?.includes(client));
    return Object.values(services).some(({ links }) => links === null)
      ? "unknown"
      : names.join(", ") || "-";
  };
  const tables = [
    table(
      ["service", "address", "language", "links"],
      Object.entries(services).map(([name, { address, language, links, max_clients: most }]) => [
        name,
        address,
        language,
        `${links?.length ?? "unknown"}${most > 0 ? ` of ${most}` : ""}`,
      ]),
    ),
    table(
      ["client", "language", "linked with"],
      Object.entries(clients).map(([name, { language }]) => [name, language, linkedWith(name)]),
    ),
  ].map(([headings, ...rows], index) =>
    rows.length > 0
      ? [heading(headings), ...rows].join("\n")
      : `No ${index === 0 ? "services" : "clients"}`
  );
  return [
    printable(`Manager[${hostname}:${port}]  ${language}, ${os}`),
    ...tables,
  ].join("\n\n");
}

/** What a Service offers: its methods with their parameters, and its constants with their values. */
export function describeAttributes(attributes: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(attributes).map(([name, value]) => {
    const isSignature = typeof value === "string" && value.startsWith("(");
    return printable(name) + (isSignature ? printable(value) : ` = ${encodeForTerminal(value)}`);
  });
}
