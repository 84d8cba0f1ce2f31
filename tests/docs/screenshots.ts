/// <reference lib="dom" />
/**
 * Makes the pictures of the page that README and docs show, in docs/figures: `deno task screenshots`.
 * All others, every view in both widths, light and dark, are made to be looked at, in `pictures/`. A
 * laboratory is simulated, with the same names, addresses and values each time, in a real browser,
 * which also writes the pictures as WebP.
 *
 * @module
 */

import { join } from "node:path";
import { readPages } from "../../docs/site/source.ts";
import { type Browser, chromium, type Page } from "playwright-core";
import { EnvironmentMonitor, simulatedSensor } from "../../examples/environment_monitor.ts";
import { connect, type Service } from "../../mod.ts";
import { CHROMIUM, FLAGS } from "../support/browser.ts";
import { ALICE, holdLog, PageLaboratory } from "../support/page_laboratory.ts";
import { SimulatedOven } from "../support/simulated_oven.ts";
import { SimulatedCamera, SimulatedMultimeter } from "../support/simulated_laboratory.ts";
import { ROOT } from "../support/source_tree.ts";

const FIGURES = join(ROOT, "docs/figures");
/** Where the pictures are that no page shows; git ignores it. */
const OTHERS = join(ROOT, "pictures");
/** The pictures that are shown, all together, in bytes. */
const MAX_SIZE = 1_200_000;
/** How much of a picture WebP keeps. */
const QUALITY = 0.82;

const WIDTHS = [1280, 375] as const;
const SCHEMES = ["light", "dark"] as const;

/** The views: how to get there, and what has to be seen. */
const VIEWS: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  async start(page) {
    await goTo(page, "#/");
    await page.getByRole("heading", { name: "Pinned readings" }).waitFor();
    await page.waitForTimeout(6_000); // for the small lines
  },
  async stream(page) {
    await goTo(page, "#/Oven/curve");
    await page.getByRole("textbox", { name: "pause" }).fill("40"); // milliseconds
    await page.getByRole("button", { name: "Call curve" }).click();
    await page.locator("canvas").first().waitFor();
    await page.getByLabel("Last").first().selectOption({ label: "10 s" });
    await page.locator(".result[data-state=done]").first().waitFor();
    await page.locator(".plot-legend").first().scrollIntoViewIfNeeded();
  },
  async error(page) {
    await goTo(page, "#/Oven/heat");
    await page.getByRole("textbox", { name: "celsius" }).fill("300");
    await page.getByRole("button", { name: "Call heat" }).click();
    await page.getByText("It melts at 300").first().waitFor();
  },
  async picture(page) {
    await goTo(page, "#/Camera/image");
    await page.getByRole("button", { name: "Call image" }).click();
    await page.locator(".result[data-state=done]").first().waitFor();
  },
  async notifications(page) {
    await goTo(page, "#/EnvironmentMonitor");
    await page.locator("canvas").first().waitFor();
    await page.getByLabel("Last").first().selectOption({ label: "10 s" });
    await page.waitForTimeout(8_000); // for some readings
    await page.locator("canvas").first().scrollIntoViewIfNeeded();
  },
  async manager(page) {
    await goTo(page, "#//manager");
    await page.getByLabel("Username").or(page.getByRole("log")).first().waitFor();
    if (await page.getByLabel("Username").count() > 0) {
      await page.getByLabel("Username").fill(ALICE.username);
      await page.getByLabel("Password").fill(ALICE.password);
      await page.getByRole("button", { name: "Log in" }).click();
    }
    await page.getByRole("log").getByText("connected").first().waitFor();
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForTimeout(2_500); // for rates
  },
};

async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((hash) => location.hash = hash, hash);
}

/** A picture of what the page shows, as WebP. */
async function picture(encoder: Page, page: Page): Promise<Uint8Array> {
  await page.mouse.move(0, 0); // nothing is under it
  const png = (await page.screenshot()).toString("base64");
  const webp = await encoder.evaluate(async ({ png, quality }) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d")!.drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", quality).split(",")[1];
  }, { png, quality: QUALITY });
  return Uint8Array.fromBase64(webp);
}

/** Runs the laboratory, and makes the pictures. */
async function main(only: readonly string[]): Promise<void> {
  await using stack = new AsyncDisposableStack();
  stack.use(await holdLog());
  const reverse = () => Promise.resolve("lab-2");
  const lab = stack.use(
    await PageLaboratory.withUsers({ hosts: { hostname: "lab-pc", reverse } }),
  );
  const oven = new SimulatedOven();
  const services: Service[] = [
    oven,
    new SimulatedMultimeter(),
    new SimulatedCamera(),
    new EnvironmentMonitor({ sensor: simulatedSensor(7), interval: 250 }),
  ];
  for (const service of services) await stack.use(service).start(lab.connectOptions);
  await using logger = await connect({ ...lab.connectOptions, name: "Logger" });
  await logger.link("EnvironmentMonitor");
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  stack.defer(() => browser.close());
  const encoder = await browser.newPage();
  const pages = [...readPages().values()].join("\n");
  await Deno.mkdir(OTHERS, { recursive: true });
  let total = 0;
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      const gone = new SimulatedMultimeter("PowerSupply");
      await gone.start(lab.connectOptions);
      const context = await browser.newContext({
        ignoreHTTPSErrors: true,
        colorScheme,
        viewport: { width, height: width === 375 ? 720 : 800 },
        deviceScaleFactor: width === 375 ? 1.5 : 1,
      });
      const page = await context.newPage();
      await page.goto(lab.address());
      await pinReadings(page);
      await goTo(page, "#/");
      await page.getByRole("link", { name: /^PowerSupply/ }).waitFor();
      await gone.shutdown();
      for (const [name, open] of Object.entries(VIEWS)) {
        if (only.length > 0 && !only.includes(name)) continue;
        await open(page);
        const file = `page-${name}-${width}-${colorScheme}.webp`;
        const bytes = await picture(encoder, page);
        const isShown = pages.includes(`figures/${file}`);
        await Deno.writeFile(join(isShown ? FIGURES : OTHERS, file), bytes);
        console.log(`${file}: ${bytes.length} bytes`);
        if (isShown) total += bytes.length;
      }
      await context.close();
    }
  }
  if (total > MAX_SIZE) throw new Error(`The pictures have ${total} bytes, more than ${MAX_SIZE}`);
  console.log(`${total} bytes in docs/figures, the others are in pictures`);
}

/** Pins a reading of two services, which the start page shows. */
async function pinReadings(page: Page): Promise<void> {
  for (const [service, name] of [["Multimeter", "voltage"], ["Oven", "temperature"]]) {
    await goTo(page, `#/${service}/${name}`);
    await page.getByRole("button", { name: `Pin ${name}` }).first().click();
  }
}

if (import.meta.main) await main(Deno.args);
