/**
 * Checks the arguments of a method against the schemas that the class of a Service declares. What a
 * schema makes of a value is what the method gets.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { repr } from "../base/repr.ts";
import type { SchemaIssue, SchemaResult, StandardSchema } from "./schema.ts";
import type { ParameterName } from "../wire/signature.ts";

/** An issue with the parameter of this name. */
interface Refusal {
  name: string;
  issue: SchemaIssue;
}

/** How much of one issue, and of all of them together, an error says, in characters. */
const LONGEST_ISSUE = 300;
const LONGEST_TEXT = 2_000;

/**
 * The `static schema` of some classes as one: a later class goes before an earlier one, method by
 * method. `undefined` where there is none.
 *
 * @param classes A base class before those that extend it.
 * @throws {TypeError} If what a class declares is not lists of schemas.
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
 * The arguments as the schemas give them back; a promise where a schema is asynchronous.
 *
 * A schema is given `undefined` for what was not passed, so that its default counts. Where it has
 * none, the method's own default does.
 *
 * @param method How the method is called in errors, e.g. `"Lab.add"`.
 * @param bound One value for each parameter, as `Signature.bind` gives them.
 * @throws {ValueError} If they are not acceptable; the promise rejects with the same.
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
  const results = schemas.map((schema, index) => schema["~standard"].validate(values[index]));
  const finish = (settled: readonly SchemaResult[]) => {
    const refusals = settled.flatMap(({ issues }, index) => {
      const { name, optional } = parameters[index];
      const isLeftOut = optional && values[index] === undefined;
      return issues === undefined || isLeftOut ? [] : refusalsOf(name, issues);
    });
    if (refusals.length > 0) throw new ValueError(`Cannot call ${method}: ${enumerate(refusals)}`);
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

/** Some libraries make their schemas functions. */
function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard = (value as Partial<StandardSchema>)["~standard"];
  return standard?.version === 1 && typeof standard.validate === "function";
}

function asRest(method: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`Cannot call ${method}: the schema of a rest parameter must give an array`);
}

/** Why one parameter was refused, which a schema has to say. */
function refusalsOf(name: string, issues: readonly SchemaIssue[]): Refusal[] {
  if (issues.length === 0) return [{ name, issue: { message: "not acceptable" } }];
  return issues.map((issue) => ({ name, issue }));
}

/** The reasons one after the other, as many as are read by anyone. */
function enumerate(refusals: readonly Refusal[]): string {
  let text = show(refusals[0]);
  for (let index = 1; index < refusals.length; index++) {
    const next = `; ${show(refusals[index])}`;
    if (text.length + next.length > LONGEST_TEXT) {
      return `${text}; and ${refusals.length - index} more`;
    }
    text += next;
  }
  return text;
}

/** `settings.limits[0]: Too small`; a keyword-only parameter is a path of its own. */
function show({ name, issue: { path = [], message } }: Refusal): string {
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
