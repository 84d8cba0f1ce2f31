/**
 * The page at the address of the ready line: it says what is served here.
 *
 * @module
 */

import { VERSION } from "../version.ts";
import type { Content } from "./responses.ts";

/** The page, in HTML without a script. */
export function startPage(): Content {
  return { bytes: new TextEncoder().encode(HTML), type: "text/html; charset=UTF-8" };
}

const HTML = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>MSL-Network</title>
<link rel="icon" href="data:,">
<h1>MSL-Network ${VERSION}</h1>
<p>This Manager lets web pages call instruments.
<ul>
<li><a href="/lab/">/lab/</a>: the pages of this laboratory, from the folder
  <code>web</code> in the home folder of the Manager, or the one of <code>--web-root</code>.
<li><a href="/client.js">/client.js</a>: the Client for them.
</ul>
<p>A page that reads an instrument once a second:
<pre>
&lt;!doctype html>
&lt;output>&lt;/output>
&lt;script type="module">
  import { connect } from "/client.js";
  const cxn = await connect({ reconnect: true });
  const thermometer = await cxn.link("Thermometer");
  setInterval(async () => {
    document.querySelector("output").textContent = await thermometer.read();
  }, 1000);
&lt;/script>
</pre>
</html>
`;
