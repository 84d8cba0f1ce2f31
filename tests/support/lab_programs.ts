/**
 * Programs of a user as processes: a Manager and a Service of this process, and a program that is
 * linked with it. Each line of such a program has a number, which its tests compare.
 */

import { join } from "node:path";
import type { Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { temporaryFolder } from "./folder.ts";
import { denoCommand, type Outcome, run } from "./process.ts";
import { CONFIG, MODULE } from "./source_tree.ts";

/** The first lines of a program; `link` is linked with the Service. */
const OPENING = (options: object, service: string) =>
  `import { connect, Future, kwargs, LinkedClient, options, Service } from ${MODULE};\n` +
  `const connection = ${JSON.stringify(options)};\n` +
  `const client = await connect(connection);\n` +
  `const link = await client.link(${JSON.stringify(service)});\n`;

/** How many lines are before those of the test. */
const LINES_BEFORE = 4;

/** The programs of one laboratory. */
export interface LabPrograms extends AsyncDisposable {
  manager: TestManager;
  /** Runs a program that is linked with the Service to its end. Its file is `main.ts`. */
  run(...lines: string[]): Promise<Outcome>;
  /** The place of a line of the last program, as its stack shows it; the first one is 1. */
  place(line: number, column: number): string;
}

/** Starts a Manager and the Service. */
export async function labPrograms(service: Service): Promise<LabPrograms> {
  await using stack = new AsyncDisposableStack();
  const manager = stack.use(await TestManager.start());
  stack.use(service);
  await service.start(manager.connectOptions);
  const folder = stack.use(await temporaryFolder());
  const file = join(folder.path, "main.ts");
  const whole = stack.move();
  return {
    manager,
    async run(...lines) {
      const opening = OPENING(manager.connectOptions, service.name);
      await Deno.writeTextFile(file, `${opening}${lines.join("\n")}\n`);
      return await run(denoCommand(["run", "-A", "--no-check", `--config=${CONFIG}`, file]));
    },
    place: (line, column) => `${new URL(`file://${file}`).href}:${LINES_BEFORE + line}:${column}`,
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}
