/**
 * Which line of the user's program it was: captures the place that makes a call, and shows the stack of
 * an error without the frames of this package.
 *
 * To capture a place takes 4 µs, whatever the limit of frames is; to read it takes 25 µs and more. So
 * it is read only when somebody reads the stack of an error.
 *
 * @module
 */

import { isOwnModule, ROOT } from "./own_modules.ts";
import { printable } from "./printable.ts";

/** A place of the user's program, captured by {@linkcode captureCaller}. */
export interface Caller {
  /** The stack there, frames of this package included. */
  readonly stack?: string;
}

/** What the other side of a call says of an error. */
export interface RemoteTraceback {
  /** Whose it is, e.g. `"the 'DMM' service"`. */
  readonly of: string;
  /** Its lines as they were sent. */
  readonly lines: readonly string[];
}

/** How many frames of this package are above those of its user, at most. */
const OWN_FRAMES = 8;

/** How many errors behind an error have their stacks trimmed. */
const DEEPEST_CAUSE = 16;

/** How many lines of a remote traceback a stack shows. The error has all of them. */
const LONGEST_TRACEBACK = 100;

/** The errors that show a caller. The first one counts, which knows the traceback too. */
const shown = new WeakSet<Error>();

/** Captures the place that calls the package; `undefined` if the program has turned stacks off. */
export function captureCaller(): Caller | undefined {
  const { stackTraceLimit } = Error;
  if (!(stackTraceLimit > 0)) return undefined;
  const caller: Caller = {};
  Error.stackTraceLimit = stackTraceLimit + OWN_FRAMES;
  Error.captureStackTrace(caller, captureCaller);
  Error.stackTraceLimit = stackTraceLimit;
  return caller;
}

/**
 * Runs an asynchronous function of the package. The stack of its error shows the place that has
 * called this.
 */
export async function forCaller<T>(task: () => Promise<T>): Promise<T> {
  const caller = captureCaller();
  try {
    return await task();
  } catch (error) {
    throw showCaller(error, caller);
  }
}

/**
 * Lets the stack of an error of this package show where the user's program has made the call, and
 * then the traceback of the other side. It has no frames of this package. An error that the program
 * itself has made, e.g. in a method `toJSON`, shows where that was.
 *
 * @param caller `undefined` for no place.
 */
export function showCaller<E>(error: E, caller: Caller | undefined, remote?: RemoteTraceback): E {
  if (!(error instanceof Error) || shown.has(error)) return error;
  shown.add(error);
  replaceStack(
    error,
    () => [...framesOfUser(caller?.stack), ...linesOf(remote)],
  );
  let { cause } = error;
  for (let depth = 0; cause instanceof Error && depth < DEEPEST_CAUSE; depth++) {
    // For an error without frames, Deno shows where it was made.
    replaceStack(cause, () => framesOfUser(caller?.stack).slice(0, 1));
    cause = cause.cause;
  }
  return error;
}

/** An error of this package that is thrown at once. Its stack begins where the program is. */
export function atCaller<E>(error: E): E {
  return showCaller(error, captureCaller());
}

/** The frames of a stack that are neither of this package nor of the runtime. */
export function framesOfUser(stack: string | undefined): string[] {
  let isKept = false;
  return (stack ?? "").split("\n").filter((line) => {
    if (!/^\s+at /.test(line)) return false;
    // A frame without a place, e.g. "at Array.map (<anonymous>)", belongs to the one above it.
    if (isPlaced(line)) isKept = !isOurs(line) && !isOfRuntime(line);
    return isKept;
  });
}

/** The first place of a stack that is in the user's program, e.g. `"file:///lab/main.ts:3:5"`. */
export function placeOf(stack: string | undefined): string | undefined {
  const [frame] = framesOfUser(stack);
  return frame?.replace(/^\s+at (?:async )?/, "").replace(/^.*? \((\w+:.*)\)$/, "$1");
}

/** Whether a line of a stack is a frame with a line and a column. */
function isPlaced(line: string): boolean {
  return /^\s+at .*:\d+\)?$/.test(line);
}

function isOurs(frame: string): boolean {
  const start = frame.indexOf(ROOT);
  return start !== -1 && isOwnModule(frame.slice(start));
}

function isOfRuntime(frame: string): boolean {
  return /[ (](?:ext|node):/.test(frame);
}

/** Gives an error that was made in this package other lines below its message, when they are read. */
function replaceStack(error: Error, makeLines: () => string[]): void {
  const { get } = Object.getOwnPropertyDescriptor(error, "stack") ?? {};
  if (get === undefined || !Object.isExtensible(error)) return; // the program has set it
  let stack: unknown;
  const make = () => {
    const own = String(get.call(error));
    const frames = own.split("\n").filter((line) => isPlaced(line) && !isOfRuntime(line));
    if (!frames.some(isOurs)) return own;
    dropFrames(error);
    define();
    const { name, message } = error;
    const lines = isOurs(frames[0]) ? makeLines() : framesOfUser(own);
    return [message === "" ? name : `${name}: ${message}`, ...lines].join("\n");
  };
  const define = () =>
    Object.defineProperty(error, "stack", {
      configurable: true,
      get: () => stack ??= make(),
      set: (value: unknown) => stack = value,
    });
  define();
}

/** Deno prints the frames that were read once, whatever the stack is now: there are none any more. */
function dropFrames(error: Error): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  Error.captureStackTrace(error);
  Error.stackTraceLimit = stackTraceLimit;
  void error.stack;
}

function linesOf(remote: RemoteTraceback | undefined): string[] {
  if (remote === undefined || remote.lines.length === 0) return [];
  const lines = remote.lines.flatMap((line) => line.trimEnd().split("\n"));
  const shown = lines.slice(0, LONGEST_TRACEBACK).map((line) => `    ${printable(line)}`);
  const left = lines.length - shown.length;
  if (left > 0) shown.push(`    ... and ${left} more lines`);
  return [`The traceback of ${remote.of}:`, ...shown];
}
