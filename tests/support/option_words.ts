/** Words of command lines that have these options, or none that is known. */

import type { OptionSpec } from "../../program/option.ts";
import fc from "./properties.ts";

/** One word: an option, a value, or both in one. `values` are those that the test wants among others. */
export function anyWord(specs: readonly OptionSpec[], values: readonly string[]) {
  const flag = fc.constantFrom(...specs.flatMap(({ flag, short }) => short ? [flag, short] : flag));
  const value = fc.oneof(
    fc.constantFrom(...values),
    fc.string({ maxLength: 6 }),
    fc.string({ maxLength: 4 }).map((text) => `-${text}`),
  );
  return fc.oneof(
    flag,
    value,
    fc.tuple(flag, value).map(([flag, value]) => `${flag}=${value}`),
    fc.tuple(flag, value).map(([flag, value]) => `${flag}${value}`),
  );
}
