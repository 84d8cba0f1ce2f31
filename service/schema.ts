/**
 * What a Service may declare its parameters with: a schema of any library that keeps to Standard
 * Schema, version 1 (https://standardschema.dev), e.g. Zod, Valibot or ArkType. Only types, so that
 * who declares no schema has no library for them.
 *
 * @module
 */

/** A schema that makes an `Output` of a value, or says why it cannot. */
export interface StandardSchema<Output = unknown> {
  /** What every library has in common. */
  readonly "~standard": {
    /** The version of Standard Schema. */
    readonly version: 1;
    /** The name of the library. */
    readonly vendor: string;
    /** Checks a value. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** For the compiler alone. */
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value: what it has made of it, or its issues. */
export type SchemaResult<Output = unknown> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** Why a value is not acceptable. */
export interface SchemaIssue {
  /** The reason. */
  readonly message: string;
  /** Where in the value; not there, or empty, for the value itself. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * The `static schema` of a Service of class `S`: for each method that is to be checked, one schema
 * for each of its first parameters. Keyword-only parameters are an object, a rest parameter is an
 * array, as in the method's own declaration.
 *
 * @example
 * ```ts ignore it needs zod
 * import { type Schemas, Service } from "@msl/network";
 * import { z } from "zod";
 *
 * class BasicMath extends Service {
 *   static schema: Schemas<BasicMath> = { add: [z.number(), z.number()] };
 *
 *   add(x: number, y: number): number {
 *     return x + y;
 *   }
 * }
 * ```
 */
export type Schemas<S = unknown> = unknown extends S
  ? Readonly<Record<string, readonly StandardSchema[]>>
  : {
    readonly [
      Name in keyof S as S[Name] extends (...args: never[]) => unknown ? Name : never
    ]?: S[Name] extends (...args: infer Args) => unknown ? SchemaList<Args> : never;
  };

/** The schemas of a method with these parameters: of all of them, or of the first ones. */
export type SchemaList<Args extends readonly unknown[]> = Args extends readonly [] ? readonly []
  : Args[number][] extends Args ? readonly [StandardSchema<Args>?]
  : Args extends readonly [_?: unknown, ...others: infer Others]
    ? readonly [StandardSchema<Args[0]>?, ...SchemaList<Others>]
  : readonly [];
