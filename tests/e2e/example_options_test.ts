/** Wrong options of the examples, and their help. */

import { assert, assertEquals, assertMatch } from "@std/assert";
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
    ["demo.ts", "--fast", "Unknown option --fast. There are --nodes"],
    ["echo.ts", "--port=many", '--port must be a number from 1 to 65535, got "many"'],
    ["echo.ts", "--port=", '--port must be a number from 1 to 65535, got ""'],
    ["multimeter_demo.ts", "--hours=many", '--hours must be a number from 0, got "many"'],
    ["multimeter_demo.ts", "--hours=", '--hours must be a number from 0, got ""'],
    ["environment_monitor.ts", "--interval=-1", '--interval must be a number from 0, got "-1"'],
  ]
) {
  Deno.test(`${example} ${option} ends at once with an error that names the mistake`, async () => {
    const command = denoCommand(["run", "-A", join(ROOT, "examples", example), option]);
    const { code, stdout, stderr } = await run(command);
    assertEquals([code, stdout, stderr.trim()], [2, "", reason]);
  });
}

/** The examples that are programs: the others are modules that those import. */
function programs(): string[] {
  const folder = join(ROOT, "examples");
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    name.endsWith(".ts")
  );
  return names.filter((name) =>
    /^(await|if \(import\.meta\.main\)|const \{.*\} = ownOptions)/m.test(
      Deno.readTextFileSync(join(folder, name)),
    )
  );
}

Deno.test("every example answers --help, and does nothing else", async () => {
  const names = programs();
  assert(names.length >= 13, names.join(", "));
  await Promise.all(names.map(async (name) => {
    const command = denoCommand(["run", "-A", join(ROOT, "examples", name), "--help"]);
    const { code, stdout, stderr } = await run(command);
    assertEquals([code, stderr], [0, ""], name);
    assertMatch(stdout, /^Options:\n( {2}--[a-z-]+ .*\n)* {2}--help +show this\n$/, name);
    if (name === "echo.ts") assertMatch(stdout, / {2}--host <name> +the computer/);
    if (name === "multimeter_demo.ts") assertMatch(stdout, / {2}--hours <number> +default: \d/);
  }));
});
