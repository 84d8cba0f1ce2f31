/**
 * What holds for writes to a pipe.
 *
 * @module
 */

/**
 * The longest write that a pipe takes as a whole or not at all, in bytes (`PIPE_BUF`). Deno does not
 * tell how much of a longer one was written before a pipe was full that is set not to block.
 */
export const PIPE_BUFFER: number = Deno.build.os === "linux" ? 4_096 : 512;
