/** The options of the examples, as a person gets them wrong. */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

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
  Deno.test(`${example} ${option} ends at once and says what is wrong`, async () => {
    const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", fileURLToPath(import.meta.resolve(`../../examples/${example}`)), option],
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    assertEquals([code, decoder.decode(stdout)], [1, ""]);
    assertEquals(decoder.decode(stderr).trim(), reason);
  });
}
