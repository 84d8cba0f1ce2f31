/**
 * A laboratory in one command. It starts a Manager, a simulated multimeter and its Service, each in a
 * process, records an hour of the instrument in a few seconds with the command `record`, and draws it
 * with `history`. The recording (SQLite) and its plot (SVG) are left in the folder of `--out`.
 *
 * With `--web` nothing is recorded: a monitor of the air is started too, and all run until Ctrl+C, so
 * that the page of the Manager, whose address is printed, shows a laboratory that is alive.
 *
 * @module
 */

import { join } from "node:path";
import { ownOptions } from "./options.ts";
import { demonstrate, startProgram } from "./programs.ts";

const { hours, speed, out, web } = ownOptions({ hours: 1, speed: 720, out: ".", web: false });

// Ctrl+C is the end of a laboratory that is shown in a browser, and else an interruption.
await demonstrate(demonstrateLaboratory, web ? 0 : 130);

async function demonstrateLaboratory(home: string): Promise<void> {
  // On this computer alone, and without a certificate that the browser does not know.
  const live = web ? ["--host=localhost", "--disable-tls", "--web=0"] : [];
  await using manager = startProgram(
    home,
    "../manager.ts",
    ...["start", "--port=0", "-G", "warning", ...live],
  );
  await using instrument = startProgram(
    home,
    "scpi_multimeter.ts",
    "--port=0",
    `--speed=${speed}`,
  );
  const ready = await manager.lineWith("Network Manager running on");
  const listening = await instrument.lineWith("listens on");
  console.log(`${ready}\n${listening}`);
  const connection = [`--port=${/:(\d+) /.exec(ready)![1]}`, ...web ? ["--disable-tls"] : []];

  await using service = startProgram(
    home,
    "digital_multimeter.ts",
    ...connection,
    `--instrument=${listening.split(" ").at(-1)}`,
  );
  console.log(await service.lineWith("is running"));

  if (web) {
    await using monitor = startProgram(home, "environment_monitor.ts", ...connection);
    console.log(await monitor.lineWith("is running"));
    const [, address] = /\(web page (\S+)\)/.exec(ready)!;
    console.log(`\nOpen ${address} in a browser. Ctrl+C ends the laboratory.`);
    await Promise.race([manager.status, service.status, monitor.status]);
  } else {
    const start = new Date().toISOString().slice(0, 19).replaceAll(":", "");
    const recording = join(out, `voltage-${start}Z`);
    await record(home, `${recording}.sqlite`, connection);
    await history(home, `${recording}.sqlite`, "--points=6");
    await history(home, `${recording}.sqlite`, `--svg=${recording}.svg`);
  }
}

/** Records a reading for each twenty seconds of the instrument. */
async function record(home: string, file: string, connection: readonly string[]): Promise<void> {
  const every = Math.max(10, Math.round(20_000 / speed));
  const duration = Math.ceil(hours * 3_600_000 / speed);
  await Deno.mkdir(out, { recursive: true });
  console.log(`Recording to ${file}`);
  await run(
    home,
    "record",
    `DigitalMultimeter.voltage(range=10, nplc=10)@${every}ms`,
    `--to=${file}`,
    `--for=${duration}ms`,
    "--quiet",
    ...connection,
  );
}

function history(home: string, file: string, ...args: readonly string[]): Promise<void> {
  return run(home, "history", file, ...args);
}

/** Runs a command of the package, and prints what it prints. */
async function run(home: string, ...words: readonly string[]): Promise<void> {
  await using command = startProgram(home, "../manager.ts", ...words);
  for await (const line of command.lines) console.log(line);
  const { code } = await command.status;
  if (code !== 0) Deno.exitCode = code;
}
