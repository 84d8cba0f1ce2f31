/// <reference lib="dom" />
/** What holds for every view of the page. */

import { assert, assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";

/** What the page moves about by itself may be at most, as Chromium counts it: 0.1 is still good. */
const MAX_SHIFT = 0.05;

/** Nothing that axe-core knows keeps a person out. */
export async function isAccessible(page: Page, view: string): Promise<void> {
  if (!await page.evaluate(() => "axe" in globalThis)) await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ html }) => html)]);
  });
  assertEquals(violations, [], view);
}

/** The page is as wide as its window. */
export async function hasNoOverflow(page: Page, view: string): Promise<void> {
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
  assert(wide <= 0, `${view}: ${wide} pixels too wide: ${widest[0]}`);
}

/** Nothing on the page has moved but by what a person has done. */
export async function hasNotShifted(page: Page, view: string): Promise<void> {
  const shift = await page.evaluate(async () => {
    let sum = 0;
    const where: string[] = [];
    await new Promise<void>((resolve) => {
      const observer = new PerformanceObserver((list) => add(list.getEntries()));
      const add = (entries: PerformanceEntryList) => {
        for (const entry of entries as (PerformanceEntry & LayoutShift)[]) {
          if (entry.hadRecentInput) continue;
          sum += entry.value;
          for (const { node } of entry.sources) {
            where.push((node as Element)?.outerHTML?.slice(0, 100) ?? "");
          }
        }
      };
      observer.observe({ type: "layout-shift", buffered: true });
      requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
    });
    return { sum, where: where.slice(0, 4) };
  });
  assert(shift.sum < MAX_SHIFT, `${view} has shifted by ${shift.sum}: ${shift.where.join("\n")}`);
}

/** An entry of Chromium that TypeScript does not know. */
interface LayoutShift {
  readonly value: number;
  readonly hadRecentInput: boolean;
  readonly sources: readonly { readonly node: Node | null }[];
}
