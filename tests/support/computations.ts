/** Functions that the tests call in workers. */

import process from "node:process";
import { Kwargs } from "../../wire/call.ts";
import { ValueError } from "../../errors.ts";
import { NdArray } from "../../wire/nd_array.ts";

let calls = 0;

export function add(x: number, y = 10): number {
  return x + y;
}

/** Gives the halves of arrays back, and what they were here. */
export function halve(picture: NdArray<Float64Array>, ...others: unknown[]): unknown {
  const half = new NdArray(picture.data.map((one) => one / 2), picture.shape);
  const kinds = [picture, others].flat(3).map((one) => one instanceof NdArray && one.dtype);
  return { half, list: [half, { half }], kinds, others, one: new Halved(half) };
}

class Halved {
  readonly half: NdArray;
  constructor(half: NdArray) {
    this.half = half;
  }
}

export async function later(x: number): Promise<number> {
  return await Promise.resolve(x + 1);
}

/** How often this worker was called. */
export function count(): number {
  return ++calls;
}

/** Returns when this many calls of it run at the same time, and not before. */
export function meet(shared: Int32Array, among: number): boolean {
  Atomics.add(shared, 0, 1);
  Atomics.notify(shared, 0);
  for (;;) {
    const there = Atomics.load(shared, 0);
    if (there >= among) return true;
    Atomics.wait(shared, 0, there);
  }
}

/** Signals that it has begun, and computes for ever. */
export function spin(shared?: Int32Array): never {
  if (shared !== undefined) {
    Atomics.store(shared, 0, 1);
    Atomics.notify(shared, 0);
  }
  for (;;);
}

export function echo(...args: unknown[]): unknown {
  const last = args.at(-1);
  return last instanceof Kwargs ? { args: args.slice(0, -1), kwargs: last.named } : { args };
}

export function fail(kind: "ours" | "own" | "standard" | "text"): never {
  class OverheatedError extends Error {}
  if (kind === "ours") throw new ValueError("The value is < 0");
  if (kind === "own") throw new OverheatedError("300 K\nand more: no");
  if (kind === "text") throw "just text";
  throw new RangeError("out of range");
}

export function giveFunction(): unknown {
  return () => 1;
}

export function throwLater(): Promise<never> {
  setTimeout(() => {
    throw new Error("the cable is loose");
  });
  return new Promise(() => {});
}

export function rejectLater(): Promise<never> {
  Promise.reject(new Error("nobody listens"));
  return new Promise(() => {});
}

/** Returns, and then crashes the idle worker. */
export function crashAfterwards(): boolean {
  calls++;
  setTimeout(() => {
    throw new Error("afterwards");
  });
  return true;
}

export function exit(how: "Deno" | "process" | "close"): void {
  if (how === "Deno") Deno.exit(0);
  if (how === "process") process.exit(0);
  self.close();
}

export const notAFunction = 7;
