/**
 * The lock of a service: who holds it, and the buttons that take it and give it back.
 *
 * @module
 */

import { useState } from "preact/hooks";
import type { DirectoryEntry } from "./directory.ts";
import { type Element, html } from "./html.ts";
import type { ServiceSession } from "./service_session.ts";
import { reasonOf } from "./session.ts";

/** The lock of a service. `own` is the network name of this page. */
export function LockControl(
  { service, entry, own }: {
    service: ServiceSession;
    entry: DirectoryEntry;
    own: string | undefined;
  },
): Element {
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const { value } = service.linkState;
  const link = value.state === "linked" ? value.link : undefined;
  const isOwn = own !== undefined && entry.locks.includes(own);
  const change = async (action: () => PromiseLike<unknown>) => {
    if (isBusy) return;
    setProblem(undefined);
    setBusy(true);
    try {
      await action();
    } catch (error) {
      setProblem(reasonOf(error));
    }
    setBusy(false);
  };
  return html`
    <div class="lock">
      <span class="lock-state" role="status">${stateText(entry.locks, own)}</span>
      ${link && (isOwn
        ? html`
          <button type="button" aria-disabled=${isBusy}
            onClick=${() => change(() => link.releaseLock())}>Give the lock back</button>
        `
        : html`
          <button type="button" aria-disabled=${isBusy}
            onClick=${() => change(() => link.acquireLock())}>Take the lock</button>
        `)}
      <span class="problem" role="alert">${problem}</span>
    </div>
  `;
}

function stateText(locks: readonly string[], own: string | undefined): string {
  if (locks.length === 0) return "Not locked";
  const names = locks.map((name) => name === own ? "this page" : name);
  return `Locked by ${names.join(", ")}`;
}
