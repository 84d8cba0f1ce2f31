/**
 * Writes the TypeScript declaration of a Service from its identity: its methods with their
 * signatures, and the values of its constants and properties. `python_signature.ts` parses the
 * signatures.
 *
 * A Service can send any text. The declaration is one interface without any effect whatever it
 * sends: names and texts are quoted, comments cannot be closed, and types consist of a few words that
 * are all in this file. A type that is not understood is `unknown`.
 *
 * @module
 */

import { printable } from "../base/printable.ts";
import {
  type Annotation,
  parseAnnotation,
  parseSignature,
  type PythonParameter,
  type PythonSignature,
} from "./python_signature.ts";

/** A Service to declare. */
export interface DeclaredService {
  /** The name that Clients link with. */
  name: string;
  /** The programming language. */
  language: string;
  /** The signature of each method, and the value of each constant. */
  attributes: Readonly<Record<string, unknown>>;
  /** The names of the methods that are generators. */
  streams?: readonly string[];
}

/**
 * The text of a declaration file. It depends on the service alone, not on where or when it runs.
 */
export function declareService(
  { name, language, attributes, streams = [] }: DeclaredService,
): string {
  const type = typeName(name);
  const members = Object.entries(attributes)
    .filter(([attribute]) => !attribute.startsWith("_")) // a Service refuses requests for them
    .flatMap(([attribute, shown]) =>
      declareMember(propertyName(attribute), shown, streams.includes(attribute))
    );
  return [
    "/**",
    ` * The service ${comment(quote(name))}, which is written in ${comment(language)}.`,
    " *",
    ` *     const link = await cxn.link<${type}>(${comment(quote(name))});`,
    " *",
    " * Made by the command `types` of @msl/network from what the service says of itself: what it does",
    " * not say is `unknown`.",
    " */",
    `export interface ${type} {`,
    ...members.map((line) => `  ${line}`),
    "}",
    "",
  ].join("\n");
}

/** The name of the interface: that of the service, without the characters that no identifier has. */
export function typeName(service: string): string {
  const words = service.match(/[\p{ID_Continue}$]+/gu) ?? [];
  const name = words.map((word) => {
    const [first = "", ...others] = word;
    return first.toUpperCase() + others.join("");
  }).join("");
  // No reserved word begins with a capital letter.
  if (IDENTIFIER.test(name) && !STREAM.startsWith(`${name}<`)) return name;
  return IDENTIFIER.test(`Service${name}`) ? `Service${name}` : "Service";
}

function declareMember(name: string, shown: unknown, isStream: boolean): string[] {
  if (typeof shown !== "string" || !shown.startsWith("(")) {
    return [`readonly ${name}: ${render(typeOfValue(shown, 0))};`];
  }
  const signature = parseSignature(shown);
  const parameters = signature ? declareParameters(signature) : "...args: unknown[]";
  const result = isStream ? STREAM : render(typeOf(signature?.returns));
  return [`/** \`${comment(shorten(shown))}\` */`, `${name}(${parameters}): ${result};`];
}

function declareParameters({ parameters }: PythonSignature): string {
  const taken = new Set<string>();
  const list: { name: string; type: Types; isOptional: boolean }[] = [];
  for (const { form, name, annotation, hasDefault } of parameters) {
    if (form !== "plain") continue;
    list.push({
      name: parameterName(name, taken),
      type: typeOf(annotation),
      isOptional: hasDefault,
    });
  }
  const rest = parameters.find(({ form }) => form === "rest");
  const named = rest ? undefined : declareNamed(parameters);
  if (named) list.push({ name: parameterName("named", taken), ...named });
  const texts = list.map(({ name, type, isOptional }, index) => {
    // In TypeScript, optional parameters are the last ones.
    const canBeLeftOut = list.slice(index).every(({ isOptional }) => isOptional);
    if (canBeLeftOut) return `${name}?: ${render(type)}`;
    return `${name}: ${render(isOptional ? union([type, ["undefined"]]) : type)}`;
  });
  if (rest) {
    texts.push(`...${parameterName(rest.name, taken)}: ${arrayOf(typeOf(rest.annotation))}`);
  }
  return texts.join(", ");
}

/** The keyword-only parameters, as one object. */
function declareNamed(
  parameters: readonly PythonParameter[],
): { type: Types; isOptional: boolean } | undefined {
  const byName = parameters.filter(({ form }) => form === "keyword");
  const others = parameters.find(({ form }) => form === "others");
  const members = byName.map(({ name, annotation, hasDefault }) =>
    `${propertyName(name)}${hasDefault ? "?" : ""}: ${render(typeOf(annotation))}`
  );
  if (others) {
    // Beside members, the type of an index signature must include all of their types.
    const type = members.length === 0 ? typeOf(others.annotation) : UNKNOWN;
    members.push(`[name: string]: ${render(type)}`);
  }
  if (members.length === 0) return undefined;
  const isOptional = byName.every(({ hasDefault }) => hasDefault);
  return { type: [`{ ${members.join("; ")} }`], isOptional };
}

/** The members of a union. */
type Types = readonly string[];

/** The type of a generator. A service does not describe its values. */
const STREAM = "AsyncGenerator<unknown>";

const UNKNOWN: Types = ["unknown"];
const UNKNOWN_OBJECT: Types = ["{ [name: string]: unknown }"];

/** The types of Python as types of TypeScript, after they have travelled as JSON. */
const TYPES: ReadonlyMap<string, Types> = new Map<string, Types>([
  ["int", ["number"]],
  ["float", ["number"]],
  ["Number", ["number"]],
  ["Real", ["number"]],
  ["Integral", ["number"]],
  ["bool", ["boolean"]],
  ["str", ["string"]],
  ["None", ["null"]],
  ["NoneType", ["null"]],
  ["list", ["unknown[]"]],
  ["tuple", ["unknown[]"]],
  ["dict", UNKNOWN_OBJECT],
  ["True", ["true"]],
  ["False", ["false"]],
]);

/** Other names of the same types. */
const SAME: ReadonlyMap<string, string> = new Map([
  ["List", "list"],
  ["Sequence", "list"],
  ["MutableSequence", "list"],
  ["Iterable", "list"],
  ["Collection", "list"],
  ["Tuple", "tuple"],
  ["Dict", "dict"],
  ["Mapping", "dict"],
  ["MutableMapping", "dict"],
  ["OrderedDict", "dict"],
  ["defaultdict", "dict"],
  ["DefaultDict", "dict"],
  ["Text", "str"],
  ["LiteralString", "str"],
]);

/** Modules that are left out of the names of types. */
const MODULE =
  /^(builtins|typing|typing_extensions|collections|collections\.abc|numbers|types)\.(?=\w+$)/;

/** How deep annotations that are texts are parsed within each other. */
const DEEPEST = 8;

function typeOf(annotation: Annotation | undefined, depth = 0): Types {
  switch (annotation?.form) {
    case "name":
      return TYPES.get(plainName(annotation.name)) ?? UNKNOWN;
    case "union":
      return union(annotation.members.map((member) => typeOf(member, depth)));
    case "subscript":
      return typeOfSubscript(annotation.of, annotation.items, depth);
    case "text":
      return depth < DEEPEST ? typeOf(parseAnnotation(annotation.value), depth + 1) : UNKNOWN;
    default:
      return UNKNOWN;
  }
}

function typeOfSubscript(of: Annotation, items: readonly Annotation[], depth: number): Types {
  const inner = (item: Annotation | undefined) => typeOf(item, depth);
  switch (of.form === "name" ? plainName(of.name) : "") {
    case "list":
      return [arrayOf(inner(items[0]))];
    case "tuple": {
      // tuple[int, ...] has any number of items, tuple[()] has none
      const isAny = items.length === 2 && items[1].form === "other";
      return isAny ? [arrayOf(inner(items[0]))] : [
        `[${items.filter(isNotEmpty).map((item) => render(inner(item))).join(", ")}]`,
      ];
    }
    case "dict":
      return [`{ [name: string]: ${render(inner(items[1]))} }`];
    case "Union":
      return union(items.map(inner));
    case "Optional":
      return union([inner(items[0]), ["null"]]);
    case "Literal":
      return union(items.map(typeOfLiteral));
    case "Annotated":
    case "Final":
    case "Required":
    case "NotRequired":
    case "Awaitable":
      return inner(items[0]);
    case "Coroutine":
      return inner(items[2]);
    default:
      return UNKNOWN;
  }
}

/** `()` is parsed as one item of the form "other". */
function isNotEmpty(item: Annotation, _: number, items: readonly Annotation[]): boolean {
  return !(items.length === 1 && item.form === "other");
}

function typeOfLiteral(item: Annotation): Types {
  if (item.form === "text") return [quote(item.value)];
  if (item.form === "number") return [String(item.value)];
  const isWord = item.form === "name" && /^(True|False|None)$/.test(item.name);
  return isWord ? typeOf(item) : UNKNOWN;
}

function plainName(name: string): string {
  const plain = name.replace(MODULE, "");
  return SAME.get(plain) ?? plain;
}

/** How deep a value is described, and how many of its members. */
const VALUE_DEPTH = 4;
const VALUE_MEMBERS = 64;

function typeOfValue(value: unknown, depth: number): Types {
  if (value === null || depth > VALUE_DEPTH) return UNKNOWN; // the value may have another type later
  if (Array.isArray(value)) {
    const items = value.slice(0, VALUE_MEMBERS).map((item) => typeOfValue(item, depth + 1));
    return [arrayOf(items.length === 0 ? UNKNOWN : union(items))];
  }
  switch (typeof value) {
    case "number":
    case "string":
    case "boolean":
      return [typeof value];
    case "object": {
      const entries = Object.entries(value);
      if (entries.length === 0 || entries.length > VALUE_MEMBERS) return UNKNOWN_OBJECT;
      const members = entries.map(([name, member]) =>
        `${propertyName(name)}: ${render(typeOfValue(member, depth + 1))}`
      );
      return [`{ ${members.join("; ")} }`];
    }
    default:
      return UNKNOWN;
  }
}

function union(members: readonly Types[]): Types {
  const all = new Set(members.flat());
  return all.size === 0 || all.has("unknown") ? UNKNOWN : [...all];
}

function arrayOf(items: Types): string {
  return items.length > 1 ? `(${render(items)})[]` : `${items[0]}[]`;
}

function render(types: Types): string {
  return types.join(" | ");
}

const IDENTIFIER = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;

/** Words that cannot be the name of a parameter. */
const RESERVED: ReadonlySet<string> = new Set(
  ("arguments await break case catch class const continue debugger default delete do else enum " +
    "eval export extends false finally for function if implements import in instanceof interface " +
    "let new null package private protected public return static super switch this throw true " +
    "try typeof var void while with yield").split(" "),
);

function propertyName(name: string): string {
  return IDENTIFIER.test(name) ? name : quote(name);
}

/** The name, with underscores appended until it is allowed and no other parameter has it. */
function parameterName(name: string, taken: Set<string>): string {
  let free = name;
  while (RESERVED.has(free) || taken.has(free)) free += "_";
  taken.add(free);
  return free;
}

/** A text in quotes, with invisible characters escaped. */
function quote(text: string): string {
  return printable(JSON.stringify(text));
}

/** Text for a comment: it cannot end the comment, nor be a directive for a tool. */
function comment(text: string): string {
  return printable(text).replaceAll("*/", "*\\/").replaceAll("@", "\\u{40}");
}

const LONGEST_COMMENT = 400;

function shorten(text: string): string {
  return text.length > LONGEST_COMMENT ? `${text.slice(0, LONGEST_COMMENT)}...` : text;
}
