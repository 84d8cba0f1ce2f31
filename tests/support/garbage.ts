/** Collecting garbage, for tests of what is not held any more. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects garbage. Until a later turn of the event loop a WeakRef keeps its object, so it waits. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  await new Promise((resolve) => setTimeout(resolve, 0));
  collect();
}
