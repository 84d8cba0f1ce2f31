/** The service of a recorder: its history, its alarms, and what it does without a name. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { LOG_CATEGORY } from "../../base/log.ts";
import { connect, type Kwargs, kwargs, NdArray, RemoteError, Service } from "../../mod.ts";
import { AlarmProgram } from "../../record/alarm_program.ts";
import { AlarmReporter } from "../../record/alarm_reporter.ts";
import { openTarget } from "../../record/open_target.ts";
import { parseSource } from "../../record/source.ts";
import { TestManager } from "../../testing.ts";
import { temporaryFolder } from "../support/folder.ts";
import { recordLogs } from "../support/logs.ts";
import { posixTest } from "../support/posix.ts";
import { Process } from "../support/process.ts";
import { pythonPeer } from "../support/python.ts";
import { until } from "../support/until.ts";

const VOLTAGE = { service: "DMM", attribute: "voltage", arguments: "", unit: "V" };
const LIMITS = { alarm: [4, 6], warning: [4.5, 5.5] } as const;

/** A Manager, and a recording that a recorder offers. */
async function laboratory(options: { serve?: string; isFile?: boolean; last?: unknown } = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const manager = stack.use(await TestManager.start());
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  const source = target.source(VOLTAGE);
  target.write(
    [1, 3, 5, options.last ?? 7].map((value, index) => {
      const time = [0, 10, 50, 70][index];
      return { source, time, received: time, value };
    }),
    [
      { source, start: 10, end: 50, reason: "too slow" },
      { source, start: 70, reason: "service gone" },
    ],
  );
  stack.defer(() => target.close());
  const notes: string[] = [];
  const reporter = stack.use(
    new AlarmReporter({
      serve: options.serve ?? true,
      file: options.isFile === false ? undefined : file,
      onNote: (note) => notes.push(note),
    }),
  );
  const owned = stack.move();
  return {
    manager,
    file,
    reporter,
    notes,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What a client calls. */
interface RecorderLink {
  sources(): unknown;
  latest(...sources: unknown[]): { value: unknown }[];
  history(source: unknown, options?: unknown): { buckets: { mean: number }[]; gaps: unknown[] };
  alarms(): { source: string; acknowledged: boolean }[];
  acknowledge(source: string): { acknowledgedBy: string } | null;
}

Deno.test("a client finds the recorder by its role, and reads sources, latest readings and history", async () => {
  await using lab = await laboratory({ serve: "Night watch" });
  await lab.reporter.serve(lab.manager.connectOptions);
  await using cxn = await connect(lab.manager.connectOptions);
  const [name] = Object.entries(await cxn.about())
    .filter(([_, { implements: roles }]) => roles.includes("recorder.1")).map(([name]) => name);
  assertEquals(name, "Night watch");
  const recorder = await cxn.link<RecorderLink>(name);
  assertEquals(await recorder.sources(), [
    { id: 1, source: "DMM.voltage", unit: "V", start: 0, end: 70 },
  ]);
  const latest = [{
    id: 1,
    source: "DMM.voltage",
    unit: "V",
    time: 70,
    value: 7,
    gap: { start: 70, reason: "service gone" },
  }];
  for (const names of [[], [null], ["DMM.voltage"], [1], [["DMM.voltage", 1]]]) {
    assertEquals(await recorder.latest(...names), latest);
  }
  const history = await recorder.history("DMM.voltage", kwargs({ start: 0, end: 80, points: 2 }));
  assertEquals(history, {
    id: 1,
    source: "DMM.voltage",
    unit: "V",
    start: 0,
    end: 80,
    buckets: [
      { start: 0, end: 40, minimum: 1, maximum: 3, mean: 2, count: 2 },
      { start: 40, end: 80, minimum: 5, maximum: 7, mean: 6, count: 2 },
    ],
    // They are nearer to each other than a bucket is wide.
    gaps: [{ start: 10, end: null, reason: "service gone", count: 2 }],
  });
});

Deno.test("the latest reading of an array is that array, of several dimensions too", async () => {
  const picture = new NdArray(Uint16Array.of(1, 2, 3, 4), [2, 2]);
  for (const value of [Float64Array.of(0.1, NaN), picture]) {
    await using lab = await laboratory({ last: value });
    await lab.reporter.serve(lab.manager.connectOptions);
    await using cxn = await connect(lab.manager.connectOptions);
    const recorder = await cxn.link<RecorderLink>("Recorder");
    assertEquals((await recorder.latest())[0].value, value);
    const { buckets } = await recorder.history("DMM.voltage", kwargs({ points: 1 }));
    assertEquals(buckets.map(({ mean }) => mean), [3]);
  }
});

Deno.test("only what a client may request can be requested", async () => {
  await using lab = await laboratory();
  await lab.reporter.serve(lab.manager.connectOptions);
  await using cxn = await connect(lab.manager.connectOptions);
  const { services } = await cxn.identities();
  assertEquals(Object.keys(services.Recorder.attributes).sort(), [
    "acknowledge",
    "alarms",
    "history",
    "latest",
    "set_logging_level",
    "sources",
  ]);
});

/** What a client may get wrong, and what it is told. */
const WRONG = [
  ["history", [], {}, "missing 1 required positional argument: 'source'"],
  ["history", ["DMM.volts"], {}, "ValueError: Cannot find DMM.volts in the recording. Did you"],
  ["history", ["DMM"], {}, "ValueError: Cannot read the source: expected"],
  ["history", [99], {}, "ValueError: Cannot find a source with the number 99 in the recording"],
  ["history", [null], {}, "ValueError: Cannot find the source null: give its name or its number"],
  ["history", [1.5], {}, "ValueError: Cannot find the source 1.5: give its name or its number"],
  ["history", [1], { points: 0 }, "ValueError: Cannot give a history: points must be an integer"],
  ["history", [1], { points: 10_001 }, "from 1 to 10000, got 10001"],
  ["history", [1], { points: "many" }, `from 1 to 10000, got "many"`],
  ["history", [1], { points: null }, "from 1 to 10000, got null"],
  ["history", [1], { points: NaN }, "from 1 to 10000, got NaN"],
  ["history", [1], { start: "yesterday" }, "ValueError: Expected a time such as 2026-11-30"],
  ["history", [1], { start: Infinity }, "ValueError: Cannot use the start Infinity: give"],
  ["history", [1], { end: true }, "ValueError: Cannot use the end true: give milliseconds"],
  ["history", [1], { end: "x".repeat(1_000) }, "Expected a time"],
  ["history", [1], { end: ["x".repeat(1_000)] }, `Cannot use the end ["xxx`],
  ["history", [1], { start: 9, end: 9 }, "ValueError: Cannot give the history from 1970-01-01T0"],
  ["history", [1], { step: 1 }, "got an unexpected keyword argument 'step'"],
  ["latest", [{}], {}, "ValueError: Cannot find the source {}: give its name or its number"],
  ["latest", [["DMM.voltage", "No.no"]], {}, "ValueError: Cannot find No.no in the recording."],
  ["latest", [Array(1_001).fill(1)], {}, "readings of 1001 sources: name at most 1000, or none"],
  ["acknowledge", [], {}, "missing 1 required positional argument"],
  ["report", [], {}, "AttributeError"],
  ["serve", [], {}, "AttributeError"],
  ["emitNotification", ["alarm"], {}, "AttributeError"],
] as const;

Deno.test("arguments that make no sense are refused, and the next request is answered", async () => {
  await using lab = await laboratory();
  await lab.reporter.serve(lab.manager.connectOptions);
  await using cxn = await connect(lab.manager.connectOptions);
  const recorder = await cxn.link("Recorder");
  for (const [attribute, args, named, message] of WRONG) {
    const error = await assertRejects(
      () => recorder.request(attribute, { args: [...args], kwargs: named }),
      RemoteError,
      message,
    );
    assert(error.message.length < 2_000, `${attribute} ${error.message.length}`);
    assertEquals((await recorder.latest<{ value: number }[]>())[0].value, 7);
  }
});

Deno.test("without a recording in SQLite there are alarms, and no history", async () => {
  await using lab = await laboratory({ isFile: false });
  await lab.reporter.serve(lab.manager.connectOptions);
  await using cxn = await connect(lab.manager.connectOptions);
  const recorder = await cxn.link<RecorderLink>("Recorder");
  assertEquals(await recorder.alarms(), []);
  for (const call of [recorder.sources, recorder.latest, () => recorder.history(1)]) {
    await assertRejects(
      async () => await call(),
      RemoteError,
      "ValueError: Cannot read the history: only a recording in SQLite has one",
    );
  }
});

Deno.test("an alarm goes to the clients and into the log; the one who acknowledges it is named", async () => {
  await using logs = await recordLogs([...LOG_CATEGORY, "record"]);
  await using lab = await laboratory();
  await lab.reporter.serve(lab.manager.connectOptions);
  await using cxn = await connect({ ...lab.manager.connectOptions, name: "alice" });
  const recorder = await cxn.link<RecorderLink>("Recorder");
  const notified: [string, Record<string, unknown>][] = [];
  recorder.notificationHandler = (kind, alarm) =>
    notified.push([kind as string, { ...(alarm as Kwargs).named }]);
  const { onSource, onReading } = lab.reporter;
  onSource(VOLTAGE, { unit: "V", ...LIMITS }, { delay: 0, hysteresis: 0 });
  onReading(VOLTAGE, { time: 1, received: 1, value: 6.5 });
  await until("the client is notified", () => notified.length === 1);
  const [kind, { time, ...alarm }] = notified[0];
  assertEquals(kind, "alarm");
  assert(Math.abs(Date.now() - Number(time)) < 60_000);
  const sentence = "DMM.voltage is 6.5 V: above the alarm limit 6 V";
  assertEquals(alarm, {
    source: "DMM.voltage",
    state: "alarm",
    previous: "normal",
    value: 6.5,
    unit: "V",
    limit: 6,
    message: sentence,
  });
  assertEquals((await recorder.alarms()).map(({ acknowledged }) => acknowledged), [false]);
  assertMatch((await recorder.acknowledge("DMM.voltage"))!.acknowledgedBy, /^alice\[/);
  assertEquals(await recorder.acknowledge("DMM.voltage"), null);
  assertEquals(await recorder.acknowledge("nothing"), null);
  await until("it is notified of that too", () => notified.length === 2);
  assertEquals(notified[1][0], "acknowledged");
  onReading(VOLTAGE, { time: 2, received: 2, value: 5 });
  await until("it is over", () => notified.length === 3);
  assertEquals(await recorder.alarms(), []);
  assertEquals(lab.notes, [
    `alarm: ${sentence}`,
    "normal: DMM.voltage is 5 V: within its limits again",
  ]);
  assertEquals(
    logs.records.map(({ level, properties }) => [level, properties.message]),
    [["error", sentence], ["info", "DMM.voltage is 5 V: within its limits again"]],
  );
});

Deno.test("a gap is an alarm if the source has stopped, and none if its next reading is only expected", async () => {
  await using lab = await laboratory();
  const { onSource, onReading, onGap } = lab.reporter;
  onSource(VOLTAGE, undefined, { delay: 0 });
  const reasons = [
    "no reading yet",
    "recorder stopped",
    "unit changed: it is mV now",
    "clock set forward: 5s",
    "clock set back: 5s",
  ];
  for (const reason of reasons) onGap(VOLTAGE, { start: 1, reason });
  onGap(VOLTAGE, { start: 1, end: 2, reason: "service gone" });
  assertEquals(lab.notes, []);
  for (const reason of ["service gone", "call failed: ValueError: \u001b[2J", "too slow"]) {
    onGap(VOLTAGE, { start: 1, reason });
    onReading(VOLTAGE, { time: 2, received: 2, value: 5 });
  }
  assertEquals(lab.notes.filter((note) => note.startsWith("stopped")), [
    "stopped: DMM.voltage has stopped: service gone",
    "stopped: DMM.voltage has stopped: call failed: ValueError: \\u{1b}[2J",
    "stopped: DMM.voltage has stopped: too slow",
  ]);
});

Deno.test("a source whose service never comes has stopped, until it is there", async () => {
  await using lab = await laboratory();
  const limits = { delay: 0 };
  lab.reporter.expect([
    { ...parseSource("DMM.voltage@5s"), limits },
    { ...parseSource("DMM.current(10, n=1)"), limits },
    { ...parseSource("Room:"), limits },
    { ...parseSource("Cellar:a,b"), limits },
  ]);
  const names = ["DMM.voltage", "DMM.current(10, n=1)", "Room:", "Cellar.a", "Cellar.b"];
  assertEquals(
    lab.notes.splice(0),
    names.map((name) => `stopped: ${name} has stopped: its service is not connected`),
  );
  const { onSource } = lab.reporter;
  const plain = { ...VOLTAGE, arguments: "", unit: "" };
  onSource(VOLTAGE, undefined, limits);
  onSource({ ...plain, attribute: "current", arguments: "10, n=1" }, undefined, limits);
  onSource({ ...plain, service: "Room", attribute: "temperature" }, undefined, limits);
  onSource({ ...plain, service: "Cellar", attribute: "a" }, undefined, limits);
  onSource({ ...plain, service: "Cellar", attribute: "b" }, undefined, limits);
  assertEquals(lab.notes, names.map((name) => `normal: ${name} is there again`));
});

Deno.test("alarms before the service is offered, and after, stop nothing", async () => {
  await using lab = await laboratory();
  const { onSource, onReading } = lab.reporter;
  onSource(VOLTAGE, LIMITS, { delay: 0 });
  onReading(VOLTAGE, { time: 1, received: 1, value: 7 });
  await lab.reporter.serve(lab.manager.connectOptions);
  await using cxn = await connect(lab.manager.connectOptions);
  const recorder = await cxn.link<RecorderLink>("Recorder");
  assertEquals((await recorder.alarms()).map(({ source }) => source), ["DMM.voltage"]);
  await lab.manager.manager.shutdown(0);
  onReading(VOLTAGE, { time: 1, received: 1, value: 5 });
  assertEquals(lab.notes.length, 2);
});

Deno.test("a name that is taken is told once, recording goes on, and the service is there when the name is free", async () => {
  await using logs = await recordLogs([...LOG_CATEGORY, "record"]);
  await using lab = await laboratory();
  const other = new Service({ name: "Recorder" });
  await other.start(lab.manager.connectOptions);
  const { reporter } = lab;
  const reconnect = { firstDelay: 1, longestDelay: 5 };
  const serving = reporter.serve({ ...lab.manager.connectOptions, reconnect });
  await until("it is told", () => lab.notes.length > 0);
  reporter.onSource(VOLTAGE, LIMITS, { delay: 0 });
  reporter.onReading(VOLTAGE, { time: 1, received: 1, value: 7 });
  assertEquals(lab.notes.length, 2);
  assertMatch(lab.notes[0], /^Recorder is not offered, recording goes on: NameError: .*Recorder/);
  await other.shutdown();
  await serving;
  await using cxn = await connect(lab.manager.connectOptions);
  const recorder = await cxn.link<RecorderLink>("Recorder");
  assertEquals((await recorder.alarms()).length, 1);
  assertEquals(logs.records.filter(({ level }) => level === "warning").length, 1);
});

Deno.test("the end of a recorder whose service waits for its name is not delayed by that", async () => {
  await using lab = await laboratory();
  await using other = new Service({ name: "Recorder" });
  await other.start(lab.manager.connectOptions);
  const serving = lab.reporter.serve(lab.manager.connectOptions);
  await until("it waits", () => lab.notes.length > 0);
  await lab.reporter[Symbol.asyncDispose]();
  await serving;
});

posixTest("the program of an alarm has run when the recorder ends", async () => {
  await using folder = await temporaryFolder();
  const [file, out] = [folder.join("on-alarm"), folder.join("out")];
  await Deno.writeTextFile(file, `#!/bin/sh\necho "$MSL_ALARM_STATE" >> '${out}'\n`, {
    mode: 0o700,
  });
  {
    await using reporter = new AlarmReporter({ file: undefined, program: new AlarmProgram(file) });
    reporter.onSource(VOLTAGE, LIMITS, { delay: 0 });
    reporter.onReading(VOLTAGE, { time: 1, received: 1, value: 7 });
    reporter.onReading(VOLTAGE, { time: 1, received: 1, value: 5 });
  }
  assertEquals(await Deno.readTextFile(out), "alarm\nnormal\n");
});

Deno.test("a Python client reads the history, and acknowledges an alarm", async () => {
  await using lab = await laboratory();
  await lab.reporter.serve(lab.manager.connectOptions);
  await using client = new Process(pythonPeer("historian", lab.manager));
  await client.stdout.next((line) => line.includes("ready"));
  lab.reporter.onSource(VOLTAGE, LIMITS, { delay: 0 });
  lab.reporter.onReading(VOLTAGE, { time: 1, received: 1, value: 3 });
  const lines = (await client.succeeded()).stdout.trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assertEquals(lines, [
    [["DMM.voltage"]],
    [7, { start: 70, reason: "service gone" }],
    [[[1, 2, 2], [5, 6, 2]]],
    [[{ start: 10, end: null, reason: "service gone", count: 2 }]],
    ["ValueError: Cannot give a history: points must be an integer from 1 to 10000, got 0"],
    ["ready"],
    ["DMM.voltage", "alarm", 3, 4],
    [true],
  ]);
});
