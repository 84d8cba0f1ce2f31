/** The examples that monitor the air of a room: notifications, alarms and listeners. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  type Conditions,
  EnvironmentMonitor,
  type LimitCrossing,
  simulatedSensor,
} from "../../examples/environment_monitor.ts";
import { startProgram } from "../../examples/programs.ts";
import { Kwargs, RemoteError } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { Events } from "../support/events.ts";
import { exampleOptionsFor } from "../support/example_options.ts";
import { temporaryFolder } from "../support/folder.ts";
import { linked } from "../support/linked.ts";

const PLEASANT: Conditions = { temperature: 20, humidity: 50, pressure: 1_000 };
/** A room whose window is opened again and again. */
const WINDOW = [PLEASANT, { ...PLEASANT, temperature: 18.5, humidity: 61 }, {
  ...PLEASANT,
  temperature: 17,
}, PLEASANT];

/** A sensor that measures these conditions in a cycle. */
function scripted(conditions: readonly Conditions[]): () => Conditions {
  let count = 0;
  return () => conditions[count++ % conditions.length];
}

Deno.test("an alarm is sent once when a quantity leaves its limits, and once when it returns", async () => {
  await using network = await linked(
    new EnvironmentMonitor({ sensor: scripted(WINDOW), interval: 1 }),
  );
  const { link } = network;
  const notified = new Events<unknown[]>();
  link.notificationHandler = (...args) => notified.add(args);
  await notified.next(([kind, what]) =>
    kind === "normal" && (what as LimitCrossing).quantity === "temperature"
  );
  const round: unknown[] = [];
  while (round.length < 8) {
    const [kind, what] = await notified.next();
    const { time, ...rest } = (what instanceof Kwargs ? what.named : what) as LimitCrossing;
    assertEquals(new Date(time).toISOString(), time);
    round.push([kind, rest]);
  }
  const [dry, warm] = [[40, 60], [19, 21]];
  assertEquals(round, [
    ["reading", WINDOW[0]],
    ["reading", WINDOW[1]],
    ["alarm", { quantity: "temperature", value: 18.5, limits: warm }],
    ["alarm", { quantity: "humidity", value: 61, limits: dry }],
    ["reading", WINDOW[2]],
    ["normal", { quantity: "humidity", value: 50, limits: dry }],
    ["reading", WINDOW[3]],
    ["normal", { quantity: "temperature", value: 20, limits: warm }],
  ]);
});

Deno.test("limits can be changed, and limits that are not valid are rejected", async () => {
  await using network = await linked(
    new EnvironmentMonitor({ sensor: () => PLEASANT, interval: 1 }),
  );
  const { link } = network;
  const alarms = new Events<unknown>();
  link.notificationHandler = (kind, what) => kind === "alarm" && alarms.add(what);
  await link.set_limits("pressure", 1_001, 1_100);
  assertEquals((await link.limits()).pressure, [1_001, 1_100]);
  const { quantity, value } = await alarms.next() as LimitCrossing;
  assertEquals([quantity, value], ["pressure", 1_000]);
  const { time: _, ...conditions } = (await link.latest())!;
  assertEquals(conditions, PLEASANT);
  await assertRejects(
    () => link.request("set_limits", { args: ["__proto__", 1, 2] }),
    RemoteError,
    "ValueError: Cannot set the limits of __proto__: there are temperature, humidity, pressure",
  );
  await assertRejects(
    () => link.request("set_limits", { args: ["pressure", 2, 2] }),
    RemoteError,
    "ValueError: Cannot set limits: low must be below high, got 2 and 2",
  );
});

Deno.test("environment_listener.ts prints readings, alarms and the extremes", async () => {
  await using manager = await TestManager.start();
  await using home = await temporaryFolder();
  await using monitor = new EnvironmentMonitor({ sensor: scripted(WINDOW), interval: 1 });
  await monitor.start(manager.connectOptions);
  await using listener = startProgram(
    home.path,
    "environment_listener.ts",
    ...exampleOptionsFor(manager),
    "--count=9", // from any starting point: one cycle and the alarm after it
  );
  const lines = await Array.fromAsync(listener.lines);
  assertEquals((await listener.status).code, 0);
  assertEquals(lines.splice(-3), [
    "temperature: from 17 to 20 °C",
    "humidity: from 50 to 61 %",
    "pressure: from 1000 to 1000 hPa",
  ]);
  const time = /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}/;
  for (const line of lines) assertMatch(line, time);
  const texts = lines.map((line) => line.replace(time, ""));
  assertEquals(texts.filter((line) => / °C {2}\d+ % {2}1000 hPa$/.test(line)).length, 9);
  for (
    const expected of [
      "ALARM: temperature is 18.5 °C, not from 19 to 21",
      "ALARM: humidity is 61 %, not from 40 to 60",
      "humidity is 50 %, within its limits again",
      "temperature is 20 °C, within its limits again",
    ]
  ) assert(texts.includes(expected), `${expected}\n${texts.join("\n")}`);
});

Deno.test("environment_monitor.ts has a sensor of its own", async () => {
  await using manager = await TestManager.start();
  await using home = await temporaryFolder();
  const options = exampleOptionsFor(manager);
  await using monitor = startProgram(
    home.path,
    "environment_monitor.ts",
    ...options,
    "--interval=0.001",
  );
  await monitor.lineWith("EnvironmentMonitor is running");
  await using listener = startProgram(
    home.path,
    "environment_listener.ts",
    ...options,
    "--count=50",
  );
  const lines = await Array.fromAsync(listener.lines);
  assertEquals((await listener.status).code, 0);
  assertMatch(lines.at(-3)!, /^temperature: from [12]\d[\d.]* to [12]\d[\d.]* °C$/);
});

Deno.test("the same seed gives the same weather, which leaves the limits at times", () => {
  const [one, same, other] = [1, 1, 2].map((seed) => {
    const sensor = simulatedSensor(seed);
    return Array.from({ length: 1_000 }, () => sensor());
  });
  assertEquals(one, same);
  assert(one.some((conditions, index) => conditions.pressure !== other[index].pressure));
  const outside = one.filter(({ temperature }) => temperature < 19 || temperature > 21).length;
  assert(outside > 10 && outside < 300, `${outside} of 1,000`);
});
