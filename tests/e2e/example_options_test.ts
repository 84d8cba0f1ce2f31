/** Wrong options of the examples. */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { denoCommand, run } from "../support/process.ts";
import { ROOT } from "../support/source_tree.ts";

for (
  const [example, option, reason] of [
    [
      "echo.ts",
      "--prot=1",
      "Unknown option --prot=1. There are --host, --port, --cert-file, " +
      "--disable-tls, --auto-save",
    ],
    [
      "scpi_multimeter.ts",
      "--disable-tls",
      "Unknown option --disable-tls. There are --host, " +
      "--port, --seed, --speed",
    ],
    ["log_voltage.ts", "--hours=many", '--hours must be a number from 0, got "many"'],
    ["log_voltage.ts", "--hours=", '--hours must be a number from 0, got ""'],
    ["log_voltage.ts", "--interval=-1", '--interval must be a number from 0, got "-1"'],
  ]
) {
  Deno.test(`${example} ${option} ends at once with an error that names the mistake`, async () => {
    const command = denoCommand(["run", "-A", join(ROOT, "examples", example), option]);
    const { code, stdout, stderr } = await run(command);
    assertEquals([code, stdout, stderr.trim()], [1, "", reason]);
  });
}
