/**
 * A real browser: Debian's Chromium, which `.ci/run` installs. Where there is none, tests that need it
 * say so and are ignored.
 */

import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((file) => {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
});

/** Whether tests in a browser are left out. */
export const noBrowser = CHROMIUM === undefined;
if (noBrowser) console.log("Tests in a browser are left out: Chromium is not installed");

/** It must not look for updates, and needs no display. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * An address that this browser takes for that of another computer, and which leads to this one: pages
 * over plain HTTP from there are not trusted, while those of `localhost` are.
 */
export const ANOTHER_COMPUTER = "192.0.2.1";

/** Starts a browser that accepts the certificate of any Manager. Dispose of it. */
export async function startBrowser(): Promise<BrowserContext & AsyncDisposable> {
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [...FLAGS, `--host-resolver-rules=MAP ${ANOTHER_COMPUTER} 127.0.0.1`],
  });
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  return Object.assign(context, { [Symbol.asyncDispose]: () => browser.close() });
}

/** Opens an address. What the page writes to the console, and its errors, are in `lines`. */
export async function openPage(
  browser: BrowserContext,
  address: string,
): Promise<{ page: Page; lines: string[] }> {
  const page = await browser.newPage();
  const lines: string[] = [];
  page.on("console", (message) => lines.push(message.text()));
  page.on("pageerror", (error) => lines.push(String(error)));
  await page.goto(address);
  return { page, lines };
}
