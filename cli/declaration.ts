/**
 * Writes the TypeScript declaration of a Service from its identity, its methods with their signatures
 * and the values of its constants and properties, and from what it says of itself.
 * `python_signature.ts` parses the signatures, and `schema_type.ts` has the types of schemas.
 *
 * A Service can send any text. The declaration is one interface without any effect whatever it
 * sends: names and texts are quoted, comments cannot be closed, and types consist of a few words. A
 * type that is not understood is `unknown`.
 *
 * @module
 */

import {
  type Annotation,
  isMethod,
  parseAnnotation,
  parseSignature,
  type PythonParameter,
  type PythonSignature,
} from "../wire/python_signature.ts";
import { type AttributeAbout, NOTHING_SAID, type ServiceAbout } from "../wire/about.ts";
import { aboutAttribute, aboutParameter, describeValue } from "./description.ts";
import { typeOfDescribed, typeOfSchema } from "./schema_type.ts";
import {
  arrayOf,
  comment,
  IDENTIFIER,
  propertyName,
  quote,
  render,
  type Types,
  union,
  UNKNOWN,
  UNKNOWN_OBJECT,
} from "./type_text.ts";

/** A Service to declare. */
export interface DeclaredService {
  /** The name that Clients link with. */
  name: string;
  /** The programming language. */
  language: string;
  /** The signature of each method, and the value of each constant when the service was started. */
  attributes: Readonly<Record<string, unknown>>;
  /** The names of the methods that are generators. */
  streams?: readonly string[];
  /** What the service says of itself. */
  about?: ServiceAbout;
  /** The values that constants and properties have now, as far as they could be read. */
  values?: ReadonlyMap<string, unknown>;
}

/**
 * The text of a declaration file. It depends on the service alone, not on where or when it runs.
 */
export function declareService(
  { name, language, attributes, streams = [], about = NOTHING_SAID, values = new Map() }:
    DeclaredService,
): string {
  const type = typeName(name);
  const members = Object.entries(attributes)
    .filter(([attribute]) => !attribute.startsWith("_")) // a Service refuses requests for them
    .flatMap(([attribute, shown]) => {
      const said = aboutAttribute(about, attribute);
      const member = propertyName(attribute);
      return isMethod(shown)
        ? declareMethod(member, shown, streams.includes(attribute), said)
        : declareProperty(member, observed(shown, attribute, values), said);
    });
  return [
    "/**",
    ` * The service ${comment(quote(name))}, which is written in ${comment(language)}.`,
    " *",
    ...(about.description === "" ? [] : [...commentLines(about.description), " *"]),
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
  if (IDENTIFIER.test(name) && name !== STREAM) return name;
  return IDENTIFIER.test(`Service${name}`) ? `Service${name}` : "Service";
}

/** The values that a property is known to have had. */
function observed(
  shown: unknown,
  attribute: string,
  values: ReadonlyMap<string, unknown>,
): unknown[] {
  return values.has(attribute) ? [values.get(attribute), shown] : [shown];
}

function declareProperty(
  name: string,
  values: readonly unknown[],
  said: AttributeAbout | undefined,
): string[] {
  const { schema, ...result } = said?.result ?? {};
  const described = typeOfDescribed({ schema, ...result });
  const type = described === UNKNOWN ? typeOfValues(values) : described;
  const text = describeValue(result);
  const lines = commentLines([said?.description, text].filter(Boolean).join("\n"));
  return [
    ...(lines.length > 0 ? ["/**", ...lines, " */"] : []),
    `readonly ${name}: ${render(type)};`,
  ];
}

function declareMethod(
  name: string,
  shown: string,
  isStream: boolean,
  said: AttributeAbout | undefined,
): string[] {
  const signature = parseSignature(shown);
  const parameters = signature ? declareParameters(signature, said) : "...args: unknown[]";
  const described = typeOfDescribed(said?.result ?? {});
  const result = isStream
    ? `${STREAM}<${render(described)}>`
    : render(described === UNKNOWN ? typeOf(signature?.returns) : described);
  return [...documentMethod(shown, signature, said), `${name}(${parameters}): ${result};`];
}

/** The documentation comment of a method: its signature, and what is said of it. */
function documentMethod(
  shown: string,
  signature: PythonSignature | undefined,
  said: AttributeAbout | undefined,
): string[] {
  const signed = `\`${comment(shorten(shown))}\``;
  const tags = (signature?.parameters ?? []).flatMap(({ form, name }) => {
    const text = describeValue({ ...aboutParameter(said, name) });
    const place = form === "keyword" ? `named.${name}` : name;
    return text === "" ? [] : [` * @param ${comment(place)} ${comment(text)}`];
  });
  const result = describeValue(said?.result ?? {});
  if (result !== "") tags.push(` * @returns ${comment(result)}`);
  const lines = commentLines(said?.description ?? "");
  if (lines.length === 0 && tags.length === 0) return [`/** ${signed} */`];
  const parts = [lines, [` * ${signed}`], tags].filter((part) => part.length > 0);
  return ["/**", ...parts.flatMap((part, index) => index === 0 ? part : [" *", ...part]), " */"];
}

/** The lines of a text, for a documentation comment. */
function commentLines(text: string): string[] {
  if (text === "") return [];
  return text.split("\n").map((line) => ` * ${comment(line)}`.trimEnd());
}

function declareParameters(
  { parameters }: PythonSignature,
  said: AttributeAbout | undefined,
): string {
  const typeOfParameter = ({ name, annotation }: PythonParameter): Types => {
    const described = typeOfDescribed(aboutParameter(said, name) ?? {});
    return described === UNKNOWN ? typeOf(annotation) : described;
  };
  const taken = new Set<string>();
  const list: { name: string; type: Types; isOptional: boolean }[] = [];
  for (const parameter of parameters) {
    if (parameter.form !== "plain") continue;
    list.push({
      name: parameterName(parameter.name, taken),
      type: typeOfParameter(parameter),
      isOptional: parameter.defaultText !== undefined,
    });
  }
  const rest = parameters.find(({ form }) => form === "rest");
  const named = rest ? undefined : declareNamed(parameters, typeOfParameter);
  if (named) list.push({ name: parameterName("named", taken), ...named });
  const texts = list.map(({ name, type, isOptional }, index) => {
    // In TypeScript, optional parameters are the last ones.
    const canBeLeftOut = list.slice(index).every(({ isOptional }) => isOptional);
    if (canBeLeftOut) return `${name}?: ${render(type)}`;
    return `${name}: ${render(isOptional ? union([type, ["undefined"]]) : type)}`;
  });
  if (rest) {
    const { schema } = aboutParameter(said, rest.name) ?? {};
    const type = schema?.type === "array"
      ? render(typeOfSchema(schema))
      : arrayOf(typeOf(rest.annotation));
    texts.push(`...${parameterName(rest.name, taken)}: ${type}`);
  }
  return texts.join(", ");
}

/** The keyword-only parameters, as one object. */
function declareNamed(
  parameters: readonly PythonParameter[],
  typeOfParameter: (parameter: PythonParameter) => Types,
): { type: Types; isOptional: boolean } | undefined {
  const byName = parameters.filter(({ form }) => form === "keyword");
  const others = parameters.find(({ form }) => form === "others");
  const members = byName.map((parameter) =>
    `${propertyName(parameter.name)}${parameter.defaultText === undefined ? "" : "?"}: ${
      render(typeOfParameter(parameter))
    }`
  );
  if (others) {
    // Beside members, the type of an index signature must include all of their types.
    const type = members.length === 0 ? typeOf(others.annotation) : UNKNOWN;
    members.push(`[name: string]: ${render(type)}`);
  }
  if (members.length === 0) return undefined;
  const isOptional = byName.every(({ defaultText }) => defaultText !== undefined);
  return { type: [`{ ${members.join("; ")} }`], isOptional };
}

/** The type of a generator. */
const STREAM = "AsyncGenerator";

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

/** The type of a property that has had these values. */
function typeOfValues(values: readonly unknown[]): Types {
  const others = values.filter((value) => value !== null);
  const types = union(others.map((value) => typeOfValue(value, 0)));
  const mayBeNull = others.length < values.length && others.length > 0;
  return mayBeNull ? union([types, ["null"]]) : types;
}

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

/** Words that cannot be the name of a parameter. */
const RESERVED: ReadonlySet<string> = new Set(
  ("arguments await break case catch class const continue debugger default delete do else enum " +
    "eval export extends false finally for function if implements import in instanceof interface " +
    "let new null package private protected public return static super switch this throw true " +
    "try typeof var void while with yield").split(" "),
);

/** The name, with underscores appended until it is allowed and no other parameter has it. */
function parameterName(name: string, taken: Set<string>): string {
  let free = name;
  while (RESERVED.has(free) || taken.has(free)) free += "_";
  taken.add(free);
  return free;
}

const LONGEST_COMMENT = 400;

function shorten(text: string): string {
  return text.length > LONGEST_COMMENT ? `${text.slice(0, LONGEST_COMMENT)}...` : text;
}
