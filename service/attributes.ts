/**
 * The attributes of a Service: the methods, getters and properties that its class, and the classes
 * between that and the base class, define. It lists them for the identity, and finds and calls the
 * one that is requested. `wire/signature.ts` binds the arguments, and `validation.ts` checks them.
 *
 * @module
 */

import { AttributeError, PermissionError } from "../errors.ts";
import { logger } from "../base/log.ts";
import { encodeValue } from "../wire/json.ts";
import type { JsonObject } from "../wire/message.ts";
import { repr } from "../base/repr.ts";
import type { ServiceAbout } from "../wire/about.ts";
import { describe, type DescribedAttribute } from "./about.ts";
import type { StandardSchema } from "./schema.ts";
import { ArgumentsError, type NamedParameter, Signature } from "../wire/signature.ts";
import { mergeSchemas, validate } from "./validation.ts";

/** The name on the wire of the method `shutdownService`, which a Service may define. */
export const SHUTDOWN_SERVICE = "shutdown_service";
const SHUTDOWN_METHOD = "shutdownService";

/** The only method of the base class that can be requested: its name and signature on the wire. */
const SET_LOGGING_LEVEL = "set_logging_level";
const SET_LOGGING_LEVEL_METHOD = "setLoggingLevel";
/** The property that every service answers, although none lists it. */
const MAX_CLIENTS = "max_clients";
const MAX_CLIENTS_PROPERTY = "maxClients";
const SET_LOGGING_LEVEL_SIGNATURE = "(level: Union[str, int]) -> bool";

const log = logger("service");

/** The attributes of one object. */
export class Attributes {
  readonly #object: object;
  readonly #base: object;
  /** Weak, since a getter may return another function each time. */
  // deno-lint-ignore ban-types -- any function that a class defines
  readonly #signatures = new WeakMap<Function, Signature>();
  readonly #schemas: ReadonlyMap<string, readonly StandardSchema[]> | undefined;

  /**
   * @param base The prototype whose members cannot be requested, even if a subclass overrides them,
   * except for `setLoggingLevel` and `maxClients`. Nor can those of its own prototypes.
   * @throws {TypeError} If a `static schema` is not an object with lists of schemas.
   */
  constructor(object: object, base: object) {
    this.#object = object;
    this.#base = base;
    this.#schemas = mergeSchemas(this.#classes());
  }

  /**
   * Checks that each schema belongs to a parameter of a method. Called when the object is complete,
   * since a method may be in a field.
   *
   * @throws {TypeError} If one does not.
   */
  checkSchemas(): void {
    for (const [name, { length }] of this.#schemas ?? []) {
      const where = `${this.#object.constructor.name}.schema.${name}`;
      const method: unknown = this.#isDefined(name) ? Reflect.get(this.#object, name) : undefined;
      if (typeof method !== "function") {
        throw new TypeError(`Cannot use ${where}: there is no method of that name on the network`);
      }
      const signature = this.#signatureOf(method);
      if (length > signature.parameters.length) {
        throw new TypeError(
          `Cannot use ${where}: it has ${length} schemas for the parameters ${signature}`,
        );
      }
    }
  }

  /**
   * What the class says of itself, of the attributes that an identity lists. Called when the object
   * is complete.
   *
   * @returns `undefined` if it says nothing.
   * @throws {TypeError} If a `static about` is wrong.
   */
  describe(ignored: ReadonlySet<string>): ServiceAbout | undefined {
    const declared = this.#classes().filter((one) => Object.hasOwn(one, "about"))
      .map((one) => [one.name, Reflect.get(one, "about")] as const);
    const listed = this.#names().filter((name) => !ignored.has(name))
      .map((name) => this.#described(name));
    const find = (name: string) => this.#isDefined(name) ? this.#described(name) : undefined;
    return describe(declared, find, listed);
  }

  /**
   * The attributes as an identity lists them: the signature of a method as text, and the value of
   * anything else. A value that JSON cannot hold is left out, with a warning in the log.
   */
  list(ignored: ReadonlySet<string>): JsonObject {
    const listed = this.#names()
      .filter((name) => !ignored.has(name))
      .map((name): [string, unknown] => [wireName(name), this.#show(name)])
      .filter(([_, shown]) => shown !== undefined);
    if (SET_LOGGING_LEVEL_METHOD in this.#object && !ignored.has(SET_LOGGING_LEVEL)) {
      listed.push([SET_LOGGING_LEVEL, SET_LOGGING_LEVEL_SIGNATURE]);
    }
    return Object.fromEntries(listed.sort(([a], [b]) => a < b ? -1 : 1));
  }

  /** The names of the generator methods: their results are streams. */
  streams(ignored: ReadonlySet<string>): string[] {
    const members = new Map(
      this.#owners().reverse().flatMap((owner) =>
        Object.entries(Object.getOwnPropertyDescriptors(owner))
      ),
    );
    return [...members]
      .filter(([name, { value }]) => isGeneratorFunction(value) && this.#isOffered(name))
      .map(([name]) => wireName(name))
      .filter((name) => !ignored.has(name))
      .sort();
  }

  /**
   * Calls a method, or reads the value of anything else.
   *
   * @throws {PermissionError} If the name is private.
   * @throws {AttributeError} If there is no such attribute.
   * @throws {TypeError} If the arguments do not fit the parameters.
   * @throws {ValueError} If a schema rejects them. If the schema is asynchronous, the promise that
   * is returned rejects.
   * @throws What the method throws.
   */
  request(attribute: string, args: readonly unknown[], kwargs: JsonObject): unknown {
    if (isPrivate(attribute)) throw new PermissionError("Cannot request a private attribute");
    const name = this.#find(attribute);
    const className = this.#object.constructor.name;
    if (name === undefined) {
      throw new AttributeError(
        `${repr(className)} object has no attribute ${repr(attribute)}`,
      );
    }
    const value: unknown = Reflect.get(this.#object, name);
    if (typeof value === "function") {
      const method = `${className}.${attribute}`;
      const signature = this.#signatureOf(value);
      const bound = signature.bind(method, args, kwargs);
      const schemas = this.#schemas?.get(name);
      if (schemas === undefined) return value.apply(this.#object, bound);
      const checked = validate(`${method}()`, schemas, signature.parameters, bound);
      return Array.isArray(checked)
        ? value.apply(this.#object, checked)
        : checked.then((valid) => value.apply(this.#object, valid));
    }
    if (args.length > 0 || Object.keys(kwargs).length > 0) {
      throw new ArgumentsError(`${className}.${attribute} is not a method, it takes no arguments`);
    }
    return value;
  }

  /** Whether there is such an attribute. */
  has(attribute: string): boolean {
    return this.#find(attribute) !== undefined;
  }

  #show(name: string): unknown {
    try {
      const value: unknown = Reflect.get(this.#object, name);
      if (typeof value === "function") return this.#signatureOf(value).toString();
      if (isThenable(value)) {
        value.then(undefined, () => {}); // a request reads the getter again
        return "()";
      }
      encodeValue(value, name);
      return value;
    } catch (error) {
      log.warn("{attribute} of {class} is not listed: {error}. Consider ignoreAttributes()", {
        attribute: name,
        class: this.#object.constructor.name,
        error: (error as Error).message,
      });
      return undefined;
    }
  }

  /** The name in the class of an attribute of the wire; `undefined` if the class has none. */
  #find(attribute: string): string | undefined {
    if (this.#isDefined(attribute)) return attribute;
    if (attribute === SHUTDOWN_SERVICE && this.#isDefined(SHUTDOWN_METHOD)) return SHUTDOWN_METHOD;
    if (attribute === SET_LOGGING_LEVEL && SET_LOGGING_LEVEL_METHOD in this.#object) {
      return SET_LOGGING_LEVEL_METHOD;
    }
    if (attribute === MAX_CLIENTS && MAX_CLIENTS_PROPERTY in this.#object) {
      return MAX_CLIENTS_PROPERTY;
    }
    return undefined;
  }

  #isDefined(name: string): boolean {
    if (!this.#isOffered(name)) return false;
    let owner = this.#object; // as `#owners()` has them: this is done for each request
    while (owner !== this.#base && !Object.hasOwn(owner, name)) {
      owner = Object.getPrototypeOf(owner);
    }
    return owner !== this.#base;
  }

  #isOffered(name: string): boolean {
    return name !== "constructor" && !isPrivate(name) && !Object.hasOwn(this.#base, name);
  }

  /** The names that are offered. */
  #names(): string[] {
    const names = this.#owners().flatMap((owner) => Object.getOwnPropertyNames(owner));
    return [...new Set(names)].filter((name) => this.#isOffered(name));
  }

  #described(name: string): DescribedAttribute {
    const schemas = this.#schemas?.get(name) ?? [];
    return { name, wireName: wireName(name), parameters: this.#parametersOf(name), schemas };
  }

  /** The names of a method's parameters; `undefined` for a property. */
  #parametersOf(name: string): readonly NamedParameter[] | undefined {
    for (const owner of this.#owners()) {
      const member = Object.getOwnPropertyDescriptor(owner, name);
      if (member === undefined) continue;
      // A getter is not called: it may take its time.
      return typeof member.value === "function" ? this.#signatureOf(member.value).names : undefined;
    }
  }

  /** The class of the object and those that it extends, without the base, which comes first. */
  #classes(): { name: string }[] {
    return this.#owners().filter((owner) => owner !== this.#object)
      .map(({ constructor }) => constructor).reverse();
  }

  /** The object and its prototypes, without the base. */
  #owners(): object[] {
    const owners: object[] = [];
    for (
      let owner = this.#object;
      owner !== this.#base;
      owner = Object.getPrototypeOf(owner)
    ) owners.push(owner);
    return owners;
  }

  // deno-lint-ignore ban-types -- any function that a class defines
  #signatureOf(method: Function): Signature {
    let signature = this.#signatures.get(method);
    if (signature === undefined) this.#signatures.set(method, signature = Signature.of(method));
    return signature;
  }
}

/** Whether a value is a promise, or has a `then` method like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}

function isGeneratorFunction(value: unknown): boolean {
  return typeof value === "function" &&
    /GeneratorFunction$/.test(Reflect.get(value, Symbol.toStringTag) ?? "");
}

function isPrivate(name: string): boolean {
  return name.startsWith("_");
}

function wireName(name: string): string {
  return name === SHUTDOWN_METHOD ? SHUTDOWN_SERVICE : name;
}
