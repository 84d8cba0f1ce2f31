/** Schemas of a Service's methods. Compiled by `deno check .`, and never run. */

import * as v from "valibot";
import { z } from "zod";
import type { Schemas } from "../../mod.ts";

interface Typed {
  add(x: number, y?: number): number;
  mean(unit: string, ...values: number[]): string;
  all(...values: unknown[]): unknown;
  readonly unit: string;
}

export const right: Schemas<Typed>[] = [
  {},
  { add: [z.number()] },
  { add: [z.number(), z.number().optional()], mean: [v.string(), v.array(v.number())] },
  { all: [z.array(z.number())] },
];

export const wrong: Schemas<Typed>[] = [
  // @ts-expect-error -- of another type
  { add: [z.string()] },
  // @ts-expect-error -- too many
  { add: [z.number(), z.number(), z.number()] },
  // @ts-expect-error -- not an array
  { mean: [z.string(), z.number()] },
  // @ts-expect-error -- no such method
  { subtract: [z.number()] },
  // @ts-expect-error -- no method
  { unit: [z.string()] },
];

export const untyped: Schemas = { anything: [z.number(), v.string()] };
