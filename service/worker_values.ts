/**
 * What the copy of a value to a worker, or back, would lose: the class of an `NdArray`. A message names
 * the arrays in it beside its value, and the copy of a message keeps which objects are the same.
 *
 * @module
 */

import { NdArray } from "../wire/nd_array.ts";

/** An array or an object, whose own properties are copied. */
type Container = Record<PropertyKey, unknown>;

/** Every `NdArray` in a value. */
export function ndArraysIn(value: unknown): NdArray[] {
  const found = new Set<NdArray>();
  visit(value, (item) => {
    if (item instanceof NdArray) found.add(item);
  });
  return [...found];
}

/**
 * Puts arrays in the places of their copies. Changes the value.
 *
 * @param copies The copies of what {@linkcode ndArraysIn} has found.
 */
export function withNdArrays<Value>(value: Value, copies: readonly NdArray[]): Value {
  if (copies.length === 0) return value;
  const arrays = new Map<unknown, NdArray>(
    copies.map((copy) => [copy, new NdArray(copy.data, copy.shape)]),
  );
  const whole = { value };
  visit(whole, (item, container, key) => {
    const array = arrays.get(item);
    if (array !== undefined) container[key] = array;
  });
  return whole.value;
}

function visit(
  value: unknown,
  found: (item: object, container: Container, key: PropertyKey) => void,
): void {
  const containers = new Set<Container>([{ value }]);
  for (const container of containers) { // the loop visits added items too
    const keys = Array.isArray(container) ? container.keys() : Object.keys(container);
    for (const key of keys) {
      const item = container[key];
      if (typeof item !== "object" || item === null) continue;
      found(item, container, key);
      if (!ArrayBuffer.isView(item)) containers.add(item as Container);
    }
  }
}
