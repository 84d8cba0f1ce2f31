/**
 * A real browser: Debian's Chromium, which `.ci/run` installs. Where there is none, tests that need it
 * say so and are ignored.
 */

import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

/** The file of the browser. */
export const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((file) => {
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
export const FLAGS = [
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

/** How long a test waits for what a page has to show, in milliseconds, enough for a busy computer. */
const WAIT = 60_000;

function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [...FLAGS, `--host-resolver-rules=MAP ${ANOTHER_COMPUTER} 127.0.0.1`],
  });
}

/** Starts a browser that accepts the certificate of any Manager. Dispose of it. */
export async function startBrowser(): Promise<BrowserContext & AsyncDisposable> {
  const browser = await launch();
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  context.setDefaultTimeout(WAIT);
  return Object.assign(context, { [Symbol.asyncDispose]: () => browser.close() });
}

/** How a page is opened. */
export interface PageOptions {
  /** Default: 1280 x 800. */
  width?: number;
  height?: number;
  /** Default: light. */
  colorScheme?: "light" | "dark";
}

/** A page, and what it has written to the console, errors too. Dispose of it. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly lines: string[];
}

/** One browser for the tests of a file, which is started by the first and closed after the last. */
export class BrowserOfFile {
  #browser: Promise<Browser> | undefined;

  constructor() {
    Deno.test.afterAll(async () => await (await this.#browser)?.close());
  }

  /** What {@linkcode startBrowser} gives, without cookies or storage of other tests. Dispose of it. */
  async context(options: BrowserContextOptions = {}): Promise<BrowserContext & AsyncDisposable> {
    this.#browser ??= launch();
    const browser = await this.#browser;
    const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
    context.setDefaultTimeout(WAIT);
    return Object.assign(context, { [Symbol.asyncDispose]: () => context.close() });
  }

  /** Opens an address in a page without cookies or storage of other tests. */
  async open(
    address: string,
    { width = 1280, height = 800, colorScheme = "light" }: PageOptions = {},
  ): Promise<OpenPage> {
    const context = await this.context({ viewport: { width, height }, colorScheme });
    const opened = await openPage(context, address);
    return { ...opened, [Symbol.asyncDispose]: () => context.close() };
  }
}

/** The options of a test in a browser: the runtime's check of open resources does not know its pipes. */
export const IN_BROWSER = { ignore: noBrowser, sanitizeOps: false, sanitizeResources: false };

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
