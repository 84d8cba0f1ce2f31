/** Who may offer a service, who offers it, and what an administrator disconnects. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  connect,
  type ConnectionChange,
  LinkedClient,
  type LinkOptions,
  PermissionError,
  RemoteError,
  Service,
} from "../../mod.ts";
import { WirePeer } from "../../testing.ts";
import { at, output, refusal } from "../support/command_line.ts";
import { ADMINISTRATOR, Laboratory } from "../support/laboratory.ts";
import { USER } from "../support/python_users.ts";
import { ENTRY, ScriptedManager } from "../support/scripted_manager.ts";
import { until } from "../support/until.ts";

class Lab extends Service {
  readonly secrets: string[] = [];

  keep(secret: string): number {
    return this.secrets.push(secret);
  }
}

/** A Manager with login over TCP, and the client of an administrator. */
async function openLaboratory() {
  await using stack = new AsyncDisposableStack();
  const laboratory = stack.use(await Laboratory.withUsers({ authLogin: true, disableTls: true }));
  const to = laboratory.manager.connectOptions;
  const admin = stack.use(await connect({ ...to, ...ADMINISTRATOR }));
  const whole = stack.move();
  return { laboratory, to, admin, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

/** The Link of a Client that reconnects, with a Service of the administrator that has ended. */
async function openOrphanedLink(options?: LinkOptions) {
  await using stack = new AsyncDisposableStack();
  const { to } = stack.use(await openLaboratory());
  const real = new Lab();
  await real.start({ ...to, ...ADMINISTRATOR });
  const client = stack.use(await connect({ ...to, ...USER, reconnect: { firstDelay: 1 } }));
  const changes: ConnectionChange[] = [];
  client.connectionHandler = (change) => changes.push(change);
  const link = await client.link<Lab>("Lab", options);
  await real.shutdown();
  const whole = stack.move();
  return { to, link, changes, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

Deno.test("only the users on its list may offer a service, and a service whose user is taken off it is disconnected", async () => {
  await using here = await openLaboratory();
  const { laboratory, to, admin } = here;
  const access = (...args: string[]) => output(laboratory.home, "access", ...args);
  await using first = new Lab();
  await first.start({ ...to, ...USER }); // no list
  assertEquals(
    await access("offer", "Lab", "admin"),
    "Allowed to offer: admin\nLab  everybody (no list); may be offered by admin\n",
  );
  await first.finished.catch(() => {});
  await using second = new Lab();
  const refused = "PermissionError: 'j.doe' may not offer the 'Lab' service";
  await assertRejects(() => second.start({ ...to, ...USER }), RemoteError, refused);
  await using other = new Lab({ name: "Other" });
  await other.start({ ...to, ...USER });
  await using real = new Lab();
  await real.start({ ...to, ...ADMINISTRATOR });
  assertEquals(await admin.adminRequest("access_table.offer_lists"), { Lab: ["admin"] });
  await admin.adminRequest("access_table.offer", "Lab", "j.doe");
  await admin.adminRequest("access_table.unoffer", "Lab", "admin");
  await real.finished.catch(() => {});
  await admin.adminRequest("access_table.clear_offer", "Lab");
  await using third = new Lab();
  await third.start({ ...to, ...USER });
  await laboratory.database.access.offer("Lab", ["admin"]);
  assert((await access("unoffer", "Lab", "admin")).includes("Nobody may offer Lab now"));
  assert((await refusal(laboratory.home, "access", "clear-offer")).includes("Cannot clear-offer"));
  assertEquals(await access("clear-offer", "Lab"), "Lab  everybody (no list)\n");
});

Deno.test("the reply to link says who offers a service, to a client with the extension owner alone", async () => {
  await using here = await openLaboratory();
  const { laboratory, to, admin } = here;
  await using lab = new Lab();
  await lab.start({ ...to, ...USER });
  const { pid } = laboratory.database.users.find(USER.username)!;
  await using link = await admin.link("Lab");
  assertEquals(link.serviceUser, { id: pid, name: "j.doe" });
  for (const [extensions, owner] of [[["owner"], { id: pid, name: "j.doe" }], [[], undefined]]) {
    await using peer = await WirePeer.connect(to);
    const identity = { type: "client", name: "c", extensions };
    for (const answer of [USER.username, USER.password, JSON.stringify({ result: identity })]) {
      await peer.read();
      peer.send(answer);
    }
    peer.send("link Lab");
    const { result } = await peer.read() as { result: { offered_by: unknown } };
    assertEquals(result.offered_by, owner);
    peer.send("identity");
    assert(!JSON.stringify(await peer.read()).includes("offered_by"));
  }
});

Deno.test("a reconnecting Client reports that another user offers the Service now", async () => {
  await using here = await openOrphanedLink();
  const { to, link, changes } = here;
  await using other = new Lab();
  await other.start({ ...to, ...USER });
  assertEquals(await link.keep("x"), 1);
  const owners = changes.flatMap((change) =>
    change.state === "linked" ? [change.before?.name, change.user?.name] : []
  );
  assertEquals(owners, ["admin", "j.doe"]);
  assertEquals(link.serviceUser?.name, "j.doe");
});

Deno.test("with sameUser a Client sends nothing to the Service of another user, and is linked again when the first is back", async () => {
  await using here = await openOrphanedLink({ sameUser: true });
  const { to, link, changes } = here;
  const impostor = new Lab();
  await impostor.start({ ...to, ...USER });
  await assertRejects(() => Promise.resolve(link.keep("secret")), PermissionError, "(sameUser)");
  await until(
    "it is reported",
    () =>
      changes.some((change) =>
        change.state === "unlinked" && change.error instanceof PermissionError
      ),
  );
  assertEquals(impostor.secrets, []);
  await impostor.shutdown();
  await using again = new Lab();
  await again.start({ ...to, ...ADMINISTRATOR });
  await until("it is linked", () => changes.some(({ state }) => state === "linked"));
  assertEquals(await link.keep("secret"), 1);
  assertEquals([again.secrets, link.serviceUser?.name], [["secret"], "admin"]);
});

Deno.test("a request that crosses the news that a service is gone does not reach the service of another user", async () => {
  await using here = await openLaboratory();
  const { to, admin } = here;
  const real = new Lab();
  await real.start({ ...to, ...ADMINISTRATOR });
  // Without reconnect nothing is linked again, so this is what a request in flight is.
  await using client = await connect({ ...to, ...USER });
  const link = await client.link<Lab>("Lab");
  await real.shutdown();
  await using impostor = new Lab();
  await impostor.start({ ...to, ...USER });
  await assertRejects(() => Promise.resolve(link.keep("secret")));
  assertEquals(impostor.secrets, []);
  assertEquals(await (await client.link<Lab>("Lab")).keep("meant for this one"), 1);
  await admin.identities();
});

Deno.test("sameUser is refused where the Manager does not say who offers a service", async () => {
  await using laboratory = await Laboratory.open({ disableTls: true });
  const to = laboratory.manager.connectOptions;
  await using lab = new Lab({ maxClients: 1 });
  await lab.start(to);
  await using client = await connect(to);
  const refused = "the Manager does not say who offers it";
  await assertRejects(
    () => Promise.resolve(client.link("Lab", { sameUser: true })),
    PermissionError,
    refused,
  );
  await assertRejects(
    () => LinkedClient.connect("Lab", { ...to, sameUser: true }),
    PermissionError,
    refused,
  );
  await using _ = await LinkedClient.connect("Lab", to); // no place was taken
});

Deno.test("an administrator disconnects a Service and a Client by network name, also its own", async () => {
  await using here = await openLaboratory();
  const { laboratory, to, admin } = here;
  await using lab = new Lab();
  await lab.start({ ...to, ...USER });
  await using user = await connect({ ...to, ...USER, name: "user" });
  const { address } = (await admin.identities()).services.Lab;
  await admin.adminRequest("disconnect_peer", `Lab[${address}]`);
  await lab.finished.catch(() => {});
  const [name] = Object.keys((await admin.identities()).clients).filter((one) =>
    one.startsWith("user[")
  );
  await Deno.writeTextFile(`${laboratory.home}/password`, ADMINISTRATOR.password, { mode: 0o600 });
  const options = ["--username", "admin", "--password-file", `${laboratory.home}/password`];
  const command = ["disconnect", ...at(to), "--disable-tls", ...options];
  assertEquals(await output(laboratory.home, ...command, name), `Disconnected ${name}\n`);
  await user.disconnected;
  const line = await refusal(laboratory.home, ...command, name);
  assert(line.includes(`Cannot disconnect '${name}'`) && line.includes("is connected to"), line);
  await using other = await connect({ ...to, ...USER });
  await assertRejects(
    () => Promise.resolve(other.adminRequest("disconnect_peer", "x")),
    RemoteError,
  );
  const [own] = Object.keys((await admin.identities()).clients);
  assertEquals(await admin.adminRequest("disconnect_peer", own), null);
  await admin.disconnected;
});

Deno.test("with sameUser, neither a later user of the same name nor one of the same number elsewhere is the same", async () => {
  const bob = { id: 1, name: "bob" };
  for (
    const [other, text] of [
      [
        { id: 2, name: "bob" },
        "'bob' offers the 'Lab' service now, and no longer the user 'bob', who",
      ],
      [{ id: 1, name: "eve" }, "'eve' offers the 'Lab' service now"], // of another database
      [undefined, "a device without a user offers the 'Lab' service now"],
    ] as const
  ) {
    await using manager = new ScriptedManager();
    const connecting = connect({ ...manager.connectOptions, reconnect: { firstDelay: 1 } });
    await manager.accept();
    const client = await connecting;
    const linking = client.link("Lab", { sameUser: true });
    await manager.answer("link", { result: { ...ENTRY, offered_by: bob } });
    const link = await linking;
    await manager.drop();
    await manager.acceptAgain();
    const call = link.request("keep", { args: ["secret"] });
    await manager.answer("link", { result: { ...ENTRY, offered_by: other } });
    await assertRejects(() => call.result(), PermissionError, text);
    await manager.close();
    await client.disconnect();
  }
});
