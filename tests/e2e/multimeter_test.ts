/** The examples around a multimeter: instrument, Service, logger, a Python Client, all together. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DigitalMultimeter } from "../../examples/digital_multimeter.ts";
import { startProgram } from "../../examples/programs.ts";
import { InstrumentServer, Multimeter } from "../../examples/scpi_multimeter.ts";
import { connect, options, RemoteError } from "../../mod.ts";
import { RecordingFile } from "../../record/recording_file.ts";
import { TestManager } from "../../testing.ts";
import { connect as connectOverWeb } from "../../web/client.ts";
import { NO_TIME } from "../support/clock.ts";
import { exampleOptionsFor } from "../support/example_options.ts";
import { posixTest } from "../support/posix.ts";
import { temporaryFolder } from "../support/folder.ts";
import { pythonProgram } from "../support/python.ts";

const IDENTITY = {
  manufacturer: "Simulated Instruments",
  model: "DMM 6.5",
  serial: "1",
  firmware: "1.0",
};

/** A simulated instrument whose measurements take no time. */
function quickMultimeter(): Multimeter {
  return new Multimeter({ clock: NO_TIME });
}

/** A Manager, an instrument, and the Service in front of it. */
async function laboratory() {
  await using stack = new AsyncDisposableStack();
  const manager = stack.use(await TestManager.start());
  const multimeter = quickMultimeter();
  const server = stack.use(new InstrumentServer(multimeter));
  const service = stack.use(new DigitalMultimeter({ port: server.port }));
  await service.start(manager.connectOptions);
  const owned = stack.move();
  return {
    manager,
    multimeter,
    server,
    service,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

Deno.test("a multimeter Service returns the instrument's identity, and measures with the given settings", async () => {
  await using lab = await laboratory();
  await using cxn = await connect(lab.manager.connectOptions);
  const dmm = await cxn.link<DigitalMultimeter>("DigitalMultimeter");
  assertEquals(await dmm.identity(), IDENTITY);
  assertEquals(await dmm.settings(), { range: "AUTO", nplc: 10 });
  assertEquals((await dmm.voltage()).toFixed(3), "10.000");
  assertEquals((await dmm.voltage({ range: 10, nplc: 0.02 })).toFixed(3), "10.000");
  assertEquals(await dmm.settings(), { range: "AUTO", nplc: 10 }); // the settings were for one reading
  assertEquals(await dmm.configure({ range: 100 }), { range: 100, nplc: 10 });
  assertEquals(await dmm.configure({ nplc: 1 }), { range: 100, nplc: 1 });
  await dmm.voltage();
  assertEquals(await lab.multimeter.execute("VOLT:RANG?;NPLC?"), "+1.00000000E+02;+1.00000000E+00");
});

for (
  const [settings, reason] of [
    [{ nplc: 5_000 }, /ValueError: The instrument does not accept .*: -222,"Data out of range"$/],
    [{ range: 1 }, /ValueError: The voltage is too large for the range of 1 V$/],
    [{ range: "10;*RST" }, /ValueError: .* range must be volts or "AUTO", got 10;\*RST$/],
    [{ nplc: "1\n*RST" }, /ValueError: .* nplc must be a number, got 1\n\*RST$/],
    [{ volume: 11 }, /TypeError: DigitalMultimeter.voltage\(\) got an unexpected keyword/],
  ] as const
) {
  Deno.test(`a measurement with ${JSON.stringify(settings)} is rejected, and the next one succeeds`, async () => {
    await using lab = await laboratory();
    await using cxn = await connect(lab.manager.connectOptions);
    const dmm = await cxn.link("DigitalMultimeter");
    const error = await assertRejects(
      () => dmm.request("voltage", { kwargs: settings }),
      RemoteError,
    );
    assertMatch(error.message, reason);
    assertEquals((await dmm.voltage<number>()).toFixed(3), "10.000");
  });
}

Deno.test("the error for a second Client names the Client that has locked the multimeter", async () => {
  await using lab = await laboratory();
  const { connectOptions } = lab.manager;
  await using first = await connect({ ...connectOptions, name: "first" });
  await first.link("DigitalMultimeter");
  await using second = await connect({ ...connectOptions, name: "second" });
  const error = await assertRejects(() => second.link("DigitalMultimeter"), RemoteError);
  assertMatch(error.message, /maximum number of Clients [^]*\n {2}first\[/);
});

Deno.test("a multimeter that is switched off and on again measures with the same settings", async () => {
  await using lab = await laboratory();
  await using cxn = await connect(lab.manager.connectOptions);
  const dmm = await cxn.link<DigitalMultimeter>("DigitalMultimeter");
  await dmm.configure({ range: 100, nplc: 1 });
  const { port } = lab.server;
  await lab.server[Symbol.asyncDispose]();
  const error = await assertRejects(() => dmm.voltage(), RemoteError);
  assertMatch(error.message, /Error: Cannot \w+ the instrument at 127\.0\.0\.1:\d+: /);

  const another = quickMultimeter();
  await using _server = new InstrumentServer(another, { port });
  assertEquals((await dmm.voltage()).toFixed(3), "10.000");
  assertEquals(await another.execute("VOLT:RANG?;NPLC?"), "+1.00000000E+02;+1.00000000E+00");
});

Deno.test("readings arrive in order, each with its time, and their number is checked", async () => {
  await using lab = await laboratory();
  await using cxn = await connect(lab.manager.connectOptions);
  const dmm = await cxn.link<DigitalMultimeter>("DigitalMultimeter");
  const before = Date.now();
  const readings = await dmm.readings({ count: 20, interval: 0 });
  assertEquals(readings.length, 20);
  const times = readings.map(({ time }) => new Date(time).getTime());
  assertEquals(times, times.toSorted((a, b) => a - b));
  assert(times[0] >= before && times[19] <= Date.now());
  for (const { voltage } of readings) assertEquals(voltage.toFixed(3), "10.000");
  for (const wrong of [{ count: 0 }, { count: 1.5 }, { interval: -1 }]) {
    const error = await assertRejects(() => dmm.readings(wrong).result(), RemoteError);
    assertMatch(error.message, /^ValueError: Cannot take readings: /);
  }
});

Deno.test("readings are streamed while they are taken, until the reader stops", async () => {
  await using lab = await laboratory();
  await using cxn = await connect(lab.manager.connectOptions);
  const dmm = await cxn.link<DigitalMultimeter>("DigitalMultimeter");
  let count = 0;
  for await (const { voltage } of dmm.readings({ count: 1_000_000, interval: 0 })) {
    assertEquals(voltage.toFixed(3), "10.000");
    if (++count === 100) break;
  }
  const aborted = new AbortController();
  assertEquals(count, 100);
  const hourly = dmm.readings(
    { count: 3, interval: 3_600_000 },
    options({ signal: aborted.signal }),
  );
  await assertRejects(
    async () => {
      for await (const _reading of hourly) aborted.abort(new Error("enough")); // at the first one
    },
    Error,
    "enough",
  );
  await lab.service.shutdown(); // the hourly reading is cancelled
  await lab.manager.disconnected("DigitalMultimeter");
});

Deno.test("multimeter_client.py measures through the same Service", async () => {
  await using lab = await laboratory();
  const client = pythonProgram(
    "../../examples/multimeter_client.py",
    exampleOptionsFor(lab.manager),
  );
  const { code, stdout, stderr } = await client.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  assertEquals(lines.shift(), "Simulated Instruments DMM 6.5, serial number 1");
  assertMatch(lines.shift()!, /^One reading: 10\.0000\d\d V$/);
  assertMatch(lines.pop()!, /^Refused: .*ValueError: The instrument does not accept .*-222/);
  assertMatch(lines.pop()!, /^Mean: 10\.0000\d\d V$/);
  assertEquals(lines.length, 5);
  for (const line of lines) assertMatch(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}10\.0000\d\d V$/);
});

Deno.test("the demo records the voltage and draws a plot, and ends", async () => {
  await using out = await temporaryFolder();
  await using demo = startProgram(
    out.path,
    "multimeter_demo.ts",
    "--speed=3600",
    `--out=${out.path}`,
  );
  const lines = await Array.fromAsync(demo.lines);
  assertEquals((await demo.status).code, 0, lines.join("\n"));
  const names = [...Deno.readDirSync(out.path)].map(({ name }) => name).sort();
  const [file, svg] = names.filter((name) => name.startsWith("voltage-"));
  assertMatch(file, /^voltage-\d{4}-\d\d-\d\dT\d{6}Z\.sqlite$/);
  assertEquals(svg, file.replace("sqlite", "svg"));
  using recording = new RecordingFile(join(out.path, file));
  const [source] = recording.sources();
  assertEquals([source.attribute, source.unit], ["voltage", "V"]);
  const readings = [...recording.readings(source.id, { start: 0, end: Infinity })];
  assert(readings.length > 0);
  for (const { value } of readings) assertEquals(Number(value).toFixed(3), "10.000");
  assert(
    lines.some((line) => /^DigitalMultimeter\.voltage\(range=10, nplc=10\) \/ V, /.test(line)),
  );
  assertEquals(lines.at(-1), `Wrote the plot to ${join(out.path, svg)}`);
  assertMatch(await Deno.readTextFile(join(out.path, svg)), /^<svg /);
});

posixTest("the demo with --web runs a live laboratory until Ctrl+C, with a page", async () => {
  await using out = await temporaryFolder();
  await using demo = startProgram(out.path, "multimeter_demo.ts", "--web");
  const line = await demo.lineWith("in a browser");
  const [, address] = /^Open (http:\/\/localhost:\d+) in/.exec(line)!;
  const page = await fetch(address);
  assertEquals(page.status, 200);
  assertMatch(await page.text(), /<title>MSL-Network/);
  await using cxn = await connectOverWeb({ url: address });
  const { services } = await cxn.identities();
  assertEquals(Object.keys(services).sort(), ["DigitalMultimeter", "EnvironmentMonitor"]);
  const about = await cxn.about("EnvironmentMonitor");
  assertEquals(about.notifications.temperature.unit, "°C");
  const monitor = await cxn.link("EnvironmentMonitor");
  const { promise: reading, resolve } = Promise.withResolvers<unknown[]>();
  monitor.notificationHandler = (...parameters) => resolve(parameters);
  assertMatch(JSON.stringify(await reading), /"reading",.*"temperature":/);
  demo.interrupt();
  assertEquals((await demo.status).code, 0);
  await assertRejects(() => fetch(address));
});
