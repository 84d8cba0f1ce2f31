/** The connection of the page to a real Manager, over a WebSocket. */

import { assertEquals, assertMatch } from "@std/assert";
import type { ManagerOptions } from "../../../mod.ts";
import { ADMINISTRATOR, Laboratory } from "../../support/laboratory.ts";
import { Restarts } from "../../support/restarts.ts";
import { until } from "../../support/until.ts";
import { Session, type SessionOptions, type SessionState } from "../../../web/page/session.ts";

const PLAIN: ManagerOptions = { web: 0, disableTls: true, webRoot: "/nonexistent" };
const FAST: SessionOptions = { firstDelay: 1, longestDelay: 20 };

/** A session that ends with the test, and the states that it has had. */
function sessionWith(port: number | undefined, options: SessionOptions = {}) {
  const session = new Session({ url: `http://127.0.0.1:${port}`, ...FAST, ...options });
  const states: string[] = [];
  session.state.subscribe(({ state }) => states.push(state));
  const reaches = async <S extends SessionState["state"]>(state: S) => {
    await until(state, () => session.state.value.state === state);
    return session.state.value as SessionState & { state: S };
  };
  return { session, states, reaches, [Symbol.asyncDispose]: () => session.logOut() };
}

Deno.test("a Manager that asks for nothing is connected to at once", async () => {
  await using restarts = await Restarts.start(PLAIN);
  await using page = sessionWith(restarts.manager.manager.webPort);
  await page.session.open();
  assertEquals(page.states, ["connecting", "connected"]);
  assertEquals(page.session.login.value, undefined);
});

Deno.test("a page asks for the login of a user, and says what was wrong", async () => {
  await using lab = await Laboratory.withUsers({ ...PLAIN, authLogin: true });
  await using page = sessionWith(lab.manager.manager.webPort);
  const { session } = page;
  await session.open();
  assertEquals(session.state.value, { state: "login", kind: "user", reason: undefined });
  await session.open({ username: "nobody", password: "x" });
  assertEquals(session.state.value, {
    state: "login",
    kind: "user",
    reason: "There is no such user.",
  });
  await session.open({ ...ADMINISTRATOR, password: "wrong" });
  assertEquals(session.state.value, {
    state: "login",
    kind: "user",
    reason: "The password is wrong.",
  });
  await session.open(ADMINISTRATOR);
  assertEquals(session.state.value.state, "connected");
  assertEquals(session.login.value, { kind: "user", username: ADMINISTRATOR.username });
  await session.logOut();
  assertEquals(session.state.value, { state: "login", kind: "user", reason: undefined });
  assertEquals(session.login.value, undefined);
});

Deno.test("a page asks for the password of the Manager", async () => {
  await using restarts = await Restarts.start({ ...PLAIN, authPassword: "secret" });
  await using page = sessionWith(restarts.manager.manager.webPort);
  const { session } = page;
  await session.open();
  assertEquals(session.state.value, { state: "login", kind: "password", reason: undefined });
  await session.open({ password: "guess" });
  assertEquals(session.state.value, {
    state: "login",
    kind: "password",
    reason: "The password is wrong.",
  });
  await session.open({ password: "secret" });
  assertEquals(session.state.value.state, "connected");
});

Deno.test("a Manager that restarts is connected to again, and one that is not there yet is waited for", async () => {
  await using restarts = await Restarts.start(PLAIN);
  const web = restarts.manager.manager.webPort!;
  await using page = sessionWith(web);
  await page.session.open();
  await restarts.stop();
  const lost = await page.reaches("lost");
  assertMatch(lost.reason, /ended/);
  await using late = sessionWith(web);
  const opening = late.session.open();
  await late.reaches("lost");
  await restarts.resume({ web });
  await page.reaches("connected");
  await opening;
  assertEquals(late.session.state.value.state, "connected");
});

Deno.test("a Manager that has another password after its restart, or asks for one now, gets a new login", async () => {
  await using restarts = await Restarts.start(PLAIN);
  const web = restarts.manager.manager.webPort!;
  await using page = sessionWith(web);
  const { session } = page;
  await session.open();
  await restarts.stop();
  await restarts.resume({ web, authPassword: "first" });
  const asked = await page.reaches("login");
  assertEquals([asked.kind, asked.reason], ["password", undefined]);
  await session.open({ password: "first" });
  await restarts.stop();
  await restarts.resume({ web, authPassword: "second" });
  const refused = await page.reaches("login");
  assertEquals([refused.kind, refused.reason], ["password", "The password is wrong."]);
});

Deno.test("what a Manager asks an administrator goes to the page, not to the login", async () => {
  await using lab = await Laboratory.withUsers(PLAIN);
  const { webPort } = lab.manager.manager;
  await using stranger = sessionWith(webPort);
  await stranger.session.open();
  const { client } = await stranger.reaches("connected");
  const unanswered = await client.adminRequest("users_table.usernames").exception();
  assertMatch(String(unanswered), /The page has no answer/);
  await using page = sessionWith(webPort);
  page.session.administrator = {
    text: () => ADMINISTRATOR.username,
    secret: () => ADMINISTRATOR.password,
    confirm: () => false,
  };
  await page.session.open();
  const state = await page.reaches("connected");
  const names = await state.client.adminRequest<string[]>("users_table.usernames");
  assertEquals(names.includes(ADMINISTRATOR.username), true);
  assertEquals(page.states, ["connecting", "connected"]);
});

Deno.test("a login that is given up for another one changes nothing any more", async () => {
  await using lab = await Laboratory.withUsers({ ...PLAIN, authLogin: true });
  await using page = sessionWith(lab.manager.manager.webPort);
  const { session } = page;
  const first = session.open({ username: "nobody", password: "x" });
  await session.open(ADMINISTRATOR);
  await first;
  assertEquals(session.state.value.state, "connected");
  assertEquals(page.states.filter((state) => state === "connected").length, 1);
});
