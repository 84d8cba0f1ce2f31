/**
 * The address that a person opens in a browser.
 *
 * @module
 */

/**
 * The address of the pages of a Manager, e.g. `"https://lab-pc:1876"`.
 *
 * @param hostname A name, or an address.
 */
export function pageAddress(hostname: string, port: number, tls: boolean): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `http${tls ? "s" : ""}://${host}:${port}`;
}
