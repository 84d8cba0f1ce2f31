/**
 * A method of a Service that is a function which is called elsewhere: to whoever looks at it, it has
 * the parameters of that function.
 *
 * @module
 */

import { repr } from "../base/repr.ts";
import type { WorkerTask } from "./worker.ts";

/**
 * A method for an exported function.
 *
 * @param module The URL of the module that exports it.
 * @param call Calls it.
 * @throws {TypeError} If the function has no name, or `module` is no URL.
 */
export function workerMethod<Args extends unknown[], Result>(
  called: (...args: Args) => Result,
  module: string | URL,
  call: (task: WorkerTask, args: Args) => Promise<unknown>,
): (...args: Args) => Promise<Awaited<Result>> {
  const { name } = called;
  if (name === "") throw new TypeError("Cannot call a function in workers that has no name");
  if (!URL.canParse(module)) {
    throw new TypeError(
      `Cannot call ${name} in workers: ${repr(String(module))} is no URL, which ` +
        `import.meta.resolve(${JSON.stringify(module)}) is`,
    );
  }
  const task = { module: String(module), name };
  const method = (...args: Args) => call(task, args) as Promise<Awaited<Result>>;
  // A Service reads the parameters of its methods off their source text.
  return Object.defineProperties(method, {
    name: { value: name },
    toString: { value: () => called.toString() },
  });
}
