/**
 * The types of a method of a Service as a Client calls it: its arguments, with keyword arguments and
 * options at the end, and its result. This module has types only.
 *
 * The types start from the arguments that were given. If they end with `kwargs()` or `options()`,
 * the arguments before them are checked against the parameters that are left; otherwise the
 * arguments are the method's own parameters, so that the compiler's errors are those of an ordinary
 * call.
 *
 * @module
 */

import type { Kwargs, MarkedOptions } from "../wire/call.ts";
import type { Future } from "../future.ts";
import type { Stream } from "./stream.ts";

/** An attribute of a Service, as a Link calls it. */
export type RemoteAttribute<A> = unknown extends A ? (...args: unknown[]) => Future<A>
  : NonNullable<A> extends (...args: never) => unknown ? RemoteOverloads<NonNullable<A>>
  : (options?: MarkedOptions) => Future<Awaited<A>>;

/** A method with its last four overloads. TypeScript repeats the first one where there are fewer. */
export type RemoteOverloads<M> = M extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
  (...args: infer A3): infer R3;
  (...args: infer A4): infer R4;
} ?
    & RemoteMethod<A1, RemoteResult<Awaited<R1>>>
    & RemoteMethod<A2, RemoteResult<Awaited<R2>>>
    & RemoteMethod<A3, RemoteResult<Awaited<R3>>>
    & RemoteMethod<A4, RemoteResult<Awaited<R4>>>
  : never;

/** The result of a call of a method that returns an `R`: a Stream for a generator, else a Future. */
export type RemoteResult<R> = [R] extends [never] ? Future<R>
  : 0 extends 1 & R ? Future<R>
  : [R] extends [Generator<infer Value> | AsyncGenerator<infer Value>] ? Stream<Value>
  : Future<R>;

/** A method with the parameters `Parameters`, as a Link calls it. */
export interface RemoteMethod<Parameters extends unknown[], Result> {
  /** Sends the request. */
  <Given extends [] | unknown[]>(...args: RemoteArguments<Given, Parameters>): Result;
}

/** The arguments that a call needs if it ends as the arguments `Given` do. */
export type RemoteArguments<Given extends unknown[], Parameters extends unknown[]> =
  // This is never true: TypeScript infers `Given` only where it stands alone.
  Given extends undefined ? Given
    : Given extends [...infer Before, Kwargs<infer Named>, MarkedOptions] ? [
        ...Positional<Before, Parameters>,
        kwargs: Kwargs<Known<Named, Keywords<Left<Parameters, Before>>>>,
        options: MarkedOptions,
      ]
    : Given extends [...infer Before, MarkedOptions, Kwargs<infer Named>] ? [
        ...Positional<Before, Parameters>,
        options: MarkedOptions,
        kwargs: Kwargs<Known<Named, Keywords<Left<Parameters, Before>>>>,
      ]
    : Given extends [...infer Before, Kwargs<infer Named>] ? [
        ...Positional<Before, Parameters>,
        kwargs: Kwargs<Known<Named, Keywords<Left<Parameters, Before>>>>,
      ]
    : Given extends [...infer Before, MarkedOptions] ? [
        ...([] extends Left<Parameters, Before> ? Positional<Before, Parameters>
          : Parameters),
        options: MarkedOptions,
      ]
    : Parameters;

/** The parameters that the arguments `Before` are for. */
export type Positional<Before extends unknown[], Parameters extends unknown[]> = {
  [Index in keyof Before]: Index extends keyof Parameters ? Parameters[Index]
    : number extends Parameters["length"] ? Parameters[number]
    : never;
};

/** The parameters that are left when the arguments `Before` are given by position. */
export type Left<Parameters extends unknown[], Before extends unknown[]> = Before extends
  [unknown, ...infer Further]
  ? Parameters extends [unknown?, ...infer Others] ? Left<Others, Further> : []
  : Parameters;

/**
 * The keyword arguments for parameters that are left. The members of an object, which is the last
 * one, are known by name. Types do not know the names of the others: each may have any, and has to
 * be of the type of one of them. A rest parameter takes everything.
 */
export type Keywords<Parameters extends unknown[]> = Required<Parameters> extends infer All
  ? All extends [] ? Record<never, never>
  : All extends [...infer Others, infer Last]
    ? Members<Last> extends never ? Record<string, All[number]>
    : Others extends [] ? Members<Last>
    : Members<Last> & Record<string, Others[number] | Members<Last>[keyof Members<Last>]>
  : Record<string, unknown>
  : never;

/** An object whose members are keyword arguments; `never` for any other type. */
export type Members<Parameter> = Exclude<Parameter, null | undefined> extends infer Given
  ? [Given] extends [readonly unknown[] | ((...args: never) => unknown)] ? never
  : [Given] extends [object] ? Given
  : never
  : never;

/** Keyword arguments in which every name of `Named` that is not one of them is an error. */
export type Known<Named extends object, All extends object> =
  Exclude<keyof Named, keyof All> extends never ? All
    : keyof All extends never ? Record<keyof Named, never>
    : All & Record<Exclude<keyof Named, keyof All>, never>;
