/** The types of the methods of a Link. Compiled by `deno check .`, and never executed. */

import {
  type Client,
  type Future,
  Kwargs,
  kwargs,
  type Link,
  LinkedClient,
  options,
  type RemoteResult,
  Service,
  type Stream,
} from "../../mod.ts";
import { typeOf } from "./expect_type.ts";

interface Settings {
  range?: number;
  nplc?: number;
  mode?: "dc" | "ac";
  points?: [from: number, to: number][];
}

/** A Service with every kind of member that a user may write. */
export class Lab extends Service {
  pi = Math.PI;
  readonly unit = "V";
  label?: string;
  soon = Promise.resolve(1);
  whatever: unknown;
  // deno-lint-ignore no-explicit-any -- as a user's class may have it
  anything: any;
  private secret = 1;
  protected kept = 1;
  _hidden = 1;
  #own = 1;

  get temperature(): number {
    return this.secret + this.kept + this.#own;
  }

  none(): void {}
  add(x: number, y: number): number {
    return x + y;
  }
  power(x: number, n = 2): number {
    return x ** n;
  }
  optional(x: number, unit?: string, offset?: number): string {
    return `${x} ${unit} ${offset}`;
  }
  async slow(seconds: number): Promise<string> {
    return await Promise.resolve(`${seconds}`);
  }
  echo(...args: unknown[]): unknown[] {
    return args;
  }
  sum(first: number, ...others: number[]): number {
    return others.length + first;
  }
  configure(channel: number, { range = 10, nplc = 1, mode, points }: Settings = {}): Settings {
    return { range: range * channel, nplc, mode, points };
  }
  required({ a, b, c = 3 }: { a: number; b: string; c?: number }): string {
    return `${a} ${b} ${c}`;
  }
  open(x: number, { a = 1, ...others }: { a?: number; [name: string]: unknown } = {}): unknown {
    return [x, a, others];
  }
  mode(mode: "dc" | "ac"): "dc" | "ac" {
    return mode;
  }
  list(values: number[]): number[] {
    return values;
  }
  read(channel: number): number;
  read(channel: string, isRaw: boolean): string;
  read(channel: number | string, isRaw = false): number | string {
    return isRaw ? `${channel}` : channel;
  }
  async *readings(channel: number, { count = 1 }: { count?: number } = {}): AsyncGenerator<number> {
    while (count-- > 0) yield await Promise.resolve(channel);
  }
  *names(): Generator<string, void, unknown> {
    yield "a";
  }
  isOn(): boolean {
    return true;
  }
  either(isArray: boolean): number[] | string {
    return isArray ? [1] : "a";
  }
  same<T>(value: T): T {
    return value;
  }
  first<T extends number | string>(values: T[]): T {
    return values[0];
  }
  // deno-lint-ignore no-explicit-any -- as a user's class may have it
  loose(x: number, y: any, z?: any): any {
    return x + y + z;
  }
  mixed(x: number | { value: number }): number {
    return typeof x === "number" ? x : x.value;
  }
  maybe?(x: number): number;
  square = (x: number): number => x ** 2;

  // A Link has these itself, so they are reached by `request`.
  unlink(x: number): number {
    return x;
  }
  acquireLock(x: number): number {
    return x;
  }
  // A Link has none of these: the runtime would call them.
  then(x: number): number {
    return x;
  }
  toJSON(): string {
    return "";
  }
  override toString(): string {
    return "";
  }
}

declare const lab: Link<Lab>;
declare const client: Client;

// The type of a Link, and the results of calls

typeOf(client.link<Lab>("Lab")).is<Future<Link<Lab>>>(true);
typeOf(lab.add(1, 2)).is<Future<number>>(true);
typeOf(lab.none()).is<Future<void>>(true);
typeOf(await lab.add(1, 2)).is<number>(true);
typeOf(lab.slow(1)).is<Future<string>>(true);
typeOf(lab.square(2)).is<Future<number>>(true);
typeOf(lab.maybe(2)).is<Future<number>>(true);
typeOf(lab.echo(1, "a")).is<Future<unknown[]>>(true);
typeOf(await lab.mode("dc")).is<"dc" | "ac">(true);

typeOf(lab.isOn()).is<Future<boolean>>(true);
typeOf(lab.either(true)).is<Future<number[] | string>>(true);

// A generator is a stream

typeOf(lab.readings(1)).is<Stream<number>>(true);
typeOf(lab.names()).is<Stream<string>>(true);
typeOf(lab.readings(1, kwargs({ count: 3 }), options({ timeout: 1 }))).is<Stream<number>>(true);
typeOf(await lab.readings(1)).is<number[]>(true);
for await (const reading of lab.readings(1)) typeOf(reading).is<number>(true);
for await (const name of lab.names()) typeOf(name).is<string>(true);
// @ts-expect-error it is misspelt
lab.readings(1, kwargs({ cuont: 3 }));

// Constants, properties and getters are calls without arguments

typeOf(lab.pi()).is<Future<number>>(true);
typeOf(lab.unit()).is<Future<"V">>(true);
typeOf(lab.label()).is<Future<string | undefined>>(true);
typeOf(lab.temperature()).is<Future<number>>(true);
typeOf(lab.soon()).is<Future<number>>(true);
typeOf(lab.pi(options({ timeout: 5 }))).is<Future<number>>(true);
typeOf(lab.whatever()).is<Future<unknown>>(true);
lab.anything(1, "a").then((value) => value.of.any.type);
// @ts-expect-error it takes no arguments
lab.pi(1);
// @ts-expect-error it takes no keyword arguments either
lab.pi(kwargs({ digits: 3 }));
// @ts-expect-error it has to be called
lab.pi.toFixed();

// Names

// @ts-expect-error there is no such method
lab.subtract(1, 2);
// @ts-expect-error it is private
lab.secret();
// @ts-expect-error it is protected
lab.kept();
// @ts-expect-error it is never offered
lab._hidden();
// @ts-expect-error nothing can be set
lab.add = () => {};

// The base class

// @ts-expect-error only the Service itself starts
lab.start();
// @ts-expect-error only the Service itself shuts down
lab.shutdown();
// @ts-expect-error only the Service itself emits notifications
lab.emitNotification(1);
// @ts-expect-error the name of the Link is serviceName
lab.name();
// @ts-expect-error its name on the wire is set_logging_level
lab.setLoggingLevel("debug");
// @ts-expect-error the other members of the base class are not remote either
[lab.maxClients, lab.finished, lab.addTasks, lab.ignoreAttributes, lab.shutdownHandler];
typeOf(lab.set_logging_level("debug")).is<Future<boolean>>(true);
typeOf(lab.set_logging_level(10, options({ timeout: 1 }))).is<Future<boolean>>(true);
// @ts-expect-error there is no such level
lab.set_logging_level(true);

// An interface that does not extend our base class may have these names

interface Motor {
  start(): void;
  readonly name: string;
}
declare const motor: Link<Motor>;
typeOf(motor.start()).is<Future<void>>(true);
typeOf(motor.name()).is<Future<string>>(true);
// @ts-expect-error the interface does not extend Service
motor.set_logging_level("debug");

// Names that a Link has itself, or never has

typeOf(lab.unlink()).is<Promise<void>>(true);
// @ts-expect-error it is the Link's own
lab.unlink(1);
typeOf(lab.acquireLock({ shared: true })).is<Future<string[]>>(true);
typeOf(lab.serviceName).is<string>(true);
typeOf(lab.toString()).is<string>(true);
typeOf(lab.request<number>("unlink", { args: [1] })).is<Future<number>>(true);
typeOf(lab.request("unlink", { args: [1] })).is<Future<unknown>>(true);
typeOf(await client.link<Lab>("Lab")).is<Link<Lab>>(true);
// @ts-expect-error a Link is not a promise
lab.then(1);
// @ts-expect-error JSON.stringify would call it
lab.toJSON();

// Arguments by position

lab.power(5);
lab.power(5, 3);
lab.optional(1, undefined, 2);
lab.sum(1, 2, 3);
lab.configure(1, { range: 10, mode: "ac", points: [[1, 2]] });
lab.list([1, 2]);
lab.same(1);
lab.add(...[1, 2] as [number, number]);
[1, 2].map((x) => lab.square(x));
[1, 2].map(lab.square);
export const adding: (x: number, y: number) => Future<number> = lab.add;
// @ts-expect-error it takes numbers
export const joining: (x: string, y: string) => Future<number> = lab.add;
// @ts-expect-error y is missing
lab.add(1);
// @ts-expect-error there is no third one
lab.add(1, 2, 3);
// @ts-expect-error y is a number
lab.add(1, "2");
// @ts-expect-error x is a number, and y and z may be anything
lab.loose("1", 2, 3);
// @ts-expect-error the others are numbers
lab.sum(1, 2, "3");
// @ts-expect-error the first one is missing
lab.sum();
// @ts-expect-error it is one of two
lab.mode("none");
// @ts-expect-error the number of arguments is unknown
lab.add(...[1, 2] as number[]);
// @ts-expect-error it is misspelt
lab.configure(1, { rnage: 10 });
// @ts-expect-error none() takes nothing
lab.none(1);

// Options

lab.add(1, 2, options({ timeout: 5_000 }));
lab.none(options({ signal: AbortSignal.timeout(1) }));
lab.power(5, options({ timeout: 5_000 }));
lab.power(5, 2, options({ timeout: 5_000 }));
lab.echo(1, 2, options({ timeout: 5_000 }));
lab.sum(1, options({ timeout: 5_000 }));
lab.sum(1, 2, 3, options({ timeout: 5_000 }));
lab.configure(1, options({ timeout: 5_000 }));
// @ts-expect-error y is missing
lab.add(1, options({ timeout: 5_000 }));
// @ts-expect-error x is missing
lab.power(options({ timeout: 5_000 }));
// @ts-expect-error the first one is missing
lab.sum(options({ timeout: 5_000 }));
// @ts-expect-error y is a number
lab.add(1, "2", options({ timeout: 5_000 }));
// @ts-expect-error there is no third one
lab.add(1, 2, 3, options({ timeout: 5_000 }));
// @ts-expect-error options are last
lab.add(options({ timeout: 5_000 }), 1, 2);
// @ts-expect-error without options() it is an argument
lab.add(1, 2, { timeout: 5_000 });
// @ts-expect-error there is no such option
options({ timout: 5_000 });

// Keyword arguments that are the members of an object: names and types

lab.configure(1, kwargs({ range: 1 }));
lab.configure(1, kwargs({ range: 1, mode: "ac", points: [[1, 2], [3, 4]] }));
lab.configure(1, kwargs({}), options({ timeout: 5_000 }));
lab.configure(1, options({ timeout: 5_000 }), kwargs({ nplc: 1 }));
lab.required(kwargs({ a: 1, b: "b" }));
lab.required({ a: 1, b: "b" });
lab.open(1, kwargs({ a: 1, z: "anything" }));
lab.configure(1, new Kwargs({ range: 1 }));
const settings: Settings = { range: 1 };
lab.configure(1, kwargs(settings));
// @ts-expect-error it is misspelt
lab.configure(1, kwargs({ rnage: 1 }));
// @ts-expect-error one of them is misspelt
lab.configure(1, kwargs({ range: 1, rnage: 1 }));
// @ts-expect-error it is a number
lab.configure(1, kwargs({ range: "1" }));
// @ts-expect-error it is one of two
lab.configure(1, kwargs({ mode: "none" }));
// @ts-expect-error each point has two numbers
lab.configure(1, kwargs({ points: [[1]] }));
// @ts-expect-error channel is a number
lab.configure("1", kwargs({ range: 1 }));
// @ts-expect-error it is misspelt, with options too
lab.configure(1, kwargs({ rnage: 1 }), options({ timeout: 5_000 }));
// @ts-expect-error it is misspelt, after options too
lab.configure(1, options({ timeout: 5_000 }), kwargs({ rnage: 1 }));
// @ts-expect-error the object is given by position already
lab.configure(1, {}, kwargs({ range: 1 }));
// @ts-expect-error b is missing
lab.required(kwargs({ a: 1 }));
// @ts-expect-error a is a number
lab.open(1, kwargs({ a: "1" }));

// Keyword arguments without a member: their names are unknown to the types, their values are not

lab.power(5, kwargs({ n: 3 }));
lab.power(kwargs({ x: 5, n: 3 }));
lab.add(1, kwargs({ y: 2 }), options({ timeout: 5_000 }));
lab.optional(1, kwargs({ unit: "V", offset: 2 }));
lab.configure(kwargs({ channel: 1, range: 2 }));
lab.echo(1, kwargs({ anything: ["at", "all"] }));
lab.sum(1, 2, kwargs({ anything: "at all" }));
lab.same(kwargs({ value: 1 }));
lab.loose(1, "a");
lab.loose(1, kwargs({ y: 1, z: "a" }), options({ timeout: 1 }));
lab.mixed(kwargs({ x: 1 }));
lab.list(kwargs({ values: [1, 2] }));
// @ts-expect-error only numbers are left
lab.power(5, kwargs({ n: "3" }));
// @ts-expect-error it is an array of numbers
lab.list(kwargs({ values: ["a"] }));
// @ts-expect-error no parameter is left
lab.add(1, 2, kwargs({ z: 3 }));
// @ts-expect-error it takes nothing
lab.none(kwargs({ z: 3 }));
// @ts-expect-error range is a number, also with the channel by name
lab.configure(kwargs({ channel: 1, range: "2" }));
// @ts-expect-error the first one is a number
lab.sum("1", kwargs({ anything: "at all" }));

// Overloads are kept; a type parameter becomes the type that it extends

typeOf(lab.read(1)).is<Future<number>>(true);
typeOf(lab.read("1", true)).is<Future<string>>(true);
typeOf(lab.read("1", true, options({ timeout: 1 }))).is<Future<string>>(true);
// @ts-expect-error there is no such overload
lab.read("1");
typeOf(lab.same(1)).is<Future<unknown>>(true);
typeOf(lab.first(["a"])).is<Future<string | number>>(true);
// @ts-expect-error it has to be one of these
lab.first([true]);

// Notifications and errors

lab.notificationHandler = (...args) => {
  typeOf(args).is<unknown[]>(true);
  const last = args.at(-1);
  if (last instanceof Kwargs) typeOf(last.named.unit).is<unknown>(true);
};
lab.notificationHandler = async (counter) => void await Promise.resolve(counter);
lab.notificationHandler = undefined;
lab.serviceErrorHandler = (error) => typeOf(error).is<Error>(true);
// @ts-expect-error the arguments of a notification are unknown
lab.notificationHandler = (counter: number) => counter;

// A Service of an unknown class

declare const unknownLab: Link;
unknownLab.anything(1, kwargs({ a: 1 }), options({ timeout: 1 }));
typeOf(unknownLab.add<number>(1, 2)).is<Future<number>>(true);
typeOf(unknownLab.serviceName).is<string>(true);

// In a LinkedClient the members of the Client come first

const linked = await LinkedClient.connect<Lab>("Lab");
typeOf(linked.add(1, 2)).is<Future<number>>(true);
typeOf(linked.name).is<string>(true);
typeOf(linked.client).is<Client>(true);
typeOf(linked.isConnected()).is<boolean>(true);
typeOf(linked.disconnect()).is<Promise<void>>(true);
typeOf(linked.serviceName).is<string>(true);
typeOf(await linked.spawn()).is<LinkedClient<Lab>>(true);
linked.configure(1, kwargs({ range: 1 }));
linked.notificationHandler = (...args) => typeOf(args).is<unknown[]>(true);
// @ts-expect-error it is misspelt
linked.configure(1, kwargs({ rnage: 1 }));
// @ts-expect-error only the Service itself starts
linked.start();
const unknownLinked = await LinkedClient.connect("Lab");
typeOf(unknownLinked.add<number>(1, 2)).is<Future<number>>(true);

// What a call gives: a Stream of what a generator yields, and a Future of anything else.

declare function call<T>(): RemoteResult<T>;
typeOf(call<AsyncGenerator<number>>()).is<Stream<number>>(true);
typeOf(call<Generator<string, void>>()).is<Stream<string>>(true);
typeOf(call<boolean>()).is<Future<boolean>>(true);
typeOf(call<number | undefined>()).is<Future<number | undefined>>(true);
typeOf(call<never>()).is<Future<never>>(true);
typeOf(call<unknown>()).is<Future<unknown>>(true);
