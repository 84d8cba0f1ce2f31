/**
 * What a service says of itself beside its attributes: the extension `about`. The keys are those of
 * the wire.
 *
 * A description comes from a peer, and goes to others, to terminals and into files. So it is cleaned
 * where it enters, at a Manager and at a Client: what is not of this form is left out, and a text is
 * cut at its limit. An instrument is not rejected for what it says of itself.
 *
 * @module
 */

import { ABOUT_LIMITS } from "../limits.ts";
import { KNOWS_ARRAYS } from "./array_key.ts";
import { encodeValue } from "./json.ts";
import { isObject } from "./message.ts";
import { sizeOf } from "./nd_array.ts";

/**
 * What a Service says of itself. A part that it says nothing of is empty.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, type ServiceAbout } from "@msl/network";
 *
 * await using cxn = await connect();
 * const dmm: ServiceAbout = await cxn.about("DigitalMultimeter");
 * console.log(dmm.description, dmm.attributes.voltage?.result?.unit);
 * ```
 */
export interface ServiceAbout {
  /** What the Service is, as text of one or more lines. */
  readonly description: string;
  /** What its methods and properties are, by name. Those of which it says nothing are missing. */
  readonly attributes: Readonly<Record<string, AttributeAbout>>;
  /** What the keyword arguments of its notifications are, by name. */
  readonly notifications: Readonly<Record<string, ValueAbout>>;
  /** The roles that other programs look for, e.g. `"recorder.1"`. */
  readonly implements: readonly string[];
}

/** What a Service says of a method or a property. */
export interface AttributeAbout {
  /** What it does, as text of one or more lines. */
  readonly description?: string;
  /** The parameters of a method, in order. */
  readonly parameters?: readonly ParameterAbout[];
  /** The result of a method, each value of a stream, or the value of a property. */
  readonly result?: ValueAbout;
  /** Whether it may be requested again and again, as it changes nothing. */
  readonly safe?: boolean;
}

/** What a Service says of a value. */
export interface ValueAbout {
  /** What it is. */
  readonly description?: string;
  /** The unit of its numbers, e.g. `"V"`. */
  readonly unit?: string;
  /** Its form, in JSON Schema. */
  readonly schema?: JsonSchema;
  /** That it is an array of numbers, and which. The unit and the limits are those of each number. */
  readonly array?: ArrayAbout;
  /** The lowest and the highest value without a warning; `-Infinity` or `Infinity` for no limit. */
  readonly warning?: readonly [low: number, high: number];
  /** The lowest and the highest value without an alarm. */
  readonly alarm?: readonly [low: number, high: number];
}

/** What a Service says of a parameter. */
export interface ParameterAbout {
  /** The name of the parameter. */
  readonly name: string;
  /** What it is. */
  readonly description?: string;
  /** The unit of its numbers, e.g. `"V"`. */
  readonly unit?: string;
  /** What it accepts, in JSON Schema. */
  readonly schema?: JsonSchema;
  /** That it is an array of numbers, and which. */
  readonly array?: ArrayAbout;
  /** The value that a method takes if none is given. */
  readonly default?: unknown;
}

/** An array of numbers: a typed array, or an `NdArray` if it has not one dimension. */
export interface ArrayAbout {
  /** The type of its elements as NumPy writes it, and `NdArray.dtype` has it, e.g. `"<f8"`. */
  readonly dtype: string;
  /**
   * How many elements it has along each dimension, up to 64; `null` for any number. Default: `[null]`, one
   * dimension.
   */
  readonly shape?: readonly (number | null)[];
}

/** A JSON Schema: an object of keywords, e.g. `{ type: "number", minimum: 0 }`. */
export interface JsonSchema {
  /** The value of a keyword. */
  readonly [keyword: string]: unknown;
}

/** What a Service says that says nothing. */
export const NOTHING_SAID: ServiceAbout = Object.freeze({
  description: "",
  attributes: Object.freeze({}),
  notifications: Object.freeze({}),
  implements: Object.freeze([]),
});

/**
 * The description in a value that a peer has sent.
 *
 * @param names The attributes that the service has: a description of any other is left out. Default:
 * all are accepted.
 */
export function toServiceAbout(value: unknown, names?: ReadonlySet<string>): ServiceAbout {
  if (!isObject(value)) return NOTHING_SAID;
  const { attributes, notifications, implements: roles } = value;
  return {
    description: textOf(value.description) ?? "",
    attributes: record(attributes, toAttribute, ABOUT_LIMITS.attributes, names),
    notifications: record(notifications, toValue, ABOUT_LIMITS.notifications),
    implements: itemsOf(roles, ABOUT_LIMITS.roles).map(nameOf).filter((role) => role !== undefined),
  };
}

/**
 * Control characters but newlines and tabs, separators of lines, halves of a character, and what
 * changes the direction of writing. Others that nobody sees belong to words of many languages.
 */
const INVISIBLE = /(?![\n\t])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/** A text, cut at its limit. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  const most = ABOUT_LIMITS.text;
  const text = value.length > most ? `${value.slice(0, most - 1)}…` : value;
  return text.replaceAll("\r\n", "\n").replaceAll(INVISIBLE, "\ufffd");
}

/** A name or a unit: a short text of one line. */
function nameOf(value: unknown): string | undefined {
  if (typeof value !== "string" || value === "" || value.length > ABOUT_LIMITS.name) {
    return undefined;
  }
  return /[\n\t]/.test(value) || value.search(INVISIBLE) !== -1 ? undefined : value;
}

function toAttribute(value: unknown): AttributeAbout | undefined {
  if (!isObject(value)) return undefined;
  const parameters = itemsOf(value.parameters, ABOUT_LIMITS.parameters).map(toParameter)
    .filter((parameter) => parameter !== undefined);
  return withoutAbsent({
    description: textOf(value.description),
    parameters: parameters.length > 0 ? parameters : undefined,
    result: toValue(value.result),
    safe: typeof value.safe === "boolean" ? value.safe : undefined,
  });
}

function toParameter(value: unknown): ParameterAbout | undefined {
  if (!isObject(value)) return undefined;
  const name = nameOf(value.name);
  if (name === undefined) return undefined;
  const hasDefault = Object.hasOwn(value, "default") && isShort(value.default);
  return {
    name,
    ...withoutAbsent({
      description: textOf(value.description),
      unit: nameOf(value.unit),
      schema: toSchema(value.schema),
      ...(KNOWS_ARRAYS && { array: toArray(value.array) }),
    }),
    ...(hasDefault ? { default: value.default } : {}),
  };
}

function toValue(value: unknown): ValueAbout | undefined {
  if (!isObject(value)) return undefined;
  return withoutAbsent({
    description: textOf(value.description),
    unit: nameOf(value.unit),
    schema: toSchema(value.schema),
    ...(KNOWS_ARRAYS && { array: toArray(value.array) }),
    warning: isRange(value.warning) ? value.warning : undefined,
    alarm: isRange(value.alarm) ? value.alarm : undefined,
  });
}

function toArray(value: unknown): ArrayAbout | undefined {
  if (!isObject(value) || !isDtype(value.dtype)) return undefined;
  const { dtype, shape } = value;
  return isShape(shape) ? { dtype, shape } : shape === undefined ? { dtype } : undefined;
}

/** Whether a value names a type of elements that arrays have, in any order of bytes. */
export function isDtype(value: unknown): value is string {
  return typeof value === "string" && /^(?:\|[iub]1|[<>](?:[iu][248]|f[248]))$/.test(value);
}

/** Whether a value is the number of elements along each dimension; `null` stands for any. */
export function isShape(value: unknown): value is (number | null)[] {
  return Array.isArray(value) && sizeOf(value.map((length) => length ?? 0)) !== undefined;
}

/** Which array it is, e.g. `"array of <u2, 480 x any"`. */
export function describeArray({ dtype, shape = [null] }: ArrayAbout): string {
  const lengths = shape.map((length) => length ?? "any").join(" x ");
  return `array of ${dtype}, ${shape.length === 0 ? "a single one" : lengths}`;
}

function toSchema(value: unknown): JsonSchema | undefined {
  return isObject(value) && isShort(value) ? value : undefined;
}

/** Whether a value is two numbers, the lowest one that is good and the highest one. */
export function isRange(value: unknown): value is [low: number, high: number] {
  return Array.isArray(value) && value.length === 2 && value[0] <= value[1] &&
    value.every((limit) => typeof limit === "number");
}

/** Whether the JSON of a value is short, and not nested deeply. */
function isShort(value: unknown): boolean {
  return !isDeeper(value, ABOUT_LIMITS.depth) && encodeValue(value).length <= ABOUT_LIMITS.schema;
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((item) => isDeeper(item, depth - 1));
}

/** The entries of an object that `read` accepts. */
function record<T>(
  value: unknown,
  read: (value: unknown) => T | undefined,
  most: number,
  names?: ReadonlySet<string>,
): Record<string, T> {
  if (!isObject(value)) return {};
  const entries: [name: string, T][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (entries.length === most) break;
    const isKnown = names === undefined ? nameOf(key) !== undefined : names.has(key);
    const found = isKnown ? read(item) : undefined;
    if (found !== undefined) entries.push([key, found]);
  }
  return Object.fromEntries(entries); // which may have the name __proto__
}

function itemsOf(value: unknown, most: number): unknown[] {
  return Array.isArray(value) ? value.slice(0, most) : [];
}

/** The same object without the members that are `undefined`. */
function withoutAbsent<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([_, it]) => it !== undefined)) as T;
}
