import { assertEquals } from "@std/assert";
import { z } from "zod";
import { typeOfSchema } from "../../cli/schema_type.ts";
import { render } from "../../cli/type_text.ts";

const CASES: [schema: Record<string, unknown>, type: string][] = [
  [{ type: "number", minimum: 0 }, "number"],
  [{ type: "integer" }, "number"],
  [{ type: ["string", "null"] }, "string | null"],
  [{ const: 'a"*/\u2028' }, '"a\\"*/\\u{2028}"'],
  [{ enum: ["V", 5, -1.5, true, null] }, '"V" | 5 | -1.5 | true | null'],
  [{ enum: [{}, "V"] }, "unknown"],
  [{ enum: Array(100).fill("x") }, "unknown"],
  [{ anyOf: [{ type: "number" }, { type: "string" }] }, "number | string"],
  [{ oneOf: [{ type: "number" }, {}] }, "unknown"],
  [{ type: "array", items: { enum: [1, 2] } }, "(1 | 2)[]"],
  [{ type: "array" }, "unknown[]"],
  [
    { type: "array", prefixItems: [{ type: "number" }, { type: "string" }], items: false },
    "[number, string]",
  ],
  [
    { type: "array", prefixItems: [{ type: "number" }], items: { type: "string" } },
    "[number, ...string[]]",
  ],
  [
    { type: "object", properties: { "a b": { type: "number" }, c: {} }, required: ["a b"] },
    '{ "a b": number; c?: unknown }',
  ],
  [{ type: "object", additionalProperties: { type: "number" } }, "{ [name: string]: number }"],
  [{ type: "object" }, "{ [name: string]: unknown }"],
  [{}, "unknown"],
  [{ type: "import('evil')" }, "unknown"],
  [{ $ref: "#/$defs/a", type: "number" }, "unknown"],
  [{ allOf: [{ type: "number" }] }, "unknown"],
  [{ anyOf: [] }, "unknown"],
  [{ type: "array", items: "number" }, "unknown[]"],
  [{ properties: [] }, "unknown"],
];

for (const [schema, type] of CASES) {
  Deno.test(`${JSON.stringify(schema).slice(0, 70)} is ${type}`, () => {
    assertEquals(render(typeOfSchema(schema)), type);
  });
}

Deno.test("schemas that Zod makes have the types that Zod infers", () => {
  const schema = z.object({
    channel: z.int(),
    unit: z.enum(["V", "A"]),
    range: z.union([z.number(), z.literal("auto")]).optional(),
    points: z.array(z.tuple([z.number(), z.string().nullable()])),
    by: z.record(z.string(), z.boolean()),
  });
  const made = schema["~standard"].jsonSchema.input({ target: "draft-2020-12" });
  assertEquals(
    render(typeOfSchema(made)),
    '{ channel: number; unit: "V" | "A"; range?: number | "auto"; ' +
      "points: [number, string | null][]; by: { [name: string]: boolean } }",
  );
});

Deno.test("a schema that is nested without end is unknown at some depth", () => {
  const endless: Record<string, unknown> = { type: "array" };
  endless.items = endless;
  assertEquals(render(typeOfSchema(endless)), `unknown${"[]".repeat(8)}`);
});
