/**
 * What the compiler says of a value. The tests of types are `deno check .` itself: they compile, and
 * what must not is marked with `@ts-expect-error`. None of them is ever run.
 */

/** Whether two types are the same. `any` is the same as itself alone. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2)
  ? true
  : false;

/** `typeOf(value).is<T>(true)` does not compile unless the value is of the type `T`. */
export declare function typeOf<A>(value: A): { is<B>(isSo: Equal<A, B>): void };
