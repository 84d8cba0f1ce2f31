/**
 * The type of a value, for tests that `deno check .` runs by compiling them. A line that must not
 * compile is marked with `@ts-expect-error`. None of these tests is executed.
 */

/** Whether two types are the same. `any` equals only itself. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2)
  ? true
  : false;

/** `typeOf(value).is<T>(true)` does not compile unless the value has the type `T`. */
export declare function typeOf<A>(value: A): { is<B>(isSo: Equal<A, B>): void };
