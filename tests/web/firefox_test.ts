/** A page of a laboratory in Firefox: what differs from browser to browser, and the page of the Manager. */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { TestManager } from "../../testing.ts";
import { Firefox, noFirefox } from "../support/firefox.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Lab } from "../support/web_lab.ts";

/** In this page, and in a worker of it. */
const WORK = `
  import { connect, options } from "/client.js";
  export async function work() {
    const cxn = await connect({ reconnect: true });
    const lab = await cxn.link("Lab");
    const { language } = (await cxn.identities()).clients[cxn.networkName];
    const sizes = [];
    for (const length of [1_000, 50_000, 5_000_000]) {
      sizes.push(await lab.sizeOf("\\u00b5".repeat(length)));
    }
    return [
      language,
      await lab.measure(),
      (await lab.large()).length,
      await Array.fromAsync(lab.count(5)),
      await lab.fail().catch((error) => error.message),
      await lab.echo([-0, NaN, -Infinity]).then(String),
      await lab.echo(2n ** 60n),
      sizes,
    ];
  }`;

const PAGE = `<!doctype html><link rel="icon" href="data:,"><output></output>
<script type="module">
  import { work } from "./work.js";
  const output = document.querySelector("output");
  const show = (value) => output.textContent = JSON.stringify(value);
  const inWorker = new Promise((resolve) => {
    const worker = new Worker("worker.js", { type: "module" });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve(message);
  });
  try {
    show([await work(), await inWorker]);
  } catch (error) {
    show(String(error));
  }
</script>`;

const WORKER = `import { work } from "./work.js";
  work().then(postMessage, (error) => postMessage(String(error)));`;

/** An expression: the text that a page shows at last, where the selector is. */
const shown = (selector: string) =>
  `new Promise((resolve) => {
    const look = () => {
      const text = document.querySelector("${selector}")?.textContent ?? "";
      if (text !== "") resolve(text);
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
    look();
  })`;

/** The runtime's check of open resources does not know the pipes to the browser. */
const ENVIRONMENT = { ignore: noFirefox, sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "in Firefox a page and its worker call, stream and send long values",
  ENVIRONMENT,
  async () => {
    await using folder = await temporaryFolder();
    const files = { "index.html": PAGE, "work.js": WORK, "worker.js": WORKER };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder.path, name), text);
    }
    await using manager = await TestManager.start({ web: 0, webRoot: folder.path });
    await using lab = new Lab();
    await lab.start(manager.connectOptions);
    await using firefox = await Firefox.start();
    await firefox.open(`https://localhost:${manager.manager.webPort}/lab/`);
    const both = JSON.parse(await firefox.evaluate(shown("output")));
    for (const [language, ...others] of both) {
      assertMatch(language, /^TypeScript \(Firefox [\d.]+\)$/);
      assertEquals(others, [
        5.25,
        1_000_000,
        [0, 1, 2, 3, 4],
        "RangeError: There is no such range",
        "0,NaN,-Infinity",
        2 ** 60,
        [1_000, 50_000, 5_000_000],
      ]);
    }
    assertEquals(both.length, 2);
    await firefox.open(`https://localhost:${manager.manager.webPort}/`);
    assertMatch(await firefox.evaluate(shown("a.service[href='#/Lab']")), /Lab/);
  },
);
