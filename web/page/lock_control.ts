/**
 * The lock of a service: who holds it, and the buttons that take it and give it back.
 *
 * @module
 */

import { useState } from "preact/hooks";
import type { DirectoryEntry } from "./directory.ts";
import { type Element, html } from "./html.ts";
import type { Laboratory } from "./laboratory.ts";
import type { ServiceSession } from "./service_session.ts";

/** The lock of a service. */
export function LockControl(
  { laboratory, service, entry }: {
    laboratory: Laboratory;
    service: ServiceSession;
    entry: DirectoryEntry;
  },
): Element {
  const [isBusy, setBusy] = useState(false);
  const own = laboratory.client?.networkName;
  const isOwn = own !== undefined && entry.locks.includes(own);
  const isReady = service.isLinked.value && !isBusy;
  const isShared = entry.links.length > 1;
  const change = async (action: Promise<void>) => {
    setBusy(true);
    await action;
    setBusy(false);
    await laboratory.refresh(); // what the Manager knows is shown, not what the page hopes
  };
  return html`
    <div class="lock" data-locked=${String(entry.locks.length > 0)}>
      <span class="lock-state" role="status">${stateText(entry.locks, own)}</span>
      <button type="button" class="small" aria-disabled=${!isReady}
        onClick=${() => isReady && change(isOwn ? service.unlock() : service.lock(isShared))}>
          ${isOwn ? "Give the lock back" : isShared ? "Take a shared lock" : "Take the lock"}
        </button>
      <span class="problem" role="alert">${service.lockProblem.value}</span>
    </div>
  `;
}

function stateText(locks: readonly string[], own: string | undefined): string {
  if (locks.length === 0) return "Not locked";
  const names = locks.map((name) => name === own ? "this page" : name);
  return `Locked by ${names.join(", ")}`;
}
