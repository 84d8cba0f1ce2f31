/// <reference lib="dom" />
/**
 * The page that the Manager serves at `/`.
 *
 * @module
 */

import { render } from "preact";
import { followAddress } from "./address.ts";
import { App } from "./app.ts";
import { html } from "./html.ts";
import { Laboratory } from "./laboratory.ts";
import { Session } from "./session.ts";

/** Resolves when the page can be seen. */
function visible(): Promise<void> {
  if (document.visibilityState === "visible") return Promise.resolve();
  return new Promise((resolve) =>
    document.addEventListener("visibilitychange", () => resolve(), { once: true })
  );
}

/** The storage of the browser, which a person may have switched off. */
function storage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    // it is switched off
  }
}

const address = new URL(".", location.href); // a proxy may serve the page below a path
const session = new Session({ url: address.href });
const laboratory = new Laboratory({ session, isVisible: visible, storage: storage() });
followAddress();
laboratory.start();
render(html`<${App} laboratory=${laboratory} />`, document.body);
