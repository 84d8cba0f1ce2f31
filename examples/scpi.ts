/**
 * The side of an instrument in SCPI: parses lines into commands, in their short or long form, and has
 * the error queue. The actions of the commands are left to the instrument (`scpi_multimeter.ts`).
 *
 * @module
 */

/** Error numbers and texts of SCPI-99. */
const ERRORS = {
  "-102": "Syntax error",
  "-104": "Data type error",
  "-108": "Parameter not allowed",
  "-109": "Missing parameter",
  "-113": "Undefined header",
  "-222": "Data out of range",
  "-350": "Queue overflow",
};
/** The length of the error queue. */
const QUEUE_SIZE = 20;

/** An error of the instrument. It is put into the error queue, and the rest of the line is skipped. */
export class ScpiError extends Error {
  /** Made from its number. */
  constructor(number: keyof typeof ERRORS) {
    super(`${number},"${ERRORS[number]}"`);
  }
}

/** The action of a command. That of a query returns the answer. */
export type Action = (parameters: Parameters) => string | void | Promise<string | void>;

/**
 * Actions by the notation of their commands in manuals: `SYSTem:ERRor[:NEXT]?` is SYST or SYSTEM,
 * then ERR or ERROR, then NEXT or nothing, in upper or lower case.
 */
export type Commands = Readonly<Record<string, Action>>;

/** The commands and the error queue of one instrument. */
export class Scpi {
  readonly #actions = new Map<string, Action>();
  readonly #errors: string[] = [];

  constructor(commands: Commands) {
    for (const [notation, action] of Object.entries(commands)) {
      for (const header of headersOf(notation)) this.#actions.set(header, action);
    }
  }

  /** Removes the oldest error from the queue and returns it; `0,"No error"` if there is none. */
  nextError(): string {
    return this.#errors.shift() ?? '0,"No error"';
  }

  /** Empties the error queue. */
  clearErrors(): void {
    this.#errors.length = 0;
  }

  /**
   * Executes the commands of a line, one after the other.
   *
   * @returns The answers of its queries with `;` between them, `undefined` if there are none. After
   * an error, the rest of the line is skipped.
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

/** The limits of a number that is a parameter, and the value of DEFault. */
export interface NumberLimits {
  minimum: number;
  maximum: number;
  standard: number;
}

/** The parameters of a command. */
export class Parameters {
  readonly #texts: string[];

  constructor(text: string) {
    this.#texts = text === "" ? [] : text.split(",").map((one) => one.trim());
  }

  /** Throws if there are any. */
  none(): void {
    if (this.#texts.length > 0) throw new ScpiError("-108");
  }

  /** The only parameter: a number within the limits, or MINimum, MAXimum or DEFault. */
  number(limits: NumberLimits): number {
    return this.#optional(limits) ?? raise("-109");
  }

  /** The only parameter: such a number, or AUTO. Without a parameter it is AUTO. */
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

/** A number in the form of instruments: `+1.00000012E+01`. */
export function formatNumber(value: number, digits = 8): string {
  const [mantissa, exponent] = Math.abs(value).toExponential(digits).split("e");
  const sign = value < 0 ? "-" : "+";
  return `${sign}${mantissa}E${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

/** The header from the root. One without a colon is relative to the header before it in the line. */
function absoluteHeader(header: string, path: string): string {
  if (header.startsWith("*")) return header;
  return header.startsWith(":") ? header.slice(1) : path + header;
}

/** All forms of a header, in upper case. */
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
