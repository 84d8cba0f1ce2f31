import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { VERSION } from "../../version.ts";
import { run } from "../support/process.ts";

Deno.test("a command that is done ends the process, with its exit code, whatever else is running", async () => {
  const main = JSON.stringify(import.meta.resolve("../../cli/main.ts"));
  const program = `import { main } from ${main};
    setInterval(() => {}, 1_000);
    Deno.exitCode = Number(Deno.args[0]);
    addEventListener("unload", () => console.log("unload"));
    await main(["--version"]);`;
  const config = fileURLToPath(import.meta.resolve("../../deno.json"));
  for (const code of [0, 3]) {
    const args = ["eval", "--config", config, program, String(code)];
    assertEquals(await run(new Deno.Command(Deno.execPath(), { args })), {
      code,
      stdout: `${VERSION}\nunload\n`,
      stderr: "",
    });
  }
});
