/** Recorded conversations of Python devices with a Python Manager, from `tests/fixtures`. */

/** One line, or the end of a connection. */
export interface Entry {
  /** The id of its connection. */
  connection: string;
  sender: "manager" | "device";
  /** The text with its terminator, `null` where that side closed the connection. */
  line: string | null;
}

/** Reads a recording by its name. */
export async function readRecording(name: string): Promise<Entry[]> {
  const text = await Deno.readTextFile(new URL(`../fixtures/${name}.jsonl`, import.meta.url));
  return text.trim().split("\n").map((line) => JSON.parse(line));
}
