/**
 * Tables and names as text for a terminal. Peers choose their names, and whatever they send: none of
 * it can do anything to the terminal.
 *
 * @module
 */

/** Rows under their headings, in columns: numbers to the right, texts to the left. */
export function table(headings: readonly string[], rows: readonly string[][]): string[] {
  const lines = [headings, ...rows].map((row) => row.map(printable));
  const columns = headings.map((_, column) => ({
    width: lines.reduce((width, row) => Math.max(width, row[column].length), 0),
    isNumeric: column > 0 && lines.slice(1).every((row) => /^\d/.test(row[column])),
  }));
  return lines.map((row) =>
    row.map((cell, column) => {
      const { width, isNumeric } = columns[column];
      return isNumeric ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  );
}

/** Text that cannot do anything to the terminal: a peer chooses its name. */
export function printable(text: string): string {
  return text.replaceAll(
    /\p{C}/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** The same for text of several lines, which stays in lines. */
export function printableLines(text: string): string {
  return text.split("\n").map((line) => line.split("\t").map(printable).join("\t")).join("\n");
}
