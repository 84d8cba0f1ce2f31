/**
 * What a Service declares of itself, as `static about`: its types, and the description that the
 * identity has. `attributes.ts` knows the methods and properties that it is about, `schema.ts` the
 * schemas, and `wire/about.ts` has the form of the wire.
 *
 * A mistake in a declaration is an error when the Service starts. On the wire it would only be left
 * out.
 *
 * @module
 */

import { ABOUT_LIMITS } from "../limits.ts";
import {
  type ArrayAbout,
  type AttributeAbout,
  isDtype,
  isRange,
  isShape,
  type JsonSchema,
  type ParameterAbout,
  type ServiceAbout,
  toServiceAbout,
  type ValueAbout,
} from "../wire/about.ts";
import { encodeValue, parseJson } from "../wire/json.ts";
import { isObject, type JsonObject } from "../wire/message.ts";
import type { NamedParameter } from "../wire/signature.ts";
import type { StandardSchema } from "./schema.ts";

/**
 * The `static about` of a Service of class `S`: what it says of itself, its methods, its properties
 * and its notifications. Every part may be left out. The compiler checks the names of attributes, and
 * the start of the Service those of parameters.
 *
 * A `schema` is JSON Schema, or a schema of a library that makes JSON Schema of it, as `static schema`
 * has them. What `static schema` checks need not be said again.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type About, connect, Service } from "@msl/network";
 * import { TestManager } from "@msl/network/testing";
 *
 * class Multimeter extends Service {
 *   static about: About<Multimeter> = {
 *     description: "The multimeter of the voltage reference",
 *     attributes: {
 *       voltage: {
 *         description: "Measures a DC voltage.",
 *         parameters: [{ name: "range", description: "the largest voltage", unit: "V" }],
 *         result: { unit: "V", warning: [4.5, 5.5], alarm: [4, 6] },
 *         safe: true,
 *       },
 *     },
 *     notifications: { temperature: { unit: "°C" } },
 *   };
 *
 *   voltage(range = 10): number {
 *     return range / 2;
 *   }
 * }
 *
 * await using manager = await TestManager.start();
 * await using service = new Multimeter();
 * await service.start(manager.connectOptions);
 * await using cxn = await connect(manager.connectOptions);
 * const { voltage } = (await cxn.about("Multimeter")).attributes;
 * assertEquals(voltage.result?.unit, "V");
 * assertEquals(voltage.parameters?.[0].default, 10); // from the method itself
 * ```
 */
export interface About<S = unknown> {
  /** What the Service is, as text of one or more lines. */
  readonly description?: string;
  /** Its methods and properties, by name. */
  readonly attributes?: { readonly [Name in Described<S>]?: DeclaredAttribute };
  /** The keyword arguments of its notifications, by name. */
  readonly notifications?: { readonly [name: string]: DeclaredValue };
  /** The roles that other programs look for, e.g. `"recorder.1"`. */
  readonly implements?: readonly string[];
}

/** The names of a Service's class that may be described. */
export type Described<S> = unknown extends S ? string : Exclude<keyof S & string, `_${string}`>;

/** What a Service declares of a method or a property. */
export interface DeclaredAttribute {
  /** What it does, as text of one or more lines. */
  readonly description?: string;
  /** The parameters of a method of which there is something to say, in any order. */
  readonly parameters?: readonly DeclaredParameter[];
  /** The result of a method, each value of a stream, or the value of a property. */
  readonly result?: DeclaredValue;
  /** Whether it may be requested again and again, as it changes nothing. Default: it is not said. */
  readonly safe?: boolean;
}

/** What a Service declares of a value. */
export interface DeclaredValue extends Omit<ValueAbout, "schema"> {
  /** Its form, in JSON Schema, or as the schema of a library. */
  readonly schema?: JsonSchema | StandardSchema;
}

/** What a Service declares of a parameter. */
export interface DeclaredParameter extends Omit<ParameterAbout, "schema"> {
  /** What it accepts, in JSON Schema, or as the schema of a library. */
  readonly schema?: JsonSchema | StandardSchema;
}

/** An attribute that may be described. */
export interface DescribedAttribute {
  /** Its name in the class, and in a `static about`. */
  readonly name: string;
  /** Its name on the wire. */
  readonly wireName: string;
  /** The parameters of a method; `undefined` for a property. */
  readonly parameters: readonly NamedParameter[] | undefined;
  /** The schemas of the first parameters of a method. */
  readonly schemas: readonly StandardSchema[];
}

/**
 * The description for the identity.
 *
 * @param declared The `static about` of each class with its name, a base class before those that
 * extend it. The description of an attribute in a later class replaces that in an earlier one.
 * @param find The attribute of that name; `undefined` if there is none on the network.
 * @param attributes The attributes that the identity lists.
 * @returns `undefined` if there is nothing to say.
 * @throws {TypeError} If a description is not of this form, names an attribute or a parameter that
 * does not exist, or is longer than its limit.
 */
export function describe(
  declared: readonly (readonly [className: string, about: unknown])[],
  find: (name: string) => DescribedAttribute | undefined,
  attributes: readonly DescribedAttribute[],
): ServiceAbout | undefined {
  let description: string | undefined;
  const byName = new Map<string, AttributeAbout>();
  const notifications = new Map<string, ValueAbout>();
  const roles = new Set<string>();
  for (const [className, about] of declared) {
    const where = `${className}.about`;
    const members = objectOf(where, about, [
      "description",
      "attributes",
      "notifications",
      "implements",
    ]);
    description = textOf(`${where}.description`, members.description) ?? description;
    for (const [name, one] of entriesOf(`${where}.attributes`, members.attributes)) {
      const found = find(name);
      const place = `${where}.attributes.${name}`;
      if (found === undefined) {
        throw unusable(place, "there is no method or property of that name on the network");
      }
      byName.set(found.wireName, readAttribute(place, one, found));
    }
    const values = entriesOf(`${where}.notifications`, members.notifications);
    if (values.length > ABOUT_LIMITS.notifications) {
      throw unusable(`${where}.notifications`, `the limit is ${ABOUT_LIMITS.notifications}`);
    }
    for (const [name, one] of values) {
      const place = `${where}.notifications.${name}`;
      nameOf(place, name);
      notifications.set(name, readValue(place, one));
    }
    for (
      const [index, role] of itemsOf(`${where}.implements`, members.implements, ABOUT_LIMITS.roles)
    ) {
      roles.add(nameOf(`${where}.implements[${index}]`, role));
    }
  }
  for (const attribute of attributes) {
    const { wireName, schemas } = attribute;
    if (byName.has(wireName) || schemas.length === 0) continue;
    const parameters = parametersOf("", [], attribute);
    if (parameters.length > 0) byName.set(wireName, { parameters });
  }
  const listed = new Set(attributes.map(({ wireName }) => wireName));
  const about = {
    description: description ?? "",
    attributes: Object.fromEntries([...byName].filter(([name]) => listed.has(name))),
    notifications: Object.fromEntries(notifications),
    implements: [...roles],
  };
  const isEmpty = description === undefined && roles.size === 0 && notifications.size === 0 &&
    Object.keys(about.attributes).length === 0;
  return isEmpty ? undefined : toServiceAbout(parseJson(encodeValue(about, "about")));
}

function readAttribute(
  place: string,
  value: unknown,
  attribute: DescribedAttribute,
): AttributeAbout {
  const members = objectOf(place, value, ["description", "parameters", "result", "safe"]);
  const { safe } = members;
  if (safe !== undefined && typeof safe !== "boolean") {
    throw unusable(`${place}.safe`, "it is not true or false");
  }
  const given = itemsOf(`${place}.parameters`, members.parameters, ABOUT_LIMITS.parameters)
    .map(([index, one]) => readParameter(`${place}.parameters[${index}]`, one));
  const parameters = parametersOf(`${place}.parameters`, given, attribute);
  return {
    description: textOf(`${place}.description`, members.description),
    ...(parameters.length > 0 ? { parameters } : {}),
    result: members.result === undefined ? undefined : readValue(`${place}.result`, members.result),
    safe,
  };
}

/**
 * All parameters of a method, with what is declared, what `static schema` has, and the defaults of
 * the method; none if nothing is said of any.
 */
function parametersOf(
  place: string,
  given: readonly ParameterAbout[],
  { parameters = [], schemas }: DescribedAttribute,
): ParameterAbout[] {
  for (const { name } of given) {
    if (parameters.some((parameter) => parameter.name === name)) continue;
    const names = parameters.map((parameter) => parameter.name).join(", ") || "none";
    throw unusable(place, `there is no parameter ${name}. Those of the method are: ${names}`);
  }
  let isAnythingSaid = given.length > 0;
  const all = parameters.map(({ name, member, index, literal }): ParameterAbout => {
    const declared = given.findLast((parameter) => parameter.name === name);
    const schema = declared?.schema ?? schemaOf(schemas[index], member ? name : undefined);
    isAnythingSaid ||= schema !== undefined;
    return {
      name,
      ...(literal === undefined ? {} : { default: literal.value }),
      ...declared,
      schema,
    };
  });
  return isAnythingSaid ? all : [];
}

/** The JSON Schema of a library's schema, or of one member of an object. */
function schemaOf(schema: StandardSchema | undefined, member?: string): JsonSchema | undefined {
  const whole = schema && toJsonSchema(schema);
  if (whole === undefined || member === undefined) return whole;
  const { properties } = whole;
  if (!isObject(properties) || !Object.hasOwn(properties, member)) return undefined;
  const part = properties[member];
  // A reference is to a place in the whole schema.
  return isObject(part) && !encodeValue(part).includes('"$ref"') ? part : undefined;
}

/** `undefined` if the library does not make JSON Schema, or there is none for this schema. */
function toJsonSchema(schema: StandardSchema): JsonSchema | undefined {
  try {
    const made = schema["~standard"].jsonSchema?.input({ target: "draft-2020-12" });
    if (!isObject(made)) return undefined;
    const { $schema: _, ...keywords } = made; // it would be the same in each of them
    return encodeValue(keywords).length <= ABOUT_LIMITS.schema ? keywords : undefined;
  } catch {
    return undefined; // e.g. of a Date or a bigint
  }
}

function readValue(place: string, value: unknown): ValueAbout {
  const keys = ["description", "unit", "schema", "array", "warning", "alarm"];
  const { warning, alarm, ...members } = objectOf(place, value, keys);
  for (const [name, range] of Object.entries({ warning, alarm })) {
    if (range !== undefined && !isRange(range)) {
      throw unusable(`${place}.${name}`, "it is not two numbers, the lower one first");
    }
  }
  return {
    ...readCommon(place, members),
    warning: warning as ValueAbout["warning"],
    alarm: alarm as ValueAbout["alarm"],
  };
}

function readParameter(place: string, value: unknown): ParameterAbout {
  const members = objectOf(place, value, [
    "name",
    "description",
    "unit",
    "schema",
    "array",
    "default",
  ]);
  const common = readCommon(place, members);
  const name = nameOf(`${place}.name`, members.name);
  if (members.default === undefined) return { name, ...common };
  checkJson(`${place}.default`, members.default);
  return { name, ...common, default: members.default };
}

function readCommon(
  place: string,
  { description, unit, schema, array }: JsonObject,
): Pick<ValueAbout, "description" | "unit" | "schema" | "array"> {
  return {
    description: textOf(`${place}.description`, description),
    unit: unit === undefined ? undefined : nameOf(`${place}.unit`, unit),
    schema: schema === undefined ? undefined : readSchema(`${place}.schema`, schema),
    ...(array === undefined ? {} : { array: readArray(`${place}.array`, array) }),
  };
}

function readArray(place: string, value: unknown): ArrayAbout {
  const { dtype, shape } = objectOf(place, value, ["dtype", "shape"]);
  if (!isDtype(dtype)) {
    throw unusable(`${place}.dtype`, 'it is no type of elements as NumPy writes it, e.g. "<f8"');
  }
  if (shape === undefined) return { dtype };
  if (isShape(shape)) return { dtype, shape };
  throw unusable(`${place}.shape`, "it is no array of up to 64 lengths, null for any");
}

function readSchema(place: string, schema: unknown): JsonSchema | undefined {
  const isOfLibrary = (typeof schema === "object" || typeof schema === "function") &&
    schema !== null && "~standard" in schema;
  if (isOfLibrary) return toJsonSchema(schema as StandardSchema);
  if (!isObject(schema)) throw unusable(place, "it is no JSON Schema, and no schema of a library");
  checkJson(place, schema);
  return schema;
}

function checkJson(place: string, value: unknown): void {
  let size: number;
  try {
    size = encodeValue(value, place).length;
  } catch (error) {
    throw unusable(place, (error as Error).message); // e.g. it has a cycle
  }
  if (size <= ABOUT_LIMITS.schema) return;
  throw unusable(place, `it has ${size} characters of JSON, the limit is ${ABOUT_LIMITS.schema}`);
}

function textOf(
  place: string,
  value: unknown,
  most: number = ABOUT_LIMITS.text,
): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw unusable(place, "it is no text");
  if (value.length <= most) return value;
  throw unusable(place, `it has ${value.length} characters, the limit is ${most}`);
}

function nameOf(place: string, value: unknown): string {
  const text = textOf(place, value, ABOUT_LIMITS.name);
  if (text === undefined || text === "") throw unusable(place, "it is no text");
  if (/\p{Cc}/u.test(text)) throw unusable(place, "it has a control character");
  return text;
}

function itemsOf(place: string, value: unknown, most: number): [index: number, item: unknown][] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw unusable(place, "it is no array");
  if (value.length > most) {
    throw unusable(place, `it has ${value.length} items, the limit is ${most}`);
  }
  return [...value.entries()];
}

function entriesOf(place: string, value: unknown): [name: string, value: unknown][] {
  if (value === undefined) return [];
  if (!isObject(value)) throw unusable(place, "it is no object");
  return Object.entries(value);
}

function objectOf(place: string, value: unknown, keys: readonly string[]): JsonObject {
  if (!isObject(value)) throw unusable(place, "it is no object");
  const wrong = Object.keys(value).find((key) => !keys.includes(key));
  if (wrong === undefined) return value;
  throw unusable(`${place}.${wrong}`, `the keys that it may have are ${keys.join(", ")}`);
}

function unusable(place: string, reason: string): TypeError {
  return new TypeError(`Cannot use ${place}: ${reason}`);
}
