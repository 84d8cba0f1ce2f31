/**
 * What a service says of itself, as short texts for a person: for `ls`, `call --help`, the console and
 * the comments of a declaration. It may be any text; the one that prints it escapes what is in it.
 *
 * @module
 */

import {
  type AttributeAbout,
  describeArray,
  type ParameterAbout,
  type ServiceAbout,
  type ValueAbout,
} from "../wire/about.ts";

/** What is said of a value, e.g. `"the voltage, in V, an alarm outside 4 to 6"`; empty for nothing. */
export function describeValue(
  { description, unit, array, warning, alarm }: Omit<ValueAbout, "schema">,
): string {
  return [
    description && oneLine(description),
    array && describeArray(array),
    unit && `in ${unit}`,
    warning && `a warning ${describeRange(warning)}`,
    alarm && `an alarm ${describeRange(alarm)}`,
  ].filter((part) => part !== undefined && part !== "").join(", ");
}

/** Which limit of a value a number is beyond; `undefined` if none. */
export function describeState(
  value: unknown,
  { warning, alarm }: ValueAbout,
): string | undefined {
  if (typeof value !== "number") return undefined;
  if (alarm && !isWithin(value, alarm)) return `alarm: it is ${describeRange(alarm)}`;
  if (warning && !isWithin(value, warning)) return `warning: it is ${describeRange(warning)}`;
  return undefined;
}

/** What is said of an attribute; `undefined` for nothing. */
export function aboutAttribute(about: ServiceAbout, name: string): AttributeAbout | undefined {
  return Object.hasOwn(about.attributes, name) ? about.attributes[name] : undefined;
}

/** What is said of a parameter; `undefined` for nothing. */
export function aboutParameter(
  attribute: AttributeAbout | undefined,
  name: string,
): ParameterAbout | undefined {
  return attribute?.parameters?.find((parameter) => parameter.name === name);
}

function isWithin(value: number, [low, high]: readonly [number, number]): boolean {
  return value >= low && value <= high;
}

function describeRange([low, high]: readonly [number, number]): string {
  if (low === -Infinity) return `above ${high}`;
  return high === Infinity ? `below ${low}` : `outside ${low} to ${high}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}
