/**
 * The names of arguments that have none, where all values of a notification have a name: in CSV and in
 * recordings.
 *
 * @module
 */

/** The name of an argument by its position, from 0: `arg1` for the first one. */
export function argumentName(index: number): string {
  return `arg${index + 1}`;
}
