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

/** The names in `userAgent`, the more special ones first: that of Edge has Chrome's in it too. */
const BROWSERS =
  /\b(Edg|OPR|Firefox|(?:Headless)?Chrome|Node\.js|Bun|Deno)\/([\d.]+)|\b(Version)\/([\d.]+).*Safari/;

/** The name and version of the browser, e.g. `"Firefox 128.0"`. */
export function browserName({ userAgent = "" }: Agent = agent()): string {
  const found = BROWSERS.exec(userAgent);
  if (found === null) return "unknown browser";
  const [, name, version, , safari] = found;
  return name === undefined ? `Safari ${safari}` : `${NAMES.get(name) ?? name} ${version}`;
}

const NAMES = new Map([["Edg", "Edge"], ["OPR", "Opera"]]);

/** The operating system, e.g. `"Linux x86_64"`. */
export function browserSystem({ platform, userAgentData }: Agent = agent()): string {
  return userAgentData?.platform || platform || "unknown system";
}

function agent(): Agent {
  return (globalThis as { navigator?: Agent }).navigator ?? {};
}
