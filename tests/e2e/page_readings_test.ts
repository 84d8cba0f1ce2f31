/// <reference lib="dom" />
/** What a person reads at a glance in a real browser: pinned values, and the plot of a fast stream. */

import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { type About, Service } from "../../mod.ts";
import { BrowserOfFile, IN_BROWSER } from "../support/browser.ts";
import { PageLaboratory } from "../support/page_laboratory.ts";
import { until } from "../support/until.ts";

const browser = new BrowserOfFile();
const COUNT = 200;

/** Has more digits than a card or a table has room for. */
class Balance extends Service {
  static about: About<Balance> = {
    attributes: {
      mass: { result: { unit: "mg" }, safe: true },
      small: { result: { unit: "kg" }, safe: true },
      sides: { result: { unit: "mg" }, safe: true },
      drift: { result: { unit: "kg" } },
    },
  };

  mass(): number {
    return 166.82941969123;
  }

  small(): number {
    return -1.23456789123e-19;
  }

  sides(): Record<string, number> {
    return { left: 12.3456789123, right: -0.000123456789 };
  }

  /** All at once. */
  async *drift(): AsyncGenerator<number> {
    for (let index = 0; index < COUNT; index++) yield -(index + 0.123456789) * 1e-19;
  }
}

/** What does not show all of its content. */
function cutOff(page: Page, selector: string): Promise<string[]> {
  return page.locator(selector).evaluateAll((elements) =>
    elements.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1)
      .map(({ outerHTML }) => outerHTML)
  );
}

/** From where to where there is a line in the plot, as parts of its width. */
function drawnPart(page: Page): Promise<[number, number]> {
  return page.locator(".plot").evaluate((element) => {
    const canvas = element.querySelector("canvas")!;
    const over = element.querySelector<HTMLElement>(".u-over")!;
    const scale = canvas.width / canvas.clientWidth;
    const [left, top] = [over.offsetLeft * scale, over.offsetTop * scale];
    const [width, height] = [over.clientWidth * scale, over.clientHeight * scale];
    const copy = Object.assign(document.createElement("canvas"), {
      width: canvas.width,
      height: canvas.height,
    });
    const context = copy.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(left, top, width, height);
    const columns = [];
    for (let x = 0; x < Math.floor(width); x++) {
      for (let y = 0; y < Math.floor(height); y++) {
        const at = (y * Math.floor(width) + x) * 4;
        const [red, green, blue, alpha] = data.slice(at, at + 4);
        if (alpha > 128 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) {
          columns.push(x / width); // the grid is grey
          break;
        }
      }
    }
    return [columns[0] ?? NaN, columns.at(-1) ?? NaN];
  });
}

for (const width of [1280, 375]) {
  Deno.test(
    `pinned values of many digits keep their units, at ${width} pixels`,
    IN_BROWSER,
    async () => {
      await using lab = await PageLaboratory.start();
      await using balance = new Balance({ name: "Balance" });
      await balance.start(lab.connectOptions);
      await using opened = await browser.open(lab.address("#/Balance"), { width });
      const { page, lines } = opened;
      for (const name of ["mass", "small", "sides"]) {
        await page.getByRole("button", { name: `Pin ${name}` }).click();
      }
      await page.goto(lab.address("#/"));
      const card = (name: string) => page.locator(".pin", { hasText: `Balance.${name}` });
      for (
        const [name, text, exact] of [
          ["mass", "166.8294 mg", "166.82941969123 mg"],
          ["small", "-1.234568e-19 kg", "-1.23456789123e-19 kg"],
        ]
      ) {
        const value = card(name).locator(".pin-value");
        await until(text, async () => (await value.innerText()).replace(/\s+/g, " ") === text);
        assertEquals(await value.getAttribute("title"), exact);
      }
      const sides = card("sides").getByRole("listitem");
      const left = sides.filter({ hasText: "left" });
      assertEquals((await left.innerText()).replace(/\s+/g, " "), "left 12.34568 mg");
      assertEquals(await left.getAttribute("title"), "12.3456789123");
      assertEquals(await cutOff(page, ".pin-value, .pin-values li, .pin output"), []);
      const tops = await card("mass").locator(".pin-tools select, .pin-tools button")
        .evaluateAll((all) => all.map((one) => Math.round(one.getBoundingClientRect().top)));
      assertEquals(new Set(tops).size, 1, `the buttons stand in one line: ${tops}`);
      assertEquals(lines, []);
    },
  );

  Deno.test(
    `a stream that is over at once is seen whole, at ${width} pixels`,
    IN_BROWSER,
    async () => {
      await using lab = await PageLaboratory.start();
      await using balance = new Balance({ name: "Balance" });
      await balance.start(lab.connectOptions);
      await using opened = await browser.open(lab.address("#/Balance"), { width });
      const { page, lines } = opened;
      await page.getByRole("button", { name: "Call drift" }).click();
      await page.getByText(`${COUNT} values`).waitFor();
      const row = page.getByRole("row", { name: /drift/ });
      await row.getByText("-1.991235e-17 kg").waitFor(); // the last one
      assertEquals(await row.getByText("-1.991235e-17").first().isVisible(), true);
      assertEquals(await row.getByRole("cell").nth(2).getAttribute("title"), "-1.23456789e-20");
      await until("the line has the width", async () => {
        const [start, end] = await drawnPart(page);
        return start < 0.05 && end > 0.95;
      });
      const cells = width > 375 ? ".plot-legend :is(td, th)" : ".plot-legend tbody :is(td, th)";
      assertEquals(await cutOff(page, `${cells}, .table-scroll`), []);
      assertEquals(lines, []);
    },
  );
}
