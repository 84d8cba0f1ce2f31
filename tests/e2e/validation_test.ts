/** Arguments that are validated before the method runs, from the side of a Client. */

import { assertEquals, assertRejects } from "@std/assert";
import * as v from "valibot";
import { z } from "zod";
import { connect, kwargs, RemoteError, type Schemas, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { linked } from "../support/linked.ts";

class Source extends Service {
  static schema: Schemas<Source> = {
    output: [z.number().min(0).max(10), v.object({ unit: v.picklist(["V", "mV"]) })],
    ramp: [z.number().refine((last) => Promise.resolve(last < 5), "is too far")],
    load: [z.array(z.number())],
    reserve: [z.string().refine((name) => Promise.resolve(name !== "taken"), "is taken")],
  };
  readonly outputs: string[] = [];

  output(level: number, { unit }: { unit: string }): string {
    this.outputs.push(`${level} ${unit}`);
    return this.outputs.at(-1)!;
  }

  async *ramp(last: number): AsyncGenerator<number> {
    for (let level = 1; level <= last; level++) yield await Promise.resolve(level);
  }

  load(wave: number[]): unknown[] {
    return [Array.isArray(wave), ...wave];
  }

  reserve(name: string): string {
    return `${name} for ${this.request?.requester.split("[")[0]}`;
  }
}

Deno.test("a Client gets the validation errors, and its next request is served", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using source = new Source();
  await source.start(manager.connectOptions);
  await using cxn = await connect({ ...manager.connectOptions, name: "tester" });
  const link = await cxn.link("Source");
  const error = await assertRejects(() => link.output(11, kwargs({ unit: "A" })), RemoteError);
  assertEquals(
    error.message,
    "ValueError: Cannot call Source.output(): level: Too big: expected number to be <=10; " +
      'unit: Invalid type: Expected ("V" | "mV") but received "A"',
  );
  await assertRejects(
    () => link.reserve("taken"),
    RemoteError,
    "ValueError: Cannot call Source.re",
  );
  assertEquals(source.outputs, []);
  assertEquals(await link.output(kwargs({ unit: "V", level: 3 })), "3 V");
  assertEquals(await link.load(Float64Array.of(1, 2)), [true, 1, 2]); // its schema knows lists only
  assertEquals(await link.reserve("free"), "free for tester"); // this.request is set after an await
});

Deno.test("the arguments of a stream are validated before its first value", async () => {
  await using network = await linked(new Source(), { disableTls: true });
  const { link } = network;
  assertEquals(await Array.fromAsync(link.ramp(3)), [1, 2, 3]);
  await assertRejects(
    () => Array.fromAsync(link.ramp(5)),
    RemoteError,
    "ValueError: Cannot call Source.ramp(): last: is too far",
  );
});

Deno.test("a Service whose schemas do not fit its methods does not start", async () => {
  class Mistyped extends Service {
    static schema = { ouput: [z.number()] };
    output(level: number): number {
      return level;
    }
  }
  await assertRejects(() => new Mistyped().start(), TypeError, "Cannot use Mistyped.schema.ouput");
});
