/**
 * Values as a recorder receives them: numbers have the digits that the source has sent.
 *
 * @module
 */

/** What `JSON.rawJSON` has made. Part of the language since 2025, but not of TypeScript's library. */
const { isRawJSON } = JSON as unknown as {
  isRawJSON(value: unknown): value is { rawJSON: string };
};

/**
 * A number in the place of its digits: a bigint for an integer that a number cannot hold, else the
 * number. Values inside of arrays and objects keep their digits.
 */
export function numberOf(value: unknown): unknown {
  if (typeof value !== "object" || !isRawJSON(value)) return value;
  const { rawJSON: digits } = value;
  const number = Number(digits);
  return /^-?\d+$/.test(digits) && !Number.isSafeInteger(number) ? BigInt(digits) : number;
}
