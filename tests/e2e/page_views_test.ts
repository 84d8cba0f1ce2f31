/// <reference lib="dom" />
/** Every view of the page, light and dark, wide and narrow: anybody can use it, and nothing jumps. */

import { assertEquals } from "@std/assert";
import { BrowserOfFile, IN_BROWSER, type OpenPage } from "../support/browser.ts";
import { connect, Service } from "../../mod.ts";
import { PageChecks } from "../support/page_checks.ts";
import { ALICE, holdLog, PageLaboratory } from "../support/page_laboratory.ts";
import { until } from "../support/until.ts";
import { SimulatedOven } from "../support/simulated_oven.ts";

const browser = new BrowserOfFile();

/** Goes through the views, and looks at each. */
async function visit({ page }: OpenPage, oven: SimulatedOven): Promise<PageChecks> {
  const checks = new PageChecks();
  const look = (view: string) => checks.look(page, view);
  const to = (hash: string) => page.evaluate((hash) => location.hash = hash, hash);
  const celsius = page.getByRole("textbox", { name: "celsius" });
  await page.getByRole("link", { name: /^Oven/ }).waitFor();
  await page.getByRole("heading", { name: "Pages of your own" }).waitFor();
  await checks.hasStayed(page, "the start");
  await look("the start");
  await to("#/Oven");
  await page.getByRole("heading", { name: "Oven", exact: true }).waitFor();
  await look("a service");
  await page.getByRole("main").getByRole("link", { name: /^heat/ }).click(); // what it moves is asked for
  await celsius.fill("20.5");
  await page.getByRole("button", { name: "Call heat" }).click();
  await page.getByText("20.5").first().waitFor();
  await look("a result");
  await checks.forgetShift(page);
  for (let count = 0; count < 20; count++) oven.heat(100 + count); // each is a notification
  await until(
    "they are drawn",
    async () =>
      (await page.getByRole("img", { name: /^Plot of celsius/ }).getAttribute("aria-label"))
        ?.includes("119"),
  );
  await checks.hasStayed(page, "notifications that come");
  await celsius.fill("300");
  await page.getByRole("button", { name: "Call heat" }).click();
  await page.getByText("It melts at 300").first().waitFor();
  await look("an error");
  await to("#/Oven/curve");
  await page.getByRole("button", { name: "Call curve" }).click();
  await page.locator("canvas").first().waitFor();
  await look("a plot");
  await to("#/Nobody");
  await page.getByText("No service of this name is connected").waitFor();
  await look("a service that is not there");
  await to("#//manager");
  await page.getByLabel("Username").waitFor();
  await look("the Manager");
  await checks.forgetShift(page);
  await page.getByLabel("Username").fill(ALICE.username);
  await page.getByLabel("Password").fill(ALICE.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("log").getByText("connected").first().waitFor();
  await checks.hasStayed(page, "the login of an administrator");
  await look("the log");
  await checks.forgetShift(page);
  const upFor = await page.locator("dt:text('Up for') + dd").innerText();
  await until(
    "the status has changed",
    async () => await page.locator("dt:text('Up for') + dd").innerText() !== upFor,
  );
  await checks.hasStayed(page, "a status that changes");
  await page.getByRole("button", { name: /^Disconnect Oven/ }).click();
  await page.getByRole("dialog").waitFor();
  await look("a question");
  await page.keyboard.press("Escape");
  return checks;
}

for (
  const [width, colorScheme] of [[1280, "light"], [1280, "dark"], [375, "light"], [
    375,
    "dark",
  ]] as const
) {
  Deno.test(`every view at ${width} pixels, ${colorScheme}`, IN_BROWSER, async () => {
    await using _log = await holdLog();
    await using lab = await PageLaboratory.withUsers();
    await using oven = new SimulatedOven();
    await oven.start(lab.connectOptions);
    await using opened = await browser.open(lab.address(), { width, colorScheme });
    const { page, lines } = opened;
    const checks = await visit(opened, oven);
    await oven.shutdown();
    await lab.stop();
    await page.getByText(/The Manager is away since/).waitFor();
    await checks.look(page, "the Manager is away");
    assertEquals(checks.problems, []);
    assertEquals(lines.filter((line) => !/WebSocket connection to .* failed/.test(line)), []);
  });
}

Deno.test(
  "the tables of the Manager and a service fit into windows of all widths",
  IN_BROWSER,
  async () => {
    await using _log = await holdLog();
    await using lab = await PageLaboratory.withUsers();
    await using oven = new SimulatedOven();
    await oven.start(lab.connectOptions);
    await using holder = await connect({ ...lab.connectOptions, name: "Logger" });
    await using monitor = new Service({ name: "EnvironmentMonitorOfTheRoom" });
    await monitor.start(lab.connectOptions);
    await (await holder.link("EnvironmentMonitorOfTheRoom")).acquireLock();
    await using opened = await browser.open(lab.address("#//manager"));
    const { page } = opened;
    const checks = new PageChecks();
    await page.getByLabel("Username").fill(ALICE.username);
    await page.getByLabel("Password").fill(ALICE.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("button", { name: /^Disconnect Oven/ }).waitFor();
    await checks.fits(page, "the Manager");
    await page.evaluate(() => location.hash = "#/Oven");
    await page.getByRole("heading", { name: "Oven", exact: true }).waitFor();
    await checks.fits(page, "a service");
    assertEquals(checks.problems, []);
  },
);

Deno.test("the form of the login can be used by anybody", IN_BROWSER, async () => {
  await using lab = await PageLaboratory.withUsers({ authLogin: true });
  for (const colorScheme of ["light", "dark"] as const) {
    await using opened = await browser.open(lab.address(), { width: 375, colorScheme });
    const { page, lines } = opened;
    await page.getByLabel("Username").waitFor();
    const checks = new PageChecks();
    await checks.look(page, `the login, ${colorScheme}`);
    await checks.hasStayed(page, `the login, ${colorScheme}`);
    assertEquals(checks.problems, []);
    assertEquals(lines, []);
  }
});
