/**
 * What the page shows when no service is open: for a new user, how a page of their own calls an
 * instrument.
 *
 * @module
 */

import { type Element, html } from "./html.ts";
import type { Laboratory } from "./laboratory.ts";
import { Pinned } from "./pinned.ts";

const EXAMPLE = `<!doctype html>
<output></output>
<script type="module">
  import { connect } from "/client.js";
  const cxn = await connect({ reconnect: true });
  const thermometer = await cxn.link("Thermometer");
  setInterval(async () => {
    document.querySelector("output").textContent = await thermometer.read();
  }, 1000);
</script>`;

/** The page without an open service. */
export function Start({ laboratory }: { laboratory: Laboratory }): Element {
  const { directory, pins } = laboratory;
  const isEmpty = directory.services.value.length === 0;
  const isConnected = laboratory.client !== undefined;
  // On a narrow screen the list is above it, and would push it down when it comes.
  const isKnown = directory.status.value !== undefined;
  return html`
    <h1 class="hidden">Laboratory</h1>
    <${Pinned} pins=${pins} />
    ${isKnown && html`<section class="start">
      ${
      isEmpty && isConnected &&
      html`<p class="nothing" role="status"><strong>No service is connected.</strong>
        ${" "}One that connects appears here at once.</p>`
    }
      <h2>Pages of your own</h2>
      <p>The Manager serves the pages in its folder <code>web</code>, or that of the option
        ${" "}<code>--web-root</code>, as <a href="lab/">/lab/</a>. This one reads an instrument once
        a second:</p>
      <pre tabindex="0"><code>${EXAMPLE}</code></pre>
    </section>`}
  `;
}
