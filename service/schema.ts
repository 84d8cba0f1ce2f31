/**
 * The types of the schemas that a Service may declare for its parameters: those of any library that
 * implements Standard Schema, version 1 (https://standardschema.dev), e.g. Zod, Valibot or ArkType.
 * There are only types here, so a Service without schemas needs no library. `validation.ts` uses the
 * schemas.
 *
 * @module
 */

/** A schema that converts a value to an `Output`, or gives the issues with it. */
export interface StandardSchema<Output = unknown> {
  /** The members that every library has in common. */
  readonly "~standard": {
    /** The version of Standard Schema. */
    readonly version: 1;
    /** The name of the library. */
    readonly vendor: string;
    /** Checks and converts a value. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Makes JSON Schema of it, where the library can, e.g. Zod 4: for the description of a Service. */
    readonly jsonSchema?: {
      input(options: { readonly target: "draft-2020-12" }): Record<string, unknown>;
    } | undefined;
    /** Types for the compiler. There is no such member at run time. */
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** The result of a schema: the converted value, or the issues with it. */
export type SchemaResult<Output = unknown> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** Why a schema rejects a value. */
export interface SchemaIssue {
  /** The reason. */
  readonly message: string;
  /** The path to the part of the value that it is about. Without one it is the value itself. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * The `static schema` of a Service of class `S`: for each method whose arguments are checked, a list
 * of schemas, one for each of its first parameters. A parameter without a schema is not checked. The
 * schema of keyword-only parameters is one of an object, and that of a rest parameter one of an
 * array, as in the method's own declaration.
 *
 * The method gets the value that the schema returns, e.g. with its defaults filled in. A schema that
 * rejects an array of numbers, as one of a list does, gets the list of its numbers instead. A request with
 * arguments that a schema rejects is answered with a {@linkcode ValueError} that names the method,
 * the parameter and the reason, and the method is not called. The text is at most about 2,000
 * characters long.
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

/** The schemas of a method with these parameters: for all of them, or for the first ones. */
export type SchemaList<Args extends readonly unknown[]> = Args extends readonly [] ? readonly []
  : Args[number][] extends Args ? readonly [StandardSchema<Args>?]
  : Args extends readonly [_?: unknown, ...others: infer Others]
    ? readonly [StandardSchema<Args[0]>?, ...SchemaList<Others>]
  : readonly [];
