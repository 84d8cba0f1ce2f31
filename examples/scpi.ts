/**
 * SCPI, the language of instruments, as an instrument understands it: which command a line asks
 * for, in the short form or the long one, and the queue of errors. What the commands do is left to
 * the instrument (`scpi_multimeter.ts`).
 *
 * @module
 */

/** The numbers and texts of SCPI-99. */
const ERRORS = {
  "-102": "Syntax error",
  "-104": "Data type error",
  "-108": "Parameter not allowed",
  "-109": "Missing parameter",
  "-113": "Undefined header",
  "-222": "Data out of range",
  "-350": "Queue overflow",
};
/** How many errors an instrument remembers. */
const QUEUE_SIZE = 20;

/** An error of the instrument. It goes into the queue; the line that caused it ends there. */
export class ScpiError extends Error {
  /** Made from its number. */
  constructor(number: keyof typeof ERRORS) {
    super(`${number},"${ERRORS[number]}"`);
  }
}

/** What a command does. A query returns the answer. */
export type Action = (parameters: Parameters) => string | void | Promise<string | void>;

/**
 * The commands as manuals write them: `SYSTem:ERRor[:NEXT]?` is SYST or SYSTEM, then ERR or ERROR,
 * then NEXT or nothing, in capitals or not.
 */
export type Commands = Readonly<Record<string, Action>>;

/** The language of one instrument. */
export class Scpi {
  readonly #actions = new Map<string, Action>();
  readonly #errors: string[] = [];

  constructor(commands: Commands) {
    for (const [notation, action] of Object.entries(commands)) {
      for (const header of headersOf(notation)) this.#actions.set(header, action);
    }
  }

  /** Takes the oldest error out of the queue: `0,"No error"` if there is none. */
  nextError(): string {
    return this.#errors.shift() ?? '0,"No error"';
  }

  /** Empties the queue of errors. */
  clearErrors(): void {
    this.#errors.length = 0;
  }

  /**
   * Does what a line says, command after command.
   *
   * @returns The answers of its queries with `;` between them, `undefined` if it has none. A query
   * that fails answers nothing, and what follows in the line is not done.
   */
  async execute(line: string): Promise<string | undefined> {
    const answers: string[] = [];
    try {
      let path = "";
      for (const command of line.split(";").map((text) => text.trim()).filter(Boolean)) {
        const [, header, rest = ""] = /^([*:]?[a-z][\w:]*\??)(?:\s+(.*))?$/i.exec(command) ??
          raise("-102");
        const absolute = absoluteHeader(header.toUpperCase(), path);
        const action = this.#actions.get(absolute) ?? raise("-113");
        if (!header.startsWith("*")) path = absolute.slice(0, absolute.lastIndexOf(":") + 1);
        const answer = await action(new Parameters(rest));
        if (answer !== undefined) answers.push(answer);
      }
    } catch (error) {
      if (!(error instanceof ScpiError)) throw error;
      this.#remember(error.message);
    }
    return answers.length > 0 ? answers.join(";") : undefined;
  }

  #remember(error: string): void {
    if (this.#errors.length < QUEUE_SIZE) this.#errors.push(error);
    else this.#errors[QUEUE_SIZE - 1] = new ScpiError("-350").message;
  }
}

/** A number that a command may be given: its limits, and what DEFault stands for. */
export interface NumberLimits {
  minimum: number;
  maximum: number;
  standard: number;
}

/** What follows a header. */
export class Parameters {
  readonly #texts: string[];

  constructor(text: string) {
    this.#texts = text === "" ? [] : text.split(",").map((one) => one.trim());
  }

  /** There are none, as a query without parameters needs it. */
  none(): void {
    if (this.#texts.length > 0) throw new ScpiError("-108");
  }

  /** The only one: a number within the limits, or MINimum, MAXimum or DEFault. */
  number(limits: NumberLimits): number {
    return this.#optional(limits) ?? raise("-109");
  }

  /** The same, or AUTO, which may be left out. */
  numberOrAuto(limits: NumberLimits): number | "AUTO" {
    return this.#texts[0]?.toUpperCase() === "AUTO" && this.#texts.length === 1
      ? "AUTO"
      : this.#optional(limits) ?? "AUTO";
  }

  #optional({ minimum, maximum, standard }: NumberLimits): number | undefined {
    if (this.#texts.length > 1) throw new ScpiError("-108");
    if (this.#texts.length === 0) return undefined;
    const text = this.#texts[0].toUpperCase();
    const words = { MINimum: minimum, MAXimum: maximum, DEFault: standard };
    for (const [word, value] of Object.entries(words)) {
      if (headersOf(word).includes(text)) return value;
    }
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d+)?$/.test(text)) throw new ScpiError("-104");
    const number = Number(text);
    if (number < minimum || number > maximum) throw new ScpiError("-222");
    return number;
  }
}

/** A number as instruments write it: `+1.00000012E+01`. */
export function formatNumber(value: number, digits = 8): string {
  const [mantissa, exponent] = Math.abs(value).toExponential(digits).split("e");
  const sign = value < 0 ? "-" : "+";
  return `${sign}${mantissa}E${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

/** A header from the root on: one without a colon goes on where the one before it in the line was. */
function absoluteHeader(header: string, path: string): string {
  if (header.startsWith("*")) return header;
  return header.startsWith(":") ? header.slice(1) : path + header;
}

/** Every way to write a header, in capitals. */
function headersOf(notation: string): string[] {
  const mark = notation.endsWith("?") ? "?" : "";
  let headers = [""];
  for (
    const [node, short, rest] of notation.matchAll(/\[?:?(\*?[A-Z]+)([a-z]*):?\]?/g)
  ) {
    const longer = new Set([short, short + rest.toUpperCase()]);
    headers = headers.flatMap((header) => [
      ...(node.startsWith("[") ? [header] : []),
      ...[...longer].map((mnemonic) => header === "" ? mnemonic : `${header}:${mnemonic}`),
    ]);
  }
  return headers.map((header) => header + mark);
}

function raise(number: keyof typeof ERRORS): never {
  throw new ScpiError(number);
}
