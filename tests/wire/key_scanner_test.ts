import { assertEquals } from "@std/assert";
import { KeyScanner, type RoutingKey, scanKeys } from "../../wire/key_scanner.ts";
import fc from "../support/properties.ts";

const encoder = new TextEncoder();
const KEYS: RoutingKey[] = ["requester", "service", "uid", "attribute"];

/** The keys that a scanner has found. */
function keysFrom(scanner: KeyScanner): Record<string, string> {
  const found = KEYS.map((key) => [key, scanner.text(key)] as const)
    .filter((entry): entry is [RoutingKey, string] => entry[1] !== undefined);
  return Object.fromEntries(found);
}

/** The keys of a text, scanned as a whole and byte by byte. */
function tell(text: string): Record<string, string> {
  const bytes = encoder.encode(text);
  const whole = keysFrom(scanKeys(bytes));
  const scanner = new KeyScanner();
  for (const byte of bytes) scanner.read(Uint8Array.of(byte));
  assertEquals(keysFrom(scanner), whole);
  return whole;
}

Deno.test("the routing keys are found at any position of the top level, and not below it", () => {
  assertEquals(
    tell(
      '{"error": false, "result": [{"uid": "deep", "x": "\\"uid\\":\\"text\\""}, "}"], ' +
        '"requester": "a[b:1]", "uid": "é \\u00e9\\""}',
    ),
    { requester: "a[b:1]", uid: 'é é"' },
  );
  assertEquals(tell('{"u\\u0069d":"1","service":"S","attribute":"uid","args":["x"]}'), {
    uid: "1",
    service: "S",
    attribute: "uid",
  });
});

Deno.test("keys are found in a message that is malformed in between", () => {
  for (
    const result of ["01", "nan", "[1,,2]", "[".repeat(600) + "]".repeat(600), '"\\x"', "'", "\t"]
  ) {
    const line = `{"error":false,"requester":"c","result":${result},"uid":"U"}`;
    assertEquals(tell(line), { requester: "c", uid: "U" }, result);
  }
});

Deno.test("the last of several equal keys counts, if its value is a string", () => {
  assertEquals(tell('{"uid":"1","uid":"2","requester":null,"service":["x"],"attribute":7}'), {
    uid: "2",
  });
});

Deno.test("a string that is too long is skipped", () => {
  const long = "x".repeat(5_000);
  assertEquals(tell(`{"${long}":"1","uid":"${long}","requester":"c"}`), { requester: "c" });
});

Deno.test("the keys of any object are those of JSON.parse, wherever it is cut", () => {
  const key = fc.oneof(fc.constantFrom(...KEYS, "args", "result"), fc.string());
  const value = fc.oneof(fc.string({ maxLength: 20 }), fc.jsonValue());
  fc.assert(fc.property(fc.dictionary(key, value), fc.nat(), (object, place) => {
    const bytes = encoder.encode(JSON.stringify(object));
    const scanner = new KeyScanner();
    scanner.read(bytes.subarray(0, place % bytes.length));
    scanner.read(bytes.subarray(place % bytes.length));
    const expected = Object.entries(object).filter(([key, value]) =>
      (KEYS as string[]).includes(key) && typeof value === "string"
    );
    assertEquals(keysFrom(scanner), Object.fromEntries(expected));
  }));
});
