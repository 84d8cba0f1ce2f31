/**
 * The address of what is open, `#/SERVICE/ATTRIBUTE`, each part percent-encoded: a view can be shared
 * and kept as a bookmark, and the browser goes back to the one before.
 *
 * @module
 */

import { computed, type ReadonlySignal, signal } from "@preact/signals";

/** What is open. */
export interface Place {
  /** The name of the service; `undefined` for none. */
  service: string | undefined;
  /** The name of the attribute; `undefined` for none. */
  attribute: string | undefined;
}

/** The view of the Manager. Its address has no service, so that it is that of none. */
export const MANAGER: Place = { service: undefined, attribute: "manager" };

/** Whether the view of the Manager is open. */
export function isManager({ service, attribute }: Place): boolean {
  return service === MANAGER.service && attribute === MANAGER.attribute;
}

/** The place that an address stands for. An address that nobody can read stands for no service. */
export function placeOf(hash: string): Place {
  const [, service, attribute] = /^#\/([^/]*)(?:\/([^/]*))?$/.exec(hash) ?? [];
  return { service: decoded(service), attribute: decoded(attribute) };
}

/** The address of a place. */
export function hashOf({ service, attribute }: Partial<Place>): string {
  const parts = [service, attribute].slice(0, attribute === undefined ? 1 : 2);
  return `#/${parts.map((part) => encodeURIComponent(wellFormed(part ?? ""))).join("/")}`;
}

function decoded(part: string | undefined): string | undefined {
  if (part === undefined || part === "") return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** Half a character cannot be percent-encoded. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}

const hash = signal(globalThis.location?.hash ?? "");

/** What is open now. */
export const place: ReadonlySignal<Place> = computed(() => placeOf(hash.value));

/** Follows the address of the page. */
export function followAddress(): void {
  addEventListener("hashchange", () => hash.value = location.hash);
}
