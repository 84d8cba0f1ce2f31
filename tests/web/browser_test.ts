/** Pages of a laboratory in a real browser, over TLS with the certificate that the Manager makes. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { BrowserContext } from "playwright-core";
import { PAGE } from "../../cli/project_page.ts";
import { type ManagerOptions, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { ANOTHER_COMPUTER, BrowserOfFile, IN_BROWSER, openPage } from "../support/browser.ts";
import { temporaryFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

class Multimeter extends Service {
  #range = 1;

  measure(): number {
    return 5.25 * this.#range;
  }

  setRange(range: number): number {
    if (!(range > 0)) throw new RangeError(`There is no range ${range}`);
    return this.#range = range;
  }

  *readings(count: number): Generator<number> {
    for (let value = 0; value < count; value++) yield value;
  }

  large(): number[] {
    return new Array(1_000_000).fill(0.5);
  }

  sizeOf(value: string | number[]): number {
    return value.length;
  }

  /** A value that is a page in itself. */
  hostile(): string {
    return "<img src=x onerror=\"document.title='taken'\">";
  }
}

/** A Manager with pages, and a browser. */
async function laboratory(pages: Record<string, string>, options: ManagerOptions = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  for (const [name, text] of Object.entries(pages)) {
    await Deno.writeTextFile(join(folder.path, name), text);
  }
  const manager = stack.use(await TestManager.start({ ...options, web: 0, webRoot: folder.path }));
  const service = stack.use(new Multimeter({ name: "DMM" }));
  await service.start({ ...manager.connectOptions, reconnect: RECONNECT });
  const browser = stack.use(await browserOfFile.context());
  const whole = stack.move();
  const address = options.disableTls
    ? `http://${ANOTHER_COMPUTER}:${manager.manager.webPort}/lab`
    : `https://localhost:${manager.manager.webPort}/lab`;
  return { manager, service, browser, address, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

const RECONNECT = { firstDelay: 1, longestDelay: 20, attempts: 10_000 };

/** A page that does something with a link, and shows what comes of it. */
function pageThat(code: string): string {
  return `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><output></output>
<script type="module">
  import { connect } from "/client.js";
  const show = (value) => document.querySelector("output").textContent = JSON.stringify(value);
  try {
    const cxn = await connect({ reconnect: { firstDelay: 1, longestDelay: 20, attempts: 10_000 } });
    const dmm = await cxn.link("DMM");
    ${code}
  } catch (error) {
    show(String(error));
  }
</script>`;
}

/** What a page shows in the end. */
async function shown(browser: BrowserContext, address: string): Promise<unknown> {
  const { page, lines } = await openPage(browser, address);
  const output = page.locator("output:not(:empty)");
  try {
    return JSON.parse(await output.textContent({ timeout: 30_000 }) ?? "");
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${lines.join("\n")}`);
  } finally {
    await page.close();
  }
}

const browserOfFile = new BrowserOfFile();

Deno.test(
  "ten lines of HTML call an instrument, read its streams and see its errors",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory({
      "index.html": pageThat(`
      const readings = await Array.fromAsync(dmm.readings(5));
      const error = await dmm.setRange(-1).catch((error) => error.message);
      const { length } = await dmm.large();
      const { language } = Object.values((await cxn.identities()).clients)[0];
      show([await dmm.measure(), readings, error, length, language]);`),
    });
    const [value, readings, error, length, language] = await shown(
      lab.browser,
      `${lab.address}/`,
    ) as unknown[];
    assertEquals([value, readings, length], [5.25, [0, 1, 2, 3, 4], 1_000_000]);
    assertEquals(error, "RangeError: There is no range -1");
    assertMatch(String(language), /^TypeScript \(Chrome [\d.]+\)$/);
  },
);

Deno.test(
  "a page sends texts and arrays of any length, and many at once",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory({
      "index.html": pageThat(`
      const sizes = [];
      for (const length of [1_000, 50_000, 100_000, 5_000_000]) {
        sizes.push(await dmm.sizeOf("x".repeat(length)));
      }
      sizes.push(await dmm.sizeOf(new Array(1_000_000).fill(0.5)));
      const many = Array.from({ length: 500 }, () => dmm.sizeOf("\u00b5".repeat(1_000)));
      sizes.push((await Promise.all(many)).reduce((sum, one) => sum + one, 0));
      show(sizes);`),
    });
    assertEquals(
      await shown(lab.browser, `${lab.address}/`),
      [1_000, 50_000, 100_000, 5_000_000, 1_000_000, 500_000],
    );
  },
);

Deno.test("a page over plain HTTP from another computer connects too", IN_BROWSER, async () => {
  await using lab = await laboratory(
    {
      "index.html": pageThat(
        "show([isSecureContext, await dmm.measure(), (await dmm.large()).length]);",
      ),
    },
    { disableTls: true },
  );
  assertEquals(await shown(lab.browser, `${lab.address}/`), [false, 5.25, 1_000_000]);
});

Deno.test("a web worker connects as a page does", IN_BROWSER, async () => {
  await using lab = await laboratory({
    "worker.js": `import { connect } from "/client.js";
      const cxn = await connect();
      const dmm = await cxn.link("DMM");
      postMessage(await dmm.measure());`,
    "index.html":
      `<!doctype html><link rel="icon" href="data:,"><output></output><script type="module">
      const worker = new Worker("worker.js", { type: "module" });
      worker.onmessage = ({ data }) => document.querySelector("output").textContent = data;
      worker.onerror = ({ message }) =>
        document.querySelector("output").textContent = JSON.stringify(message);
      </script>`,
  });
  assertEquals(await shown(lab.browser, `${lab.address}/`), 5.25);
});

Deno.test(
  "a page sees its instrument go and come back, and the Manager too",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory({
      "index.html": pageThat(`
      const states = [];
      cxn.connectionHandler = ({ state }) => { states.push(state); show(states); };
      show(states);`),
    });
    const { page } = await openPage(lab.browser, `${lab.address}/`);
    const sees = (state: string) =>
      until(state, async () => (await page.locator("output").textContent())?.includes(state));
    await sees("[");
    await lab.service.shutdown();
    await sees("unlinked");
    await using again = new Multimeter({ name: "DMM" });
    await again.start({ ...lab.manager.connectOptions, reconnect: RECONNECT });
    await sees("linked");
  },
);

Deno.test("a page of another site is refused, and learns nothing", IN_BROWSER, async () => {
  await using lab = await laboratory({ "index.html": "lab" });
  const { webPort } = lab.manager.manager;
  await using site = Deno.serve({ port: 0, hostname: "localhost", onListen: () => {} }, () => {
    return new Response("another site");
  });
  const { page } = await openPage(lab.browser, `http://localhost:${site.addr.port}/`);
  const outcome = await page.evaluate(async (port) => {
    const opened = await new Promise((resolve) => {
      const socket = new WebSocket(`wss://localhost:${port}/ws`, "msl-network.1");
      socket.onopen = () => resolve("opened");
      socket.onclose = ({ code }) => resolve(code);
    }).catch(String);
    const read = await fetch(`https://localhost:${port}/lab/`).then((it) => it.text()).catch(
      String,
    );
    return [opened, read];
  }, webPort);
  assertEquals(outcome[0], 1006);
  assertStringIncludes(String(outcome[1]), "Failed to fetch");
});

Deno.test("a page from this computer under another name is refused", IN_BROWSER, async () => {
  await using lab = await laboratory({ "index.html": "lab" });
  const { webPort } = lab.manager.manager;
  const { page } = await openPage(lab.browser, `https://evil.localhost:${webPort}/lab/`);
  assertStringIncludes(
    await page.locator("body").textContent() ?? "",
    "is not called evil.localhost",
  );
});

Deno.test("what an instrument says is text, not a page", IN_BROWSER, async () => {
  await using lab = await laboratory({
    "index.html": pageThat("show(await dmm.hostile());"),
  });
  const { page } = await openPage(lab.browser, `${lab.address}/`);
  await page.locator("output:not(:empty)").waitFor();
  assertEquals(await page.title(), "");
});

/** The Service that `init` writes. */
class Thermometer extends Service {
  #offset = 0;

  read(): number {
    return 21.125 + this.#offset;
  }

  adjust(offset: number): void {
    if (!(Math.abs(offset) <= 5)) throw new RangeError(`The limit is 5 °C, not ${offset}`);
    this.#offset = offset;
  }
}

Deno.test(
  "the page that init writes shows readings, adjusts them, and is grey without them",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory({ "index.html": PAGE });
    const { page, lines } = await openPage(lab.browser, `${lab.address}/`);
    const shows = (text: string) => page.locator("body", { hasText: text }).waitFor();
    await shows("the 'Thermometer' service does not exist");
    assertEquals(await page.getByRole("button").isDisabled(), true);
    await using first = new Thermometer();
    await first.start(lab.manager.connectOptions);
    await shows("21.13 °C");
    await page.getByLabel("Offset in °C").fill("-4");
    await page.getByRole("button", { name: "Adjust" }).click();
    await shows("Adjusted");
    await shows("from 17.13 to 21.13 °C");
    const points = await page.locator("polyline").getAttribute("points");
    assertMatch(points ?? "", /^0,5 (\d+,5 )*(\d+,95 ?)+$/);
    await page.getByLabel("Offset in °C").fill("6");
    await page.getByRole("button", { name: "Adjust" }).click();
    await shows("RangeError: The limit is 5 °C, not 6");
    assertEquals(await page.locator(".old").count(), 0);
    assertEquals(await page.locator("body", { hasText: "does not exist" }).count(), 0);
    await first.shutdown();
    await page.locator(".old").waitFor();
    await using again = new Thermometer();
    await again.start(lab.manager.connectOptions);
    await page.locator("section:not(.old)").waitFor();
    await shows("21.13 °C");
    assertEquals(lines, []);
  },
);
