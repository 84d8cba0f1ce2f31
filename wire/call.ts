/**
 * What goes last in a call: keyword arguments, and how the caller wants to wait.
 *
 * JavaScript has no keyword arguments, Python's Services do. `kwargs({ n: 3 })` marks an object
 * as keyword arguments, `options({ timeout: 5_000 })` marks one as meant for the call itself;
 * neither is taken for an ordinary argument.
 *
 * @module
 */

/** Keyword arguments, made by {@linkcode kwargs}. */
export class Kwargs<Named extends object = Record<string, unknown>> {
  /** The arguments by name. */
  readonly named: Readonly<Named>;

  /** See {@linkcode kwargs}. */
  constructor(named: Readonly<Named>) {
    this.named = named;
  }

  /** For `instanceof`, after which TypeScript would take every argument for `any`. */
  static [Symbol.hasInstance](value: unknown): value is Kwargs {
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/**
 * Any value. To say it in so many words has TypeScript keep the type of a literal, and take an
 * array for one that may be changed.
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

/** How the caller wants to wait for one request. */
export interface CallOptions {
  /**
   * How long `await` waits, in milliseconds, counted from the call. It then rejects with a
   * `TimeoutError`; the Future stays pending and `result()` still gives the value.
   * Without it there is no limit.
   */
  timeout?: number;
  /** Cancels the Future when it is aborted; the Future rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** The options of one call, made by {@linkcode options}. */
export class MarkedOptions {
  /** The options as they were given. */
  readonly options: CallOptions;

  /** See {@linkcode options}. */
  constructor(options: CallOptions) {
    this.options = options;
  }
}

/**
 * Marks an object as keyword arguments. A Link whose Service's class is known checks their names
 * and types, as far as TypeScript knows them.
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
 * Marks an object as options of the call.
 *
 * @throws {RangeError} If `timeout` is not a positive number of milliseconds.
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
  const { timeout } = options;
  if (timeout !== undefined && !(timeout > 0)) {
    throw new RangeError(
      `Cannot call: timeout must be a positive number of milliseconds, got ${timeout}`,
    );
  }
  return new MarkedOptions(options);
}

/** A call, with what was marked taken apart. */
export interface Call {
  args: unknown[];
  kwargs: Record<string, unknown>;
  options: CallOptions;
}

/**
 * Takes the arguments of a call apart: the keyword arguments and options at its end, in either
 * order, and the positional arguments before them.
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
