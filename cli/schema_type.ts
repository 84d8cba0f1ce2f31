/**
 * The TypeScript type of what a service has said of a value: of its JSON Schema, or of an array of
 * numbers. What is not understood is `unknown`: a type that is too wide makes nobody write a wrong
 * program.
 *
 * @module
 */

import { type ArrayAbout, isDtype, type JsonSchema, type ValueAbout } from "../wire/about.ts";
import { kindOf } from "../wire/dtype.ts";
import { isObject } from "../wire/message.ts";
import {
  arrayOf,
  propertyName,
  quote,
  render,
  type Types,
  union,
  UNKNOWN,
  UNKNOWN_OBJECT,
} from "./type_text.ts";

/** How deep a schema is described, and how many members of an object or a union. */
const DEPTH = 8;
const MEMBERS = 64;

/** The type of what is described; `unknown` if it is not said. */
export function typeOfDescribed({ array, schema }: Pick<ValueAbout, "array" | "schema">): Types {
  if (array !== undefined) return typeOfNumbers(array);
  return schema === undefined ? UNKNOWN : typeOfSchema(schema);
}

/** The type of an array of numbers. That of an `NdArray` is written out: the file imports nothing. */
function typeOfNumbers({ dtype, shape = [null] }: ArrayAbout): Types {
  if (!isDtype(dtype)) return UNKNOWN;
  const type = kindOf(dtype, false).view(new ArrayBuffer(0)).constructor.name;
  if (shape.length === 1) return [type];
  return [
    `{ readonly data: ${type}; readonly shape: readonly number[]; readonly dtype: string; ` +
    "toList(): unknown }",
  ];
}

/** The type of the values that a schema accepts. */
export function typeOfSchema(schema: JsonSchema): Types {
  return typeOf(schema, DEPTH);
}

function typeOf(schema: unknown, depth: number): Types {
  if (depth === 0 || !isObject(schema) || "$ref" in schema || "allOf" in schema) return UNKNOWN;
  if ("const" in schema) return typeOfLiteral(schema.const);
  const { enum: literals, anyOf, oneOf = anyOf, type } = schema;
  if (Array.isArray(literals)) return unionOf(literals, typeOfLiteral);
  if (Array.isArray(oneOf)) return unionOf(oneOf, (one) => typeOf(one, depth - 1));
  if (Array.isArray(type)) {
    return unionOf(type, (one) => typeOf({ ...schema, type: one }, depth - 1));
  }
  switch (type) {
    case "number":
    case "integer":
      return ["number"];
    case "string":
    case "boolean":
    case "null":
      return [type];
    case "array":
      return [typeOfArray(schema, depth)];
    case "object":
      return typeOfObject(schema, depth);
    default:
      return UNKNOWN;
  }
}

function unionOf(members: readonly unknown[], typeOfMember: (member: unknown) => Types): Types {
  return members.length > MEMBERS ? UNKNOWN : union(members.map(typeOfMember));
}

function typeOfLiteral(value: unknown): Types {
  if (typeof value === "string") return [quote(value)];
  const isPlain = value === null || typeof value === "boolean" || Number.isFinite(value);
  return isPlain ? [String(value)] : UNKNOWN;
}

function typeOfArray({ prefixItems, items }: JsonSchema, depth: number): string {
  const others = items === false ? undefined : typeOf(items, depth - 1);
  if (!Array.isArray(prefixItems) || prefixItems.length > MEMBERS) {
    return arrayOf(others ?? UNKNOWN);
  }
  const first = prefixItems.map((item) => render(typeOf(item, depth - 1)));
  const rest = others === undefined ? [] : [`...${arrayOf(others)}`];
  return `[${[...first, ...rest].join(", ")}]`;
}

function typeOfObject(schema: JsonSchema, depth: number): Types {
  const { properties, additionalProperties, required } = schema;
  const entries = isObject(properties) ? Object.entries(properties) : [];
  if (entries.length > MEMBERS) return UNKNOWN_OBJECT;
  if (entries.length === 0) {
    return [`{ [name: string]: ${render(typeOf(additionalProperties, depth - 1))} }`];
  }
  const members = entries.map(([name, member]) => {
    const isRequired = Array.isArray(required) && required.includes(name);
    return `${propertyName(name)}${isRequired ? "" : "?"}: ${render(typeOf(member, depth - 1))}`;
  });
  return [`{ ${members.join("; ")} }`];
}
