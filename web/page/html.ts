/**
 * `html` makes elements of Preact from a template. What is put into it is text, never HTML.
 *
 * @module
 */

import htm from "htm";
import { type ComponentChildren, h, type VNode } from "preact";

/** An element. */
export type Element = VNode;
/** What may be between two tags. */
export type Children = ComponentChildren;

type Html = (template: TemplateStringsArray, ...values: unknown[]) => Element;

/** Makes an element, e.g. ``html`<p class="note">${text}</p>` ``. */
export const html: Html = (htm as unknown as { bind(make: typeof h): Html }).bind(h);
