/**
 * Checks the arguments of a method with the schemas that the class of a Service declares. The method
 * gets the values that the schemas return. `schema.ts` has the types.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { repr } from "../base/repr.ts";
import { withLists } from "./as_lists.ts";
import type { SchemaIssue, SchemaResult, StandardSchema } from "./schema.ts";
import type { ParameterName } from "../wire/signature.ts";

/** An issue with the parameter of this name. */
interface Rejection {
  name: string;
  issue: SchemaIssue;
}

/** The longest text of one issue in an error, and of all of them together, in characters. */
const LONGEST_ISSUE = 300;
const LONGEST_TEXT = 2_000;

/**
 * Merges the `static schema` of several classes. The schemas of a method in a later class replace
 * those in an earlier one. `undefined` if no class has any.
 *
 * @param classes A base class before those that extend it.
 * @throws {TypeError} If a `static schema` is not an object with lists of schemas.
 */
export function mergeSchemas(
  classes: readonly object[],
): Map<string, readonly StandardSchema[]> | undefined {
  const merged = new Map<string, readonly StandardSchema[]>();
  for (const one of classes) {
    if (!Object.hasOwn(one, "schema")) continue;
    const { name, schema } = one as { name: string; schema: unknown };
    if (typeof schema !== "object" || schema === null) {
      throw new TypeError(`Cannot use ${name}.schema: it is not an object with lists of schemas`);
    }
    for (const [method, list] of Object.entries(schema)) {
      merged.set(method, asSchemas(`${name}.schema.${method}`, list));
    }
  }
  return merged.size > 0 ? merged : undefined;
}

/**
 * Gives the arguments as the schemas return them; a promise if a schema is asynchronous.
 *
 * A schema gets `undefined` for an argument that was not passed, so it may return its default. If it
 * rejects `undefined`, the method's own default is used.
 *
 * @param method The name of the method in errors, e.g. `"Lab.add()"`.
 * @param bound One value for each parameter, as `Signature.bind` gives them.
 * @throws {ValueError} If a schema rejects an argument. A promise rejects with it.
 * @throws {TypeError} If the schema of a rest parameter returns no array.
 */
export function validate(
  method: string,
  schemas: readonly StandardSchema[],
  parameters: readonly ParameterName[],
  bound: readonly unknown[],
): unknown[] | Promise<unknown[]> {
  const values = schemas.map((_, index) =>
    parameters[index].form === "rest" ? bound.slice(index) : bound[index]
  );
  const results = schemas.map((schema, index) => resultOf(schema, values[index]));
  const finish = (settled: readonly SchemaResult[]) => {
    const rejections = settled.flatMap(({ issues }, index) => {
      const { name, optional } = parameters[index];
      const isLeftOut = optional && values[index] === undefined;
      return issues === undefined || isLeftOut ? [] : rejectionsOf(name, issues);
    });
    if (rejections.length > 0) {
      throw new ValueError(`Cannot call ${method}: ${enumerate(rejections)}`);
    }
    const checked = settled.flatMap((result, index) => {
      const value = result.issues === undefined ? result.value : undefined;
      return parameters[index].form === "rest" ? asRest(method, value) : [value];
    });
    return [...checked, ...bound.slice(checked.length)];
  };
  return results.some((result) => result instanceof Promise)
    ? Promise.all(results).then(finish)
    : finish(results as SchemaResult[]);
}

/**
 * The result of a schema. If it rejects a value with arrays of numbers, it gets the value with lists in
 * their places, as a client sends it that does not know arrays, and the result of that counts.
 */
function resultOf(schema: StandardSchema, value: unknown): SchemaResult | Promise<SchemaResult> {
  const standard = schema["~standard"];
  const retry = (otherwise: () => SchemaResult) => {
    const listed = withLists(value);
    return listed === value ? otherwise() : standard.validate(listed);
  };
  const fail = (error: unknown) =>
    retry(() => {
      throw error;
    });
  const settle = (result: SchemaResult) =>
    result.issues === undefined ? result : retry(() => result);
  let result: SchemaResult | Promise<SchemaResult>;
  try {
    result = standard.validate(value);
  } catch (error) { // it expects a list
    return fail(error);
  }
  return result instanceof Promise ? result.then(settle, fail) : settle(result);
}

function asSchemas(where: string, list: unknown): readonly StandardSchema[] {
  if (!Array.isArray(list)) throw new TypeError(`Cannot use ${where}: it is not a list of schemas`);
  for (const [index, schema] of list.entries()) {
    if (isSchema(schema)) continue;
    throw new TypeError(
      `Cannot use ${where}[${index}]: it is not a schema of a library that keeps to ` +
        `Standard Schema, version 1`,
    );
  }
  return list;
}

/** In some libraries a schema is a function. */
function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard = (value as Partial<StandardSchema>)["~standard"];
  return standard?.version === 1 && typeof standard.validate === "function";
}

function asRest(method: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`Cannot call ${method}: the schema of a rest parameter must give an array`);
}

/** The issues with one parameter. A schema that rejects without an issue gets a general one. */
function rejectionsOf(name: string, issues: readonly SchemaIssue[]): Rejection[] {
  if (issues.length === 0) return [{ name, issue: { message: "not acceptable" } }];
  return issues.map((issue) => ({ name, issue }));
}

/** The texts of the issues, up to the longest text of an error. */
function enumerate(rejections: readonly Rejection[]): string {
  let text = show(rejections[0]);
  for (let index = 1; index < rejections.length; index++) {
    const next = `; ${show(rejections[index])}`;
    if (text.length + next.length > LONGEST_TEXT) {
      return `${text}; and ${rejections.length - index} more`;
    }
    text += next;
  }
  return text;
}

/** E.g. `settings.limits[0]: Too small`. The path of a keyword-only parameter has its name. */
function show({ name, issue: { path = [], message } }: Rejection): string {
  const where = path.reduce(showStep, name) || "keyword arguments";
  const text = `${where}: ${message}`;
  return text.length > LONGEST_ISSUE ? `${text.slice(0, LONGEST_ISSUE - 1)}…` : text;
}

function showStep(shown: string, step: PropertyKey | { readonly key: PropertyKey }): string {
  const key = typeof step === "object" ? step.key : step;
  if (typeof key === "number") return `${shown}[${key}]`;
  const text = String(key);
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(text)) return `${shown}[${repr(text)}]`;
  return shown === "" ? text : `${shown}.${text}`;
}
