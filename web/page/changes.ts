/**
 * Redraws components a few times a second, however often something changes.
 *
 * @module
 */

import { type ReadonlySignal, useSignal, useSignalEffect } from "@preact/signals";

/** Calls a function with each change, until its result is called. */
export type Listen = (changed: () => void) => () => void;

/** The shortest time between two updates of texts, in milliseconds: more is not read. */
const INTERVAL = 250;

/**
 * Calls `update` at first, since something may have changed before it listens, and after a change: at
 * once if there was none for a while, and then no more often than once in `interval` milliseconds.
 */
export function throttle(
  listen: Listen,
  update: () => void,
  interval: number = INTERVAL,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isChanged = false;
  const rest = () => {
    timer = undefined;
    if (isChanged) tell();
  };
  const tell = () => {
    isChanged = false;
    timer = setTimeout(rest, interval);
    update();
  };
  const forget = listen(() => {
    if (timer === undefined) tell();
    else isChanged = true;
  });
  update();
  return () => {
    forget();
    clearTimeout(timer);
  };
}

/** A number that grows with the changes of something, for a component that shows it. */
export function useChanges(listen: Listen): ReadonlySignal<number> {
  const count = useSignal(0);
  const source = useSignal(listen);
  source.value = listen;
  useSignalEffect(() => throttle(source.value, () => count.value = count.peek() + 1));
  return count;
}
