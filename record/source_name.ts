/**
 * The name of a recorded source, in the grammar of `source.ts`, and the sources that a name means.
 *
 * @module
 */

import { listNames, suggestName } from "../base/suggestion.ts";
import { ValueError } from "../errors.ts";
import type { SourceDescription } from "./reading.ts";
import { formatSource, formatSourceArguments, parseSource, type Source } from "./source.ts";

/** A value of notifications that has the name of a polled attribute is recorded with this before it. */
export const NOTIFICATION_MARK = ":";

/** The name of a source, e.g. `DMM.voltage(10)`. Sources that differ only in the unit have one name. */
export function sourceName({ service, attribute, arguments: args }: SourceDescription): string {
  if (attribute.startsWith(NOTIFICATION_MARK)) {
    const key = attribute.slice(NOTIFICATION_MARK.length);
    return formatSource({ kind: "notifications", service, keys: [key] });
  }
  const plain = { kind: "attribute", service, attribute, args: [], kwargs: {} } as const;
  return formatSource({ ...plain, every: undefined }) + (args === "" ? "" : `(${args})`);
}

/** What a name of {@linkcode sourceName} says. The unit is not in it. */
export function descriptionOf(name: string): SourceDescription {
  const source = parseSource(name);
  const { service } = source;
  return source.kind === "attribute"
    ? { service, attribute: source.attribute, arguments: formatSourceArguments(source), unit: "" }
    : { service, attribute: `${NOTIFICATION_MARK}${source.keys?.[0]}`, arguments: "", unit: "" };
}

/**
 * The sources that a name means: one attribute, or the values of notifications. Those of all units, and
 * `Room:temperature` finds what is called `Room.temperature` too.
 *
 * @throws {ValueError} If the name is none, or there is no such source. The error lists those that are.
 */
export function findSources<S extends SourceDescription>(sources: readonly S[], name: string): S[] {
  const comes = comesFrom(parseSource(name));
  const found = sources.filter(comes);
  if (found.length > 0) return found;
  const names = [...new Set(sources.map(sourceName))];
  const meant = suggestName(name, names);
  throw new ValueError(
    `Cannot find ${name} in the recording. ${meant && `${meant} `}` +
      `It has ${names.length === 0 ? "no sources" : listNames(names)}`,
  );
}

/** Tells whether what has a description may come from a source. */
export function comesFrom(source: Source): (description: SourceDescription) => boolean {
  if (source.kind === "attribute") {
    const words = formatSourceArguments(source);
    return ({ service, attribute, arguments: args }) =>
      service === source.service && attribute === source.attribute && args === words;
  }
  return ({ service, attribute, arguments: args }) => {
    const key = attribute.startsWith(NOTIFICATION_MARK) ? attribute.slice(1) : attribute;
    return service === source.service && args === "" && (source.keys?.includes(key) ?? true);
  };
}
