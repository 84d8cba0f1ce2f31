/** What JSON has no value for is an error of the one who sends it, and is never sent as another value. */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { connect, kwargs, RemoteError, Service } from "../../mod.ts";
import { encodeValue } from "../../wire/json.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { reply } from "../support/messages.ts";
import { ScriptedManager } from "../support/scripted_manager.ts";
import { linked } from "../support/linked.ts";
import { everywhere } from "../support/places.ts";

const LONG = "x".repeat(300_000);

/** A Service that gives back what it gets, and counts its calls. */
class Mirror extends Service {
  calls = 0;
  constant = 1n << 70n;
  forgotten = new Map([[1, 2]]);

  echo(...args: unknown[]): unknown[] {
    this.calls++;
    return args;
  }

  power(x: number, n = 2): number {
    return x ** n;
  }

  give(kind: string, long: boolean): unknown {
    return unsendable(kind, long);
  }

  *values(kind: string, long: boolean): Generator<unknown> {
    yield 1;
    yield unsendable(kind, long);
  }

  notify(kind: string, long: boolean): void {
    this.emitNotification({ x: unsendable(kind, long) });
  }
}

function unsendable(kind: string, long: boolean): unknown {
  // A promise as a result is awaited, so it is inside of a value.
  const value = kind === "promise" ? { reading: Promise.resolve(1) } : { reading: new Error("x") };
  return long ? { LONG, value } : { value };
}

everywhere(
  "what JSON would write as {} is refused wherever it is sent, and its place is named",
  async (place) => {
    await using setting = await linked(new Mirror(), {}, place);
    const { link, service } = setting;
    for (const long of [false, true]) {
      for (const [kind, text] of [["promise", "await it first"], ["error", "send its message"]]) {
        const value = unsendable(kind, long);
        const refused = `not JSON serializable, at args[0].value.reading: ${text}`;
        await assertRejects(() => link.echo(value).result(), TypeError, refused);
        const named = `not JSON serializable, at kwargs.v.value.reading: ${text}`;
        await assertRejects(() => link.echo(kwargs({ v: value })).result(), TypeError, named);
        await assertRejects(
          () => link.give(kind, long).result(),
          RemoteError,
          `not JSON serializable, at result.value.reading: ${text}`,
        );
        await assertRejects(
          () => Array.fromAsync(link.values(kind, long)),
          RemoteError,
          `not JSON serializable, at value.value.reading: ${text}`,
        );
        await assertRejects(
          () => link.notify(kind, long).result(),
          RemoteError,
          `not JSON serializable, at args[0].x.value.reading: ${text}`,
        );
      }
    }
    assertEquals(service.calls, 0);
    await assertRejects(() => link.echo(link.power(1)).result(), TypeError, "at args[0]: await it");
    await assertRejects(() => link.echo(link).result(), TypeError, "at args[0]");
    await assertRejects(
      () => link.echo(setting.client).result(),
      TypeError,
      "Object of type Client",
    );
  },
);

everywhere(
  "-0 and bigints arrive, and an attribute that JSON cannot hold is not listed as {}",
  async (place) => {
    await using setting = await linked(new Mirror(), {}, place);
    const [zero, numbers, big] = await setting.link.echo(-0, new Float64Array([-0]), 2n ** 60n);
    assert(Object.is(zero, -0));
    assertEquals(numbers, new Float64Array([-0]));
    assertEquals(big, 2 ** 60);
    const { serviceAttributes } = setting.link;
    assertEquals([serviceAttributes.constant, serviceAttributes.forgotten], [2 ** 70, undefined]);
  },
);

Deno.test("the constants of a service keep their digits on the way through the Manager", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  for (const [name, filler] of [["short", ""], ["long", "x".repeat(100_000)]]) {
    await using service = await WirePeer.connect(manager.connectOptions);
    await service.read();
    const values = '{"a":9007199254740993,"b":[-123456789012345678901],"c":"12345678901234567890"}';
    service.send(
      `{"result":{"type":"service","name":"${name}","attributes":{"values":${values},` +
        `"filler":"${filler}"},"max_clients":9223372036854775807,"extensions":["ready"]}}`,
    );
    assertEquals((await service.read()).uid, "ready");
    await using client = await connect({ ...manager.connectOptions, exactNumbers: true });
    const { attributes } = (await client.identities()).services[name];
    assertEquals(encodeValue(attributes.values), values);
    await using link = await client.link(name);
    assertEquals(encodeValue(link.serviceAttributes.values), values);
  }
});

everywhere("undefined is an argument that is not given", async (place) => {
  await using setting = await linked(new Mirror(), {}, place);
  const { link, service } = setting;
  assertEquals(await link.power(5, undefined), 25);
  assertEquals(await link.request("power", { args: [5, undefined, undefined] }), 25);
  assertEquals(await link.power(5, undefined as unknown as number, kwargs({})), 25);
  assertEquals(await link.request("power", { args: [5], kwargs: { n: undefined } }), 25);
  assertEquals(await link.echo(undefined), []);
  assertEquals(await link.echo([undefined], { a: undefined }), [[null], {}]);
  for (const args of [[undefined, 2], [undefined, null], [undefined, LONG]]) {
    await assertRejects(
      () => link.request("echo", { args }).result(),
      TypeError,
      "Cannot request echo: args[0] is undefined, and arguments follow it",
    );
  }
  const notified: unknown[][] = [];
  const last = Promise.withResolvers<void>();
  link.notificationHandler = (...args) => {
    notified.push(args);
    if (args[0] === "last") last.resolve();
  };
  service.emitNotification(1, undefined);
  const error = assertThrows(() => service.emitNotification(undefined, 1), TypeError);
  assertStringIncludes(error.message, "args[0] is undefined");
  service.emitNotification("last");
  await last.promise;
  assertEquals(notified, [[1], ["last"]]);
});

everywhere("a lone surrogate arrives, in a short value and in a large one", async (place) => {
  await using setting = await linked(new Mirror(), {}, place);
  for (const text of ["\ud800", `${LONG}\udc00${LONG}`]) {
    assert((await setting.link.echo([text, { [text]: 1 }]))[0] !== undefined);
    assertEquals(await setting.link.echo(text), [text]);
  }
});

Deno.test("with exactNumbers, a number is given as it was received, also in a long line", async () => {
  await using manager = new ScriptedManager();
  const connecting = connect({ ...manager.connectOptions, exactNumbers: true });
  await manager.accept();
  await using client = await connecting;
  const link = await manager.grantLink(client, "Lab");
  const numbers = '[1,1.0,[9007199254740993],{"a":-0.0},NaN,-Infinity,1e2]';
  for (const long of ["", "x".repeat(3_000_000)]) {
    const call = link.request("read");
    const { uid } = await manager.receive();
    const line = JSON.stringify(reply("c[lab-pc:1]", { uid, result: [0, long] }));
    await manager.send(`${line.replace("[0,", `[${numbers},`)}\r\n`);
    const [got] = await call as unknown[];
    assertEquals(encodeValue(got), numbers);
  }
  await manager.close();
});
