/**
 * A Service that returns its arguments, to show how they travel.
 *
 * @module
 */

import { Kwargs, runUntilEnd, Service } from "@msl/network";
import { connectOptions } from "./options.ts";

/** Returns its arguments. */
export class Echo extends Service {
  /** The positional arguments, and the keyword arguments by name. */
  echo(...args: unknown[]): [args: unknown[], kwargs: Record<string, unknown>] {
    const last = args.at(-1);
    return last instanceof Kwargs ? [args.slice(0, -1), last.named] : [args, {}];
  }
}

if (import.meta.main) {
  const service = new Echo();
  service.addTasks(() => console.log("Echo is running"));
  await runUntilEnd(service, connectOptions());
}
