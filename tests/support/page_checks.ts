/// <reference lib="dom" />
/** What holds for every view of the page. */

import axe from "axe-core";
import type { Page } from "playwright-core";

/** What the page moves about by itself may be at most, as Chromium counts it: 0.1 is still good. */
const MAX_SHIFT = 0.05;

/** What is wrong with the views of a page, all of it. */
export class PageChecks {
  readonly problems: string[] = [];

  /** Looks at what the page shows now. */
  async look(page: Page, view: string): Promise<void> {
    for (const check of [accessibility, overflow]) {
      for (const problem of await check(page)) this.problems.push(`${view}: ${problem}`);
    }
  }

  /** Looks whether what the page shows fits into windows of all widths, as of tablets and half a screen. */
  async fits(page: Page, view: string): Promise<void> {
    for (let width = 375; width <= 1280; width += 50) {
      await page.setViewportSize({ width, height: 800 });
      for (const problem of await overflow(page)) {
        this.problems.push(`${view} at ${width}: ${problem}`);
      }
    }
  }

  /** Notes what has moved by itself since the page was opened, or since the last call. */
  async hasStayed(page: Page, view: string): Promise<void> {
    for (const problem of await shift(page)) this.problems.push(`${view}: ${problem}`);
  }

  /** Forgets what has moved until now: a person has opened another view. */
  async forgetShift(page: Page): Promise<void> {
    await shift(page);
  }
}

/** What keeps a person out, as far as axe-core knows. */
async function accessibility(page: Page): Promise<string[]> {
  if (!await page.evaluate(() => "axe" in globalThis)) await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) =>
      [id, ...nodes.slice(0, 3).map(({ html, any }) => `${html} ${any[0]?.message ?? ""}`)].join(
        "\n  ",
      )
    );
  });
  return violations;
}

/** What makes the page wider than its window. */
async function overflow(page: Page): Promise<string[]> {
  const { wide, widest } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const sticking = [...document.querySelectorAll("body *")].filter((element) =>
      element.getBoundingClientRect().right > clientWidth + 1
    );
    return {
      wide: scrollWidth - clientWidth,
      widest: sticking.map(({ outerHTML }) => outerHTML.slice(0, 120)),
    };
  });
  return wide > 0 ? [`${wide} pixels too wide: ${widest[0]}`] : [];
}

/** What has moved since the last call although no person has done anything. */
async function shift(page: Page): Promise<string[]> {
  const { sum, where } = await page.evaluate(async () => {
    const since = Number(document.documentElement.dataset.shiftSince ?? 0);
    const entries = await new Promise<LayoutShift[]>((resolve) => {
      const all: LayoutShift[] = [];
      const observer = new PerformanceObserver((list) =>
        all.push(...list.getEntries() as unknown as LayoutShift[])
      );
      observer.observe({ type: "layout-shift", buffered: true });
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(all)));
    });
    document.documentElement.dataset.shiftSince = String(performance.now());
    const counted = entries.filter((one) => one.startTime >= since && !one.hadRecentInput);
    return {
      sum: counted.reduce((sum, { value }) => sum + value, 0),
      where: counted.flatMap(({ sources }) => sources).slice(0, 4)
        .map(({ node }) => (node as Element | null)?.outerHTML?.slice(0, 100) ?? ""),
    };
  });
  return sum < MAX_SHIFT ? [] : [`has shifted by ${sum}: ${where.join("\n  ")}`];
}

/** An entry of Chromium that TypeScript does not know. */
interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
  readonly sources: readonly { readonly node: Node | null }[];
}
