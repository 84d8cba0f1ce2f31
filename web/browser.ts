/**
 * What a browser, Node or Bun says of itself, for the identity of a Client.
 *
 * @module
 */

/** What the runtimes have of `navigator`, each only a part. */
interface Agent {
  userAgent?: string;
  platform?: string;
  userAgentData?: { platform?: string };
}

/**
 * The words in `userAgent`, and what they stand for. The more special ones are first: Edge and Opera
 * say that they are Chrome too, and nearly all say that they are Safari.
 */
const BROWSERS: readonly (readonly [word: string, name: string])[] = [
  ["Edg", "Edge"],
  ["OPR", "Opera"],
  ["Firefox", "Firefox"],
  ["HeadlessChrome", "Chrome"],
  ["Chrome", "Chrome"],
  ["Version", "Safari"],
  ["Node.js", "Node.js"],
  ["Bun", "Bun"],
  ["Deno", "Deno"],
];

/** The name and version of the browser, e.g. `"Firefox 128.0"`. */
export function browserName({ userAgent = "" }: Agent = agent()): string {
  for (const [word, name] of BROWSERS) {
    const version = new RegExp(`(?:^|\\s)${word}/([\\d.]+)`).exec(userAgent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return "unknown browser";
}

/** The operating system, e.g. `"Linux x86_64"`. */
export function browserSystem({ platform, userAgentData }: Agent = agent()): string {
  return userAgentData?.platform || platform || "unknown system";
}

function agent(): Agent {
  return (globalThis as { navigator?: Agent }).navigator ?? {};
}
