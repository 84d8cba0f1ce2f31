/// <reference lib="dom" />
/** The history and the alarms of a recorder, in the page of the Manager in a real browser. */

import { assert, assertEquals } from "@std/assert";
import { type About, Service } from "../../mod.ts";
import { AlarmReporter } from "../../record/alarm_reporter.ts";
import { openTarget } from "../../record/open_target.ts";
import { TestManager } from "../../testing.ts";
import { BrowserOfFile, IN_BROWSER, openPage } from "../support/browser.ts";
import { temporaryFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

const HOUR = 3_600_000;
const VOLTAGE = { service: "DMM", attribute: "voltage", arguments: "", unit: "V" };
const TEMPERATURE = { service: "Room", attribute: "<b>temperature</b>", arguments: "", unit: "°C" };
const LIMITS = { warning: [4.5, 5.5], alarm: [4, 6] } as const;

class Multimeter extends Service {
  static about: About<Multimeter> = {
    attributes: { voltage: { result: { unit: "V", ...LIMITS } } },
  };

  voltage(): number {
    return 5;
  }
}

const browserOfFile = new BrowserOfFile();

/** A recording of two days with a gap of six hours, and a page that shows its recorder. */
async function laboratory() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const manager = stack.use(await TestManager.start({ web: 0 }));
  const service = stack.use(new Multimeter({ name: "DMM" }));
  await service.start(manager.connectOptions);
  const file = folder.join("lab.sqlite");
  const target = await openTarget(file);
  stack.defer(() => target.close());
  const voltage = target.source(VOLTAGE);
  const temperature = target.source(TEMPERATURE);
  const now = Date.now();
  const gap = { start: now - 12 * HOUR, end: now - 6 * HOUR };
  const minutes = Array.from({ length: 2 * 24 * 60 }, (_, minute) => now - minute * 60_000)
    .reverse();
  const times = minutes.filter((time) => time <= gap.start || time >= gap.end);
  const write = (source: number, time: number, value: number) =>
    target.write([{ source, time, received: time, value }], []);
  target.write(
    times.flatMap((time) => [
      { source: voltage, time, received: time, value: 5 + Math.sin(time / HOUR) },
      { source: temperature, time, received: time, value: 20 },
    ]),
    [{ source: voltage, ...gap, reason: "the service is not connected" }],
  );
  const reporter = stack.use(new AlarmReporter({ file, serve: true }));
  await reporter.serve(manager.connectOptions);
  const browser = stack.use(await browserOfFile.context());
  const address = `https://localhost:${manager.manager.webPort}/`;
  const { page, lines } = await openPage(browser, address);
  await page.setViewportSize({ width: 1280, height: 1000 });
  await page.goto(`${address}#/Recorder`);
  const whole = stack.move();
  return {
    ...{ page, lines, reporter, gap },
    write: (value: number) => write(voltage, Date.now(), value),
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

Deno.test(
  "yesterday and now are in one plot, with the gap; a part is chosen by dragging, and exported",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory();
    const { page } = lab;
    const plot = page.getByRole("img", {
      name:
        /^Plot of DMM\.voltage: [\d,]+ readings from 4(\.\d+)? to [56](\.\d+)? V, mean [\d.]+, 1 gap$/,
    });
    await plot.waitFor();
    const csv = async () => {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.getByRole("region", { name: "History" }).getByRole("button", { name: "Copy CSV" })
        .click();
      await page.getByText("Copied").waitFor();
      const text = await page.evaluate(() => navigator.clipboard.readText());
      return text.trim().split("\r\n").slice(1).map((line) => line.split(","));
    };
    const whole = await csv();
    assertEquals(whole.filter((row) => row[8] !== "").map((row) => [row[2], row[8]]), [
      [new Date(lab.gap.start).toISOString(), "the service is not connected"],
    ]);
    const { x, y, width, height } = (await plot.locator(".u-over").boundingBox())!;
    // Nothing is drawn in the gap, from 75 to 87.5 percent of the plot.
    const columns = await plot.locator("canvas").evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const over = canvas.parentElement!.querySelector<HTMLElement>(".u-over")!;
      const scale = canvas.width / canvas.clientWidth;
      const context = canvas.getContext("2d", { willReadFrequently: true })!;
      const countAt = (part: number) => {
        const left = Math.round((over.offsetLeft + over.clientWidth * part) * scale);
        const { data } = context.getImageData(
          left,
          over.offsetTop * scale,
          3,
          over.clientHeight * scale,
        );
        const colors = new Set<number>();
        for (let at = 0; at < data.length; at += 4) {
          colors.add(
            data[at + 3] === 255 ? data[at] * 65536 + data[at + 1] * 256 + data[at + 2] : 0,
          );
        }
        return colors.size;
      };
      return { line: countAt(0.4), gap: countAt(0.82) };
    });
    assert(columns.line > columns.gap, JSON.stringify(columns));
    await page.mouse.move(x + width * 0.2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.3, y + height / 2, { steps: 3 });
    await page.mouse.up();
    await page.getByRole("img", { name: /V, mean [\d.]+$/ }).waitFor(); // without a gap
    const part = await csv();
    const span = Date.parse(part.at(-1)![3]) - Date.parse(part[0][2]);
    assert(Math.abs(span - 4.8 * HOUR) < 0.5 * HOUR, `${span / HOUR} h`);
    assertEquals(lab.lines.filter((line) => !line.includes("willReadFrequently")), []);
  },
);

Deno.test(
  "new readings are shown, and sources are chosen; their names are text",
  IN_BROWSER,
  async () => {
    await using lab = await laboratory();
    const { page } = lab;
    await page.getByLabel("DMM.voltage (V)").waitFor();
    await page.getByLabel(/<b>temperature<\/b>/).check();
    await page.getByRole("img", { name: /<b>temperature<\/b>.* readings from 20 to 20 °C/ })
      .waitFor();
    lab.write(9.75);
    await page.getByRole("img", { name: /^Plot of DMM.voltage: .* to 9\.75 V/ }).waitFor();
    await page.getByLabel("DMM.voltage (V)").uncheck();
    await page.getByRole("img", { name: /^Plot of DMM.voltage/ }).waitFor({ state: "detached" });
  },
);

Deno.test("an alarm is shown as it comes, and acknowledged in the page", IN_BROWSER, async () => {
  await using lab = await laboratory();
  const { page, reporter } = lab;
  await page.getByLabel("DMM.voltage (V)").waitFor();
  assertEquals(await page.getByRole("region", { name: "Alarms" }).count(), 0);
  reporter.onSource(VOLTAGE, LIMITS, { delay: 0 });
  reporter.onReading(VOLTAGE, { time: 1, received: 1, value: 7 });
  const alarms = page.getByRole("region", { name: "Alarms" });
  await alarms.getByText("Alarm", { exact: true }).waitFor();
  await alarms.getByRole("button", { name: "Acknowledge DMM.voltage" }).click();
  await alarms.getByText(/^Acknowledged by Web page\[/).waitFor();
  reporter.onReading(VOLTAGE, { time: 2, received: 2, value: 5 });
  await until("no alarm", async () => (await alarms.count()) === 0);
});
