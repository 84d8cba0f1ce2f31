/** The commonest mistakes, and what a user reads: of an uncaught error, and of a command. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { connect, LinkedClient, RemoteError, Service, TimeoutError } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { labPrograms } from "../support/lab_programs.ts";
import { linked } from "../support/linked.ts";
import { failure, reply } from "../support/messages.ts";
import { ENTRY, ScriptedManager } from "../support/scripted_manager.ts";
import { Shell } from "../support/shell.ts";

class Thermometer extends Service {
  set_unit(unit: string): string {
    return unit;
  }
}

Deno.test("each of the commonest mistakes is few lines: what is wrong, where, and the way out", async () => {
  await using secret = await TestManager.start({ authPassword: "secret" });
  const toSecret = JSON.stringify({ ...secret.connectOptions, passwordManager: "guess" });
  await using lab = await labPrograms(new Thermometer());
  const mistakes: [line: string, expected: RegExp][] = [
    [
      "await connect({ ...connection, port: 1 });",
      /ConnectError: Cannot connect to localhost:1: Connection refused\. Is the Manager running, at/,
    ],
    [
      `await connect(${toSecret});`,
      /RemoteError: ValueError: Wrong Manager password\. Give the one that .*: passwordManager$/m,
    ],
    [
      "await client.link('Termometer');",
      /'Termometer' service does not exist.*\. Did you mean 'Thermometer'\? Connected: 'Thermometer'$/m,
    ],
    [
      "await link.set_units('K');",
      /has no attribute 'set_units'\. Did you mean 'set_unit'\? It has 'set_logging_level', 'set_unit'$/m,
    ],
    [
      "await link.set_unit('K', 1);",
      /set_unit\(\) takes 1 positional argument but 2 were given\. Call it as set_unit\(unit\)$/m,
    ],
    [
      "await link.set_unit();",
      /set_unit\(\) missing 1 required positional argument: 'unit'\. Call it as set_unit\(unit\)$/m,
    ],
  ];
  for (const [line, expected] of mistakes) {
    const { code, stderr } = await lab.run(line);
    assertEquals(code, 1);
    assertMatch(stderr, expected);
    assertMatch(stderr, /^ {4}at .*main\.ts:5:/m);
    assert(stderr.trimEnd().split("\n").length <= 5, stderr);
  }
});

Deno.test("a LinkedClient that waits in vain says which services there are, and asks for them rarely", async () => {
  await using manager = await TestManager.start();
  await using service = new Thermometer();
  await service.start(manager.connectOptions);
  const options = { ...manager.connectOptions, timeout: 1_000 };
  await assertRejects(
    () => LinkedClient.connect("thermometre", options),
    TimeoutError,
    "did not appear within 1000 ms. Did you mean 'Thermometer'? Connected: 'Thermometer'",
  );
});

Deno.test("a LinkedClient says which services there are, also if its last attempt had no time for an answer", async () => {
  await using manager = new ScriptedManager();
  const options = { ...manager.connectOptions, timeout: 2_000 };
  const refused = assertRejects(
    () => LinkedClient.connect("thermometre", options),
    TimeoutError,
    "did not appear within 2000 ms. Did you mean 'Thermometer'? Connected: 'Thermometer'",
  );
  await manager.accept();
  await manager.answer("link", failure("KeyError: \"the 'thermometre' service does not exist\""));
  // The next attempts are not answered.
  const next = async (attribute: string) => {
    for (;;) {
      const message = await manager.receive();
      if (message.attribute === attribute) return message;
    }
  };
  const asked = await next("identity");
  await manager.send(reply("c[lab-pc:1]", {
    uid: asked.uid,
    result: { hostname: "lab-pc", port: 1, clients: {}, services: { Thermometer: ENTRY } },
  }));
  await next("__disconnect__");
  await manager.close();
  await refused;
});

Deno.test("where no Service is connected, the error of a link says so", async () => {
  await using manager = await TestManager.start();
  await using client = await connect(manager.connectOptions);
  const error = await assertRejects(() => client.link("Thermometer").result(), RemoteError);
  assertEquals([error.remoteName, error.hint], ["KeyError", "Connected: none"]);
  assertMatch(
    error.remoteMessage,
    /^KeyError: "the 'Thermometer' service .* link with Client\[.*]"$/,
  );
});

Deno.test("a link that fails while the connection ends keeps its error", async () => {
  const lab = await linked(new Thermometer());
  await using _ = lab;
  const failing = lab.client.link("Nobody").exception();
  await lab.client.disconnect();
  assert(await failing instanceof Error);
});

Deno.test("the command call has the same hints, and shows the traceback if it is asked for", async () => {
  await using shell = await Shell.open();
  const cases: [args: string[], expected: RegExp][] = [
    [["BasicMat", "add"], /^Cannot link with 'BasicMat': .* Did you mean 'BasicMath'\? Those that/],
    [["BasicMath", "ad", "1"], /no attribute 'ad'\. Did you mean 'add'\? It has 'add', /],
    [
      ["BasicMath", "add", "1", "2", "3"],
      /takes 2 positional .* 3 were given\. Call it as add\(x, y\)/,
    ],
    [["BasicMath", "fail"], /^RangeError: too .*hot$/],
    [["BasicMath", "fail", "--traceback"], /^at BasicMath\.fail \(.*\nRangeError: too .*hot$/],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await shell.outcome("call", ...args);
    assertEquals(code, 1);
    assertMatch(stderr.trimEnd(), expected);
  }
});
