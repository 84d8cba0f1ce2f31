/// <reference lib="dom" />
/** The view of the Manager in a real browser: its status, its log, and the end of a connection. */

import { assertEquals, assertMatch } from "@std/assert";
import { connect, Service } from "../../mod.ts";
import { BrowserOfFile, IN_BROWSER } from "../support/browser.ts";
import { ALICE, holdLog, PageLaboratory } from "../support/page_laboratory.ts";
import { TwoNodes } from "../support/two_nodes.ts";
import { until } from "../support/until.ts";

const browser = new BrowserOfFile();

class Adder extends Service {
  add(x: number, y: number): number {
    return x + y;
  }
}

Deno.test(
  "an administrator logs in at the page, follows the log and disconnects a device",
  IN_BROWSER,
  async () => {
    await using _log = await holdLog();
    await using lab = await PageLaboratory.withUsers();
    await using client = await connect({ ...lab.manager.connectOptions, name: "Visitor" });
    await using opened = await browser.open(lab.address("#//manager"));
    const { page, lines } = opened;
    // Anybody may see what is connected; the log and the buttons are for administrators.
    const clients = page.getByRole("table", { name: "Clients" });
    await clients.getByRole("row", { name: /^Visitor.*Deno/ }).waitFor();
    await page.getByText("this page").waitFor();
    // What is called, how often, and how long it takes.
    await using service = new Adder();
    await service.start(lab.manager.connectOptions);
    const called = page.getByRole("table", { name: "Services" }).getByRole("row", {
      name: /^Adder/,
    });
    await called.getByText("0/s").first().waitFor();
    const adder = await client.link<Adder>("Adder");
    assertEquals(await adder.add(1, 2), 3);
    await called.getByText(/^[\d.]+ (µs|ms|s)$/).waitFor();
    await adder.unlink();
    await service.shutdown();
    assertEquals(await page.getByRole("button", { name: /^Disconnect/ }).count(), 0);
    assertEquals(await page.getByRole("log").count(), 0);
    await page.getByLabel("Username").fill(ALICE.username);
    await page.getByLabel("Password").fill("wrong");
    await page.getByLabel("Password").press("Enter");
    await page.getByRole("alert").filter({ hasText: "The name or the password is wrong" })
      .waitFor();
    await page.getByLabel("Password").fill(ALICE.password);
    await page.getByLabel("Password").press("Enter");

    const log = page.getByRole("log");
    await log.getByText("Visitor[").first().waitFor();
    await log.getByText("failed to log in as an administrator").waitFor();
    await page.getByLabel("Level").selectOption("warning");
    await until(
      "records below the level are gone",
      async () => await log.getByText("Visitor[").count() === 0,
    );
    await page.getByLabel("Search the log").fill("FAILED to");
    await until("one record fits", async () => await log.getByRole("listitem").count() === 1);
    await page.getByLabel("Search the log").fill("");
    await page.getByLabel("Level").selectOption("debug");
    await page.getByRole("button", { name: "Pause" }).click();
    await using late = await connect({ ...lab.manager.connectOptions, name: "Late" });
    await page.getByRole("status").filter({ hasText: /^Paused, [1-9]/ }).waitFor();
    assertEquals(await log.getByText("Late[").count(), 0);
    await page.getByRole("button", { name: "Pause" }).click();
    await log.getByText("Late[").waitFor();

    const row = clients.getByRole("row", { name: /^Visitor/ });
    await row.getByRole("button", { name: /^Disconnect/ }).click();
    const dialog = page.getByRole("dialog", { name: "Disconnect the device?" });
    await dialog.waitFor();
    await page.keyboard.press("Escape"); // no
    await dialog.waitFor({ state: "hidden" });
    assertEquals(client.isConnected(), true);
    await row.getByRole("button", { name: /^Disconnect/ }).click();
    assertMatch(await dialog.innerText(), /Visitor\[/);
    await dialog.getByRole("button", { name: "Disconnect" }).click();
    await row.waitFor({ state: "detached" });
    await log.getByText(/Visitor\[.*disconnected: it was closed/).waitFor();
    await until("the device notices", () => !client.isConnected());
    assertEquals(late.isConnected(), true);
    assertEquals(lines, []);

    // The Manager is restarted: the page logs in again by itself, and says that the log is a new one.
    await lab.stop();
    await page.getByText(/The Manager is away since/).waitFor();
    await lab.resume();
    await page.getByText("Live", { exact: true }).waitFor();
    await until("the log goes on", async () => await log.getByText("Web page[").count() >= 2);
  },
);

Deno.test(
  "the page of a Manager that is joined to others shows the nodes, and the services of all",
  IN_BROWSER,
  async () => {
    await using net = await TwoNodes.start({ b: { web: 0 } });
    await net.service(net.a, "Echo");
    const { webPort } = net.b.manager;
    await using opened = await browser.open(`http://localhost:${webPort}/#//manager`);
    const { page } = opened;
    await page.getByText(/This Manager is the node b of the network memory/).waitFor();
    await page.getByRole("table", { name: "Nodes" }).getByRole("row", { name: /^a .*here since/ })
      .waitFor();
    const row = page.getByRole("table", { name: "Services" }).getByRole("row", {
      name: /^a\.Echo/,
    });
    await row.waitFor();
    assertEquals(await row.getByRole("cell", { name: "–" }).count(), 7); // no lock, and no counts
    await row.getByRole("link", { name: "a.Echo" }).click();
    await page.getByRole("heading", { name: "a.Echo" }).waitFor();
    await page.getByText("echo", { exact: false }).first().waitFor();
  },
);
