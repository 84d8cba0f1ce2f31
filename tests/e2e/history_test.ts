/** The command `history`: a recording as a table, CSV, JSON and a plot; from a file and a recorder. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { About } from "../../mod.ts";
import { Service } from "../../mod.ts";
import { AlarmReporter } from "../../record/alarm_reporter.ts";
import { openTarget } from "../../record/open_target.ts";
import { TestManager } from "../../testing.ts";
import { at, command } from "../support/command_line.ts";
import { modeOf, temporaryFolder } from "../support/folder.ts";
import { posixTest } from "../support/posix.ts";
import { run, succeed } from "../support/process.ts";

const START = Date.UTC(2026, 10, 29, 22);
const MINUTE = 60_000;
const VOLTAGE = { service: "DMM", attribute: "voltage", arguments: "", unit: "V" };
const TEMPERATURE = { service: "Room", attribute: "temperature", arguments: "", unit: "°C" };

/** A folder with a recording of last night: the voltage has a gap, the temperature has stopped. */
async function lastNight() {
  const folder = await temporaryFolder();
  const file = folder.join("lab.sqlite");
  await Deno.writeTextFile(folder.join("lab.csv"), "time,received\n");
  await Deno.mkdir(folder.join("lab.parquet"));
  const target = await openTarget(file);
  const [voltage, temperature] = [target.source(VOLTAGE), target.source(TEMPERATURE)];
  const reading = (source: number, minute: number, value: unknown) => {
    const time = START + minute * MINUTE;
    return { source, time, received: time, value };
  };
  target.write([
    ...[0, 1, 2, 6, 7, 8, 9].map((minute) => reading(voltage, minute, 5 + minute / 10)),
    ...[0, 1].map((minute) => reading(temperature, minute, 20 + minute)),
    reading(temperature, 2, "=1+1"),
  ], [
    { source: voltage, start: START + 2 * MINUTE, end: START + 6 * MINUTE, reason: "service gone" },
    { source: temperature, start: START + 2 * MINUTE, reason: "Manager gone: \u001b[2J" },
  ]);
  await target.close();
  return { folder, file, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

Deno.test("without a source, history lists what a file has, and why a value is an old one", async () => {
  await using lab = await lastNight();
  const lines = (await succeed(command(lab.folder.path, "history", lab.file))).trim().split("\n");
  assertEquals(lines.map((line) => line.replaceAll(/ {2,}/g, "|")), [
    "source|first|last|latest value|gap",
    "DMM.voltage|2026-11-29T22:00:00.000Z|2026-11-29T22:09:00.000Z|5.9 V",
    "Room.temperature|2026-11-29T22:00:00.000Z|2026-11-29T22:02:00.000Z|=1+1|" +
    "Manager gone: \\u{1b}[2J, since 2026-11-29T22:02:00.000Z",
  ]);
});

Deno.test("the table, the CSV and the JSON of a history have its buckets and its gaps", async () => {
  await using lab = await lastNight();
  const { path } = lab.folder;
  const history = (...args: string[]) =>
    succeed(command(path, "history", lab.file, "DMM.voltage", "--points", "5", ...args));
  const table = (await history()).trim().split("\n").map((line) => line.replaceAll(/ {2,}/g, "|"));
  assertEquals(table[0], "DMM.voltage / V, 2026-11-29T22:00:00.000Z to 2026-11-29T22:09:00.001Z");
  assertEquals(table[1], "from|minimum|mean|maximum|count|gap");
  assert(table.includes("2026-11-29T22:02:00.000Z|to 2026-11-29T22:06:00.000Z: service gone"));
  assertMatch(table[2], /^2026-11-29T22:00:00.000Z\|5\|5.05\|5.1\|2$/);
  const csv = (await history("--csv")).trim().split("\n");
  assertEquals(csv[0], "start,end,source,unit,minimum,mean,maximum,count,gap");
  assertMatch(csv[1], /^2026-11-29T22:00:00.000Z,[^,]*,DMM.voltage,V,5,5.05,5.1,2,$/);
  assert(csv.some((row) => row.endsWith(",DMM.voltage,V,,,,,service gone")));
  const { histories: [one] } = JSON.parse(await history("--json"));
  assertEquals(one.source, "DMM.voltage");
  assertEquals(
    one.buckets.reduce((sum: number, { count }: { count: number }) => sum + count, 0),
    7,
  );
  assertEquals(one.gaps, [{
    start: START + 2 * MINUTE,
    end: START + 6 * MINUTE,
    reason: "service gone",
    count: 1,
  }]);
});

Deno.test("a span is a time before the end, or from then until then", async () => {
  await using lab = await lastNight();
  const history = async (...args: string[]) => {
    const words = ["history", lab.file, "DMM.voltage", "--json", ...args];
    const [{ start, end }] =
      JSON.parse(await succeed(command(lab.folder.path, ...words))).histories;
    return [(start - START) / MINUTE, Math.round((end - START) / MINUTE)];
  };
  assertEquals(await history("--since", "2min"), [7 + 1 / MINUTE, 9]);
  const from = ["--from", "2026-11-29T22:03Z", "--until", "2026-11-29T23:05+01:00"];
  assertEquals(await history(...from), [3, 5]);
  assertEquals(await history("--since", "1min", "--until", "2026-11-29T22:05Z"), [4, 5]);
});

posixTest("a plot is written for its owner, and replaces only a plot", async () => {
  await using lab = await lastNight();
  const { path } = lab.folder;
  const svg = lab.folder.join("night.svg");
  const draw = (...args: string[]) => run(command(path, "history", lab.file, "--svg", ...args));
  assertEquals((await draw(svg)).stdout, `Wrote the plot to ${svg}\n`);
  const text = await Deno.readTextFile(svg);
  assertMatch(text, /^<svg /);
  assertStringIncludes(text, "DMM.voltage / V");
  assertStringIncludes(text, "<title>service gone</title>");
  assertEquals(modeOf(svg), 0o600);
  assertEquals((await draw(svg)).code, 0);
  const size = (await Deno.stat(lab.file)).size;
  const { code, stderr } = await draw(lab.file);
  assertEquals([code, stderr], [
    1,
    `Cannot write the plot to ${lab.file}: it is there, and no plot\n`,
  ]);
  assertEquals((await Deno.stat(lab.file)).size, size);
  assertEquals((await draw("-", "--until", "2026-11-29T22:05Z")).stdout.slice(0, 4), "<svg");
});

Deno.test("a history of texts says that there are no numbers in it", async () => {
  await using lab = await lastNight();
  const { path } = lab.folder;
  const history = (...words: string[]) => succeed(command(path, "history", lab.file, ...words));
  const note = "\nNo numbers. --readings prints every reading of a file\n";
  const texts = ["--from", "2026-11-29T22:02Z", "--until", "2026-11-29T22:04Z"];
  assert((await history("Room:", ...texts)).endsWith(note));
  assert(!(await history("DMM.voltage", ...texts)).includes(note));
});

Deno.test("--readings prints every reading and gap as record writes them to a file of CSV", async () => {
  await using lab = await lastNight();
  const words = ["history", lab.file, "Room:", "DMM.voltage", "--readings", "--since", "7min"];
  const rows = (await succeed(command(lab.folder.path, ...words))).trim().split("\n");
  assertEquals(rows, [
    "time,received,service,attribute,arguments,unit,value,gap,until",
    "2026-11-29T22:02:00.000000Z,,Room,temperature,,°C,,Manager gone: \u001b[2J,",
    "2026-11-29T22:02:00.000000Z,2026-11-29T22:02:00.000000Z,Room,temperature,,°C,'=1+1,,",
    "2026-11-29T22:02:00.000000Z,,DMM,voltage,,V,,service gone,2026-11-29T22:06:00.000000Z",
    ...[[2, 5.2], [6, 5.6], [7, 5.7], [8, 5.8], [9, 5.9]].map(([minute, value]) => {
      const time = `2026-11-29T22:0${minute}:00.000000Z`;
      return `${time},${time},DMM,voltage,,V,${value},,`;
    }),
  ]);
});

for (
  const [args, code, message] of [
    [["none.sqlite"], 1, "Cannot read the recording none.sqlite: there is no such file"],
    [
      ["FILE", "DMM.volts"],
      1,
      "Cannot find DMM.volts in the recording. Did you mean 'DMM.voltage'?",
    ],
    [["CSV"], 1, "lab.csv: only one in SQLite (.sqlite) can be, and this is none"],
    [["PARQUET"], 1, "lab.parquet: only one in SQLite (.sqlite) can be, and this is none"],
    [["FILE", "DMM"], 1, "Cannot read the source: expected"],
    [["FILE", "--since", "soon"], 2, "Expected a duration such as 10"],
    [["FILE", "--since", "0"], 2, "It must be at least 1ms."],
    [["FILE", "--from", "yesterday"], 2, "Expected a time such as 2026-11-30"],
    [["FILE", "--points", "0"], 2, "It must be from 1 to 10000."],
    [["FILE", "--since", "1h", "--from", "2026-01-01"], 2, "cannot be used with option '--from"],
    [["FILE", "--csv", "--json"], 2, "cannot be used with option"],
    [["FILE", "--from", "2026-12-24", "--until", "2026-12-23"], 1, "it ends before it starts"],
  ] as const
) {
  Deno.test(`history ${args.join(" ")} says what is wrong`, async () => {
    await using lab = await lastNight();
    const files = {
      FILE: lab.file,
      CSV: lab.folder.join("lab.csv"),
      PARQUET: lab.folder.join("lab.parquet"),
    };
    const words = args.map((word) => word in files ? files[word as keyof typeof files] : word);
    const outcome = await run(command(lab.folder.path, "history", ...words));
    assertEquals(outcome.code, code, outcome.stderr);
    assertStringIncludes(outcome.stderr, message);
    assertEquals(outcome.stdout, "");
  });
}

Deno.test("a recorder that runs answers as its file does, and its services give the limits", async () => {
  await using lab = await lastNight();
  await using manager = await TestManager.start({ disableTls: true });
  await using dmm = new Dmm();
  await dmm.start(manager.connectOptions);
  await using reporter = new AlarmReporter({ file: lab.file, serve: true });
  await reporter.serve(manager.connectOptions);
  const connection = [...at(manager.connectOptions), "--disable-tls"];
  const ask = (place: string, ...args: string[]) =>
    succeed(command(lab.folder.path, "history", place, ...args, ...connection));
  for (const args of [[], ["DMM.voltage"], ["Room:temperature", "--csv", "--since", "1h"]]) {
    const until = args.length === 0 ? [] : ["--until", "2026-11-29T22:30Z"];
    assertEquals(await ask("Recorder", ...args, ...until), await ask(lab.file, ...args, ...until));
  }
  const drawn = await ask("Recorder", "DMM.voltage", "--svg", "-");
  assertStringIncludes(drawn, '<rect class="alarm"');
  assert(!(await ask(lab.file, "DMM.voltage", "--svg", "-")).includes('<rect class="alarm"'));
  const failing = async (place: string, ...args: string[]) => {
    const words = ["history", place, ...args, ...connection];
    const { code, stderr } = await run(command(lab.folder.path, ...words));
    assertEquals(code, 1);
    return stderr;
  };
  assertStringIncludes(await failing("Recoder"), "Did you mean 'Recorder'?");
  assertStringIncludes(
    await failing("DMM"),
    "Cannot read the history: 'DMM' is no recorder, it has no sources",
  );
  assertStringIncludes(await failing("Recorder", "--readings"), "give its file, not its name");
});

Deno.test("a service that only has the name of a recorder is not believed", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using folder = await temporaryFolder();
  let said: unknown;
  class Recorder extends Service {
    sources(): unknown {
      return said;
    }

    latest(): unknown {
      return said;
    }
  }
  await using liar = new Recorder();
  await liar.start(manager.connectOptions);
  const words = ["history", "Recorder", ...at(manager.connectOptions), "--disable-tls"];
  const source = {
    id: 1,
    source: "A.b",
    unit: "",
    start: null,
    end: null,
    time: null,
    gap: null,
  };
  const lies = [
    "nothing",
    [{ ...source, end: undefined }],
    [{ ...source, start: "\u001b[2J" }],
    [{ ...source, start: 1e300 }],
    [{ ...source, source: 5 }],
    [{ ...source, source: "no name of a source" }],
  ];
  for (const lie of lies) {
    said = lie;
    const { code, stderr } = await run(command(folder.path, ...words));
    assertEquals([code, stderr], [
      1,
      "Cannot read the history: 'Recorder' answers with something else\n",
    ]);
  }
  said = Array.from(
    { length: 200_000 },
    (_, id) => ({ ...source, id, start: id + 1, end: id + 2 }),
  );
  const patient = ["A.b", "--csv", "--points=1", "--timeout=60s"]; // they take seconds
  const { code, stderr } = await run(command(folder.path, ...words, ...patient));
  assertEquals([code, stderr], [
    1,
    "Cannot read the history: 'Recorder' is no recorder, it has no history\n",
  ]);
});

class Dmm extends Service {
  static about: About<Dmm> = {
    attributes: { voltage: { result: { unit: "V", alarm: [4, 5.8] } } },
  };

  constructor() {
    super({ name: "DMM" });
  }

  voltage(): number {
    return 5;
  }
}
