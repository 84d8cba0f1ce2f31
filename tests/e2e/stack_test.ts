/** The stacks of errors, as programs print them: which line of the user's program it was. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connect, Service } from "../../mod.ts";
import { linked } from "../support/linked.ts";
import { ScriptedManager } from "../support/scripted_manager.ts";
import { type LabPrograms, labPrograms } from "../support/lab_programs.ts";
import type { Outcome } from "../support/process.ts";
import { ROOT } from "../support/source_tree.ts";

class Meter extends Service {
  constructor() {
    super({ grace: 0 }); // for forever()
  }

  pi = 3.14;
  _endManager: (() => void) | undefined;

  endManager(): void {
    this._endManager?.();
  }

  broken(): number {
    return (undefined as unknown as { reading: number }).reading;
  }

  *readings(): Generator<number> {
    yield 1;
    throw new RangeError("no more readings");
  }

  async notify(): Promise<void> {
    await this.emitNotification(1);
  }

  forever(): Promise<never> {
    return new Promise(() => {});
  }
}

/** Asserts that the first frame that is printed is this place, and that none is of the package. */
function assertFirst(
  lab: LabPrograms,
  { code, stderr }: Outcome,
  line: number,
  column: number,
): void {
  assertEquals(code, 1, stderr);
  const [first] = stderr.split("\n").filter((text) => /^ +at /.test(text));
  assertStringIncludes(first ?? "nothing", lab.place(line, column), stderr);
  assert(!stderr.includes(ROOT), stderr);
  assert(!stderr.includes("(ext:"), stderr);
}

Deno.test("an uncaught error of a method shows the message, the line, then the remote traceback", async () => {
  await using lab = await labPrograms(new Meter());
  const outcome = await lab.run(
    "async function measure() {",
    "  await new Promise((resolve) => setTimeout(resolve, 1));",
    "  return await link.broken();",
    "}",
    "async function experiment() {",
    "  await measure();",
    "}",
    "await experiment();",
  );
  assertFirst(lab, outcome, 3, 21);
  const lines = outcome.stderr.trimEnd().split("\n");
  assertStringIncludes(lines[0], "RemoteError: TypeError: Cannot read properties of undefined");
  assertEquals(lines.slice(1, 5), [
    `    at measure (${lab.place(3, 21)})`,
    `    at async experiment (${lab.place(6, 3)})`,
    `    at async ${lab.place(8, 1)}`,
    "The traceback of the 'Meter' service:",
  ]);
  assert(/^ {4}at Meter\.broken \(.*stack_test\.ts:\d+:\d+\)$/.test(lines[5]), lines[5]);
  assertEquals(lines.length, 6, outcome.stderr);
});

/** What fails, the line and the column of the call, and a text of the error. */
const FAILURES: [what: string, lines: string[], line: number, column: number, text: string][] = [
  ["a method that does not exist", ["await link.nothing();"], 1, 12, "has no attribute 'nothing'"],
  ["a request", ["await link.request('nothing');"], 1, 12, "has no attribute 'nothing'"],
  ["a wrong argument", ["await link.pi(Symbol());"], 1, 12, "symbol is not JSON serializable"],
  ["a link", ["await client.link('Nobody');"], 1, 14, "'Nobody' service does not exist"],
  [
    "an administrator's request",
    [
      "globalThis.prompt = () => null;",
      "await client.adminRequest('users_table.users');",
    ],
    2,
    14,
    "Cannot ask",
  ],
  ["a request of the identities", ["await client.identities({ timeout: -1 });"], 1, 14, "-1"],
  ["options", ["await link.pi(options({ timeout: -1 }));"], 1, 15, "timeout"],
  ["a lock", ["await link.unlink();", "await link.acquireLock();"], 2, 12, "the link"],
  ["a time-out", ["await link.forever(options({ timeout: 5 }));"], 1, 12, "within 5 ms"],
  ["a time-out of result()", ["await link.forever().result({ timeout: 5 });"], 1, 12, "5 ms"],
  [
    "a cancelled call",
    [
      "const call = link.forever();",
      "call.cancel();",
      "await call;",
    ],
    1,
    19,
    "was cancelled",
  ],
  ["a stream", ["for await (const _ of link.readings());"], 1, 28, "no more readings"],
  ["an awaited stream", ["await link.readings();"], 1, 12, "no more readings"],
  ["a disconnected Client", ["await client.disconnect();", "await link.pi();"], 2, 12, "Cannot"],
  ["connect", ["await connect({ ...connection, port: 1 });"], 1, 7, "Is the Manager running"],
  [
    "a LinkedClient",
    [
      "await LinkedClient.connect('Nobody', { ...connection, timeout: 60 });",
    ],
    1,
    20,
    "did not appear",
  ],
  [
    "a call of a LinkedClient",
    [
      "const linked = await LinkedClient.connect('Meter', connection);",
      "await linked.nothing();",
    ],
    2,
    14,
    "no attribute",
  ],
  [
    "a Service",
    ["await new Service({ name: 'Meter' }).start(connection);"],
    1,
    38,
    "already running",
  ],
  ["a Service with a wrong option", ["new Service({ maxClients: 0.5 });"], 1, 1, "maxClients"],
  ["a notification", ["new Service().emitNotification(1);"], 1, 15, "Cannot emit"],
  ["an unknown property", ["link.unit = 'K';"], 1, 1, "Cannot set unit"],
];

for (const [what, lines, line, column, text] of FAILURES) {
  Deno.test(`the first line of the stack is that of the program: ${what}`, async () => {
    await using lab = await labPrograms(new Meter());
    const outcome = await lab.run(...lines);
    assertStringIncludes(outcome.stderr, text);
    assertFirst(lab, outcome, line, column);
  });
}

Deno.test("the first line of the stack is that of the program: a handler of notifications", async () => {
  await using lab = await labPrograms(new Meter());
  const outcome = await lab.run(
    "const called = Promise.withResolvers();",
    "link.notificationHandler = () => {",
    "  link.nothing().catch(called.reject);",
    "};",
    "await link.notify();",
    "await called.promise;",
  );
  assertFirst(lab, outcome, 3, 8);
});

Deno.test("a link that takes too long, and a Stream that is given up, fail where they were requested", async () => {
  await using lab = await linked(new Meter());
  await using python = new ScriptedManager();
  const connecting = connect(python.connectOptions);
  await python.accept();
  await using client = await connecting;
  const ofLink = await assertRejects(() => client.link("Lab", { timeout: 1 }), Error);
  const stream = lab.link.readings();
  stream.cancel();
  const ofStream = await assertRejects(async () => await stream, Error);
  for (
    const [name, { stack }] of Object.entries({ TimeoutError: ofLink, CancelledError: ofStream })
  ) {
    const [head, first, ...others] = String(stack).split("\n");
    assert(head.startsWith(`${name}: `), stack);
    assertStringIncludes(first, "tests/e2e/stack_test.ts");
    assertEquals(others.filter((line) => line.includes("/client/")), []);
  }
});

Deno.test("the first line of the stack is that of the program: spawn", async () => {
  const meter = new Meter();
  await using lab = await labPrograms(meter);
  meter._endManager = () => lab.manager.manager.abort();
  const outcome = await lab.run(
    "await link.endManager().catch(() => {});",
    "await client.spawn();",
  );
  assertStringIncludes(outcome.stderr, "ConnectError: Cannot connect to");
  assertFirst(lab, outcome, 2, 14);
});

Deno.test("an error of the program itself, in a method toJSON, keeps its own stack", async () => {
  await using lab = await labPrograms(new Meter());
  const { stderr } = await lab.run(
    "const reading = { toJSON() { throw new Error('no reading yet'); } };",
    "await link.pi(reading);",
  );
  assertStringIncludes(stderr, "Caused by: Error: no reading yet");
  assertStringIncludes(stderr, `at Object.toJSON (${lab.place(1, 36)})`);
  assert(!stderr.includes(ROOT), stderr);
});

Deno.test("with asyncStackTraces: false no place is captured, and the traceback is shown", async () => {
  await using lab = await labPrograms(new Meter());
  const { stdout } = await lab.run(
    "const fast = await connect({ ...connection, asyncStackTraces: false });",
    "const quick = await fast.link('Meter');",
    "console.log(await quick.broken().catch((error) => error.stack));",
    "await Promise.all([fast.disconnect(), client.disconnect()]);",
  );
  const lines = stdout.trimEnd().split("\n");
  assertEquals(lines[1], "The traceback of the 'Meter' service:");
  assertEquals(lines.length, 3);
});

Deno.test("console.log of a remote error has the traceback once", async () => {
  await using lab = await labPrograms(new Meter());
  const { stdout } = await lab.run(
    "try { await link.broken(); } catch (error) {",
    "  console.log(error);",
    "  console.log('lines:', error.traceback.length);",
    "}",
    "await client.disconnect();",
  );
  assertEquals(stdout.split("Meter.broken").length - 1, 1, stdout);
  assertStringIncludes(stdout, "lines: 1");
  assertStringIncludes(stdout, 'remoteName: "TypeError"');
});
