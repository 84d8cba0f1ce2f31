/// <reference lib="dom" />
/** A hostile service, and a hostile site, in a real browser: what they say is text, and no more. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { BrowserOfFile, IN_BROWSER } from "../support/browser.ts";
import { HOSTILE, hostileService } from "../support/hostile_service.ts";
import { until } from "../support/until.ts";
import { ALICE, holdLog, PageLaboratory } from "../support/page_laboratory.ts";

const browser = new BrowserOfFile();

/** Fails if anything that the service says became more than a text, or is not seen as it is. */
async function isText(page: Page): Promise<void> {
  const { title, elements, text } = await page.evaluate(() => ({
    title: document.title,
    elements: document.querySelectorAll("main img, main i, nav img, nav b, svg[onload]").length +
      document.querySelectorAll("body script:not([src]), main u, main b:not(.tag b)").length,
    text: document.body.innerText,
  }));
  assertEquals([title.endsWith("MSL-Network"), elements], [true, 0]);
  // deno-lint-ignore no-control-regex -- they would be seen as something else
  assert(!/[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]/.test(text), JSON.stringify(text));
}

Deno.test(
  "whatever a service says in its name, descriptions, results, errors and notifications is a text",
  IN_BROWSER,
  async () => {
    await using _log = await holdLog();
    await using lab = await PageLaboratory.withUsers();
    await using service = await hostileService(lab.manager.connectOptions);
    await using opened = await browser.open(lab.address());
    const { page, lines } = opened;
    const main = page.getByRole("main");
    const shows = (text: string) => main.getByText(text).first().waitFor();
    await page.getByRole("link", { name: /^Oven/ }).click();
    await main.getByRole("heading", { name: HOSTILE.name }).waitFor();
    for (const text of ["says-description <img src=x", "says-language <img"]) await shows(text);
    await isText(page);

    await main.getByRole("link", { name: /^says_method/ }).click();
    const choice = main.getByRole("combobox").first();
    assertStringIncludes(await choice.innerText(), "</script>");
    await choice.selectOption(JSON.stringify(HOSTILE.choice));
    await main.getByRole("button", { name: "Call says_method" }).click();
    await shows("says-result <img");
    await isText(page);
    await choice.selectOption(JSON.stringify("fail"));
    await main.getByRole("button", { name: "Call says_method" }).click();
    await shows("says-error <img");
    await main.getByText("Traceback of").click();
    await shows("says-traceback <img");
    await isText(page);
    service.tell();
    await shows("says-notification <img");
    await isText(page);

    // The same in the view of the Manager, and in its log.
    await page.getByRole("link", { name: /^Manager/ }).click();
    await page.getByLabel("Username").fill(ALICE.username);
    await page.getByLabel("Password").fill(ALICE.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("log").getByText("Oven <img src=x").first().waitFor();
    await page.getByRole("button", { name: "Disconnect Oven" }).click();
    await page.getByRole("dialog").getByText("<script>").waitFor();
    await isText(page);
    await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("link", { name: /^Oven.*gone, last seen/is }).waitFor();
    await isText(page);
    assertEquals(lines, []);
  },
);

Deno.test(
  "a text never becomes a script or HTML in the page, which Chromium enforces",
  IN_BROWSER,
  async () => {
    await using lab = await PageLaboratory.start();
    await using opened = await browser.open(lab.address());
    const { page } = opened;
    const isRefused = (sink: string) =>
      page.evaluate((sink) => {
        try {
          if (sink === "script") document.createElement("script").text = "document.title = 'taken'";
          else if (sink === "policy") {
            // deno-lint-ignore no-explicit-any -- TypeScript does not know it
            (globalThis as any).trustedTypes.createPolicy("any", {});
          } else document.body.innerHTML = "<b>taken</b>";
          return false;
        } catch (error) {
          return error instanceof TypeError;
        }
      }, sink);
    assertEquals(await Promise.all(["html", "script", "policy"].map(isRefused)), [
      true,
      true,
      true,
    ]);
  },
);

Deno.test(
  "another site cannot show the page in a frame, nor run its scripts",
  IN_BROWSER,
  async () => {
    await using lab = await PageLaboratory.start();
    await using site = Deno.serve({ port: 0, hostname: "localhost", onListen: () => {} }, () => {
      const address = lab.address();
      return new Response(
        `<!doctype html><title>site</title><link rel="icon" href="data:,">
      <iframe src="${address}"></iframe>
      <script src="${address}client.js" onerror="document.title='refused'"></script>`,
        { headers: { "content-type": "text/html" } },
      );
    });
    await using opened = await browser.open(`http://localhost:${site.addr.port}/`);
    const { page } = opened;
    await until("the script is refused", async () => await page.title() === "refused");
    await until("the frame is refused", () => {
      const framed = page.frames().find((frame) => frame !== page.mainFrame());
      return framed?.url().startsWith("chrome-error:");
    });
  },
);
