/** What takes the place of other modules in the bundle for browsers. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay as stdDelay } from "@std/async/delay";
import { gunzipSync } from "node:zlib";
import { REPLACED } from "../../web/page/bundle.ts";
import { delay } from "../../web/page/delay.ts";
import { HELD_AS_TEXT, HeldTexts } from "../../web/page/held_texts.ts";
import { isOwnModule, ROOT } from "../../web/page/own_modules.ts";
import { HELD_AS_TEXT as ORIGINAL } from "../../wire/held_texts.ts";

Deno.test("the bundle has each module that takes the place of another, and not the other one", async () => {
  const { GZIP } = await import("../../web/client_js_map.ts");
  const map = new TextDecoder().decode(gunzipSync(Uint8Array.fromBase64(GZIP)));
  const { sources }: { sources: string[] } = JSON.parse(map);
  const root = new URL("../../", import.meta.url).href;
  for (const [replaced, by] of Object.entries(REPLACED)) {
    const name = replaced.startsWith(root) ? replaced.slice(root.length) : replaced;
    assert(!sources.some((source) => source.includes(name)), name);
    if (by.endsWith("/runtime.ts")) continue; // a constant leaves nothing of its module
    assert(sources.includes(by.slice(root.length)), by);
  }
  assert(!sources.some((source) => source.includes("deno-std")), "of @std/async/delay");
});

for (const [name, wait] of Object.entries({ "@std/async": stdDelay, "a browser": delay })) {
  Deno.test(`a delay ends after its time, or with its signal, as that of ${name} does`, async () => {
    const before = performance.now();
    await wait(20);
    assert(performance.now() - before >= 19);
    await wait(-1);
    const reason = new Error("enough");
    assertEquals(
      await assertRejects(() => wait(10, { signal: AbortSignal.abort(reason) })),
      reason,
    );
    const controller = new AbortController();
    for (const time of [60_000, 2 ** 31]) {
      const waiting = wait(time, { signal: controller.signal });
      queueMicrotask(() => controller.abort(reason));
      assertEquals(await assertRejects(() => waiting), reason);
    }
    await wait(1, { signal: new AbortController().signal }); // and leaves no timer
  });
}

Deno.test("the texts of a value are held up to the size that the original holds as texts", () => {
  assertEquals(HELD_AS_TEXT, ORIGINAL);
  const held = new HeldTexts(["first"], HELD_AS_TEXT - 10);
  assert(held.tryAdd("second", 6) && held.tryAdd("four", 4));
  assertEquals([...held], ["first", "second", "four"]);
  assert(!held.tryAdd("x", 1));
  assertEquals([...held].join(""), "firstsecondfour");
  held.release();
  assertEquals([...held], []);
});

Deno.test("the bundle takes its own frames for those of the package, and no others", () => {
  assert(isOwnModule(`${ROOT}:1:200`));
  assert(!isOwnModule(`${new URL("./panel.html", ROOT)}:1:200`));
});
