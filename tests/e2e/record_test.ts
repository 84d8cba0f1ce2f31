/** The `record` command as a process. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { kwargs, Service } from "../../mod.ts";
import { ConfigurationError } from "../../errors.ts";
import { CONFIG_SCHEMA } from "../../record/config_schema.ts";
import { command, LiveTerminal, output, refusal } from "../support/command_line.ts";
import { readRecording } from "../support/recordings.ts";
import { run } from "../support/process.ts";
import { posixTest } from "../support/posix.ts";
import { Restarts } from "../support/restarts.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Process } from "../support/process.ts";
import { at } from "../support/command_line.ts";
import { inTime, until } from "../support/until.ts";

/** An instrument, each of whose values is another one. */
class Meter extends Service {
  static about = {
    attributes: { voltage: { result: { unit: "V" } } },
    notifications: { temperature: { unit: "C" } },
  };

  #last = 0;

  voltage(scale = 1): number {
    return ++this.#last * scale;
  }

  async *stream(count: number): AsyncGenerator<number> {
    for (let value = 1; value <= count; value++) yield value;
    await new Promise(() => {});
  }

  tell(temperature: number): Promise<void> {
    return this.emitNotification(kwargs({ temperature }));
  }
}

/** A Manager and an instrument, and a folder for what is recorded. */
async function openLab(name = "Meter") {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const manager = stack.use(await Restarts.start());
  const meter = stack.use(new Meter({ name }));
  await meter.start(manager.connectOptions);
  const whole = stack.move();
  const args = (...words: string[]) => [
    "record",
    "--disable-tls",
    ...at(manager.connectOptions),
    ...words,
  ];
  const file = folder.join("lab.sqlite");
  return {
    manager,
    meter,
    folder,
    file,
    args,
    record: (...words: string[]) => new Process(command(folder.path, ...args(...words))),
    /** Waits until the file has what it should. */
    recorded: async (
      what: string,
      condition: (recording: ReturnType<typeof readRecording>) => unknown,
    ) => {
      await until(what, () => {
        try {
          return Boolean(condition(readRecording(file)));
        } catch (error) {
          if (error instanceof ConfigurationError) return false; // it is being made
          throw error;
        }
      });
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  posixTest(`record ends in order on ${signal}: all is written, and the gap begins`, async () => {
    await using lab = await openLab();
    const { file } = lab;
    await using recorder = lab.record(
      "Meter.voltage@20ms",
      "Meter.stream(500)",
      "Meter:",
      `--to=${file}`,
    );
    assertEquals(await recorder.stderr.next(), `Recording 3 sources to ${file}`);
    await lab.recorded("the sources", (recording) => recording.size === 3);
    await lab.meter.tell(21.5);
    await lab.recorded(
      "readings",
      (recording) =>
        recording.get("Meter.voltage")!.readings.length > 5 &&
        recording.get("Meter.temperature")!.readings.length === 1 &&
        recording.get("Meter.stream")!.readings.length === 500,
    );
    recorder.kill(signal);
    recorder.kill(signal === "SIGINT" ? "SIGTERM" : "SIGINT"); // it comes twice under `deno task`
    await recorder.succeeded();
    const recording = readRecording(file);
    const { readings, gaps } = recording.get("Meter.voltage")!;
    assertEquals(readings.map(({ value }) => value), readings.map((_, index) => index + 1));
    // On a busy computer the recorder may have been too slow just then, which is a gap of its own.
    const last = gaps.findLast(({ start }) => start === readings.at(-1)!.time);
    assertEquals(gaps.at(-1)!, {
      start: last?.end === Infinity ? last.start : last!.end,
      end: Infinity,
      reason: "recorder stopped",
    });
    assertEquals(
      recording.get("Meter.stream")!.readings.map(({ value }) => value),
      Array.from({ length: 500 }, (_, index) => index + 1),
    );
    assertMatch(recorder.stderr.all.at(-1)!, /^Recorded [\d,]+ readings, \d+ gaps?, [\d.]+ KiB: /);
    const links = () => lab.manager.manager.manager.status().services.Meter.links.length;
    await until("its link has ended", () => links() === 0);
  });
}

Deno.test("record says when its Manager and its services are gone and back, and goes on", async () => {
  await using lab = await openLab();
  await using recorder = lab.record("Meter.voltage@20ms", "Mter.x", `--to=${lab.file}`);
  await recorder.stderr.next((line) =>
    line.endsWith(
      "Waiting for 'Mter': no such service is connected. Did you mean 'Meter'? Connected: 'Meter'",
    )
  );
  await lab.recorded(
    "readings",
    (recording) => (recording.get("Meter.voltage")?.readings.length ?? 0) > 2,
  );
  await lab.manager.stop();
  await recorder.stderr.next((line) => line.includes("The Manager is gone: "));
  await lab.manager.resume();
  await recorder.stderr.next((line) => line.endsWith("The Manager is back"));
  const goesOnAfter = (reason: string) =>
    lab.recorded(`it goes on after: ${reason}`, (recording) => {
      const { gaps } = recording.get("Meter.voltage")!;
      return gaps.some((gap) => gap.reason.startsWith(reason)) &&
        gaps.every(({ end }) => Number.isFinite(end));
    });
  await goesOnAfter("Manager gone");
  await lab.meter.shutdown();
  await recorder.stderr.next((line) => line.endsWith("The 'Meter' service is gone"));
  await using other = new Meter({ name: "Meter" });
  await other.start(lab.manager.connectOptions);
  await recorder.stderr.next((line) => line.endsWith("The 'Meter' service is back"));
  await goesOnAfter("service gone");
  const { readings, gaps } = readRecording(lab.file).get("Meter.voltage")!;
  for (const { start, end } of gaps) {
    assert(readings.every(({ time }) => time <= start || time >= end), `${start} ${end}`);
  }
  recorder.kill("SIGKILL");
  await recorder.end();
});

Deno.test("record that is killed leaves a gap until the first reading of the next one", async () => {
  await using lab = await openLab();
  // Notifications: on a busy computer a source that is called is in a gap anyway, as it is too slow.
  const source = "Meter.temperature";
  const words = ["Meter:temperature", `--to=${lab.file}`, "--quiet"];
  const recorded = (count: number) =>
    lab.recorded(`${count} readings`, (recording) => {
      lab.meter.tell(20);
      return (recording.get(source)?.readings.length ?? 0) >= count;
    });
  await using first = lab.record(...words);
  await recorded(3);
  first.kill("SIGKILL");
  await first.end();
  const before = readRecording(lab.file).get(source)!;
  await using second = lab.record(...words);
  await recorded(before.readings.length + 3);
  const { readings, gaps } = readRecording(lab.file).get(source)!;
  const next = readings[before.readings.length];
  assertEquals(gaps.find(({ reason }) => reason === "recorder stopped"), {
    start: before.readings.at(-1)!.time,
    end: next.time,
    reason: "recorder stopped",
  });
  second.kill("SIGKILL");
  assertEquals((await second.end()).stderr, "");
});

Deno.test("record waits for a Manager that is started later, and says so once", async () => {
  await using lab = await openLab();
  await lab.manager.stop();
  await using recorder = lab.record("Meter.voltage@20ms", `--to=${lab.file}`);
  assertMatch(await recorder.stderr.next(), / Waiting: /);
  await lab.manager.resume();
  assertEquals(await recorder.stderr.next(), `Recording 1 source to ${lab.file}`);
  await lab.recorded(
    "readings",
    (recording) => (recording.get("Meter.voltage")?.readings.length ?? 0) > 2,
  );
  recorder.kill("SIGKILL");
  await recorder.end();
});

posixTest("record that waits for its Manager ends on SIGINT", async () => {
  await using lab = await openLab();
  await lab.manager.stop();
  await using recorder = lab.record("Meter.voltage", `--to=${lab.file}`);
  await recorder.stderr.next();
  recorder.kill("SIGINT");
  await recorder.succeeded();
});

Deno.test("record holds what comes while another program has locked the file", async () => {
  await using lab = await openLab();
  await using recorder = lab.record("Meter.voltage@20ms", `--to=${lab.file}`);
  await lab.recorded(
    "readings",
    (recording) => (recording.get("Meter.voltage")?.readings.length ?? 0) > 2,
  );
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(lab.file);
  database.exec("BEGIN IMMEDIATE");
  await recorder.stderr.next((line) => line.endsWith("and written as soon as it can be"));
  database.exec("ROLLBACK");
  database.close();
  await recorder.stderr.next((line) => line.endsWith("The file can be written again"));
  await lab.recorded("more", (recording) => {
    const { readings, gaps } = recording.get("Meter.voltage")!;
    const values = readings.map(({ value }) => value);
    assertEquals(values, values.map((_, index) => index + 1));
    assertEquals(gaps.map(({ reason }) => reason).filter((reason) => /written/.test(reason)), []);
    return values.length > 20;
  });
  recorder.kill("SIGKILL");
  await recorder.end();
});

Deno.test("record takes a configuration, and the command line goes before it", async () => {
  await using lab = await openLab();
  const config = lab.folder.join("lab.jsonc");
  await Deno.writeTextFile(
    config,
    JSON.stringify({
      to: "other.sqlite",
      every: "20ms",
      deadband: 1.5,
      sources: [
        { service: "Meter", attribute: "voltage", args: [2], deadband: 0 },
        { service: "Meter", notifications: ["temperature"] },
      ],
    }).replace("{", "{ // the laboratory\n"),
  );
  await using recorder = lab.record(
    "--config",
    config,
    "--to",
    lab.file,
    "Meter.voltage",
  );
  await lab.recorded(
    "the sources",
    (recording) => recording.size === 2 && recording.get("Meter.voltage")!.readings.length > 10,
  );
  recorder.kill("SIGKILL");
  await recorder.end();
  assertEquals(recorder.stderr.all[0], `Recording 3 sources to ${lab.file}`);
});

Deno.test("record ends in order after --for, and not before", async () => {
  await using lab = await openLab();
  const start = performance.now();
  await using recorder = lab.record("Meter.voltage@20ms", `--to=${lab.file}`, "--for=500ms");
  const { stderr } = await recorder.succeeded();
  assert(performance.now() - start >= 499);
  assertMatch(stderr, /^Recording 1 source to [^]*\nRecorded \d+ readings?, /);
  const { gaps } = readRecording(lab.file).get("Meter.voltage")!;
  assertEquals(gaps.at(-1)!.reason, "recorder stopped");
});

posixTest("record writes CSV, lines of JSON, and to the standard output", async () => {
  await using lab = await openLab();
  const words = ["Meter.voltage@20ms", "--quiet"];
  const isReading = (line: string) => {
    const { value, unit } = JSON.parse(line);
    return typeof value === "number" && unit === "V";
  };
  for (const name of ["lab.csv", "lab.jsonl"]) {
    const file = lab.folder.join(name);
    await using recorder = lab.record(...words, "--to", file);
    const lines = async () => {
      const text = await Deno.readTextFile(file).catch(() => ""); // it is being made
      return text.split("\n").slice(0, -1);
    };
    const isWritten = name === "lab.csv" ? (line: string) => /,V,\d+,,$/.test(line) : isReading;
    await until("three readings", async () => (await lines()).filter(isWritten).length > 2);
    recorder.kill("SIGINT");
    await recorder.succeeded();
    assert((await lines()).at(-1)!.includes("recorder stopped"), name);
  }
  await using recorder = lab.record(...words, "--to", "-");
  await recorder.stdout.next(isReading);
  recorder.kill("SIGINT");
  assertEquals((await recorder.succeeded()).stderr, "");
  assertEquals(JSON.parse(recorder.stdout.all.at(-1)!).gap, "recorder stopped");
});

Deno.test("record ends when the reader of its output has closed it", async () => {
  await using lab = await openLab();
  const words = ["Meter.voltage@20ms", "--to", "-", "--quiet"];
  await using recorder = command(lab.folder.path, ...lab.args(...words)).spawn();
  const stdout = recorder.stdout.getReader();
  await stdout.read();
  await stdout.cancel();
  const { code, stderr } = await inTime(
    "it has ended",
    Promise.all([recorder.status, new Response(recorder.stderr).text()])
      .then(([{ code }, stderr]) => ({ code, stderr })),
  );
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("--schema prints the schema of the configuration", async () => {
  await using folder = await temporaryFolder();
  assertEquals(JSON.parse(await output(folder.path, "record", "--schema")), CONFIG_SCHEMA);
});

Deno.test("bad words are an error before anything is opened", async () => {
  await using folder = await temporaryFolder();
  const home = folder.path;
  const file = folder.join("lab.sqlite");
  const source = await run(command(home, "record", "DMM.@1s", `--to=${file}`));
  assertEquals([source.code, source.stderr.split("\n").slice(0, 3)], [1, [
    "Cannot read the source: expected the name of an attribute",
    "  DMM.@1s",
    "      ^",
  ]]);
  const lines: [words: string[], message: string][] = [
    [["DMM.x"], "Cannot record: no file is given. Give one with --to"],
    [[`--to=${file}`], "Cannot record: no source is given, e.g. DMM.voltage@500ms or Environment:"],
    [["DMM.x", "DMM.x@1s", `--to=${file}`], "Cannot record: DMM.x is given twice"],
  ];
  for (const [words, message] of lines) {
    assertEquals(await refusal(home, "record", ...words), message);
  }
  const usage: [words: string[], message: string][] = [
    [["--for=1s", "--until=18:30"], "cannot be used with option"],
    [["--until=2020-01-01"], "2020-01-01 is over"],
    [["--until=soon"], "Expected a time such as"],
    [["--deadband=-1"], "Expected a number of at least 0"],
    [["--every=0"], "It must be at least 1ms"],
    [["--sync=off"], "Allowed choices are normal, full"],
  ];
  for (const [words, message] of usage) {
    const { code, stderr } = await run(command(home, "record", "DMM.x", `--to=${file}`, ...words));
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
  }
  assertEquals([...Deno.readDirSync(home)], []);
});

posixTest("record shows a line of progress at a terminal, and Ctrl+C ends it", async () => {
  await using lab = await openLab();
  await using terminal = new LiveTerminal(
    lab.folder.path,
    ...lab.args("Meter.voltage@20ms", "Absent.x", `--to=${lab.file}`),
  );
  await terminal.shows("Recording 2 sources to ");
  await terminal.shows(" readings, ");
  await terminal.shows("/s, ");
  await terminal.shows(", waiting for Absent");
  await terminal.type("\x03");
  await terminal.shows("Recorded ");
  assertEquals(await terminal.end(), 0);
});
