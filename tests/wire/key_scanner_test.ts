import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type RoutingKey, skim, Skimmer } from "../../wire/key_scanner.ts";

const encoder = new TextEncoder();
const KEYS: RoutingKey[] = ["requester", "service", "uid", "attribute"];

/** What is told of a message. */
function told(skimmer: Skimmer): Record<string, string> {
  const found = KEYS.map((key) => [key, skimmer.text(key)] as const)
    .filter((entry): entry is [RoutingKey, string] => entry[1] !== undefined);
  return Object.fromEntries(found);
}

/** What is told of a text that comes as a whole, and byte by byte. */
function tell(text: string): Record<string, string> {
  const bytes = encoder.encode(text);
  const whole = told(skim(bytes));
  const skimmer = new Skimmer();
  for (const byte of bytes) skimmer.read(Uint8Array.of(byte));
  assertEquals(told(skimmer), whole);
  return whole;
}

Deno.test("the routing keys are told wherever they are, and nothing that is deeper", () => {
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

Deno.test("what is malformed in between hides nothing", () => {
  for (
    const result of ["01", "nan", "[1,,2]", "[".repeat(600) + "]".repeat(600), '"\\x"', "'", "\t"]
  ) {
    const line = `{"error":false,"requester":"c","result":${result},"uid":"U"}`;
    assertEquals(tell(line), { requester: "c", uid: "U" }, result);
  }
});

Deno.test("the last of several equal keys counts, and what is no string does not", () => {
  assertEquals(tell('{"uid":"1","uid":"2","requester":null,"service":["x"],"attribute":7}'), {
    uid: "2",
  });
});

Deno.test("a string that is too long is passed over", () => {
  const long = "x".repeat(5_000);
  assertEquals(tell(`{"${long}":"1","uid":"${long}","requester":"c"}`), { requester: "c" });
});

Deno.test("of any object the same is told as JSON.parse gives, wherever it is cut", () => {
  const key = fc.oneof(fc.constantFrom(...KEYS, "args", "result"), fc.string());
  const value = fc.oneof(fc.string({ maxLength: 20 }), fc.jsonValue());
  fc.assert(fc.property(fc.dictionary(key, value), fc.nat(), (object, place) => {
    const bytes = encoder.encode(JSON.stringify(object));
    const skimmer = new Skimmer();
    skimmer.read(bytes.subarray(0, place % bytes.length));
    skimmer.read(bytes.subarray(place % bytes.length));
    const expected = Object.entries(object).filter(([key, value]) =>
      (KEYS as string[]).includes(key) && typeof value === "string"
    );
    assertEquals(told(skimmer), Object.fromEntries(expected));
  }));
});
