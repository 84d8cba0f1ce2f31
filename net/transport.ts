/**
 * What a connection needs of a socket, and what its errors say of the peer.
 *
 * @module
 */

/** What a connection needs of a socket. `Deno.Conn` is one. */
export interface Transport {
  /** Reads into the buffer: how many bytes, or `null` at the end of the stream. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes bytes from the start of the array: how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends a read or a write that is under way. The promise, if any, settles when all is done. */
  close(): void | Promise<void>;
}

/** That the peer is gone, or that the stream has failed. */
export type StreamEnd = { state: "left" } | { state: "failed"; cause: unknown };

/** How a stream has ended whose read or write has thrown this. */
export function streamEnd(error: unknown): StreamEnd {
  return isOrdinaryEnd(error) ? { state: "left" } : { state: "failed", cause: error };
}

/** Errors that say no more than that the peer is gone, or that this side closed the stream. */
function isOrdinaryEnd(error: unknown): boolean {
  return error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}
