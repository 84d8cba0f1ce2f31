/**
 * The Clients and Services of a Manager: an object for a program, and tables for a person.
 *
 * @module
 */

import type { Identities, ServiceEntry } from "../wire/identities.ts";
import { table } from "./output.ts";
import { isMethod } from "../wire/python_signature.ts";
import { printable } from "../base/printable.ts";

/** The Clients that are linked with each Service, by its name; `null` if the Manager does not report them. */
export type LinksByService = Record<string, readonly string[]> | null;

/** The devices that are connected, without the Client that requests the listing. */
export interface Listing {
  manager: { hostname: string; port: number; language: string; os: string };
  services: Record<string, ServiceEntry & { links: readonly string[] | null }>;
  clients: Identities["clients"];
}

/**
 * Combines the identities and the links that a Manager has reported.
 *
 * @param requester The network name of the Client that requests the listing, if it is known.
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
      Object.entries(services).map(([name, entry]) => [
        name,
        { ...entry, attributes: withoutValues(entry.attributes), links: linksWith(name) },
      ]),
    ),
    clients: Object.fromEntries(Object.entries(clients).filter(([name]) => name !== requester)),
  };
}

/** A listing as text: a table of the Services, and one of the Clients. */
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
      Object.entries(services).map(([name, { address, language, links, max_clients }]) => [
        name,
        address,
        language,
        `${links?.length ?? "unknown"}${max_clients > 0 ? ` of ${max_clients}` : ""}`,
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

/** The attributes with `null` in the place of values: they are from the start of the service. */
function withoutValues(attributes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, shown]) => [name, isMethod(shown) ? shown : null]),
  );
}
