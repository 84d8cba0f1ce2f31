/// <reference lib="dom" />
/** The panel of a service in a real browser: calls, errors, and a laboratory that goes and comes. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { type About, Service } from "../../mod.ts";
import { WirePeer } from "../../testing.ts";
import { BrowserOfFile, IN_BROWSER, openPage } from "../support/browser.ts";
import { PageLaboratory } from "../support/page_laboratory.ts";
import { everywhere, ONE_MANAGER, type Place } from "../support/places.ts";
import { until } from "../support/until.ts";
import type { BrowserContext, Page } from "playwright-core";

const browser = new BrowserOfFile();

/** A service with what a page has to show. */
class Oven extends Service {
  static about: About<Oven> = {
    description: "Heats samples.\nTwo at a time.",
    attributes: {
      heat: {
        description: "Sets the temperature.",
        parameters: [
          { name: "celsius", unit: "°C", schema: { type: "number", maximum: 400 } },
          { name: "mode", schema: { enum: ["slow", "fast"] }, default: "slow" },
          { name: "fan", schema: { type: "boolean" } },
        ],
        result: { unit: "°C" },
      },
    },
  };

  /** What has been heated. */
  heated: unknown[] = [];
  readonly #release = Promise.withResolvers<void>();

  constructor() {
    super({ name: "Oven", ignoreAttributes: ["heated"] });
  }

  heat(celsius: number, mode = "slow", { fan = false } = {}): number {
    if (celsius > 200) throw new RangeError(`It melts at ${celsius}`);
    this.heated.push([celsius, mode, fan]);
    return celsius;
  }

  /** Takes until it is cancelled. */
  async wait(): Promise<void> {
    const { signal } = this.request!;
    signal.addEventListener("abort", () => this.#release.resolve());
    await this.#release.promise;
    signal.throwIfAborted();
  }

  *curve(points: number): Generator<number> {
    for (let index = 0; index < points; index++) yield 20 + Math.sin(index / 10);
  }

  log(text: string): void {
    this.emitNotification("said", { text });
  }
}

/** An oven somewhere, and the page with it, which shows a method if one is given. */
async function withOven(place: Place, method?: string) {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await place.open({ web: 0 }));
  const oven = stack.use(new Oven());
  await oven.start(site.home.connectOptions);
  await site.knows("Oven");
  const name = site.nameOf("Oven");
  const hash = method === undefined ? "" : `#/${name}/${method}`;
  const opened = stack.use(await browser.open(site.pageOf(hash)));
  const owned = stack.move();
  return { site, oven, name, ...opened, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

everywhere(
  "a method is called with what was entered, and its result and its error are shown",
  async (place) => {
    await using page = await withOven(place, "heat");
    const celsius = page.page.getByLabel("celsius");
    await celsius.fill("180.5");
    await page.page.getByLabel("mode").selectOption("fast");
    await page.page.getByLabel("fan").selectOption("true");
    await celsius.press("Enter");
    await page.page.locator(".result").getByText("180.5 °C").waitFor();
    assertEquals(page.oven.heated, [[180.5, "fast", true]]);
    await celsius.fill("1e3");
    await celsius.press("Enter");
    await page.page.getByText("The highest value is 400").waitFor();
    assertEquals(page.oven.heated.length, 1, "nothing is sent that cannot be right");
    await celsius.fill("201");
    await celsius.press("Enter");
    const failure = page.page.getByRole("alert").filter({ hasText: "It melts at 201" });
    await failure.waitFor();
    assertMatch(await failure.innerText(), /RangeError/);
    await failure.getByText("Traceback").click();
    await failure.getByText(/page_service_test\.ts/).waitFor();
    assertEquals(page.lines, []);
  },
  IN_BROWSER,
);

Deno.test(
  "a method that is called before the page is linked is called when it is linked",
  IN_BROWSER,
  async () => {
    await using site = await ONE_MANAGER.open({ web: 0 });
    await using oven = new Oven();
    await oven.start(site.home.connectOptions);
    await using context = await browser.context();
    const grant = await holdLinks(context);
    const { page, lines } = await openPage(context, site.pageOf("#/Oven/heat"));
    await page.getByLabel("celsius").fill("180.5");
    await page.getByLabel("celsius").press("Enter");
    await page.locator(".result-state", { hasText: "Running" }).waitFor();
    assertEquals(oven.heated, []);
    grant();
    await page.locator(".result").getByText("180.5 °C").waitFor();
    assertEquals(oven.heated, [[180.5, "slow", false]]);
    assertEquals(lines, []);
  },
);

/** Holds back what the Manager sends after a page has requested a link, until the result is called. */
async function holdLinks(context: BrowserContext): Promise<() => void> {
  const granted = Promise.withResolvers<void>();
  await context.routeWebSocket(() => true, (page) => {
    const manager = page.connectToServer();
    let last = Promise.resolve();
    page.onMessage((message) => {
      if (/"attribute": ?"link"/.test(String(message))) last = granted.promise;
      manager.send(message);
    });
    manager.onMessage((message) => {
      last = last.then(() => page.send(message));
    });
  });
  return granted.resolve;
}

everywhere("a long call is cancelled, and the service notices", async (place) => {
  await using page = await withOven(place, "wait");
  await page.page.getByRole("button", { name: "Call wait" }).click();
  await page.page.getByRole("button", { name: "Cancel" }).click();
  await page.page.locator(".result-state", { hasText: /^Cancelled/ }).waitFor();
  assertEquals(page.lines, []);
}, IN_BROWSER);

everywhere(
  "a service that is killed is grey, with the time of its last word, and alive when it is back",
  async (place) => {
    await using site = await place.open({ web: 0 });
    const identity = {
      type: "service",
      name: "Pump",
      attributes: { speed: "()" },
      language: "C",
      os: "none",
      max_clients: -1,
    };
    const first = await WirePeer.introduce(site.home.connectOptions, identity);
    await site.knows("Pump");
    const name = site.nameOf("Pump");
    await using opened = await browser.open(site.pageOf(`#/${name}`));
    const { page, lines } = opened;
    await page.getByRole("status").filter({ hasText: /^Connected$/ }).waitFor();
    await first.close(); // without a word
    await page.getByRole("status").filter({ hasText: /^Gone, last seen \d\d:\d\d:\d\d$/ })
      .waitFor();
    const item = page.getByRole("link", { name: new RegExp(`^${name}`) });
    assertMatch(await item.innerText(), /Gone, last seen/);
    const here = await item.getAttribute("data-here");
    assertEquals(here, "false");
    await using _again = await WirePeer.introduce(site.home.connectOptions, identity);
    await page.getByRole("status").filter({ hasText: /^Connected$/ }).waitFor();
    assertEquals(lines, []);
  },
  IN_BROWSER,
);

Deno.test(
  "the page says that the Manager is away, and goes on when it is back",
  IN_BROWSER,
  async () => {
    await using lab = await PageLaboratory.start();
    await using oven = new Oven();
    await oven.start(lab.connectOptions);
    await using page = await browser.open(lab.address("#/Oven/heat"));
    await page.page.getByLabel("celsius").fill("100");
    await page.page.getByRole("button", { name: "Call heat" }).click();
    await page.page.locator(".result").getByText("100 °C").waitFor();
    await lab.stop();
    await page.page.getByRole("status").filter({ hasText: "The Manager is away since" }).waitFor();
    await page.page.getByRole("status").filter({ hasText: /^Gone, last seen/ }).waitFor();
    await page.page.getByLabel("celsius").press("Enter");
    const problem = page.page.getByRole("alert").filter({ hasText: "It was not called" });
    await problem.waitFor();
    await lab.resume();
    await problem.waitFor({ state: "detached" });
    await page.page.getByText("Live", { exact: true }).waitFor();
    await page.page.getByRole("status").filter({ hasText: /^Connected$/ }).waitFor();
    // What was entered is still there, and works.
    assertEquals(await page.page.getByLabel("celsius").inputValue(), "100");
    await page.page.getByLabel("celsius").fill("150");
    await page.page.getByRole("button", { name: "Call heat" }).click();
    await page.page.locator(".result").getByText("150 °C").waitFor();
  },
);

Deno.test(
  "everything can be done with the keyboard, and the focus is always seen",
  IN_BROWSER,
  async () => {
    await using page = await withOven(ONE_MANAGER);
    const { page: browserPage, oven } = page;
    await browserPage.getByRole("link", { name: /^Oven/ }).waitFor();
    await tabTo(browserPage, "Oven");
    await browserPage.keyboard.press("Enter");
    await browserPage.getByRole("heading", { name: "Oven" }).waitFor();
    await tabTo(browserPage, "heat(");
    await browserPage.keyboard.press("Enter");
    await browserPage.getByLabel("celsius").waitFor();
    await tabTo(browserPage, "celsius");
    await browserPage.keyboard.type("42");
    await tabTo(browserPage, "Call heat");
    await browserPage.keyboard.press("Space");
    await browserPage.locator(".result").getByText("42 °C").waitFor();
    assertEquals(oven.heated, [[42, "slow", false]]);
    await tabTo(browserPage, "Take the lock", { backwards: true });
    await browserPage.keyboard.press("Enter");
    await browserPage.getByText("Locked by this page").waitFor();
    await browserPage.keyboard.press("Enter"); // the focus has stayed where it was
    await browserPage.getByText("Not locked").waitFor();
  },
);

/** Presses Tab until an element of this name has the focus; it has to be seen there. */
async function tabTo(page: Page, name: string, { backwards = false } = {}): Promise<void> {
  const seen: string[] = [];
  for (let count = 0; count < 60; count++) {
    await page.keyboard.press(backwards ? "Shift+Tab" : "Tab");
    const { text, isSeen } = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const { labels } = element as HTMLInputElement;
      const text = labels?.[0]?.innerText ?? element.innerText;
      return { text, isSeen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 1 };
    });
    seen.push(text);
    assert(isSeen || text === undefined, `the focus is not seen at ${text}`);
    if (text?.trim().startsWith(name) || text?.replaceAll("\n", " ").trim() === name) return;
  }
  throw new Error(`Tab did not come to ${name}, but to ${seen.join(" | ")}`);
}

everywhere(
  "two pages see each other's lock, and a notification is shown in both",
  async (place) => {
    await using one = await withOven(place, "log");
    await using other = await browser.open(one.site.pageOf());
    await one.page.getByRole("button", { name: "Take the lock" }).click();
    await one.page.getByText("Locked by this page").waitFor();
    const item = other.page.getByRole("link", { name: new RegExp(`^${one.name}`) });
    await item.getByText("locked").waitFor();
    await item.click();
    await other.page.getByText(/Locked by Web page\[/).waitFor();
    await other.page.getByRole("alert").filter({ hasText: "locked" }).waitFor();
    await other.page.getByText("They are shown while the page is linked.").waitFor();
    await one.page.getByRole("button", { name: "Give the lock back" }).click();
    await other.page.getByText("Not locked").waitFor();
    await other.page.getByRole("button", { name: "Try again" }).click();
    await until(
      "the other page is linked",
      () => one.site.home.manager.status().services.Oven.links.length === 2,
    );
    await one.page.getByLabel("text").fill("hello");
    await one.page.getByRole("button", { name: "Call log" }).click();
    for (const { page } of [one, other]) {
      await until(
        "the notification",
        async () =>
          (await page.getByRole("region", { name: "Notifications" }).innerText()).includes("hello"),
      );
    }
  },
  IN_BROWSER,
);
