/**
 * The inputs of a method's form: of which kind each is, from the JSON Schema of the parameter where the
 * service gives one, else from the signature; and the arguments of what a person has entered.
 *
 * @module
 */

import {
  type ArrayAbout,
  type AttributeAbout,
  describeArray,
  type JsonSchema,
  type ParameterAbout,
} from "../../wire/about.ts";
import { isObject } from "../../wire/message.ts";
import {
  type Annotation,
  parseSignature,
  type PythonParameter,
} from "../../wire/python_signature.ts";

/** How a value is entered. */
export type InputKind = "number" | "integer" | "text" | "boolean" | "choice" | "json";

/** One input of a form. */
export interface Input {
  /** The name of the parameter. */
  readonly name: string;
  /** By position, by name, as an array of all other arguments, or as an object of all other names. */
  readonly place: "position" | "name" | "rest" | "others";
  readonly kind: InputKind;
  /** Whether a value must be entered. */
  readonly isRequired: boolean;
  /** Whether `null` may be given. */
  readonly isNullable: boolean;
  readonly unit: string | undefined;
  readonly description: string | undefined;
  /** What it can be, of the kind `choice`. */
  readonly choices: readonly unknown[];
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  /** The default as text: what the method takes if nothing is entered. */
  readonly defaultText: string | undefined;
}

/** The arguments of a call. */
export interface Arguments {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** What has been entered: the arguments, or what is wrong by the name of the input. */
export type Entered =
  | ({ readonly state: "ready" } & Arguments)
  | { readonly state: "invalid"; readonly problems: ReadonlyMap<string, string> };

/** The inputs of a method. One that has no signature takes any arguments. */
export function inputsOf(signature: string, about: AttributeAbout | undefined): Input[] {
  const parameters = parseSignature(signature)?.parameters ?? ANY;
  return parameters.map((parameter) =>
    inputOf(parameter, about?.parameters?.find(({ name }) => name === parameter.name))
  );
}

const ANY: readonly PythonParameter[] = [
  { form: "rest", name: "args", annotation: undefined, defaultText: undefined },
  { form: "others", name: "kwargs", annotation: undefined, defaultText: undefined },
];

const PLACES = { plain: "position", keyword: "name", rest: "rest", others: "others" } as const;

function inputOf(parameter: PythonParameter, about: ParameterAbout | undefined): Input {
  const { form, name, annotation, defaultText } = parameter;
  const place = PLACES[form];
  const isList = place === "rest" || place === "others";
  const shape = isList
    ? { ...UNKNOWN, kind: "json" as const }
    : about?.schema !== undefined
    ? shapeOfSchema(about.schema)
    : shapeOfAnnotation(annotation) ?? shapeOfDefault(defaultText);
  const said = about !== undefined && Object.hasOwn(about, "default")
    ? JSON.stringify(about.default)
    : undefined;
  return {
    name,
    place,
    ...shape,
    isRequired: !isList && defaultText === undefined && said === undefined,
    unit: about?.unit,
    description: about?.description ?? descriptionOf(about?.schema) ?? textOfArray(about?.array),
    defaultText: said ?? (isList || defaultText === "..." ? undefined : defaultText),
  };
}

/** What may be entered. */
type Shape = Pick<Input, "kind" | "isNullable" | "choices" | "minimum" | "maximum">;

const UNKNOWN: Shape = {
  kind: "json",
  isNullable: true,
  choices: [],
  minimum: undefined,
  maximum: undefined,
};

function shapeOfSchema(schema: JsonSchema): Shape {
  const alternatives = [schema.anyOf, schema.oneOf].find(Array.isArray)?.filter(isObject);
  if (alternatives !== undefined) {
    const nullable = alternatives.some(({ type }) => type === "null");
    const others = alternatives.filter(({ type }) => type !== "null");
    const choices = others.flatMap(choicesOf);
    if (others.length > 0 && others.every((one) => choicesOf(one).length > 0)) {
      return { ...UNKNOWN, kind: "choice", choices, isNullable: nullable };
    }
    return others.length === 1
      ? { ...shapeOfSchema(others[0]), isNullable: nullable }
      : { ...UNKNOWN, isNullable: nullable };
  }
  const choices = choicesOf(schema);
  if (choices.length > 0) return { ...UNKNOWN, kind: "choice", choices, isNullable: false };
  const types = [schema.type].flat().filter((type) => typeof type === "string");
  const named = types.filter((type) => type !== "null");
  const kind = named.length === 1 ? KINDS_OF_SCHEMA.get(named[0]) : undefined;
  return {
    kind: kind ?? "json",
    isNullable: types.length === 0 || types.includes("null"),
    choices: [],
    minimum: numberOf(schema.minimum) ?? numberOf(schema.exclusiveMinimum),
    maximum: numberOf(schema.maximum) ?? numberOf(schema.exclusiveMaximum),
  };
}

const KINDS_OF_SCHEMA: ReadonlyMap<string, InputKind> = new Map([
  ["number", "number"],
  ["integer", "integer"],
  ["string", "text"],
  ["boolean", "boolean"],
]);

function choicesOf(schema: JsonSchema): unknown[] {
  if (Array.isArray(schema.enum)) return schema.enum;
  return Object.hasOwn(schema, "const") ? [schema.const] : [];
}

/** What has to be entered for an array of numbers: a list. */
function textOfArray(array: ArrayAbout | undefined): string | undefined {
  return array && `A list, as JSON: an ${describeArray(array)}`;
}

function descriptionOf(schema: JsonSchema | undefined): string | undefined {
  const { description } = schema ?? {};
  return typeof description === "string" && description !== "" ? description : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

const KINDS_OF_PYTHON: ReadonlyMap<string, InputKind> = new Map([
  ["float", "number"],
  ["int", "integer"],
  ["str", "text"],
  ["bool", "boolean"],
]);

/** The shape of an annotation of Python; `undefined` if it says nothing. */
function shapeOfAnnotation(annotation: Annotation | undefined): Shape | undefined {
  switch (annotation?.form) {
    case "name":
    case "text": {
      const name = annotation.form === "name" ? annotation.name : annotation.value;
      const kind = KINDS_OF_PYTHON.get(name.replace(/^builtins\./, ""));
      return kind && { ...UNKNOWN, kind, isNullable: false };
    }
    case "union":
      return shapeOfUnion(annotation.members);
    case "subscript": {
      const of = annotation.of.form === "name" ? annotation.of.name.replace(/^.*\./, "") : "";
      if (of === "Union") return shapeOfUnion(annotation.items);
      if (of === "Optional") return shapeOfUnion([...annotation.items, NONE]);
      if (of === "Literal") {
        const choices = annotation.items.map(literalOf);
        if (choices.every((choice) => choice !== undefined)) {
          return { ...UNKNOWN, kind: "choice", choices, isNullable: false };
        }
      }
      return { ...UNKNOWN };
    }
  }
}

const NONE: Annotation = { form: "name", name: "None" };

function isNone(annotation: Annotation): boolean {
  return annotation.form === "name" && annotation.name === "None";
}

function shapeOfUnion(members: readonly Annotation[]): Shape {
  const isNullable = members.some(isNone);
  const shapes = members.filter((one) => !isNone(one)).map(shapeOfAnnotation);
  const kinds = new Set(shapes.map((shape) => shape?.kind));
  if (kinds.size === 1 && shapes[0] !== undefined) {
    return { ...shapes[0], isNullable, choices: shapes.flatMap((shape) => shape?.choices ?? []) };
  }
  const isNumber = kinds.size === 2 && kinds.has("number") && kinds.has("integer");
  return { ...UNKNOWN, kind: isNumber ? "number" : "json", isNullable };
}

function literalOf(annotation: Annotation): unknown {
  if (annotation.form === "text" || annotation.form === "number") return annotation.value;
  if (annotation.form !== "name") return undefined;
  return { True: true, False: false, None: null }[annotation.name];
}

/** A default of JavaScript or Python tells the kind too, where nothing else does. */
function shapeOfDefault(text: string | undefined): Shape {
  if (text === undefined) return UNKNOWN;
  if (/^(True|False)$/.test(text)) return { ...UNKNOWN, kind: "boolean", isNullable: false };
  return UNKNOWN;
}

/** What a form has for an input: the text of a field. */
export type Texts = Readonly<Record<string, string>>;

/** The arguments of what was entered. An input that is left empty is not given. */
export function argumentsOf(inputs: readonly Input[], texts: Texts): Entered {
  const problems = new Map<string, string>();
  const values = new Map<Input, unknown>();
  for (const input of inputs) {
    const text = Object.hasOwn(texts, input.name) ? texts[input.name] : "";
    const read = valueOf(input, text);
    if (read.state === "value") values.set(input, read.value);
    else if (read.state === "invalid") problems.set(input.name, read.reason);
    else if (input.isRequired) problems.set(input.name, "Enter a value");
  }
  if (problems.size > 0) return { state: "invalid", problems };
  return { state: "ready", ...placed(inputs, values) };
}

/** Arguments by position, until one is left out: those after it are given by name. */
function placed(inputs: readonly Input[], values: ReadonlyMap<Input, unknown>): Arguments {
  const args: unknown[] = [];
  const kwargs: [name: string, value: unknown][] = [];
  let isComplete = true;
  for (const input of inputs) {
    if (!values.has(input)) {
      if (input.place === "position") isComplete = false;
      continue;
    }
    const value = values.get(input);
    if (input.place === "rest") args.push(...value as unknown[]);
    else if (input.place === "others") kwargs.push(...Object.entries(value as object));
    else if (input.place === "position" && isComplete) args.push(value);
    else kwargs.push([input.name, value]);
  }
  return { args, kwargs: Object.fromEntries(kwargs) };
}

/** What a text stands for. */
export type Read =
  | { readonly state: "value"; readonly value: unknown }
  | { readonly state: "absent" }
  | { readonly state: "invalid"; readonly reason: string };

/** Reads the text of an input. */
export function valueOf(input: Input, text: string): Read {
  const trimmed = text.trim();
  if (text === "" || (trimmed === "" && input.kind !== "text")) return { state: "absent" };
  if (input.isNullable && trimmed === "null") return { state: "value", value: null };
  switch (input.kind) {
    case "text":
      return { state: "value", value: trimmed === '""' ? "" : text };
    case "boolean":
    case "choice":
      return chosen(input, trimmed);
    case "number":
    case "integer":
      return numberIn(input, trimmed);
    case "json":
      return jsonIn(input, trimmed);
  }
}

/** The text of a choice, which its option has as its value. */
export function textOfChoice(choice: unknown): string {
  return JSON.stringify(choice);
}

function chosen({ kind, choices }: Input, text: string): Read {
  const all = kind === "boolean" ? [true, false] : choices;
  const value = all.find((choice) => textOfChoice(choice) === text);
  return value === undefined
    ? { state: "invalid", reason: "Choose one" }
    : { state: "value", value };
}

function numberIn({ kind, minimum, maximum }: Input, text: string): Read {
  const special = SPECIAL_NUMBERS.get(text.toLowerCase());
  const value = special ?? Number(text.replace(/^([+-]?\d*),(\d+)$/, "$1.$2"));
  if (special === undefined && Number.isNaN(value)) return invalid("Enter a number");
  if (kind === "integer" && !Number.isInteger(value)) return invalid("Enter an integer");
  if (kind === "integer" && !Number.isSafeInteger(value)) {
    return /^[+-]?\d+$/.test(text) ? { state: "value", value: BigInt(text) } : invalid(
      "Enter an integer with all of its digits",
    );
  }
  if (minimum !== undefined && value < minimum) return invalid(`The lowest value is ${minimum}`);
  if (maximum !== undefined && value > maximum) return invalid(`The highest value is ${maximum}`);
  return { state: "value", value };
}

const SPECIAL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ["nan", NaN],
  ["inf", Infinity],
  ["+inf", Infinity],
  ["-inf", -Infinity],
  ["infinity", Infinity],
  ["-infinity", -Infinity],
]);

function jsonIn({ place }: Input, text: string): Read {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (place !== "rest" && place !== "others" && !/^["[{]/.test(text)) {
      return { state: "value", value: text }; // a word is a text, as on the command line
    }
    return invalid(`This is not JSON: ${(error as Error).message}`);
  }
  if (place === "rest" && !Array.isArray(value)) return invalid("Enter an array, e.g. [1, 2]");
  if (place === "others" && !isObject(value)) return invalid('Enter an object, e.g. {"n": 1}');
  return { state: "value", value };
}

function invalid(reason: string): Read {
  return { state: "invalid", reason };
}
