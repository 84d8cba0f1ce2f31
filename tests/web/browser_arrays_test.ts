/** Arrays of numbers in pages of a laboratory, in a real browser. */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { TestManager } from "../../testing.ts";
import { BrowserOfFile, IN_BROWSER, openPage } from "../support/browser.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Lab } from "../support/web_lab.ts";

const browserOfFile = new BrowserOfFile();

/** What a page shows that runs this code with a link to a `Lab`. */
async function shownBy(code: string): Promise<unknown> {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(
    join(folder.path, "index.html"),
    `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><output></output>
<script type="module">
  import { connect, NdArray } from "/client-arrays.js";
  const show = (value) => document.querySelector("output").textContent = JSON.stringify(value);
  try {
    const cxn = await connect();
    const lab = await cxn.link("Lab");
    ${code}
  } catch (error) {
    show(String(error));
  }
</script>`,
  );
  await using manager = await TestManager.start({ web: 0, webRoot: folder.path });
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  await using browser = await browserOfFile.context();
  const { page, lines } = await openPage(
    browser,
    `https://localhost:${manager.manager.webPort}/lab/`,
  );
  const text = await page.locator("output:not(:empty)").textContent();
  assertEquals(lines, []);
  return JSON.parse(text ?? "");
}

Deno.test(
  "a page gets and sends arrays of all sizes, in streams too, as typed arrays",
  IN_BROWSER,
  async () => {
    const shown = await shownBy(`
    const results = [];
    for (const samples of [0, 3, 20_000, 1_000_000]) {
      const trace = await lab.trace(samples);
      const echoed = await lab.echo({ deep: [trace] });
      results.push([trace.constructor.name, trace.length, trace.at(-1) ?? null,
        echoed.deep[0].constructor.name, echoed.deep[0].at(-1) ?? null]);
    }
    const name = await lab.nameOf(new Float32Array(3));
    show([results, name]);`);
    assertEquals(shown, [
      [0, 3, 20_000, 1_000_000].map((samples) => {
        const last = samples === 0 ? null : (samples - 1) / 4;
        return ["Float64Array", samples, last, "Float64Array", last];
      }),
      "[object Float32Array]",
    ]);
  },
);

Deno.test(
  "a page without Float16Array and setFromBase64 reads the same arrays, and big ones",
  IN_BROWSER,
  async () => {
    for (const before of ["", "delete globalThis.Float16Array;", WITHOUT_BASE64]) {
      const shown = await shownBy(`
      ${before}
      const { big, half, empty, deep } = await lab.strange();
      const trace = await lab.trace(100_000);
      const echoed = await lab.echo(new NdArray(BigUint64Array.of(1n, 2n ** 63n), [2, 1]));
      show([String(big[0]), half.BYTES_PER_ELEMENT, [...half].map(String), empty.shape,
        deep.picture.dtype, deep.picture.toList(), trace.at(-1), echoed.shape,
        [...echoed.data].map(String)]);`);
      const half = before.includes("Float16Array") ? 4 : 2;
      assertEquals(shown, [
        "4611686018427387905",
        half,
        ["0.5", "NaN", "-Infinity"],
        [3, 0, 2],
        "<u2",
        [[1, 2, 3], [4, 5, 6]],
        99_999 / 4,
        [2, 1],
        ["1", "9223372036854775808"],
      ]);
    }
  },
);

/** As in browsers before 2025. */
const WITHOUT_BASE64 =
  "delete Uint8Array.prototype.setFromBase64; delete Uint8Array.prototype.toBase64;";
