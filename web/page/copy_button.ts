/// <reference lib="dom" />
/**
 * Buttons that give a text to the clipboard or a file.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import { type Element, html } from "./html.ts";

/** How long a button says what it has done, in milliseconds. */
const NOTICE = 2000;

/** A button that copies a text, which is made when it is pressed. */
export function CopyButton({ label, text }: { label: string; text: () => string }): Element {
  const notice = useSignal("");
  const copy = async () => {
    notice.value = await copied(text).then(
      () => "Copied",
      (error) => `Cannot copy it: ${error.message}`,
    );
    setTimeout(() => notice.value = "", NOTICE);
  };
  return html`
    <button type="button" class="small" onClick=${copy}>${label}</button>
    <span class="notice" role="status">${notice}</span>
  `;
}

/** A button that saves a file. */
export function SaveButton(
  { label, name, type, content }: {
    label: string;
    name: string;
    type: string;
    content: () => BlobPart;
  },
): Element {
  const save = () => {
    const address = URL.createObjectURL(new Blob([content()], { type }));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), NOTICE);
  };
  return html`<button type="button" class="small" onClick=${save}>${label}</button>`;
}

async function copied(text: () => string): Promise<void> {
  const made = text();
  // A page that came over plain HTTP has no clipboard.
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(made);
  const area = document.createElement("textarea");
  area.value = made;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (!isCopied) throw new Error("the browser refuses it");
}
