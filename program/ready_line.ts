/**
 * The line that a program prints when its Manager accepts connections. It is the line of the Python
 * software. A person reads it, and `startManager` waits for it.
 *
 * @module
 */

import { pageAddress } from "../web/page_address.ts";

/** The content of the line. */
export interface ReadyLine {
  /** The host name or address of the Manager on its own computer. */
  readonly hostname: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Whether connections are encrypted. */
  readonly tls: boolean;
  /** The port of the web pages; `undefined` if it serves none. */
  readonly webPort?: number;
}

const LINE =
  /Network Manager running on (\S+):(\d+) \(TLS (ENABLED|DISABLED)\)(?: \(web page https?:\/\/\S+:(\d+)\))?$/;

/** Writes the line, without a newline. */
export function formatReadyLine({ hostname, port, tls, webPort }: ReadyLine): string {
  const line = `Network Manager running on ${hostname}:${port} (TLS ${
    tls ? "ENABLED" : "DISABLED"
  })`;
  if (webPort === undefined) return line;
  return `${line} (web page ${pageAddress(hostname, webPort, tls)})`;
}

/**
 * Parses a line of output. Returns `undefined` for any other line. Text in front of it, which the
 * program has printed without a newline, is ignored.
 */
export function parseReadyLine(line: string): ReadyLine | undefined {
  const found = LINE.exec(line);
  if (found === null) return undefined;
  const [_, hostname, port, tls, webPort] = found;
  const ready = { hostname, port: Number(port), tls: tls === "ENABLED" };
  return webPort === undefined ? ready : { ...ready, webPort: Number(webPort) };
}
