/**
 * A laboratory in one command. It starts a Manager, a simulated multimeter and its Service, each in a
 * process, logs an hour of readings in a few seconds, and stops all processes. The readings (CSV) and
 * their plot (SVG) are left in the folder of `--out`.
 *
 * @module
 */

import { ownOptions } from "./options.ts";
import { startProgram } from "./programs.ts";

const { hours, speed, out } = ownOptions({ hours: 1, speed: 720, out: "." });

const home = await Deno.makeTempDir({ prefix: "msl-network-demo-" });
try {
  await using manager = startProgram(home, "../manager.ts", "start", "--port=0", "-G", "warning");
  await using instrument = startProgram(
    home,
    "scpi_multimeter.ts",
    "--port=0",
    `--speed=${speed}`,
  );
  const ready = await manager.lineWith("Network Manager running on");
  const listening = await instrument.lineWith("listens on");
  console.log(`${ready}\n${listening}`);
  const port = `--port=${/:(\d+) /.exec(ready)![1]}`;

  await using service = startProgram(
    home,
    "digital_multimeter.ts",
    port,
    `--instrument=${listening.split(" ").at(-1)}`,
  );
  console.log(await service.lineWith("is running"));

  await using logger = startProgram(
    home,
    "log_voltage.ts",
    port,
    `--hours=${hours}`,
    `--speed=${speed}`,
    `--out=${out}`,
  );
  for await (const line of logger.lines) console.log(line);
  Deno.exitCode = (await logger.status).code;
} finally {
  await Deno.remove(home, { recursive: true });
}
