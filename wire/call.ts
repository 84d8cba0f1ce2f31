/**
 * The last arguments of a call: keyword arguments, and the options of the call.
 *
 * Services in Python have keyword arguments, and JavaScript has none. `kwargs({ n: 3 })` marks an
 * object as keyword arguments, and `options({ timeout: 5_000 })` marks one as options of the call,
 * so that neither is sent as an ordinary argument.
 *
 * @module
 */

import { checkTimeout } from "../base/with_timeout.ts";

/**
 * Keyword arguments, made by {@linkcode kwargs}. A method with a rest parameter gets those of a
 * request as its last argument.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Kwargs, kwargs } from "@msl/network";
 *
 * function average(...args: unknown[]): string {
 *   const last = args.at(-1);
 *   return last instanceof Kwargs ? `with ${Object.keys(last.named)}` : "without names";
 * }
 * assertEquals(average(1, 2, kwargs({ weight: 3 })), "with weight");
 * ```
 */
export class Kwargs<Named extends object = Record<string, unknown>> {
  /** The arguments by name. */
  readonly named: Readonly<Named>;

  /** See {@linkcode kwargs}. */
  constructor(named: Readonly<Named>) {
    this.named = named;
  }

  /** Makes `instanceof` a type guard: without it TypeScript takes every argument for `any`. */
  static [Symbol.hasInstance](value: unknown): value is Kwargs {
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/**
 * Any value. Spelt out like this, TypeScript keeps the types of literals, and does not take an array
 * for a `readonly` one.
 */
export type KeywordArgument =
  | KeywordArgument[]
  | { [name: string]: KeywordArgument }
  | object
  | string
  | number
  | boolean
  | null
  | undefined;

/** The options of one call. */
export interface CallOptions {
  /**
   * How long `await` waits, in milliseconds, counted from the call. It then rejects with a
   * `TimeoutError`; the Future stays pending, and `result()` still gives the value. It must be
   * positive. Default: no limit.
   */
  timeout?: number;
  /** Cancels the Future when it is aborted; the Future rejects with the reason of the signal. */
  signal?: AbortSignal;
  /**
   * Called with each piece while large arguments are sent, and while a large result or value of a
   * stream arrives: how many bytes of JSON have been sent or have arrived, and how many there are.
   * Only what has more than 256 KiB of JSON is reported, and only with a Service and a Manager of
   * this package. Its errors are logged.
   */
  onProgress?: (done: number, total: number, direction: "sent" | "received") => unknown;
  /**
   * Whether to ask when the reading was taken: the Future has it as its `time`. A Stream has the time
   * of each value in any case. Only a Service of this package says it. Default: `false`.
   */
  time?: boolean;
}

/**
 * The options of one call, made by {@linkcode options}.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { MarkedOptions, options } from "@msl/network";
 *
 * assert(options({ timeout: 5_000 }) instanceof MarkedOptions);
 * ```
 */
export class MarkedOptions {
  /** The options as they were given. */
  readonly options: CallOptions;

  /** See {@linkcode options}. */
  constructor(options: CallOptions) {
    this.options = options;
  }
}

/**
 * Marks an object as keyword arguments, which go after the positional arguments of a call. With a
 * Link that has the type of its Service, TypeScript checks their names and types where it can.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, kwargs } from "@msl/network";
 *
 * await using cxn = await connect();
 * const bm = await cxn.link("BasicMath");
 * await bm.power(5, kwargs({ n: 3 })); // Python: bm.power(5, n=3)
 * ```
 */
export function kwargs<const Named extends { [name: string]: KeywordArgument } | object>(
  named: Named,
): Kwargs<Named> {
  return new Kwargs<Named>(named);
}

/**
 * Marks an object as options of the call, which go after the positional arguments.
 *
 * @throws {RangeError} When `timeout` is not a positive number of milliseconds.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, options } from "@msl/network";
 *
 * await using cxn = await connect();
 * const bm = await cxn.link("BasicMath");
 * await bm.add(1, 2, options({ timeout: 5_000 }));
 * ```
 */
export function options(options: CallOptions): MarkedOptions {
  checkTimeout("Cannot call", options.timeout);
  return new MarkedOptions(options);
}

/**
 * The positional arguments that are given: `undefined` at the end stands for a default of the method.
 *
 * @throws {TypeError} When one before another argument is not given: JSON has no value for that.
 */
export function givenArguments(args: readonly unknown[]): readonly unknown[] {
  if (!args.includes(undefined)) return args; // which also finds the holes of an array
  const end = args.findLastIndex((arg) => arg !== undefined) + 1;
  const missing = args.findIndex((arg) => arg === undefined);
  if (missing >= end) return args.slice(0, end);
  throw new TypeError(
    `args[${missing}] is undefined, and arguments follow it: give it, or give those by name, with ` +
      `kwargs({ name: value })`,
  );
}

/** The arguments of a call: positional arguments, keyword arguments and options. */
export interface Call {
  args: unknown[];
  kwargs: Record<string, unknown>;
  options: CallOptions;
}

/**
 * Splits the arguments of a call: the marked objects at the end, in any order, from the positional
 * arguments before them. Of several values for one name the last one counts.
 */
export function splitArguments(parameters: readonly unknown[]): Call {
  const call: Call = { args: [], kwargs: {}, options: {} };
  let end = parameters.length;
  for (; end > 0; end--) {
    const last = parameters[end - 1];
    if (last instanceof Kwargs) call.kwargs = { ...last.named, ...call.kwargs };
    else if (last instanceof MarkedOptions) call.options = { ...last.options, ...call.options };
    else break;
  }
  call.args = parameters.slice(0, end);
  return call;
}
