/** The page of the Manager in a real browser: the main path from the list to a result. */

import { assertEquals } from "@std/assert";
import { type About, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { BrowserOfFile, IN_BROWSER, openPage } from "../support/browser.ts";

class Oven extends Service {
  static about: About<Oven> = {
    description: "Heats samples.",
    attributes: {
      heat: {
        description: "Sets the temperature.",
        parameters: [{ name: "celsius", unit: "°C", schema: { type: "number" } }],
        result: { unit: "°C" },
      },
    },
  };

  heat(celsius: number): number {
    if (celsius > 200) throw new RangeError(`It melts at ${celsius}`);
    return celsius;
  }
}

const browserOfFile = new BrowserOfFile();

Deno.test(
  "a service is opened and its method called, with its result and its error",
  IN_BROWSER,
  async () => {
    await using manager = await TestManager.start({ web: 0 });
    await using browser = await browserOfFile.context();
    const { page, lines } = await openPage(
      browser,
      `https://localhost:${manager.manager.webPort}/`,
    );
    await page.getByText("No service is connected").waitFor();
    await using oven = new Oven();
    await oven.start(manager.connectOptions);
    await page.getByRole("link", { name: /^Oven/ }).click();
    await page.getByRole("heading", { name: "Oven" }).waitFor();
    await page.getByRole("link", { name: "heat(celsius)" }).click();
    assertEquals(new URL(page.url()).hash, "#/Oven/heat");
    await page.getByLabel("celsius").fill("hot");
    await page.getByRole("button", { name: "Call heat" }).click();
    await page.getByText("Enter a number").waitFor();
    await page.getByLabel("celsius").fill("180.5");
    await page.getByLabel("celsius").press("Enter");
    await page.locator(".result", { hasText: /180\.5\s*°C/ }).waitFor();
    await page.getByLabel("celsius").fill("201");
    await page.getByLabel("celsius").press("Enter");
    await page.getByText("It melts at 201").waitFor();
    await oven.shutdown();
    await page.getByRole("status").filter({ hasText: "Gone, last seen" }).waitFor();
    assertEquals(lines, [], "the browser has nothing to complain of");
  },
);
