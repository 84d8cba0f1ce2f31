/**
 * Compares synchronous with asynchronous requests. It starts a Manager and the Service BasicMath, each
 * in a process, runs `synchronous.ts` and `asynchronous.ts`, prints their times, and stops all
 * processes. With `--nodes` it runs `nodes_demo.ts` instead: several Managers that are joined.
 *
 * @module
 */

import { ownOptions } from "./options.ts";
import { demonstrate, startProgram } from "./programs.ts";

const REQUESTS = 6;
const isTerminal = Deno.stdout.isTerminal();

if (ownOptions({ nodes: false }).nodes) {
  const { demonstrateNodes } = await import("./nodes_demo.ts");
  await demonstrate(demonstrateNodes);
} else {
  await demonstrate(demonstrateStyles);
}

/** The two styles, one after the other. */
async function demonstrateStyles(home: string): Promise<void> {
  await using manager = startProgram(home, "../manager.ts", "start", "--port=0", "-G", "warning");
  const ready = await manager.lineWith("Network Manager running on");
  console.log(ready);
  const port = /:(\d+) /.exec(ready)![1];
  await using service = startProgram(home, "basic_math.ts", "--port", port);
  console.log(await service.lineWith("is running"));

  const synchronous = await time(home, "synchronous", port);
  const asynchronous = await time(home, "asynchronous", port);
  const row = (...[style, total, call, returned]: string[]) =>
    console.log(`${style.padEnd(14)}${total.padStart(10)}   ${call.padEnd(26)}${returned}`);
  console.log();
  row("style", "total time", "how to call", "what is returned");
  row("synchronous", `${synchronous} s`, "await bm.add(1, 2)", "the result, when it is there");
  row("asynchronous", `${asynchronous} s`, "const sum = bm.add(1, 2)", "a Future, at once");
}

/** Runs one of the two programs. Returns the total time that it prints, in seconds. */
async function time(home: string, style: string, port: string): Promise<string> {
  console.log(`\n${style}.ts`);
  await using program = startProgram(home, `${style}.ts`, "--port", port);
  using progress = showProgress();
  let total: string | undefined;
  for await (const line of program.lines) {
    progress.clear();
    console.log(`  ${line}`);
    progress.answered++;
    total = /Total execution time: ([\d.]+) seconds/.exec(line)?.[1];
  }
  if (total === undefined) throw new Error(`${style}.ts ended before all requests were answered`);
  return total;
}

/** A line that shows the time since the start, and is updated once a second. */
function showProgress(): Disposable & { answered: number; clear(): void } {
  const encoder = new TextEncoder();
  const write = (text: string) => Deno.stdout.writeSync(encoder.encode(text));
  const start = performance.now();
  const progress = {
    answered: 0,
    clear() {
      if (isTerminal) write("\r\x1b[K");
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      progress.clear();
    },
  };
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - start) / 1_000);
    const line = `  ... ${seconds} s, ${progress.answered} of ${REQUESTS} answers are shown`;
    if (isTerminal) write(`\r\x1b[K${line}`);
    else if (seconds % 5 === 0) write(`${line}\n`); // every fifth second is enough for a log
  }, 1_000);
  return progress;
}
