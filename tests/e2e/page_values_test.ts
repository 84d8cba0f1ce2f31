/// <reference lib="dom" />
/** Values and readings of the page of the Manager in a real browser. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { type About, kwargs, NdArray, Service } from "../../mod.ts";
import { BrowserOfFile, IN_BROWSER, openPage } from "../support/browser.ts";
import { everywhere, ONE_MANAGER } from "../support/places.ts";
import { pngOf } from "../support/png.ts";
import { until } from "../support/until.ts";

const HTML = "<img src=x onerror=\"document.title='taken'\">";

class Multimeter extends Service {
  static about: About<Multimeter> = {
    attributes: {
      voltage: { result: { unit: "V", warning: [4.5, 5.5], alarm: [4, 6] }, safe: true },
      picture: { parameters: [{ name: "kind", schema: { type: "string" } }] },
      strange: { parameters: [{ name: "kind", schema: { type: "string" } }] },
      trace: { result: { unit: "V", array: { dtype: "<f8" } } },
      readings: { result: { unit: "V", warning: [-0.5, 0.5] } },
    },
    notifications: { temperature: { unit: "°C" } },
  };

  level = 5;
  heats = 0;

  voltage(): number {
    if (Number.isNaN(this.level)) throw new RangeError("There is no probe");
    return this.level;
  }

  heat(): number {
    return ++this.heats;
  }

  async *readings(): AsyncGenerator<number> {
    for (let index = 0;; index++) {
      yield Math.sin(index / 10);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** 10,000 values a second, as far as they are taken. */
  async *fast(): AsyncGenerator<number> {
    const start = performance.now();
    for (let index = 0;;) {
      while (index < (performance.now() - start) * 10) yield Math.sin(index++ / 500);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  array(): number[] {
    return Array.from({ length: 1_000_000 }, (_, index) => index === 5 ? NaN : Math.sin(index));
  }

  trace(): Float64Array {
    return Float64Array.from(this.array());
  }

  /** Arrays that are hard to show, by their kind. */
  strange(kind: string): unknown {
    switch (kind) {
      case "big":
        return BigInt64Array.of(-(2n ** 62n) - 1n, 0n, 2n ** 62n + 1n);
      case "half":
        return Float16Array.of(0.5, NaN, -Infinity, 2);
      case "missing":
        return new Float64Array(5).fill(NaN);
      case "empty":
        return new NdArray(new Float32Array(0), [1_000_000, 1_000_000, 0]);
      case "deep":
        return new NdArray(new Int8Array(2), [...new Array(63).fill(1), 2]);
      default:
        return new NdArray(Uint16Array.from({ length: 400 }, (_, at) => at), [20, 20]);
    }
  }

  table(): Record<string, unknown>[] {
    return Array.from({ length: 3_000 }, (_, id) => ({ id, [HTML]: HTML, size: id / 2 }));
  }

  picture(kind: string): string {
    const png = pngOf(20, 10);
    if (kind === "bomb") return pngOf(60_000, 60_000, new Uint8Array(9)).toBase64();
    if (kind === "cut") return png.slice(0, 45).toBase64();
    if (kind === "broken") return pngOf(20, 10, new Uint8Array(9).fill(7)).toBase64();
    return png.toBase64();
  }

  odd(): unknown {
    return {
      [HTML]: [NaN, -Infinity, null, HTML],
      deep: JSON.parse("[".repeat(400) + "]".repeat(400)),
    };
  }

  report(temperature: number): void {
    this.emitNotification(kwargs({ temperature }));
  }
}

const browserOfFile = new BrowserOfFile();
const RECONNECT = { firstDelay: 1, longestDelay: 20, attempts: 10_000 };

/** A Manager, a multimeter, and a page that shows it. */
async function laboratory(script?: () => void, place = ONE_MANAGER) {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await place.open({ web: 0 }));
  const manager = site.home;
  const service = stack.use(new Multimeter({ name: "DMM" }));
  await service.start({ ...manager.connectOptions, reconnect: RECONNECT });
  await site.knows("DMM");
  const name = site.nameOf("DMM");
  const browser = stack.use(await browserOfFile.context());
  if (script !== undefined) await browser.addInitScript(script);
  const address = site.pageOf();
  const { page, lines } = await openPage(browser, address);
  await page.setViewportSize({ width: 1280, height: 1000 });
  const whole = stack.move();
  return {
    ...{ manager, service, name, page, lines, address },
    /** Calls a method in the page. */
    async call(method: string) {
      await page.goto(`${address}#/${name}/${method}`);
      await page.getByRole("button", { name: `Call ${method}`, exact: true }).click();
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

/** How many points of the canvas have the colour of the first line. */
function drawnPoints(page: Page): Promise<number> {
  return page.evaluate(() => {
    const probe = document.createElement("canvas").getContext("2d")!;
    const root = getComputedStyle(document.documentElement);
    probe.fillStyle = root.getPropertyValue("--plot-1");
    probe.fillRect(0, 0, 1, 1);
    const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
    const canvas = document.querySelector("canvas");
    if (canvas === null) return 0;
    const { width, height } = canvas;
    const copy = Object.assign(document.createElement("canvas"), { width, height });
    const context = copy.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (
        data[at + 3] > 128 && data[at] === red && data[at + 1] === green && data[at + 2] === blue
      ) {
        count++;
      }
    }
    return count;
  });
}

/** How many values of the stream the page has, as it says. */
async function countOf(page: Page): Promise<number> {
  const text = await page.getByText(/\d+ values/).first().textContent();
  return Number(/(\d+) values/.exec(text ?? "")?.[1] ?? 0);
}

everywhere(
  "a stream is plotted while it comes, with its unit and its limits",
  async (place) => {
    await using lab = await laboratory(undefined, place);
    const { page } = lab;
    await lab.call("readings");
    const plot = page.getByRole("img", { name: /^Plot of readings: now -?[\d.e-]+ V, lowest/ });
    await plot.waitFor();
    await page.getByLabel("Last").selectOption("10 s");
    const first = await until("a line", () => drawnPoints(page));
    await until("a longer line", async () => (await drawnPoints(page)) > 1.3 * first);
    const row = page.getByRole("row", { name: /readings/ });
    await row.getByText("Warning").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.locator(".result-state", { hasText: /^Cancelled/ }).waitFor();
    assertEquals(lab.lines, []);
  },
  IN_BROWSER,
);

Deno.test(
  "a paused plot does not change, its stream goes on, and it is zoomed with keys and mouse",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory();
    const { page } = lab;
    await lab.call("readings");
    await until("a line", async () => (await drawnPoints(page)) > 20);
    const pause = page.getByRole("button", { name: "Pause" });
    await pause.focus();
    await page.keyboard.press("Enter");
    const resume = page.getByRole("button", { name: "Resume" });
    await resume.waitFor();
    const picture = () =>
      page.locator("canvas").evaluate((it) => (it as HTMLCanvasElement).toDataURL());
    const paused = await until("the last frame", async () => {
      const one = await picture();
      await page.evaluate(() =>
        new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
      );
      return one === await picture() ? one : undefined;
    });
    const count = await countOf(page);
    await until("more values", async () => (await countOf(page)) > count + 50);
    assertEquals(await picture() === paused, true);
    await page.getByRole("button", { name: "Zoom in" }).click();
    const zoomed = await until("another picture", async () => {
      const one = await picture();
      return one === paused ? undefined : one;
    });
    const { x, y, width, height } = (await page.locator(".u-over").boundingBox())!;
    await page.mouse.move(x + width * 0.3, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.6, y + height / 2, { steps: 3 });
    await page.mouse.up();
    await until("a part of it", async () => (await picture()) !== zoomed);
    await page.mouse.move(x + width * 0.5, y + height / 2);
    await page.getByText(/^At \d\d:\d\d:\d\d\.\d{3}$/).waitFor();
    await resume.click();
    await pause.waitFor();
  },
);

everywhere(
  "notifications are plotted; while the service is away there is a gap, and a word",
  async (place) => {
    await using lab = await laboratory(undefined, place);
    const { page } = lab;
    await page.goto(`${lab.address}#/${lab.name}`);
    await page.getByText("None has come since").waitFor();
    const report = async (service: Multimeter, values: number[]) => {
      for (const value of values) await service.report(value);
    };
    await report(lab.service, [20, 20.5, 21]);
    const row = page.getByRole("row", { name: /temperature/ });
    await row.getByText("21 °C").waitFor();
    await lab.service.shutdown();
    await row.getByText(/^until \d\d:\d\d/).waitFor();
    await using again = new Multimeter({ name: "DMM" });
    await again.start({ ...lab.manager.connectOptions, reconnect: RECONNECT });
    await page.getByText("Connected").waitFor();
    await until("the link", async () => {
      await again.report(30);
      return await row.getByText("30 °C").isVisible();
    });
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy CSV" }).click();
    await page.getByText("Copied").waitFor();
    const csv = await page.evaluate(() => navigator.clipboard.readText());
    const values = csv.split("\r\n").slice(1, 6).map((line) => line.split(",")[2]);
    assertEquals(values, ["20", "20.5", "21", "", "30"], "the gap is a row without a value");
  },
  IN_BROWSER,
);

Deno.test(
  "10,000 points a second: no more than a draw in a frame, and a few points in a pixel",
  IN_BROWSER,
  async () => {
    const counters = () => {
      const page = globalThis as unknown as Record<string, number>;
      Object.assign(page, { draws: 0, points: 0, mostDraws: 0, mostPoints: 0, frames: 0 });
      const { clearRect } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.clearRect = function (...rectangle) {
        page.draws++;
        return clearRect.apply(this, rectangle);
      };
      const { lineTo } = Path2D.prototype;
      Path2D.prototype.lineTo = function (...point) {
        page.points++;
        return lineTo.apply(this, point);
      };
      const frame = () => {
        page.mostDraws = Math.max(page.mostDraws, page.draws);
        page.mostPoints = Math.max(page.mostPoints, page.points);
        page.draws = page.points = 0;
        page.frames++;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    };
    await using lab = await laboratory(counters);
    const { page } = lab;
    await lab.call("fast");
    await until("20,000 values", async () => (await countOf(page)) > 20_000, 60_000);
    // The first picture of a plot takes a frame with two.
    await page.evaluate(() => Object.assign(globalThis, { mostDraws: 0, mostPoints: 0 }));
    const before = await countOf(page);
    await until("10,000 values", async () => (await countOf(page)) > before + 10_000, 60_000);
    const { mostDraws, mostPoints, width } = await page.evaluate(() => {
      const { mostDraws, mostPoints } = globalThis as unknown as Record<string, number>;
      return { mostDraws, mostPoints, width: document.querySelector("canvas")!.width };
    });
    assertEquals(mostDraws, 1);
    assert(mostPoints > 50 && mostPoints <= 5 * width, `${mostPoints} points on ${width} pixels`);
  },
);

Deno.test(
  "a million numbers are a plot, with its extent in words and a part of it enlarged",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory();
    const { page } = lab;
    await lab.call("array");
    await page.getByRole("img", {
      name:
        "Plot of value: 1,000,000 numbers, 1 of them missing or not finite, -0.999999999992 to 0.999999999999",
    }).or(page.getByRole("img", { name: /^Plot of value: 1,000,000 numbers, 1 of them missing/ }))
      .waitFor();
    await until("a line", async () => (await drawnPoints(page)) > 1000);
    for (let step = 0; step < 16; step++) {
      await page.getByRole("button", { name: "Zoom in" }).click();
    }
    await until("fewer points", async () => (await drawnPoints(page)) < 1000);
    await page.getByRole("button", { name: "Show all" }).click();
    await until("all points", async () => (await drawnPoints(page)) > 1000);
  },
);

Deno.test(
  "typed arrays are plots with their type and shape; strange ones are shown, and copied or say why not",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory();
    const { page } = lab;
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await lab.call("trace");
    const plot = page.getByRole("img", {
      name: /^Plot of value: 1,000,000 numbers, 1 of them missing or not finite, -1 to 1 V/,
    });
    await plot.waitFor();
    await page.getByText("Array of <f8, 1000000", { exact: true }).waitFor();
    await until("a line", async () => (await drawnPoints(page)) > 1000);

    await page.goto(`${lab.address}#/DMM/strange`);
    await page.reload(); // without the result before
    const show = async (kind: string, form: string) => {
      await page.getByLabel("kind").fill(kind);
      await page.getByLabel("kind").press("Enter");
      await page.getByText(`Array of ${form}`, { exact: true }).waitFor();
    };
    const copy = async (isFolded: boolean): Promise<string> => {
      if (isFolded) await page.getByText("JSON", { exact: true }).click();
      await page.evaluate(() => navigator.clipboard.writeText("nothing"));
      await page.getByRole("button", { name: "Copy JSON" }).click();
      return await until("a copy", async () => {
        const text = await page.evaluate(() => navigator.clipboard.readText());
        return text === "nothing" ? "" : text;
      });
    };
    await show("big", "<i8, 3");
    assertEquals(await copy(true), "[-4611686018427387905,0,4611686018427387905]");
    await show("half", "<f2, 4");
    await page.getByRole("img", { name: /^Plot of value: 4 numbers, 2 of them missing/ }).waitFor();
    await show("missing", "<f8, 5");
    assertEquals(await copy(false), "[NaN,NaN,NaN,NaN,NaN]");
    await show("rows", "<u2, 20 × 20");
    assertEquals(JSON.parse((await copy(false))!)[19][19], 399);
    await show("deep", `|i1, ${"1 × ".repeat(63)}2`);
    assertEquals(await copy(false), `${"[".repeat(64)}0,0${"]".repeat(64)}`);
    await show("empty", "<f4, 1000000 × 1000000 × 0");
    await page.getByRole("button", { name: "Copy JSON" }).click();
    await page.getByText(/^Cannot copy it: .*cannot be made lists/).waitFor();
    assertEquals(lab.lines, []);
  },
);

Deno.test(
  "a list of objects is a table of its first rows, and CSV of all",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory();
    const { page } = lab;
    await lab.call("table");
    await page.getByText("The first 100 of 3000 rows").waitFor();
    assertEquals(await page.locator(".object-table tbody tr").count(), 100);
    await page.getByRole("columnheader", { name: HTML }).waitFor();
    await page.getByRole("button", { name: "Show 500 more" }).click();
    await page.getByText("The first 600 of 3000 rows").waitFor();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy CSV" }).click();
    await page.getByText("Copied").waitFor();
    const csv = await page.evaluate(() => navigator.clipboard.readText());
    assertEquals(csv.trim().split("\r\n").length, 3001);
  },
);

Deno.test(
  "a picture is shown; a broken one and one that is a bomb are not, and say so",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory();
    const { page } = lab;
    await page.goto(`${lab.address}#/DMM/picture`);
    const show = async (kind: string) => {
      await page.getByLabel("kind").fill(kind);
      await page.getByLabel("kind").press("Enter");
    };
    await show("good");
    const picture = page.getByRole("img", { name: "Picture, 20 × 10 points" });
    await picture.waitFor();
    await until(
      "its points",
      () => picture.evaluate((it) => (it as HTMLImageElement).naturalWidth === 20),
    );
    await show("cut");
    await page.getByText("its end is missing").waitFor();
    await show("good");
    await picture.waitFor();
    await show("broken");
    await page.getByText("the browser cannot read it").waitFor();
    await show("bomb");
    await page.getByText("60000 × 60000 points, more than 50 million").waitFor();
    assertEquals(await page.locator(".value-view img").count(), 0);
  },
);

Deno.test(
  "what a service says is text: names, HTML, numbers that JSON has not, deep nesting",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory();
    const { page } = lab;
    await lab.call("odd");
    const json = page.locator("pre.json");
    await json.waitFor();
    const shown = await json.textContent() ?? "";
    assert(shown.includes(`[NaN, -Infinity, null, ${JSON.stringify(HTML)}]`), shown);
    await page.getByRole("button", { name: "Show more" }).click();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy JSON" }).click();
    await page.getByText("Copied").waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assertMatch(copied, /^\{.*\[{400}\]{400}\}$/);
    assertEquals(await page.title(), "DMM · MSL-Network");
    assertEquals(await page.locator("pre.json img").count(), 0);
  },
);

Deno.test(
  "a pinned reading is read again and again, judged, and grey when its service is gone",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory();
    const { page, service } = lab;
    await page.goto(`${lab.address}#/DMM/voltage`);
    await page.getByRole("button", { name: "Pin voltage", exact: true }).click();
    await page.goto(`${lab.address}#/`);
    const card = page.locator(".pin");
    await card.getByText("DMM.voltage").first().waitFor();
    await card.getByLabel("Read DMM.voltage every").selectOption("every 0.2 s");
    await card.locator("output", { hasText: /^5$/ }).waitFor();
    service.level = 5.75;
    await card.getByText("Warning").waitFor();
    service.level = 6.5;
    await card.getByText("Alarm").waitFor();
    service.level = NaN;
    await card.getByText("There is no probe").waitFor();
    assertEquals(await card.getAttribute("data-stale"), "true");
    service.level = 5;
    await page.locator(".pin[data-stale=false]").waitFor();
    await page.reload();
    await page.locator(".pin[data-stale=false] output", { hasText: /^5$/ }).waitFor();
    await page.getByRole("button", { name: "Plot all" }).click();
    await page.getByRole("img", { name: /^Plot of DMM.voltage: now 5 V/ }).waitFor();
    await service.shutdown();
    await card.getByText(/Gone since \d\d:\d\d:\d\d, last read/).waitFor();
    assertEquals(await card.getAttribute("data-stale"), "true");
    await page.getByRole("button", { name: "Unpin DMM.voltage" }).click();
    assertEquals(await card.count(), 0);
  },
);

Deno.test(
  "a method that may move something is pinned when a person has been asked",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory();
    const { page, service } = lab;
    await page.goto(`${lab.address}#/DMM/heat`);
    await page.getByRole("button", { name: "Pin heat", exact: true }).click();
    await page.getByText("is called once a second").or(page.getByText("It is called once a"))
      .first()
      .waitFor();
    assertEquals(service.heats, 0);
    await page.getByRole("button", { name: "Pin it" }).click();
    await until("a call", () => service.heats > 0);
    await page.reload();
    await page.goto(`${lab.address}#/`);
    await page.locator(".pin").getByText("Stopped").waitFor();
    const { heats } = service;
    await page.getByRole("button", { name: "Start DMM.heat" }).click();
    await until("another call", () => service.heats > heats);
  },
);
