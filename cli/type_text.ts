/**
 * The text of TypeScript types in a declaration. What a service sends becomes a part of it, so names
 * and texts are quoted, comments cannot be closed, and a type is one of a few words.
 *
 * @module
 */

import { printable } from "../base/printable.ts";

/** The members of a union. */
export type Types = readonly string[];

export const UNKNOWN: Types = ["unknown"];
export const UNKNOWN_OBJECT: Types = ["{ [name: string]: unknown }"];

export function union(members: readonly Types[]): Types {
  const all = new Set(members.flat());
  return all.size === 0 || all.has("unknown") ? UNKNOWN : [...all];
}

export function arrayOf(items: Types): string {
  return items.length > 1 ? `(${render(items)})[]` : `${items[0]}[]`;
}

export function render(types: Types): string {
  return types.join(" | ");
}

export const IDENTIFIER = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;

export function propertyName(name: string): string {
  return IDENTIFIER.test(name) ? name : quote(name);
}

/** A text in quotes, with invisible characters escaped. */
export function quote(text: string): string {
  return printable(JSON.stringify(text));
}

/** Text for a comment: it cannot end the comment, nor be a directive for a tool. */
export function comment(text: string): string {
  return printable(text).replaceAll("*/", "*\\/").replaceAll("@", "\\u{40}");
}
