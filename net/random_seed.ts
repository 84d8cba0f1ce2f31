/**
 * The random numbers of TLS.
 *
 * @module
 */

/**
 * Begins to seed the random numbers of TLS. The runtime does it once in a process, with the first
 * handshake, which waits 20 ms for it (Deno 2.9). A program that knows before it has loaded its modules
 * that it will use TLS has it done beside them: in a thread of the runtime, where a key is made that
 * nobody uses.
 */
export function seedRandomNumbers(): void {
  const key = crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  key.catch(() => {}); // the handshake seeds them itself then
}
