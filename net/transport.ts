/**
 * What a connection needs of a socket, and which errors of a stream mean only that the peer has
 * closed it.
 *
 * @module
 */

/** A stream of bytes in both directions. `Deno.Conn` is one. */
export interface Transport {
  /** Reads into the buffer. Fulfilled with the number of bytes, or `null` at the end of the stream. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes bytes from the start of the array. Fulfilled with the number of bytes written. */
  write(bytes: Uint8Array): Promise<number>;
  /**
   * Whether bytes for the next read may be there already, as far as the last read has shown. Without
   * it, they may be if that read has filled its buffer.
   */
  readonly hasMore?: boolean;
  /** Closes the stream, which ends a read or write under way. Settles when it is closed. */
  close(): void | Promise<void>;
}

/** The peer has closed the stream, or the stream has failed. */
export type StreamEnd = { state: "left" } | { state: "failed"; cause: unknown };

/** How a stream has ended whose read or write has thrown this error. */
export function streamEnd(error: unknown): StreamEnd {
  return isOrdinaryEnd(error) ? { state: "left" } : { state: "failed", cause: error };
}

/**
 * The names of the errors of a stream that only mean that the peer is gone, or that this side has
 * closed the stream. The runtime gives an error its class as its name.
 */
const ORDINARY: ReadonlySet<string> = new Set([
  "UnexpectedEof",
  "ConnectionReset",
  "ConnectionAborted",
  "BrokenPipe",
  "BadResource",
  "Interrupted",
]);

function isOrdinaryEnd(error: unknown): boolean {
  return error instanceof Error && ORDINARY.has(error.name);
}
