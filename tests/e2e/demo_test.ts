/** The demonstration as processes over TLS: its output and its total times. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { natsTest } from "../support/nats_server.ts";
import { posixTest } from "../support/posix.ts";
import { denoCommand, Process, succeed } from "../support/process.ts";
import { ROOT } from "../support/source_tree.ts";

Deno.test("the demo prints the manual's lines and about 21 and 6 seconds", async () => {
  const stdout = await succeed(denoCommand(["run", "-A", join(ROOT, "examples", "demo.ts")]));
  const lines = stdout.split("\n").map((line) => line.trim());
  const results = lines.filter((line) => /^(\d.*=|is positive\?) /.test(line));
  const expected = ["1+2= 3", "1-2= -1", "1*2= 2", "1/2= 0.5", "is positive? True", "2**4= 16"];
  assertEquals(results, [...expected, ...expected]);
  const totals = lines.flatMap((line) =>
    /^Total execution time: (.*) seconds$/.exec(line)?.[1] ?? []
  );
  // Never less than the sum of the methods' delays; the overhead depends on the machine.
  assert(Number(totals[0]) >= 20.99, `synchronous: ${totals[0]}`);
  assert(Number(totals[1]) >= 5.99 && Number(totals[1]) < Number(totals[0]), totals.join());
  assertEquals(lines.filter((line) => /^(a)?synchronous +[\d.]+ s /.test(line)).length, 2);
});

natsTest("the demo of joined Managers shows where a Service has moved to", async () => {
  const demo = join(ROOT, "examples", "demo.ts");
  const stdout = await succeed(denoCommand(["run", "-A", demo, "--nodes"]));
  const after = (text: string) =>
    stdout.split("\n").filter((line) => line.startsWith(text)).map((line) =>
      line.slice(text.length)
    );
  const [here, gone] = after("a.Oven.temperature(): ");
  assertEquals(here, '{"celsius":21.5,"room":"a"}');
  assertMatch(gone, /^ConnectionAbortedError: .* the link with the 'a.Oven' service has ended/);
  for (const name of ["a.Oven", "Oven"]) {
    assertMatch(after(`a new link with ${name}: `)[0], /^KeyError: .*Did you mean 'b.Oven'\?/);
  }
  assertEquals(after("b.Oven.temperature(): "), ['{"celsius":21.5,"room":"b"}']);
  assertMatch(
    after("b.Oven.bake(): ")[0],
    /: the session with the node 'b' ended \([^():]+\) before .*, and the service may have worked/,
  );
  assertMatch(after("a new link with b.Oven: ")[0], /the node 'b' is gone since /);
});

/** The processes of this computer with a text in their environment; none where there is no `/proc`. */
function processesWith(text: string): string[] {
  if (!existsSync("/proc/self/environ")) return [];
  return [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((name) => {
    try {
      return /^\d+$/.test(name) && Deno.readTextFileSync(`/proc/${name}/environ`).includes(text);
    } catch {
      return false; // it has ended, or is that of another user
    }
  });
}

const interruptions = [
  { args: ["demo.ts"], after: "is running", signal: "SIGINT", code: 130 },
  { args: ["demo.ts", "--nodes"], after: "Room b:", signal: "SIGINT", code: 130 },
  { args: ["demo.ts", "--nodes"], after: "The Oven is in room a", signal: "SIGTERM", code: 130 },
  { args: ["multimeter_demo.ts"], after: "Recording to", signal: "SIGINT", code: 130 },
  { args: ["multimeter_demo.ts", "--web"], after: "Open", signal: "SIGINT", code: 0 },
] as const;
for (const { args: [file, ...args], after, signal, code } of interruptions) {
  const test = file === "demo.ts" && args.length > 0 ? natsTest : posixTest;
  test(`${signal} to ${[file, ...args].join(" ")} after "${after}" leaves no process and no file`, async () => {
    await using folder = await temporaryFolder();
    const temporary = folder.join("temporary");
    await Deno.mkdir(temporary);
    const command = ["run", "-A", join(ROOT, "examples", file), ...args];
    const env = { TMPDIR: temporary };
    await using demo = new Process(denoCommand(command, { cwd: folder.path, env }));
    await demo.stdout.next((line) => line.includes(after));
    demo.kill(signal);
    demo.kill(signal); // as from the terminal and from `deno task`
    assertEquals((await demo.end()).code, code);
    assertEquals(processesWith(temporary), []);
    assertEquals([...Deno.readDirSync(temporary)].map(({ name }) => name), []);
  });
}
