/// <reference lib="dom" />
/** How a person logs in to the page, in a real browser. */

import { assertEquals, assertFalse } from "@std/assert";
import { connect, kwargs } from "../../mod.ts";
import { BrowserOfFile, IN_BROWSER } from "../support/browser.ts";
import { ALICE, BOB, PageLaboratory } from "../support/page_laboratory.ts";
import { until } from "../support/until.ts";

const browser = new BrowserOfFile();

Deno.test(
  "a wrong password is told, the right one opens the page, and no address or storage has it",
  IN_BROWSER,
  async () => {
    await using lab = await PageLaboratory.withUsers({ authLogin: true });
    await using opened = await browser.open(lab.address("#/Oven"));
    const { page, lines } = opened;
    const username = page.getByLabel("Username");
    const password = page.getByLabel("Password");
    await username.fill(BOB.username);
    await password.fill("wrong");
    await password.press("Enter");
    await page.getByRole("alert").filter({ hasText: "The password is wrong" }).waitFor();
    await until(
      "the field has the focus",
      () => password.evaluate((field) => document.activeElement === field),
    );
    assertEquals(await password.inputValue(), "");
    await username.fill("nobody");
    await password.fill("wrong");
    await password.press("Enter");
    await page.getByRole("alert").filter({ hasText: "There is no such user" }).waitFor();
    await username.fill(BOB.username);
    await password.fill(BOB.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Oven" }).waitFor(); // what the address has
    assertEquals(new URL(page.url()).hash, "#/Oven");
    const kept = await page.evaluate(() =>
      JSON.stringify([location.href, document.cookie, { ...localStorage }, { ...sessionStorage }])
    );
    assertFalse(kept.includes(BOB.password), kept);
    await page.reload();
    await page.getByLabel("Username").waitFor(); // nothing is kept
    assertEquals(lines, []);
  },
);

Deno.test(
  "who logs out sees nothing of before, and another user may log in",
  IN_BROWSER,
  async () => {
    await using lab = await PageLaboratory.withUsers({ authLogin: true });
    await using opened = await browser.open(lab.address("#//manager"));
    const { page, lines } = opened;
    const logIn = async ({ username, password }: typeof ALICE) => {
      await page.getByLabel("Username").fill(username);
      await page.getByLabel("Password").fill(password);
      await page.getByRole("button", { name: "Log in" }).click();
    };
    await logIn(BOB);
    await page.getByText("bob is not an administrator").waitFor();
    await page.getByRole("button", { name: "Log in as another user" }).click();
    await logIn(ALICE);
    await page.getByRole("heading", { name: "Log", exact: true }).waitFor();
    await page.getByRole("button", { name: "Disconnect Web page[" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Username").waitFor();
    assertFalse((await page.locator("body").innerText()).includes("Manager["), "of before");
    assertEquals(lines, []);
  },
);

Deno.test("the password of a Manager is asked for, without a name", IN_BROWSER, async () => {
  await using lab = await PageLaboratory.start({ authPassword: "open sesame" });
  await using opened = await browser.open(lab.address());
  const { page, lines } = opened;
  const password = page.getByLabel("Password of the Manager");
  await password.fill("shut");
  await password.press("Enter");
  await page.getByRole("alert").filter({ hasText: "The password is wrong" }).waitFor();
  assertEquals(await page.getByLabel("Username").count(), 0);
  await password.fill("open sesame");
  await password.press("Enter");
  await page.getByText("Live", { exact: true }).waitFor();
  assertEquals(lines, []);
});

Deno.test("a user whose password is changed is asked for the new one", IN_BROWSER, async () => {
  await using lab = await PageLaboratory.withUsers({ authLogin: true });
  await using opened = await browser.open(lab.address("#//manager"));
  const { page } = opened;
  await page.getByLabel("Username").fill(ALICE.username);
  await page.getByLabel("Password").fill(ALICE.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Log", exact: true }).waitFor();
  await using admin = await connect({ ...lab.manager.connectOptions, ...ALICE });
  await admin.adminRequest("users_table.update", "alice", kwargs({ password: "a new password" }));
  await page.getByLabel("Username").waitFor();
  await page.getByLabel("Username").fill(ALICE.username);
  await page.getByLabel("Password").fill("a new password");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Log", exact: true }).waitFor();
  assertEquals(await page.getByLabel("Username").count(), 0);
});
