/**
 * The module that runs in a worker: calls the function of each message from `worker_pool.ts`, and
 * replies with its result or its error. A worker is started with this module. Importing it elsewhere
 * starts nothing.
 *
 * @module
 */

import { Kwargs } from "../wire/call.ts";
import { wireMessage } from "../errors.ts";
import type { NdArray } from "../wire/nd_array.ts";
import { ndArraysIn, withNdArrays } from "./worker_values.ts";

/** A function that is called in a worker. */
export interface WorkerTask {
  /** The URL of the module that exports it. */
  readonly module: string;
  /** Its name there. */
  readonly name: string;
}

/** A message to a worker: the call of a function. */
export interface WorkerCall extends WorkerTask {
  readonly args: readonly unknown[];
  /** The keyword arguments. A copy of a `Kwargs` would lose its class. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** The arrays in both of them whose copies lose their class. */
  readonly arrays: readonly NdArray[];
}

/** The reply of a worker. */
export type WorkerReply =
  | { readonly state: "returned"; readonly value: unknown; readonly arrays: readonly NdArray[] }
  | { readonly state: "failed"; readonly text: string; readonly stack: string | undefined };

/** The members of the global scope that only a worker has. */
interface WorkerScope {
  onmessage: (event: MessageEvent<WorkerCall>) => void;
  postMessage(reply: WorkerReply): void;
  close(): void;
}

/** An error that was thrown in a worker. A clone of it would lose the name of its class. */
export function toError({ text, stack }: WorkerReply & { state: "failed" }): Error {
  const [_, name, message] = /^(\w+): ([^]*)$/.exec(text) ?? [text, "Error", text];
  return Object.assign(new Error(message), { name, stack });
}

if (import.meta.main && "DedicatedWorkerGlobalScope" in globalThis) {
  serve(globalThis as unknown as WorkerScope);
}

function serve(scope: WorkerScope): void {
  // Deno reports the end of a worker to nobody, so the call would be pending for ever.
  scope.close = Deno.exit = () => {
    throw new Error("Cannot end the program: this is a worker of a Service");
  };
  scope.onmessage = async ({ data: task }) => {
    const reply = await call(task);
    try {
      scope.postMessage(reply);
    } catch (error) {
      const reason = new TypeError(
        `Cannot return the result of ${task.name} from a worker: ${(error as Error).message}`,
      );
      scope.postMessage(failure(reason));
    }
  };
}

async function call({ module, name, arrays, ...copied }: WorkerCall): Promise<WorkerReply> {
  try {
    const { args, kwargs } = withNdArrays(copied, arrays);
    const called = (await import(module))[name];
    if (typeof called !== "function") {
      throw new TypeError(`Cannot call ${name} in a worker: ${module} exports no such function`);
    }
    const named = Object.keys(kwargs).length > 0 ? [new Kwargs(kwargs)] : [];
    const value = await called(...args, ...named);
    return { state: "returned", value, arrays: ndArraysIn(value) };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): WorkerReply {
  const stack = error instanceof Error ? error.stack : undefined;
  return { state: "failed", text: wireMessage(error), stack };
}
