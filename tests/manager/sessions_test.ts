import { assert, assertEquals } from "@std/assert";
import { laboratory, Network, only, onlyError, request } from "../support/network.ts";
import { until } from "../support/until.ts";
import { logIn } from "../support/users.ts";

Deno.test("every pending request of a service that disconnects is answered with a ConnectionAbortedError", () => {
  const { network, a, b, echo, lab } = laboratory();
  network.send(a, request({ uid: "1" }));
  network.send(a, request({ uid: "2" }));
  network.send(b, request({ uid: "3" }));
  network.send(b, request({ uid: "4", service: "Lab" }));
  network.send(echo, { error: false, requester: "a[lab-pc:0]", uid: "1", result: 1 });
  for (const { sink } of [a, b, echo, lab]) sink.take();
  network.router.sessions.unregister(echo.peer);
  const [toA, toB] = [onlyError(a), onlyError(b)];
  assertEquals([toA.uid, toB.uid], ["2", "3"]);
  for (const { message } of [toA, toB]) {
    assert(message.startsWith("ConnectionAbortedError: the 'Echo' service"), message);
  }
  network.expectSilence();
  network.router.sessions.unregister(echo.peer);
  network.expectSilence();
});

Deno.test("the many requests of a service that disconnects are all answered, with pauses", async () => {
  const COUNT = 10_000;
  const { network, a, echo } = laboratory();
  for (let uid = 0; uid < COUNT; uid++) network.registry.route(a.peer, "Echo", String(uid));
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  network.router.sessions.unregister(echo.peer);
  const atOnce = a.sink.lines.length;
  assert(atOnce < COUNT, "there was no pause");
  await until("all are answered", () => a.sink.lines.length === COUNT);
  clearInterval(timer);
  assert(turns > 0, "nothing else ran meanwhile");
  const uids = new Set(a.sink.take().map((line) => JSON.parse(line).uid));
  assertEquals(uids.size, COUNT);
});

Deno.test("a shutdown fails 1,000,000 pending requests for no longer than it is given", async () => {
  using network = new Network();
  const services = Array.from({ length: 10 }, (_, index) => network.service(`S${index}`));
  for (let count = 0; count < 100; count++) {
    const { peer } = network.client(`C${count}`);
    for (let uid = 0; uid < 10_000; uid++) {
      network.registry.route(peer, `S${uid % services.length}`, String(uid));
    }
  }
  assertEquals(services.map(({ peer }) => peer.pendingCount), Array(10).fill(100_000));
  const start = performance.now();
  await network.router.sessions.failPending(100);
  const duration = performance.now() - start;
  assert(duration < 5_000, `it took ${duration} ms`);
  assertEquals(network.registry.pending.some, false);
  assert(network.devices.some(({ sink }) => sink.lines.length > 0), "no request was answered");
});

Deno.test("a linked client that offers the extension is notified when its service has disconnected", async () => {
  const { network, a, echo } = laboratory();
  const reconnecting = network.client("reconnecting", undefined, { extensions: ["gone"] });
  network.client("stranger", undefined, { extensions: ["gone"] }); // linked with nothing
  for (const { peer } of [reconnecting, a]) network.registry.link(peer, "Echo");
  network.router.sessions.unregister(echo.peer);
  assertEquals(await reconnecting.sink.next(), {
    error: false,
    requester: reconnecting.peer.networkName,
    uid: "gone",
    result: "Echo",
  });
  network.expectSilence();
});

Deno.test("a client that disconnects gets no replies, and its service goes on", () => {
  const { network, a, b, echo } = laboratory();
  network.send(a, request());
  network.send(b, request());
  echo.sink.take();
  network.router.sessions.unregister(a.peer);
  const reply = { error: false, requester: "a[lab-pc:0]", uid: "1", result: 1 };
  assertEquals(network.send(echo, reply), undefined);
  network.expectSilence();
  network.send(echo, { ...reply, requester: b.peer.networkName });
  assertEquals(only(b).result, 1);
});

Deno.test("a name can be used again when its peer has disconnected", () => {
  const { network, a, echo } = laboratory();
  network.send(a, request());
  echo.sink.take();
  network.router.sessions.unregister(echo.peer);
  onlyError(a);
  const second = network.service("Echo");
  network.send(second, { error: false, requester: "a[lab-pc:0]", uid: "1", result: "old" });
  network.expectSilence();
  network.send(a, request({ uid: "2" }));
  assertEquals(only(second).uid, "2");
});

Deno.test("a user that may no longer use a service gets the pending replies, and no notifications", async () => {
  const network = new Network();
  for (const name of ["alice", "bob"]) await network.database.users.insert(name, "secret", false);
  const logins = ["alice", "bob"].map((name) => logIn(network.database, name));
  const [alice, bob] = (await Promise.all(logins)).map((user) =>
    network.client(user.username, user)
  );
  const echo = network.service("Echo");
  for (const { peer } of [alice, bob]) network.registry.link(peer, "Echo");
  network.send(bob, request());
  echo.sink.take();
  network.database.access.allow("Echo", ["alice"]);
  network.access.refresh();
  network.router.sessions.revoke();
  network.expectSilence();
  network.send(echo, { error: false, uid: "notification", service: "Echo", result: [[], {}] });
  assertEquals(only(alice).uid, "notification");
  network.send(echo, { error: false, requester: bob.peer.networkName, uid: "1", result: "late" });
  assertEquals(only(bob).result, "late");
  network.send(bob, request({ uid: "2" }));
  assertEquals(onlyError(bob).message, "PermissionError: 'bob' may not use the 'Echo' service");
  network.expectSilence();
});

Deno.test("the pending requests of a user that may no longer use a service are cancelled, linked or not", async () => {
  const network = new Network();
  for (const name of ["alice", "bob"]) await network.database.users.insert(name, "secret", false);
  const logins = ["alice", "bob"].map((name) => logIn(network.database, name));
  const [alice, bob] = (await Promise.all(logins)).map((user) =>
    network.client(user.username, user)
  );
  const echo = network.service("Echo", -1, ["cancel", "stream"]);
  const other = network.service("Other", -1, ["cancel", "stream"]);
  network.registry.link(alice.peer, "Echo");
  for (const device of [alice, bob]) network.send(device, request());
  network.send(bob, request({ service: "Other" }));
  for (const { sink } of [echo, other]) sink.take();
  network.database.access.allow("Echo", ["alice"]);
  network.access.refresh();
  network.router.sessions.revoke();
  const cancel = only(echo);
  assertEquals([cancel.attribute, cancel.uid], ["__cancel__", "1"]);
  assertEquals(cancel.requester, bob.peer.networkName);
  network.expectSilence();
});
