/**
 * Measures in a peer for how long its event loop is blocked.
 *
 * @module
 */

/**
 * Measures from now on.
 *
 * @param every The interval between readings of the clock, in milliseconds.
 * @returns `longest()`: the longest pause since its last call, in milliseconds.
 */
export function watchPauses(every: number): { longest(): number } {
  let last = performance.now();
  let longest = 0;
  const sample = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last - every);
    last = now;
  };
  setInterval(sample, every);
  return {
    longest() {
      sample();
      const since = longest;
      longest = 0;
      return since;
    },
  };
}
