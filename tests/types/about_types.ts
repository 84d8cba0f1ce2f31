/** What the compiler accepts as the description of a Service. */

import { z } from "zod";
import { type About, type DeclaredParameter, Service } from "../../mod.ts";

export class Multimeter extends Service {
  static about: About<Multimeter> = {
    attributes: {
      voltage: {
        parameters: [{ name: "range", unit: "V", schema: z.number(), default: 10 }],
        result: {
          unit: "V",
          schema: { type: "number" },
          warning: [4.5, 5.5],
          alarm: [4, Infinity],
        },
        safe: true,
      },
      serial: { result: { schema: z.string() } },
    },
  };
  serial = "ab12";
  private secret = 1;
  _hidden = 2;
  voltage(range = 10): number {
    return range * this.secret;
  }
}

const result = { unit: "V" };
// @ts-expect-error there is no such attribute
export const misspelt: About<Multimeter> = { attributes: { volage: { result } } };
// @ts-expect-error it is private
export const hidden: About<Multimeter> = { attributes: { _hidden: { result } } };
// @ts-expect-error so is this
export const secret: About<Multimeter> = { attributes: { secret: { result } } };
// @ts-expect-error a range is two numbers
export const one: About<Multimeter> = { attributes: { voltage: { result: { alarm: [1] } } } };
// @ts-expect-error there is no such key
export const key: About<Multimeter> = { attributes: { voltage: { units: "V" } } };
// @ts-expect-error a parameter has a name
export const unnamed: DeclaredParameter = { unit: "V" };
// Without the class any name is accepted.
export const any: About = { attributes: { volage: { result } } };
