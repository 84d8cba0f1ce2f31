/**
 * A laboratory in one command. It starts a Manager, a simulated multimeter and its Service, each in a
 * process, logs an hour of readings in a few seconds, and stops all processes. The readings (CSV) and
 * their plot (SVG) are left in the folder of `--out`.
 *
 * With `--web` nothing is logged: a monitor of the air is started too, and all run until Ctrl+C, so
 * that the page of the Manager, whose address is printed, shows a laboratory that is alive.
 *
 * @module
 */

import { ownOptions } from "./options.ts";
import { startProgram } from "./programs.ts";

const { hours, speed, out, web } = ownOptions({ hours: 1, speed: 720, out: ".", web: false });

const home = await Deno.makeTempDir({ prefix: "msl-network-demo-" });
try {
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
    await new Promise<void>((resolve) => Deno.addSignalListener("SIGINT", resolve));
  } else {
    await using logger = startProgram(
      home,
      "log_voltage.ts",
      ...connection,
      `--hours=${hours}`,
      `--speed=${speed}`,
      `--out=${out}`,
    );
    for await (const line of logger.lines) console.log(line);
    Deno.exitCode = (await logger.status).code;
  }
} finally {
  await Deno.remove(home, { recursive: true });
}
