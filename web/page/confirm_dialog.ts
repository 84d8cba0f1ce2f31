/// <reference lib="dom" />
/**
 * A question before something that cannot be taken back. The dialog is the browser's own: it has the
 * focus until it is answered, and Escape is a no.
 *
 * @module
 */

import { useEffect, useId, useRef } from "preact/hooks";
import { type Children, type Element, html } from "./html.ts";

/** Asks until it is removed. */
export function ConfirmDialog(
  { title, action, children, onConfirm, onCancel }: {
    title: string;
    /** What the button says that does it. */
    action: string;
    children: Children;
    onConfirm: () => void;
    onCancel: () => void;
  },
): Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current!.showModal(), []);
  return html`
    <dialog ref=${dialog} aria-labelledby=${id} onClose=${onCancel}>
      <h2 id=${id}>${title}</h2>
      ${children}
      <div class="dialog-actions">
        <button type="button" onClick=${() => dialog.current!.close()}>Cancel</button>
        <button type="button" class="danger" onClick=${onConfirm}>${action}</button>
      </div>
    </dialog>
  `;
}
