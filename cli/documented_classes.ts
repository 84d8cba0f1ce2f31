/**
 * The Services in a TypeScript file, and what the documentation comments say of them. `deno doc` parses
 * the file; it comes with Deno, and knows all of TypeScript. `about_source.ts` makes a `static about`
 * of it.
 *
 * @module
 */

import { dirname } from "node:path";
import { ConfigurationError } from "../errors.ts";
import { runDeno } from "./deno_program.ts";
import { ABOUT_LIMITS } from "../limits.ts";
import { Service } from "../service.ts";
import type { AttributeAbout, ParameterAbout, ValueAbout } from "../wire/about.ts";
import { isObject } from "../wire/message.ts";

/** A class that extends `Service`, directly or through classes of the same file. */
export interface DocumentedClass {
  /** Its name; `"default"` if it has none. */
  readonly name: string;
  /** Where its declaration begins in the text, in UTF-16 code units. */
  readonly start: number;
  /** The classes of the file that it extends. */
  readonly bases: readonly string[];
  /** Whether it has type parameters. */
  readonly isGeneric: boolean;
  /** Whether it has a `static about`. */
  readonly hasAbout: boolean;
  readonly description: string;
  /** Of each attribute that has a comment, by name. */
  readonly attributes: ReadonlyMap<string, AttributeAbout>;
  /** What is said, but cannot be a part of a description, as sentences. */
  readonly problems: readonly string[];
}

/** What a file has. */
export interface DocumentedFile {
  readonly classes: readonly DocumentedClass[];
  /** What the file imports: the name in the file, and the name in the other module. */
  readonly imports: readonly Import[];
  /** The names that the file declares. */
  readonly names: ReadonlySet<string>;
}

/** One name that a file imports. */
export interface Import {
  readonly importedName: string;
  /** `undefined` for all of a module, as one object. */
  readonly originalName?: string;
}

// The parts of the output of `deno doc --json` that are needed.

interface Doc {
  doc?: string;
  tags?: Tag[];
}

/** Its columns count a tab twice, so they are not used. */
interface Place {
  /** The index in the UTF-8 of the file. */
  byteIndex: number;
}

interface Tag {
  kind: string;
  name?: string;
  doc?: string;
  /** The whole text of a tag that `deno doc` does not know. */
  value?: string;
}

interface Member {
  name: string;
  jsDoc?: Doc;
  location: Place;
  isStatic?: boolean;
  accessibility?: string;
  kind?: string;
  functionDef?: { params: Param[]; hasBody?: boolean };
}

/** A parameter, or a part of one that is destructured. */
interface Param {
  kind: string;
  name?: string;
  key?: string;
  left?: Param;
  props?: Param[];
}

interface Declaration {
  kind: string;
  location: Place;
  jsDoc?: Doc;
  def?: {
    extends?: string;
    typeParams?: unknown[];
    properties?: Member[];
    methods?: Member[];
  };
}

interface Module {
  imports?: Import[];
  symbols?: { name: string; declarations: Declaration[] }[];
}

/** The version of the output of `deno doc --json` that is read here. */
const VERSION = 2;

/**
 * The Services of a file.
 *
 * @param file The absolute path of the file.
 * @param source Its text.
 * @throws {ConfigurationError} If Deno cannot parse it, or cannot find what it imports.
 */
export async function documentedFile(file: string, source: string): Promise<DocumentedFile> {
  const { imports = [], symbols = [] } = await parseModule(file);
  const declared = new Map(symbols.flatMap(({ name, declarations }) => {
    const one = declarations.find(({ kind }) => kind === "class");
    return one ? [[name, one] as const] : [];
  }));
  const bytes = new TextEncoder().encode(source);
  const indexOf = ({ byteIndex }: Place) =>
    new TextDecoder().decode(bytes.subarray(0, byteIndex)).length;
  const classes = [...declared].flatMap(([name, declaration]) => {
    const bases = basesOf(name, declared, imports);
    return bases ? [documentedClass(name, declaration, bases, source, indexOf)] : [];
  });
  return { classes, imports, names: new Set(symbols.map(({ name }) => name)) };
}

/** Runs `deno doc` in the folder of the file, where the settings of its project count. */
async function parseModule(file: string): Promise<Module> {
  const purpose = `Cannot read the comments of ${file}`;
  const args = ["doc", "--json", "--private", "--no-lock", file];
  const stdout = await runDeno(args, dirname(file), "", purpose);
  const { version, nodes }: { version?: unknown; nodes?: unknown } = JSON.parse(stdout);
  if (version !== VERSION || !isObject(nodes)) {
    throw new ConfigurationError(
      `${purpose}: \`deno doc --json\` of this Deno has version ${version}, not ${VERSION}`,
    );
  }
  return (Object.values(nodes)[0] ?? {}) as Module;
}

/** The classes of the file that a Service extends; `undefined` if it is no Service. */
function basesOf(
  name: string,
  declared: ReadonlyMap<string, Declaration>,
  imports: readonly Import[],
): string[] | undefined {
  const bases = new Set<string>();
  let base = declared.get(name)?.def?.extends;
  for (; base !== undefined && !bases.has(base); base = declared.get(base)?.def?.extends) {
    if (!declared.has(base)) return isServiceItself(base, imports) ? [...bases] : undefined;
    bases.add(base);
  }
  return undefined;
}

/** Whether an expression is the imported `Service`, e.g. `Service` or `msl.Service`. */
function isServiceItself(base: string, imports: readonly Import[]): boolean {
  return imports.some(({ importedName, originalName }) =>
    originalName === undefined
      ? base === `${importedName}.Service`
      : base === importedName && originalName === "Service"
  );
}

function documentedClass(
  name: string,
  { location, jsDoc, def = {} }: Declaration,
  bases: readonly string[],
  source: string,
  indexOf: (place: Place) => number,
): DocumentedClass {
  const { properties = [], methods = [], typeParams = [] } = def;
  const problems: string[] = [];
  const attributes = new Map<string, AttributeAbout>();
  const members = [...properties, ...methods]
    .filter((member) => !DECLARED_ONLY.test(source.slice(indexOf(member.location))))
    .sort((a, b) => a.location.byteIndex - b.location.byteIndex);
  for (const [attribute, group] of Map.groupBy(members.filter(isOffered), ({ name }) => name)) {
    const about = aboutMember(group, (text) => problems.push(`${name}.${attribute}: ${text}`));
    if (Object.keys(about).length > 0) attributes.set(attribute, about);
  }
  const description = textOf(jsDoc?.doc, (text) => problems.push(`${name}: ${text}`));
  const hasAbout = [...properties, ...methods].some((it) => it.isStatic && it.name === "about");
  return {
    name,
    start: indexOf(location),
    bases,
    isGeneric: typeParams.length > 0,
    hasAbout,
    description,
    attributes,
    problems,
  };
}

/** Whether a Service offers a member: the rules of `service/attributes.ts`. */
function isOffered({ name, isStatic, accessibility = "public" }: Member): boolean {
  return !isStatic && accessibility === "public" && !/^[_[#]/.test(name) &&
    !Object.hasOwn(Service.prototype, name);
}

/** A property that is only declared for the compiler, which `deno doc` does not tell. */
const DECLARED_ONLY = /^(?:(?:public|override|readonly)\s+)*declare\s+[\p{ID_Start}_$"'[]/u;

/** Told of something that cannot be a part of the description. */
type Problem = (text: string) => void;

/** What is said of an attribute by its overloads, or by its getter and its setter. */
function aboutMember(group: readonly Member[], problem: Problem): AttributeAbout {
  const isImplemented = ({ functionDef }: Member) => functionDef?.hasBody !== false;
  // The comment may be at the implementation, which comes last, or at an overload.
  const said = group.findLast((one) => isImplemented(one) && one.kind !== "setter" && one.jsDoc) ??
    group.find(({ jsDoc }) => jsDoc);
  if (said?.jsDoc === undefined) return {};
  const { doc, tags = [] } = said.jsDoc;
  const whole = group.findLast(({ functionDef }) => functionDef?.hasBody) ?? group.at(-1)!;
  const isMethod = whole.kind === "method";
  const described = isMethod ? { description: textOf(doc, problem) } : valueOf(doc, problem);
  const returned = valueOf(tags.find(({ kind }) => kind === "return")?.doc, problem, true);
  const result = isMethod ? returned : { ...returned, ...pick("unit", described) };
  const parameters = parametersOf(whole, tags, problem);
  return {
    ...pick("description", described),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(Object.keys(result).length > 0 ? { result } : {}),
    ...(tags.some(({ value }) => /^@safe\b/.test(value ?? "")) ? { safe: true } : {}),
  };
}

/** The member of an object, unless it is missing or empty. */
function pick<K extends "unit" | "description">(
  key: K,
  about: { readonly [Key in K]?: string | undefined },
): { [Key in K]?: string } {
  return about[key] ? { [key]: about[key] } as { [Key in K]?: string } : {};
}

function parametersOf(
  { functionDef }: Member,
  tags: readonly Tag[],
  problem: Problem,
): ParameterAbout[] {
  const names = new Set((functionDef?.params ?? []).flatMap(namesOf));
  const about = new Map<string, ParameterAbout>();
  for (const { kind, name = "", doc } of tags) {
    const value = kind === "param" ? valueOf(doc, problem, true) : {};
    if (Object.keys(value).length === 0) continue;
    const own = name.slice(name.lastIndexOf(".") + 1); // `@param named.range` is of `{ range }`
    if (names.has(own)) about.set(own, { name: own, ...value });
    else if (functionDef) problem(`there is no parameter ${name} that a request can name`);
    else problem(`Deno does not tell the parameters of a function in a property: ${name}`);
  }
  return [...about.values()].slice(0, ABOUT_LIMITS.parameters);
}

/** The names by which a request can give a parameter, as `Signature.names` has them. */
function namesOf(parameter: Param): string[] {
  const { kind, name = "", left, props = [] } = parameter;
  if (kind === "assign" && left) return namesOf(left);
  if (kind === "identifier") return [name];
  if (kind !== "object") return [];
  return props.flatMap((prop) => prop.kind === "rest" ? [] : [prop.key ?? ""]);
}

/** A unit: the last word of a text, in brackets. `[0,10]`, `[see below]` and `[1]` are none. */
const UNIT = /(?:^|\s+)\[([^\s[\],;\d][^\s[\],;\p{C}]*)\]$/u;

/** What a text says of a value: its description, and its unit in brackets at the end. */
function valueOf(doc: string | undefined, problem: Problem, oneLine = false): ValueAbout {
  const text = (doc ?? "").trim();
  const [end = "", unit = ""] = UNIT.exec(text) ?? [];
  const isUnit = unit !== "" && unit.length <= ABOUT_LIMITS.name;
  const rest = isUnit ? text.slice(0, -end.length) : text;
  const description = textOf(oneLine ? rest.replaceAll(/\s*\n\s*/g, " ") : rest, problem);
  return { ...pick("description", { description }), ...(isUnit ? { unit } : {}) };
}

/** The text of a comment, with the names of its links, and cut at its limit. */
function textOf(doc: string | undefined, problem: Problem): string {
  const text = (doc ?? "")
    .replaceAll(
      /\{@link(?:code|plain)?\s+([^\s|}]+)(?:[\s|]+([^}]*))?\}/g,
      (_, target, label) => label?.trim() || target,
    )
    .split("\n").map((line) => line.trimEnd()).join("\n").trim();
  const most = ABOUT_LIMITS.text;
  if (text.length <= most) return text;
  problem(`its text has ${text.length} characters, the limit is ${most}: it is cut`);
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
