/**
 * `html` makes elements of Preact from a template. What is put into it is text, never HTML. In a text,
 * characters are escaped that nobody sees and that change what is seen: a service chooses its name, its
 * results and its errors.
 *
 * @module
 */

import htm from "htm";
import { type ComponentChildren, h, type VNode } from "preact";
import { visible } from "./visible.ts";

/** An element. */
export type Element = VNode;
/** What may be between two tags. */
export type Children = ComponentChildren;

type Html = (template: TemplateStringsArray, ...values: unknown[]) => Element;

/** Makes an element, e.g. ``html`<p class="note">${text}</p>` ``. */
export const html: Html = (htm as unknown as { bind(make: Make): Html }).bind(element);

type Make = (type: string, properties: object | null, ...children: Children[]) => Element;

/** An element whose texts show all of their characters. */
function element(...[type, properties, ...children]: Parameters<Make>): Element {
  return (h as unknown as Make)(type, properties, ...children.map(shown));
}

function shown(child: Children): Children {
  if (typeof child === "string") return visible(child);
  return Array.isArray(child) && child.some((one) => typeof one === "string")
    ? child.map(shown)
    : child;
}
