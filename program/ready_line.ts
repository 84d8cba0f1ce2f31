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
  /** The port of the metrics, if they have one of their own. */
  readonly metricsPort?: number;
}

const LINE =
  /Network Manager running on (\S+):(\d+) \(TLS (ENABLED|DISABLED)\)(?: \(web page https?:\/\/\S+:(\d+)\))?(?: \(metrics https?:\/\/\S+:(\d+)\/metrics\))?$/;

/** Writes the line, without a newline. */
export function formatReadyLine(
  { hostname, port, tls, webPort, metricsPort }: ReadyLine,
): string {
  const parts = [
    `Network Manager running on ${hostname}:${port}`,
    tls ? "TLS ENABLED" : "TLS DISABLED",
  ];
  if (webPort !== undefined) parts.push(`web page ${pageAddress(hostname, webPort, tls)}`);
  if (metricsPort !== undefined) {
    parts.push(`metrics ${pageAddress(hostname, metricsPort, tls)}/metrics`);
  }
  const [line, ...others] = parts;
  return [line, ...others.map((part) => `(${part})`)].join(" ");
}

/**
 * Parses a line of output. Returns `undefined` for any other line. Text in front of it, which the
 * program has printed without a newline, is ignored.
 */
export function parseReadyLine(line: string): ReadyLine | undefined {
  const found = LINE.exec(line);
  if (found === null) return undefined;
  const [_, hostname, port, tls, webPort, metricsPort] = found;
  return {
    hostname,
    port: Number(port),
    tls: tls === "ENABLED",
    ...(webPort === undefined ? {} : { webPort: Number(webPort) }),
    ...(metricsPort === undefined ? {} : { metricsPort: Number(metricsPort) }),
  };
}
