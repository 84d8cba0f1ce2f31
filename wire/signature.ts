/**
 * The signature of a method: its text in the identity of a Service, and how the arguments of a
 * request are bound to its parameters, with Python's rules and Python's error texts.
 *
 * | TypeScript | shown as | takes |
 * | --- | --- | --- |
 * | `power(x, n = 2)` | `(x, n=2)` | each by position or by name |
 * | `configure(channel, { range = 10, nplc } = {})` | `(channel, *, range=10, nplc=None)` | the members by name, or an object by position |
 * | `echo(...args)` | `(*args, **kwargs)` | anything; keyword arguments arrive last, as one `Kwargs` |
 *
 * The names of the parameters are parsed from the source text of the method, since JavaScript has
 * them nowhere else. TypeScript's `n?: number` is not in that text: give such a parameter a default.
 *
 * @module
 */

import { type Expression, type Function as FunctionNode, parse, type Pattern } from "acorn";
import { Kwargs } from "./call.ts";
import { repr } from "../base/repr.ts";

/** A parameter with a name, that takes one argument. */
interface Plain {
  form: "plain";
  name: string;
  /** The default as Python shows it; `undefined` for a required parameter. */
  defaultText: string | undefined;
  /** The default, if it is a literal that JSON can hold. */
  literal?: { value: unknown } | undefined;
}

/** A destructured object: its members are keyword arguments. */
interface Members {
  form: "members";
  optional: boolean;
  members: Plain[];
  /** The name of the rest element, which collects all other keyword arguments. */
  others: string | undefined;
}

/** `...name`: all other arguments. */
interface Rest {
  form: "rest";
  name: string;
}

type Parameter = Plain | Members | Rest;

/** The declaration of a parameter. */
export interface ParameterName {
  readonly form: "plain" | "members" | "rest";
  /** Empty for keyword-only parameters, which are one object. */
  readonly name: string;
  /** Whether the method has a default for it. */
  readonly optional: boolean;
}

/** An argument that a request may give by its name. */
export interface NamedParameter {
  readonly name: string;
  /** The index of the parameter that it is, or is a member of. */
  readonly index: number;
  /** Whether it is a member of a destructured object. */
  readonly member: boolean;
  /** Its default, if that is a literal that JSON can hold. */
  readonly literal: { value: unknown } | undefined;
}

/** The parameters of one function. */
export class Signature {
  readonly #parameters: readonly Parameter[];
  /** Their number, if each takes one argument: so many positional arguments need no binding. */
  readonly #plain: number | undefined;

  private constructor(parameters: readonly Parameter[]) {
    this.#parameters = parameters;
    this.#plain = parameters.every(({ form }) => form === "plain") ? parameters.length : undefined;
  }

  /**
   * Parses the parameters of a function or method. A function without source text (a built-in or a
   * bound one) takes any arguments.
   */
  // deno-lint-ignore ban-types -- any function: only its source text is read
  static of(method: Function): Signature {
    const node = parseFunction(method.toString());
    return new Signature(node ? node.params.map(readParameter) : [{ form: "rest", name: "args" }]);
  }

  /** The parameters as Python shows them, e.g. `"(x, n=2)"`. */
  toString(): string {
    const positional: string[] = [];
    const byName: string[] = [];
    let rest: string | undefined;
    let others: string | undefined;
    for (const parameter of this.#parameters) {
      if (parameter.form === "plain") positional.push(show(parameter));
      else if (parameter.form === "rest") rest = parameter.name;
      else {
        const defaultText = parameter.optional ? "None" : undefined;
        byName.push(
          ...parameter.members.map((member) =>
            show({ ...member, defaultText: member.defaultText ?? defaultText })
          ),
        );
        others ??= parameter.others;
      }
    }
    if (rest !== undefined) positional.push(`*${rest}`);
    else if (byName.length > 0) positional.push("*");
    if (rest !== undefined) others ??= "kwargs";
    if (others !== undefined) byName.push(`**${others}`);
    return `(${[...positional, ...byName].join(", ")})`;
  }

  /** The parameters in the order of the declaration. */
  get parameters(): ParameterName[] {
    return this.#parameters.map((parameter) => {
      const { form } = parameter;
      if (form === "rest") return { form, name: parameter.name, optional: false };
      if (form === "plain") {
        return { form, name: parameter.name, optional: parameter.defaultText !== undefined };
      }
      return { form, name: "", optional: parameter.optional };
    });
  }

  /** The names that an argument may have, and that of a rest parameter, in the order of the declaration. */
  get names(): NamedParameter[] {
    return this.#parameters.flatMap((parameter, index): NamedParameter[] => {
      if (parameter.form !== "members") {
        const literal = parameter.form === "plain" ? parameter.literal : undefined;
        return [{ name: parameter.name, index, member: false, literal }];
      }
      return parameter.members.map(({ name, literal }) => ({ name, index, member: true, literal }));
    });
  }

  /**
   * Binds the arguments of a request, and gives the arguments to call the method with.
   *
   * @param method The name of the method in errors, e.g. `"Lab.add"`.
   * @param args The positional arguments.
   * @param kwargs The keyword arguments.
   * @throws {TypeError} When they do not fit, with Python's text. Python counts the object of the
   * method as an argument, and so do these texts.
   */
  bind(method: string, args: readonly unknown[], kwargs: Record<string, unknown>): unknown[] {
    if (args.length === this.#plain && Object.keys(kwargs).length === 0) return [...args];
    const binding = new Binding(method, this.#parameters);
    binding.byPosition(args);
    for (const [name, value] of Object.entries(kwargs)) binding.byName(name, value);
    return binding.finish(args.length);
  }
}

const MISSING = Symbol("missing");

/** The arguments of one call while they are bound. The steps and their order are those of CPython. */
class Binding {
  readonly #method: string;
  readonly #parameters: readonly Parameter[];
  /** One for each parameter that is not a rest parameter. */
  readonly #values: unknown[];
  readonly #collected = new Map<Members, Record<string, unknown>>();
  readonly #rest: Rest | undefined;
  #restArgs: unknown[] = [];
  readonly #restKwargs: Record<string, unknown> = {};

  constructor(method: string, parameters: readonly Parameter[]) {
    this.#method = method;
    this.#rest = parameters.find((parameter) => parameter.form === "rest");
    this.#parameters = parameters.filter((parameter) => parameter.form !== "rest");
    this.#values = this.#parameters.map(() => MISSING);
  }

  byPosition(args: readonly unknown[]): void {
    const fitting = Math.min(args.length, this.#values.length);
    for (let index = 0; index < fitting; index++) this.#values[index] = args[index];
    this.#restArgs = args.slice(fitting);
  }

  byName(name: string, value: unknown): void {
    for (const [index, parameter] of this.#parameters.entries()) {
      if (parameter.form === "plain" && parameter.name === name) {
        if (this.#values[index] !== MISSING) throw this.#multiple(name);
        this.#values[index] = value;
        return;
      }
      if (parameter.form === "members" && parameter.members.some((one) => one.name === name)) {
        if (this.#values[index] !== MISSING) throw this.#multiple(name);
        this.#collect(parameter, name, value);
        return;
      }
    }
    const open = this.#parameters.find((one): one is Members =>
      one.form === "members" && one.others !== undefined
    );
    if (open) {
      if (this.#values[this.#parameters.indexOf(open)] !== MISSING) throw this.#multiple(name);
      this.#collect(open, name, value);
    } else if (this.#rest) define(this.#restKwargs, name, value);
    else throw this.#error(`got an unexpected keyword argument ${repr(name)}`);
  }

  finish(given: number): unknown[] {
    if (this.#restArgs.length > 0 && !this.#rest) throw this.#tooMany(given);
    this.#checkMissing(
      "positional",
      this.#parameters.flatMap((parameter, index) =>
        parameter.form === "plain" && parameter.defaultText === undefined &&
          this.#values[index] === MISSING
          ? [parameter.name]
          : []
      ),
    );
    const list = this.#parameters.map((parameter, index) => {
      if (this.#values[index] !== MISSING) return this.#values[index];
      return parameter.form === "members" ? this.#object(parameter) : undefined;
    });
    list.push(...this.#restArgs);
    if (Object.keys(this.#restKwargs).length > 0) list.push(new Kwargs(this.#restKwargs));
    return list;
  }

  /** The object for a destructured parameter; `undefined` for the default of the parameter. */
  #object(parameter: Members): Record<string, unknown> | undefined {
    const object = this.#collected.get(parameter);
    if (parameter.optional) return object;
    this.#checkMissing(
      "keyword-only",
      parameter.members
        .filter(({ name, defaultText }) => defaultText === undefined && !hasOwn(object, name))
        .map(({ name }) => name),
    );
    return object ?? {};
  }

  #collect(parameter: Members, name: string, value: unknown): void {
    let object = this.#collected.get(parameter);
    if (object === undefined) this.#collected.set(parameter, object = {});
    define(object, name, value);
  }

  #checkMissing(kind: "positional" | "keyword-only", names: readonly string[]): void {
    if (names.length === 0) return;
    const plural = names.length > 1 ? "s" : "";
    throw this.#error(
      `missing ${names.length} required ${kind} argument${plural}: ${enumerate(names)}`,
    );
  }

  #tooMany(given: number): TypeError {
    const most = this.#values.length + 1;
    const least =
      this.#parameters.filter((parameter) =>
        parameter.form === "plain" && parameter.defaultText === undefined
      ).length + 1;
    const range = least < most ? `from ${least} to ${most}` : `${most}`;
    return this.#error(
      `takes ${range} positional argument${most > 1 ? "s" : ""} but ${given + 1} were given`,
    );
  }

  #multiple(name: string): TypeError {
    return this.#error(`got multiple values for argument ${repr(name)}`);
  }

  #error(reason: string): TypeError {
    return new TypeError(`${this.#method}() ${reason}`);
  }
}

/** Sets a member of any name, `__proto__` included. */
function define(object: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

function hasOwn(object: Record<string, unknown> | undefined, name: string): boolean {
  return object !== undefined && Object.hasOwn(object, name);
}

/** `'x'`; `'x' and 'y'`; `'x', 'y', and 'z'`. */
function enumerate(names: readonly string[]): string {
  const quoted = names.map(repr);
  if (quoted.length < 3) return quoted.join(" and ");
  return `${quoted.slice(0, -1).join(", ")}, and ${quoted.at(-1)}`;
}

function show({ name, defaultText }: Plain): string {
  return defaultText === undefined ? name : `${name}=${defaultText}`;
}

/** Parses the source text of a function: an expression, or a member of a class. */
function parseFunction(source: string): FunctionNode | undefined {
  const expression = tryParse(`(${source})`);
  if (expression?.type === "FunctionExpression" || expression?.type === "ArrowFunctionExpression") {
    return expression;
  }
  const member = tryParse(`(class extends Object {${source}})`);
  if (member?.type !== "ClassExpression") return undefined;
  const [definition] = member.body.body;
  return definition?.type === "MethodDefinition" ? definition.value : undefined;
}

function tryParse(source: string): Expression | undefined {
  try {
    const program = parse(source, {
      ecmaVersion: "latest",
      sourceType: "module",
      checkPrivateFields: false, // a method may use the #fields of its class
    });
    const [statement] = program.body;
    return statement?.type === "ExpressionStatement" ? statement.expression : undefined;
  } catch {
    return undefined;
  }
}

function readParameter(pattern: Pattern, index: number): Parameter {
  switch (pattern.type) {
    case "RestElement":
      return { form: "rest", name: nameOf(pattern.argument, "args") };
    case "AssignmentPattern":
      return pattern.left.type === "ObjectPattern"
        ? { ...readParameter(pattern.left, index), optional: true } as Members
        : { ...readPlain(pattern.left, index), ...readDefault(pattern.right) };
    case "ObjectPattern": {
      const members: Plain[] = [];
      let others: string | undefined;
      for (const property of pattern.properties) {
        if (property.type === "RestElement") {
          others = nameOf(property.argument, "others");
        } else if (!property.computed) {
          const { key, value } = property;
          members.push({
            form: "plain",
            name: key.type === "Identifier" ? key.name : String((key as { value: unknown }).value),
            defaultText: undefined,
            ...(value.type === "AssignmentPattern" ? readDefault(value.right) : {}),
          });
        }
      }
      return { form: "members", optional: false, members, others };
    }
    default:
      return readPlain(pattern, index);
  }
}

function readPlain(pattern: Pattern, index: number): Plain {
  return { form: "plain", name: nameOf(pattern, `arg${index}`), defaultText: undefined };
}

function nameOf(pattern: Pattern, otherwise: string): string {
  return pattern.type === "Identifier" ? pattern.name : otherwise;
}

function readDefault(node: Expression): Pick<Plain, "defaultText" | "literal"> {
  return { defaultText: showDefault(node), literal: literalOf(node) };
}

/** The value of a literal that JSON can hold; `undefined` for any other expression. */
function literalOf(node: Expression): { value: unknown } | undefined {
  switch (node.type) {
    case "Literal":
      // A regular expression and a bigint have values that JSON cannot hold.
      if (node.value === null && node.raw !== "null") return undefined;
      return /^(string|number|boolean)$/.test(typeof node.value) || node.value === null
        ? { value: node.value }
        : undefined;
    case "UnaryExpression": {
      const operand = node.operator === "-" ? literalOf(node.argument) : undefined;
      return typeof operand?.value === "number" ? { value: -operand.value } : undefined;
    }
    case "ArrayExpression":
      return node.elements.length === 0 ? { value: [] } : undefined;
    case "ObjectExpression":
      return node.properties.length === 0 ? { value: {} } : undefined;
    default:
      return undefined;
  }
}

/** A default as Python shows it; `...` for one that is not a literal. */
function showDefault(node: Expression): string {
  switch (node.type) {
    case "Literal":
      if (typeof node.value === "string") return repr(node.value);
      if (typeof node.value === "boolean") return node.value ? "True" : "False";
      if (node.value === null) return node.raw === "null" ? "None" : "...";
      return typeof node.value === "number" ? String(node.value) : "...";
    case "Identifier":
      return node.name === "undefined" ? "None" : "...";
    case "UnaryExpression": {
      const operand = showDefault(node.argument);
      return node.operator === "-" && operand !== "..." ? `-${operand}` : "...";
    }
    case "ArrayExpression":
      return node.elements.length === 0 ? "[]" : "...";
    case "ObjectExpression":
      return node.properties.length === 0 ? "{}" : "...";
    default:
      return "...";
  }
}
