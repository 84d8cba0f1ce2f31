import { assertEquals, assertThrows } from "@std/assert";
import { Ajv } from "ajv";
import { ConfigurationError } from "../../errors.ts";
import { readConfig, toConfig } from "../../record/config.ts";
import { CONFIG_SCHEMA } from "../../record/config_schema.ts";
import { temporaryFolder } from "../support/folder.ts";
import fc from "../support/properties.ts";

/** Everything that a configuration can have. */
const WHOLE = {
  $schema: "./record.schema.json",
  to: "lab.sqlite",
  every: "2s",
  deadband: 0.1,
  onChange: true,
  arrays: false,
  keep: "90d",
  sync: "full",
  sources: [
    "DMM.voltage@500ms",
    {
      service: "DMM",
      attribute: "read",
      args: [10, { a: 1 }],
      kwargs: { x: "y" },
      every: "1min",
      deadband: 0,
      onChange: false,
      limits: { warning: [1, null], hysteresis: 0.1, delay: "10s" },
    },
    { service: "Environment", notifications: true },
    { service: "Environment 2", notifications: ["temperature"], deadband: 2 },
  ],
};

Deno.test("a configuration has comments, and a relative path is relative to its folder", async () => {
  using folder = await temporaryFolder();
  const file = `${folder.path}/lab.jsonc`;
  const text = JSON.stringify(WHOLE, undefined, 2).replace("{", "{ // the laboratory\n");
  Deno.writeTextFileSync(file, text);
  assertEquals(readConfig(file), {
    to: `${folder.path}/lab.sqlite`,
    every: 2_000,
    deadband: 0.1,
    onChange: true,
    arrays: false,
    keep: 90 * 24 * 3_600_000,
    sync: "full",
    sources: [
      {
        kind: "attribute",
        service: "DMM",
        attribute: "voltage",
        args: [],
        kwargs: {},
        every: 500,
      },
      {
        kind: "attribute",
        service: "DMM",
        attribute: "read",
        args: [10, { a: 1 }],
        kwargs: { x: "y" },
        every: 60_000,
        deadband: 0,
        onChange: false,
        limits: { warning: [1, Infinity], hysteresis: 0.1, delay: 10_000 },
      },
      { kind: "notifications", service: "Environment", keys: undefined },
      { kind: "notifications", service: "Environment 2", keys: ["temperature"], deadband: 2 },
    ],
  });
  assertEquals(toConfig({ to: "-" }, file), { to: "-", sources: [] });
  assertEquals(toConfig({ to: "/data/lab.csv" }, file).to, "/data/lab.csv");
});

Deno.test("the error of a configuration names its file and the place in it", () => {
  const cases: [value: unknown, message: string][] = [
    [[], "Cannot use lab.jsonc: it must be an object, not []"],
    [
      { evry: 1 },
      "Cannot use lab.jsonc: evry: there is no such key. Did you mean 'every'? Those are",
    ],
    [{ to: "" }, 'Cannot use lab.jsonc: to: it must be text that is not empty, not ""'],
    [
      { every: 500 },
      'Cannot use lab.jsonc: every: it must be a duration such as "500ms", "10s" or "90d", not 500',
    ],
    [{ every: "0s" }, 'Cannot use lab.jsonc: every: it must be at least 1ms, not "0s"'],
    [{ sync: "off" }, 'Cannot use lab.jsonc: sync: it must be "normal" or "full", not "off"'],
    [{ sources: {} }, "Cannot use lab.jsonc: sources: it must be an array, not {}"],
    [
      { sources: ["DMM.voltage", "DMM"] },
      "Cannot use lab.jsonc: sources[1]: Cannot read the source: expected",
    ],
    [{ sources: [{ service: "a" }] }, "Cannot use lab.jsonc: sources[0]: it has no attribute"],
    [
      { sources: [{ service: "a", attribute: "b", notifications: true }] },
      "Cannot use lab.jsonc: sources[0].attribute: there is no such key",
    ],
    [
      { sources: [{ service: "a", notifications: [] }] },
      "Cannot use lab.jsonc: sources[0].notifications: it must be true, or an array of keys, not []",
    ],
    [
      { sources: [{ service: "a", notifications: ["x", "x"] }] },
      "Cannot use lab.jsonc: sources[0].notifications: it must be an array of different keys",
    ],
    [
      { sources: [{ service: "a", attribute: "b", deadband: -1 }] },
      "Cannot use lab.jsonc: sources[0].deadband: it must be a number of at least 0, not -1",
    ],
    [
      { sources: [{ service: "a", attribute: "b", limits: { delay: 5 } }] },
      "Cannot use lab.jsonc: sources[0].limits.delay: it must be a duration",
    ],
  ];
  for (const [value, message] of cases) {
    assertThrows(() => toConfig(value, "lab.jsonc"), ConfigurationError, message);
  }
});

Deno.test("a configuration that cannot be read has an error with the reason", async () => {
  using folder = await temporaryFolder();
  const file = `${folder.path}/lab.jsonc`;
  assertThrows(() => readConfig(file), ConfigurationError, `Cannot read the configuration ${file}`);
  Deno.writeTextFileSync(file, '{ "to": ');
  assertThrows(() => readConfig(file), ConfigurationError, `Cannot read the configuration ${file}`);
});

Deno.test("what the schema accepts is a configuration, and what it refuses is none", () => {
  const ajv = new Ajv({ allowUnionTypes: true });
  const validate = ajv.compile(CONFIG_SCHEMA);
  const isAccepted = (value: unknown) => {
    try {
      toConfig(value, "lab.jsonc");
      return true;
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      return false;
    }
  };
  assertEquals([validate(WHOLE), isAccepted(WHOLE)], [true, true]);
  const odd = fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    -1,
    0.5,
    "",
    "5",
    "5s",
    "normal",
    "soon",
    [],
    [true],
    ["a", "a"],
    {},
  );
  const paths = placesOf(WHOLE);
  const place = fc.constantFrom(...paths);
  fc.assert(
    fc.property(fc.array(fc.tuple(place, odd), { minLength: 1, maxLength: 2 }), (changes) => {
      const value = structuredClone(WHOLE) as Record<string, unknown>;
      for (const [path, by] of changes) change(value, path, by);
      const accepted = isAccepted(value);
      if (hasMore(value)) return;
      assertEquals(validate(value), accepted, JSON.stringify(value));
    }),
    { numRuns: 3_000 },
  );
});

/** The paths of all values inside of a value, and of keys that it does not have. */
function placesOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  const inside = Object.entries(value).flatMap(([key, item]) => placesOf(item, [...path, key]));
  return [...(path.length > 0 ? [path] : []), ...inside, [...path, "unknown"]];
}

/** Whether it has what a schema does not check: a source as text, or numbers that are compared. */
function hasMore({ sources }: Record<string, unknown>): boolean {
  return Array.isArray(sources) &&
    sources.some((source) =>
      typeof source === "string"
        ? source !== WHOLE.sources[0]
        : typeof source?.limits?.warning?.[1] === "number"
    );
}

function change(value: unknown, [key, ...rest]: string[], by: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const object = value as Record<string, unknown>;
  if (rest.length > 0) return change(object[key], rest, by);
  if (by === undefined && Array.isArray(object)) object.splice(Number(key), 1);
  else if (by === undefined) delete object[key];
  else object[key] = structuredClone(by);
}
