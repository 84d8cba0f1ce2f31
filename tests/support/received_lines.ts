/** Reads what a connection receives, as text. */

import type { Connection } from "../../net/connection.ts";
import { type Line, LongLine } from "../../wire/line.ts";

/** A line as text. */
export function text(line: Line | undefined): string | undefined {
  if (line instanceof LongLine) throw new Error("the line is too long");
  return line && new TextDecoder().decode(line);
}

/** All lines until the end of the connection, long ones put together. */
export async function collect(connection: Connection): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of connection) {
    for (const line of batch) {
      lines.push(text(line instanceof LongLine ? await line.collect(10_000_000) : line)!);
    }
  }
  return lines;
}
