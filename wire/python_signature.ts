/**
 * Parses the signature of a method in the identity of a Service: as Python's `inspect.signature`
 * writes it, with annotations, and as `wire/signature.ts` does.
 *
 * Of Python's expressions it parses those that annotations consist of. A default can be any text
 * whose brackets and quotes are closed. The meaning of the types is left to the declarations of the
 * command line and the forms of the page.
 *
 * @module
 */

/** The signature of a method. */
export interface PythonSignature {
  parameters: PythonParameter[];
  /** The annotation of the result, if there is one. */
  returns: Annotation | undefined;
}

/** A parameter. */
export interface PythonParameter {
  /** Positional or keyword; keyword-only; `*name`; `**name`. */
  form: "plain" | "keyword" | "rest" | "others";
  name: string;
  annotation: Annotation | undefined;
  /** Its default as it is written. `undefined` if there is none: then it must be given. */
  defaultText: string | undefined;
}

/** An annotation, as an expression. */
export type Annotation =
  /** Also `True`, `None` and `typing.List`. */
  | { form: "name"; name: string }
  | { form: "subscript"; of: Annotation; items: Annotation[] }
  | { form: "union"; members: Annotation[] }
  | { form: "text"; value: string }
  | { form: "number"; value: number }
  /** An expression that is no type: `...`, a list, a call, `<class 'x'>`. */
  | { form: "other" };

/** The longest text that is parsed, in characters, and the deepest nesting of its brackets. */
const LONGEST = 16_384;
const DEEPEST = 64;

/** Whether an attribute in an identity is a method: its signature is what is shown of it. */
export function isMethod(shown: unknown): shown is string {
  return typeof shown === "string" && shown.startsWith("(");
}

/** Parses a signature. Returns `undefined` if the text is none. */
export function parseSignature(text: string): PythonSignature | undefined {
  return attempt(text, (parser) => parser.signature());
}

/** Parses an annotation, e.g. that of a forward reference. Returns `undefined` if the text is none. */
export function parseAnnotation(text: string): Annotation | undefined {
  return attempt(text, (parser) => parser.whole());
}

function attempt<T>(text: string, parse: (parser: Parser) => T): T | undefined {
  if (text.length > LONGEST) return undefined;
  try {
    return parse(new Parser(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const SPACE = /\s*/y;
const NAME = /[\p{ID_Start}_$][\p{ID_Continue}$]*/uy;
const NUMBER = /(?:\d|\.\d)(?:[eE][+-]\d|[\w.])*/y;
const TEXT = /([a-zA-Z]{0,2})('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")/sy;
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/gs;
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** A recursive descent parser. Each method parses the part of the grammar that it is named after. */
class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  signature(): PythonSignature {
    this.#expect("(");
    const parameters: PythonParameter[] = [];
    let form: "plain" | "keyword" = "plain";
    while (!this.#take(")")) {
      const last = parameters.at(-1);
      if (last?.form === "others") this.#fail();
      if (this.#take("/")) {
        if (parameters.length === 0) this.#fail();
      } else if (this.#take("**")) parameters.push(this.#parameter("others"));
      else if (this.#take("*")) {
        if (form === "keyword") this.#fail();
        form = "keyword";
        if (this.#looksAt(NAME)) parameters.push(this.#parameter("rest"));
      } else parameters.push(this.#parameter(form));
      if (!this.#take(",")) {
        this.#expect(")");
        break;
      }
    }
    const returns = this.#take("->") ? this.#expression() : undefined;
    this.#expectEnd();
    if (new Set(parameters.map(({ name }) => name)).size < parameters.length) this.#fail();
    return { parameters, returns };
  }

  whole(): Annotation {
    const annotation = this.#expression();
    this.#expectEnd();
    return annotation;
  }

  #parameter(form: PythonParameter["form"]): PythonParameter {
    const name = this.#match(NAME)?.[0] ?? this.#fail();
    const annotation = this.#take(":") ? this.#expression() : undefined;
    const defaultText = this.#take("=") ? this.#skipValue() : undefined;
    return { form, name, annotation, defaultText };
  }

  /** One operand, or several with `|` between them. */
  #expression(): Annotation {
    if (++this.#depth > DEEPEST) this.#fail();
    const members = [this.#operand()];
    while (this.#take("|")) members.push(this.#operand());
    this.#depth--;
    return members.length === 1 ? members[0] : { form: "union", members };
  }

  #operand(): Annotation {
    let operand = this.#atom();
    for (;;) {
      if (this.#take("[")) operand = { form: "subscript", of: operand, items: this.#items("]") };
      else if (this.#take("(")) operand = call(operand, this.#items(")"));
      else if (this.#take(".")) {
        const name = this.#match(NAME)?.[0] ?? this.#fail();
        operand = operand.form === "name"
          ? { form: "name", name: `${operand.name}.${name}` }
          : { form: "other" };
      } else return operand;
    }
  }

  #atom(): Annotation {
    if (this.#take("...")) return { form: "other" };
    if (this.#take("(")) {
      const items = this.#items(")");
      return items.length === 1 ? items[0] : { form: "other" };
    }
    if (this.#take("[")) {
      this.#items("]");
      return { form: "other" };
    }
    if (this.#take("<")) {
      this.#skipAngle();
      return { form: "other" };
    }
    if (this.#take("-")) {
      const [number] = this.#match(NUMBER) ?? this.#fail();
      return parseNumber(`-${number}`);
    }
    // A type variable is written with its variance (~T, +T), a tuple of types with a star (*Ts).
    if (this.#take("~") || this.#take("+") || this.#take("*")) {
      this.#match(NAME) ?? this.#fail();
      return { form: "other" };
    }
    const text = this.#match(TEXT);
    if (text) return parseText(text[1], text[2]);
    const number = this.#match(NUMBER);
    if (number) return parseNumber(number[0]);
    return { form: "name", name: this.#match(NAME)?.[0] ?? this.#fail() };
  }

  /** Expressions up to a closing bracket. Each may have a name, as in a call; then it is skipped. */
  #items(closing: string): Annotation[] {
    const items: Annotation[] = [];
    while (!this.#take(closing)) {
      const item = this.#expression();
      if (this.#take("=")) this.#skipValue();
      else items.push(item);
      if (this.#take(",")) continue;
      this.#expect(closing);
      break;
    }
    return items;
  }

  /** Skips a value of any kind, up to a comma or to the bracket that closes the list. Gives its text. */
  #skipValue(): string {
    const open: string[] = [];
    const start = this.#at;
    while (this.#at < this.#text.length) {
      this.#skipSpace();
      const character = this.#text[this.#at] ?? this.#fail();
      if (open.length === 0 && /[,)\]]/.test(character)) break;
      if (this.#match(TEXT) || this.#match(NAME)) continue;
      if (/["']/.test(character)) this.#fail();
      this.#at++;
      if (character === "<") this.#skipAngle();
      else if (CLOSING[character] !== undefined) open.push(CLOSING[character]);
      else if (/[)\]}]/.test(character) && open.pop() !== character) this.#fail();
    }
    const text = this.#text.slice(start, this.#at).trim();
    if (open.length > 0 || text === "") this.#fail();
    return text;
  }

  /** Skips the rest of `<object at 0x7f>`, the form of objects without a literal. Quotes have no meaning in it. */
  #skipAngle(): void {
    for (let depth = 1; depth > 0; this.#at++) {
      const character = this.#text[this.#at] ?? this.#fail();
      if (character === "<") depth++;
      else if (character === ">") depth--;
    }
  }

  #take(symbol: string): boolean {
    this.#skipSpace();
    if (!this.#text.startsWith(symbol, this.#at)) return false;
    this.#at += symbol.length;
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) this.#fail();
  }

  #expectEnd(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail();
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    this.#skipSpace();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #looksAt(pattern: RegExp): boolean {
    this.#skipSpace();
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #fail(): never {
    throw new SyntaxError(`no signature, at column ${this.#at + 1}`);
  }
}

/** `ForwardRef('Sample')` is `'Sample'`. Other calls are no types. */
function call(of: Annotation, items: Annotation[]): Annotation {
  const isReference = of.form === "name" && /(^|\.)ForwardRef$/.test(of.name);
  return isReference && items[0]?.form === "text" ? items[0] : { form: "other" };
}

function parseText(prefix: string, quoted: string): Annotation {
  const inside = quoted.slice(1, -1);
  switch (prefix.toLowerCase()) {
    case "":
    case "u":
      return {
        form: "text",
        value: inside.replaceAll(ESCAPE, (whole, two, four, eight, other) => {
          const digits = two ?? four ?? eight;
          if (digits === undefined) return SIMPLE_ESCAPES[other] ?? other;
          const code = parseInt(digits, 16);
          return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
        }),
      };
    case "r":
      return { form: "text", value: inside };
    default:
      return { form: "other" };
  }
}

function parseNumber(text: string): Annotation {
  const value = Number(text.replaceAll("_", ""));
  return Number.isFinite(value) ? { form: "number", value } : { form: "other" };
}
