/**
 * All that is known of one service: what it lists, what it says of itself, and the values that its
 * properties have now. As an object for a program, and as text for a person.
 *
 * @module
 */

import { printable } from "../base/printable.ts";
import type { Client } from "../client.ts";
import type { AttributeAbout, JsonSchema, ServiceAbout } from "../wire/about.ts";
import type { ServiceEntry } from "../wire/identities.ts";
import { aboutAttribute, aboutParameter, describeState, describeValue } from "./description.ts";
import { encodeForTerminal } from "../wire/printable_json.ts";
import { isMethod, parseSignature } from "../wire/python_signature.ts";
import { type PropertyValue, readProperties } from "./property_values.ts";
import { typeOfSchema } from "./schema_type.ts";
import { render } from "./type_text.ts";

/** A service. */
export interface ServiceDetails {
  name: string;
  entry: ServiceEntry;
  about: ServiceAbout;
  values: ReadonlyMap<string, PropertyValue>;
}

/** The attributes that every service has, which are listed if they are asked for. */
const OF_EVERY_SERVICE: ReadonlySet<string> = new Set(["set_logging_level"]);

/** Requests what is not in the entry of a service: its description, and the values of its properties. */
export async function requestDetails(
  client: Client,
  name: string,
  entry: ServiceEntry,
  signal: AbortSignal,
): Promise<ServiceDetails> {
  const about = await client.about(name, { signal });
  const values = isHidden(entry)
    ? new Map<string, PropertyValue>()
    : await readProperties(client, name, entry, about, signal);
  return { name, entry, about, values };
}

/** Whether only the names of the attributes are shown, to a user who may not use the service. */
export function isHidden({ attributes }: Pick<ServiceEntry, "attributes">): boolean {
  const shown = Object.values(attributes);
  return shown.length > 0 && shown.every((one) => one === null);
}

/** The entry of a service for a program, with the values that its properties have now. */
export function detailsAsJson<E extends ServiceEntry>(
  entry: E,
  { about, values }: ServiceDetails,
): E & { about: ServiceAbout; unread: Record<string, string> } {
  const unread: [name: string, reason: string][] = [];
  const attributes = Object.entries(entry.attributes).map(([name, shown]) => {
    const found = values.get(name);
    if (found === undefined) return [name, shown];
    if ("value" in found) return [name, found.value];
    unread.push([name, found.unread]);
    return [name, null];
  });
  return {
    ...entry,
    attributes: Object.fromEntries(attributes),
    about,
    unread: Object.fromEntries(unread),
  };
}

/**
 * A service as lines: its methods with their parameters, its properties with their values, and what
 * it says of them.
 *
 * @param all Whether the attributes that every service has are among them.
 */
export function describeService(details: ServiceDetails, all = false): string[] {
  const { entry, about } = details;
  const names = Object.keys(entry.attributes).filter((name) => all || !OF_EVERY_SERVICE.has(name));
  const notifications = Object.entries(about.notifications)
    .map(([name, value]) => `    ${printable(name)}: ${printable(describeValue(value)) || "-"}`);
  return [
    ...linesOf(about.description, ""),
    ...(about.description === "" ? [] : [""]),
    ...names.flatMap((name) => describeAttribute(details, name)),
    ...(notifications.length === 0 ? [] : ["", "Notifications:", ...notifications]),
    ...(about.implements.length === 0
      ? []
      : ["", `Implements ${about.implements.map(printable).join(", ")}`]),
  ];
}

/** One attribute of a service as lines. */
export function describeAttribute(
  { entry, about, values }: ServiceDetails,
  name: string,
): string[] {
  const shown = entry.attributes[name];
  const said = aboutAttribute(about, name);
  const lines = linesOf(said?.description ?? "", "    ");
  if (isMethod(shown)) {
    return [printable(name) + printable(shown), ...lines, ...describeMethod(shown, said)];
  }
  const result = said?.result ?? {};
  const text = describeValue(result);
  return [
    printable(name) + describeNow(values.get(name), said),
    ...lines,
    ...(text === "" ? [] : [`    ${printable(text)}`]),
  ];
}

/** The value of a property now, e.g. ` = 5.1 V`. */
function describeNow(found: PropertyValue | undefined, said: AttributeAbout | undefined): string {
  if (found === undefined) return "";
  if ("unread" in found) return `  (not read: ${printable(found.unread)})`;
  const { value } = found;
  const { unit, ...result } = said?.result ?? {};
  const state = describeState(value, result);
  const withUnit = unit === undefined || typeof value !== "number" ? "" : ` ${printable(unit)}`;
  return ` = ${encodeForTerminal(value)}${withUnit}${state === undefined ? "" : `  (${state})`}`;
}

/** What is said of the parameters and the result of a method. */
function describeMethod(signature: string, said: AttributeAbout | undefined): string[] {
  const parameters = (parseSignature(signature)?.parameters ?? []).map(({ name }) => {
    const { description, unit, schema, array } = aboutParameter(said, name) ?? {};
    return line(name, schema, describeValue({ description, unit, array }));
  });
  const { schema, ...result } = said?.result ?? {};
  return [
    ...parameters,
    line("returns", schema, describeValue(result)),
    said?.safe === true ? "    It changes nothing: it may be called again and again" : undefined,
  ].filter((text) => text !== undefined);
}

function line(name: string, schema: JsonSchema | undefined, text: string): string | undefined {
  const type = schema === undefined ? "unknown" : render(typeOfSchema(schema));
  const parts = [type === "unknown" ? "" : type, text].filter((part) => part !== "");
  return parts.length === 0 ? undefined : `    ${printable(name)}: ${printable(parts.join(", "))}`;
}

function linesOf(text: string, indent: string): string[] {
  if (text === "") return [];
  return text.split("\n").map((line) => (indent + printable(line)).trimEnd());
}
