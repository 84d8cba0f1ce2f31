/**
 * The inside of a worker: calls one function after the other, as a `WorkerPool` asks for, and
 * answers with what it returns or throws. A worker is started with this module; whoever imports it
 * starts nothing.
 *
 * @module
 */

import { Kwargs } from "../wire/call.ts";
import { wireMessage } from "../errors.ts";

/** A function that is called in a worker. */
export interface WorkerTask {
  /** The URL of the module that exports it. */
  readonly module: string;
  /** Its name there. */
  readonly name: string;
}

/** What a worker is asked. */
export interface WorkerCall extends WorkerTask {
  readonly args: readonly unknown[];
  /** The keyword arguments of a function that takes any: a `Kwargs` would lose its class. */
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** What a worker answers. */
export type WorkerAnswer =
  | { readonly state: "returned"; readonly value: unknown }
  | { readonly state: "failed"; readonly text: string; readonly stack: string | undefined };

/** What a worker has of the global scope, and a program has not. */
interface WorkerScope {
  onmessage: (event: MessageEvent<WorkerCall>) => void;
  postMessage(answer: WorkerAnswer): void;
  close(): void;
}

/** An error as it was thrown in a worker. One that is cloned would lose the name of its class. */
export function asThrown({ text, stack }: WorkerAnswer & { state: "failed" }): Error {
  const [_, name, message] = /^(\w+): ([^]*)$/.exec(text) ?? [text, "Error", text];
  return Object.assign(new Error(message), { name, stack });
}

if (import.meta.main && "DedicatedWorkerGlobalScope" in globalThis) {
  serve(globalThis as unknown as WorkerScope);
}

function serve(scope: WorkerScope): void {
  // Nobody would be told, and whoever has asked would wait for ever.
  scope.close = Deno.exit = () => {
    throw new Error("Cannot end the program: this is a worker of a Service");
  };
  scope.onmessage = async ({ data: call }) => {
    const answer = await perform(call);
    try {
      scope.postMessage(answer);
    } catch (error) {
      const reason = new TypeError(
        `Cannot return the result of ${call.name} from a worker: ${(error as Error).message}`,
      );
      scope.postMessage(failure(reason));
    }
  };
}

async function perform({ module, name, args, kwargs }: WorkerCall): Promise<WorkerAnswer> {
  try {
    const called = (await import(module))[name];
    if (typeof called !== "function") {
      throw new TypeError(`Cannot call ${name} in a worker: ${module} exports no such function`);
    }
    const named = Object.keys(kwargs).length > 0 ? [new Kwargs(kwargs)] : [];
    return { state: "returned", value: await called(...args, ...named) };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): WorkerAnswer {
  const stack = error instanceof Error ? error.stack : undefined;
  return { state: "failed", text: wireMessage(error), stack };
}
