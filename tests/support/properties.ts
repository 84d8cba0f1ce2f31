/**
 * fast-check for the tests, with the same inputs in each run: a test that fails, fails again.
 *
 * New inputs are the job of `deno task fuzz`, which gives seeds of its own.
 */

import fc from "fast-check";

/** The seed of all properties in the tests. Another one is as good. */
export const SEED = 2_026;

fc.configureGlobal({ seed: SEED });

export default fc;
