/** The words of a line, as a shell takes them; quotes are removed. */
export function splitWords(line: string): string[] {
  return Array.from(
    line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g),
    ([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"),
  );
}
