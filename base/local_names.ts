/**
 * The names and addresses of this computer.
 *
 * @module
 */

/** Every name and address of this computer, each once: first its host name. */
export function localNames(
  hostname: string = Deno.hostname(),
  addresses: readonly string[] = interfaceAddresses(),
): string[] {
  return [...new Set([hostname, "localhost", "127.0.0.1", "::1", ...addresses])];
}

/** The addresses of this computer's interfaces. */
export function interfaceAddresses(): string[] {
  return Deno.networkInterfaces().map((networkInterface) => networkInterface.address);
}
