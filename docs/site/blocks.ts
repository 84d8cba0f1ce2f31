/**
 * The blocks of code in Markdown and in documentation comments, for the tests that compile and run
 * them. CONTRIBUTING.md explains the words after the language.
 *
 * @module
 */

/** A block of code between fences. */
export interface Block {
  /** Its position: the path of its file, and the line of its opening fence. */
  path: string;
  line: number;
  /** The first word after the fence, e.g. `ts`; empty if there is none. */
  language: string;
  /** The words after it, e.g. `run`. */
  words: readonly string[];
  /** The file that it is saved as, from the word `file=calculator.ts`. */
  file?: string;
  /** The running program whose output it shows, from the word `of=calculator.ts`. */
  of?: string;
  /** The code of a comment before it, which readers do not see: `<!-- before: ... -->`. */
  before: string;
  code: string;
}

/** The blocks of a Markdown file. */
export function blocksOf(path: string, text: string): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  for (let index = 0; index < lines.length; index++) {
    const [, indent, fence, header] = /^( *)(`{3,})(.*)$/.exec(lines[index]) ?? [];
    if (fence === undefined) continue;
    const line = index + 1;
    const code: string[] = [];
    while (++index < lines.length && lines[index].trim() !== fence) {
      code.push(lines[index].slice(indent.length));
    }
    if (index === lines.length) throw new Error(`${path}:${line}: this block does not end`);
    const [language = "", ...words] = header.split(/\s+/).filter(Boolean);
    const valueOf = (name: string) =>
      words.find((word) => word.startsWith(name))?.slice(name.length);
    const [file, of] = [valueOf("file="), valueOf("of=")];
    const above = lines.slice(0, line - 1).join("\n");
    const [, before = ""] = /<!-- before:((?:(?!-->)[^])*)-->\s*$/.exec(above) ?? [];
    blocks.push({ path, line, language, words, file, of, before, code: code.join("\n") });
  }
  return blocks;
}

/** The blocks in the documentation comments of a module. */
export function commentBlocksOf(path: string, text: string): Block[] {
  // Other lines become empty ones, so that lines keep their numbers.
  const comments = text.split("\n")
    .map((line) => /^\s*\* ?(.*)$/.exec(line)?.[1] ?? "")
    .join("\n");
  return blocksOf(path, comments);
}
