/**
 * The line with which a program says that its Manager can be connected to. It is the Python
 * software's, for people to read and for `startManager` to wait for.
 *
 * @module
 */

/** What the line says. */
export interface ReadyLine {
  /** The host name or address that the Manager goes by on its own computer. */
  readonly hostname: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Whether connections are encrypted. */
  readonly tls: boolean;
}

/** The line, without its end. */
export function formatReadyLine({ hostname, port, tls }: ReadyLine): string {
  return `Network Manager running on ${hostname}:${port} (TLS ${tls ? "ENABLED" : "DISABLED"})`;
}

/**
 * What a line of output says, `undefined` if it is another line. What the program printed before
 * it without ending the line is passed over.
 */
export function parseReadyLine(line: string): ReadyLine | undefined {
  const found = /Network Manager running on (\S+):(\d+) \(TLS (ENABLED|DISABLED)\)$/.exec(line);
  if (found === null) return undefined;
  const [_, hostname, port, tls] = found;
  return { hostname, port: Number(port), tls: tls === "ENABLED" };
}
