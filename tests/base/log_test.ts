import { assertEquals } from "@std/assert";
import { CONFIG } from "../support/source_tree.ts";
import { run } from "../support/process.ts";

Deno.test("records are dropped until LogTape is loaded, and a logger that was made before writes them then", async () => {
  const url = (name: string) => JSON.stringify(import.meta.resolve(`../../base/${name}.ts`));
  const program = `
    import { isLogConfigured, logger } from ${url("log")};
    import { reportFailure } from ${url("failure_report")};
    const log = logger("device");
    log.error("{what} is lost", { what: "This" });
    reportFailure(log, "No log: {error}", { error: "told on the standard error" });
    const { configure } = await import("@logtape/logtape");
    await import(${url("log_tape")});
    console.log(isLogConfigured());
    await configure({
      sinks: { out: ({ category, level, message }) =>
        console.log(category.join("."), level, message.join("")) },
      loggers: [
        { category: ["msl", "network"], sinks: ["out"], lowestLevel: "debug" },
        { category: ["logtape", "meta"], sinks: [] },
      ],
    });
    console.log(isLogConfigured());
    for (const level of ["debug", "info", "warn", "error", "fatal"]) {
      log[level]("{what} is written", { what: "That" });
    }
    reportFailure(log, "Logged: {error}", { error: "a text" });
    Deno.exit();`;
  const args = ["eval", "--config", CONFIG, program];
  const { code, stdout, stderr } = await run(new Deno.Command(Deno.execPath(), { args }));
  assertEquals(stdout.split("\n"), [
    "false",
    "true",
    ...["debug", "info", "warning", "error", "fatal"].map((level) =>
      `msl.network.device ${level} That is written`
    ),
    "msl.network.device error Logged: Error: a text",
    "",
  ]);
  assertEquals([code, stderr.trim()], [0, "No log: Error: told on the standard error"]);
});
