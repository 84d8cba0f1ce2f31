/**
 * Base64 of bytes. The runtime does it, and where it cannot yet (Node 22 and 24, older browsers) the
 * functions `btoa` and `atob` of every browser.
 *
 * @module
 */

/** How many bytes are given to a function as arguments at once. */
const AT_ONCE = 8 * 1024;

/** Bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  if (typeof bytes.toBase64 === "function") return bytes.toBase64();
  let binary = "";
  for (let start = 0; start < bytes.length; start += AT_ONCE) {
    binary += String.fromCharCode(...bytes.subarray(start, start + AT_ONCE));
  }
  return btoa(binary);
}

/** How many characters so many bytes are. */
export function base64Length(bytes: number): number {
  return 4 * Math.ceil(bytes / 3);
}

/**
 * How many bytes a text of base64 stands for, by its length and its end; `undefined` if there is no
 * such text.
 */
export function bytesOfBase64(text: string): number | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return text.length / 4 * 3 - padding;
}

/**
 * Decodes base64 into bytes. False if it is not exactly their number in base64, with no other
 * characters.
 */
export function readBase64(text: string, into: Uint8Array): boolean {
  if (bytesOfBase64(text) !== into.length) return false;
  try {
    if (typeof into.setFromBase64 === "function") {
      const { read, written } = into.setFromBase64(text, { lastChunkHandling: "strict" });
      return read === text.length && written === into.length;
    }
    const binary = atob(text);
    for (let at = 0; at < binary.length; at++) into[at] = binary.charCodeAt(at);
    return binary.length === into.length;
  } catch {
    return false; // a character that is none of base64
  }
}
