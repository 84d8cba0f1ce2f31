/** Malformed and hostile input of a peer. Everything is derived from a seed. */

import { FIELDS } from "../../wire/envelope.ts";
import { readPlainly } from "../support/plain_reading.ts";
import fc from "../support/properties.ts";
import type { Entry } from "../support/recording.ts";

const encoder = new TextEncoder();

/** Names with a meaning in JavaScript or for the Manager. */
export const LOADED_NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "then",
  "Manager",
  "notification",
  "ready",
  "",
];

/** The keys of messages, and others. */
const KEYS = [
  ...FIELDS,
  "message",
  "traceback",
  "type",
  "name",
  "attributes",
  "max_clients",
  "extensions",
  "\\u0075id",
];

/** One member of an object in JSON text, the key without its quotes. */
export type Member = [key: string, value: string];

/** Values as text: any JSON, and text that only some parsers accept as JSON. */
export function values(words: readonly string[]): fc.Arbitrary<string> {
  const text = (word: string) => JSON.stringify(word);
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...words, ...LOADED_NAMES).map(text) },
    { weight: 2, arbitrary: fc.constantFrom("[]", "{}", "true", "false", "null", '""', "0") },
    { weight: 2, arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "NaN",
        "-Infinity",
        "Infinity",
        "1e999",
        "-0",
        "123456789012345678901234567890",
        "0.1e-400",
        '"\\ud800"',
        '"\\u0000"',
        '"é語😀\u2028"',
        '{"__proto__":{"uid":"1"}}',
        '[[],{"requester":"x"}]',
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom("01", "nan", "'x'", "[1,]", '"\\x"', "1e", "-", "{") },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 700 }).map(nested) },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 1, max: 9_000 }).map((size) => text("x".repeat(size))),
    },
  );
}

function nested(depth: number): string {
  return depth % 2 === 0
    ? "[".repeat(depth) + "]".repeat(depth)
    : '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
}

/** The members of an object, in any order, with duplicate keys. */
export function members(words: readonly string[]): fc.Arbitrary<Member[]> {
  const key = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...KEYS) },
    { weight: 1, arbitrary: fc.constantFrom(...LOADED_NAMES) },
    { weight: 1, arbitrary: fc.string().map((text) => JSON.stringify(text).slice(1, -1)) },
  );
  return fc.array(fc.tuple(key, values(words)), { maxLength: 10 });
}

/** The text of an object with these members. */
export function written(members: readonly Member[], space = ""): string {
  return `{${members.map(([key, value]) => `"${key}":${space}${value}`).join(`,${space}`)}}`;
}

/** A change of the members of an object. */
type Change = (members: Member[]) => Member[];

function changes(words: readonly string[]): fc.Arbitrary<Change> {
  const place = fc.nat();
  const at = (members: Member[], place: number) => place % Math.max(members.length, 1);
  return fc.oneof(
    place.map((p): Change => (all) => all.toSpliced(at(all, p), 1)),
    place.map((p): Change => (all) => [...all, ...all.slice(at(all, p), at(all, p) + 1)]),
    fc.tuple(place, place).map(([p, q]): Change => (all) =>
      all.length === 0 ? all : all
        .with(at(all, p), [all[at(all, q)][0], all[at(all, p)][1]])
        .with(at(all, q), [all[at(all, p)][0], all[at(all, q)][1]])
    ),
    fc.tuple(place, values(words)).map(([p, value]): Change => (all) =>
      all.length === 0 ? all : all.with(at(all, p), [all[at(all, p)][0], value])
    ),
    members(words).map((more): Change => (all) => [...all, ...more.slice(0, 2)]),
  );
}

/** Objects with some of their members removed, duplicated, swapped or given another type. */
export function changed(
  objects: readonly (readonly Member[])[],
  words: readonly string[],
): fc.Arbitrary<Member[]> {
  return fc.tuple(fc.constantFrom(...objects), fc.array(changes(words), { maxLength: 4 }))
    .map(([object, changes]) => changes.reduce((all, change) => change(all), [...object]));
}

/** Bytes with some of them overwritten, removed or inserted, which may be no UTF-8. */
export function damaged(lines: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const harm = fc.tuple(
    fc.nat(),
    fc.nat(3),
    fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc.constantFrom('"', "\\", "{", "}", "[", "]", ",", ":", " ", "\r", "\0", "1")
        .map((text) => encoder.encode(text)),
      fc.constantFrom([0xff], [0xc3], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf])
        .map((bytes) => Uint8Array.from(bytes)),
    ),
  );
  return fc.tuple(lines, fc.array(harm, { minLength: 1, maxLength: 3 })).map(([line, harms]) =>
    harms.reduce((bytes, [place, length, by]) => {
      const at = place % (bytes.length + 1);
      return Uint8Array.of(...bytes.subarray(0, at), ...by, ...bytes.subarray(at + length));
    }, line)
  );
}

/** Lines that are nearly valid typed lines. */
export function typed(words: readonly string[]): fc.Arbitrary<string> {
  const word = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...words, ...LOADED_NAMES) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        "link",
        "unlink",
        "identity",
        "exit",
        "client",
        "requester=x",
        "uid=1",
        "error=true",
        "__proto__=1",
        "[1, [true, none]]",
        '"a b"',
        "'",
        "1e5",
        "[",
        "\\",
      ),
    },
    { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 5_000 }).map((size) => "1".repeat(size)) },
  );
  return fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));
}

/** Lines of any kind, without a newline in them. */
export function lines(
  words: readonly string[],
  objects: readonly (readonly Member[])[],
): fc.Arbitrary<Uint8Array> {
  const sound = fc.oneof(
    { weight: 3, arbitrary: changed(objects, words).map((all) => written(all)) },
    { weight: 1, arbitrary: changed(objects, words).map((all) => written(all, " ")) },
    { weight: 3, arbitrary: members(words).map((all) => written(all)) },
    { weight: 1, arbitrary: typed(words) },
    { weight: 1, arbitrary: values(words) },
  ).map((text) => encoder.encode(text));
  return fc.oneof(
    { weight: 5, arbitrary: sound },
    { weight: 2, arbitrary: damaged(sound) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  ).map((line) => line.filter((byte) => byte !== 0x0a));
}

/** The sizes of the pieces in which bytes arrive, in a cycle. */
export const pieceSizes: fc.Arbitrary<number[]> = fc.oneof(
  fc.constant<number[]>([1]),
  fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
  fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 4 }),
);

/** Every recorded message of the Python devices and the Python Manager, as members. */
export function recordedMessages(): Member[][] {
  const folder = new URL("../fixtures/", import.meta.url);
  const recordings = Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .filter((name) => name.endsWith(".jsonl")).sort();
  return recordings
    .flatMap((name) => Deno.readTextFileSync(new URL(name, folder)).trim().split("\n"))
    .map((text): Entry => JSON.parse(text))
    .map(({ line }) => readPlainly(encoder.encode(line ?? "")))
    .filter((message) => message !== undefined)
    .map(membersOf);
}

/** The members of an object. */
export function membersOf(object: Record<string, unknown>): Member[] {
  return Object.entries(object).map(([key, value]) => [
    JSON.stringify(key).slice(1, -1),
    JSON.stringify(value),
  ]);
}
