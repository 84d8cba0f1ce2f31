/** `record --serve` and `--on-alarm` as a process: what clients are told, and the user's program. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type About, connect, type Kwargs, RemoteError, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { at, command } from "../support/command_line.ts";
import { entriesOf, temporaryFolder } from "../support/folder.ts";
import { posixTest } from "../support/posix.ts";
import { Process, run } from "../support/process.ts";
import { until } from "../support/until.ts";

/** An oven, whose limits are in its description. */
class Oven extends Service {
  static about: About<Oven> = {
    attributes: { temperature: { result: { unit: "°C", alarm: [0, 100] }, safe: true } },
  };
  celsius = 20;

  temperature(): number {
    return this.celsius;
  }
}

/** A Manager, an oven, and a folder with a program for alarms. */
async function openLab() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const manager = stack.use(await TestManager.start({ disableTls: true }));
  const oven = stack.use(new Oven());
  await oven.start(manager.connectOptions);
  const seen = folder.join("alarms.txt");
  await Deno.writeTextFile(
    folder.join("on_alarm.sh"),
    `#!/bin/sh\necho "$# $MSL_ALARM_STATE $MSL_ALARM_VALUE" >> '${seen}'\n`,
    { mode: 0o700 },
  );
  const config = folder.join("lab.json");
  const limits = { delay: "100ms" };
  const source = { service: "Oven", attribute: "temperature", every: "20ms", limits };
  const write = (others: object) =>
    Deno.writeTextFile(config, JSON.stringify({ to: "lab.sqlite", sources: [source], ...others }));
  const whole = stack.move();
  return {
    folder,
    manager,
    oven,
    seen,
    config,
    write,
    command: (...words: string[]) => {
      const connection = ["--disable-tls", ...at(manager.connectOptions)];
      return command(folder.path, "record", ...words, ...connection);
    },
    alarms: () => {
      try {
        return Deno.readTextFileSync(seen).trim().split("\n");
      } catch {
        return [];
      }
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

posixTest("a recorder serves its history, and tells of an alarm in three ways", async () => {
  await using lab = await openLab();
  await lab.write({ serve: "Night watch", onAlarm: "on_alarm.sh" });
  await using recorder = new Process(lab.command("--config", lab.config));
  await lab.manager.connected("Night watch");
  await using cxn = await connect({ ...lab.manager.connectOptions, name: "alice" });
  const link = await cxn.link("Night watch");
  const told: string[] = [];
  link.notificationHandler = (kind, alarm) => {
    const { source, state, value } = (alarm as Kwargs).named;
    told.push(`${kind} ${source} ${state} ${value}`);
  };
  await until("it is recorded", async () => {
    const [{ value }] = await link.latest<{ value: unknown }[]>().catch(() => [{ value: null }]);
    return value === 20;
  });
  lab.oven.celsius = 150;
  await until("a client is told", () => told.includes("alarm Oven.temperature alarm 150"));
  await until("the program is run", () => lab.alarms().includes("0 alarm 150"));
  const sentence = "alarm: Oven.temperature is 150 °C: above the alarm limit 100 °C";
  await recorder.stderr.next((line) => line.includes(sentence));
  const found = await link.acknowledge<{ acknowledgedBy: string }>("Oven.temperature");
  assertMatch(found.acknowledgedBy, /^alice\[/);
  await lab.oven.shutdown();
  await until(
    "a source that has stopped is an alarm too",
    () => told.some((one) => one.startsWith("alarm Oven.temperature stopped")),
  );
  recorder.kill("SIGINT");
  await recorder.succeeded();
  assert(lab.alarms().some((line) => line.startsWith("0 stopped")), lab.alarms().join());
  await lab.manager.disconnected("Night watch");
});

posixTest("a name that is taken, and a program that fails, do not stop the recording", async () => {
  await using lab = await openLab();
  await using other = new Service({ name: "Recorder" });
  await other.start(lab.manager.connectOptions);
  const script = `#!/bin/sh\necho ran >> '${lab.seen}'\nexit 3\n`;
  await Deno.writeTextFile(lab.folder.join("on_alarm.sh"), script);
  await lab.write({ serve: true, onAlarm: "on_alarm.sh" });
  await using recorder = new Process(lab.command("--config", lab.config));
  await recorder.stderr.next((line) => line.includes("Recorder is not offered, recording goes on"));
  lab.oven.celsius = -5;
  await recorder.stderr.next((line) => line.includes("Oven.temperature is -5 °C"));
  await until("the program is run", () => lab.alarms().includes("ran"));
  lab.oven.celsius = 20;
  await until("it is run again", () => lab.alarms().length > 1);
  recorder.kill("SIGINT");
  const { stderr } = await recorder.succeeded();
  assertMatch(stderr, /on_alarm.sh failed for an alarm: exit code 3\n[^]*Recorded [1-9]/);
});

posixTest("a program for alarms that cannot be run is an error before a file is made", async () => {
  await using lab = await openLab();
  const before = entriesOf(lab.folder.path);
  const to = lab.folder.join("lab.sqlite");
  for (const file of ["none.sh", lab.folder.path]) {
    const words = ["Oven.temperature", "--to", to, "--on-alarm", file];
    const { code, stderr } = await run(lab.command(...words));
    assertEquals(code, 1);
    assertStringIncludes(stderr, `for an alarm: `);
  }
  await lab.write({ serve: 5 });
  const { code, stderr } = await run(lab.command("--config", lab.config));
  assertEquals(code, 1);
  assertStringIncludes(stderr, "serve: it must be");
  assertEquals(entriesOf(lab.folder.path).filter((name) => name.includes("lab.sqlite")), []);
  assertEquals(before.includes("lab.sqlite"), false);
});

Deno.test("a recording that is no SQLite has a service with alarms, and no history", async () => {
  await using lab = await openLab();
  const to = lab.folder.join("lab.csv");
  await using recorder = new Process(lab.command("Oven.temperature@20ms", "--to", to, "--serve"));
  await lab.manager.connected("Recorder");
  await using cxn = await connect(lab.manager.connectOptions);
  const link = await cxn.link("Recorder");
  assertEquals(await link.alarms(), []);
  const error = await link.sources().catch((error: unknown) => error);
  assert(error instanceof RemoteError, String(error));
  assertStringIncludes(error.message, "only a recording in SQLite has one");
  recorder.kill("SIGTERM");
  await recorder.end();
});
