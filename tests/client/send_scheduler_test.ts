import { assertEquals, assertRejects } from "@std/assert";
import { mock } from "node:test";
import { SendScheduler } from "../../client/send_scheduler.ts";
import { TimeoutError } from "../../errors.ts";
import { clientRequest } from "../support/client_requests.ts";

/** A scheduler, and the names of the requests in the order in which they are sent. */
class Sending {
  readonly sent: string[] = [];
  /** The requests whose sending fails. */
  readonly failing = new Set<string>();
  readonly scheduler = new SendScheduler(({ uid }) => {
    this.sent.push(uid);
    return !this.failing.has(uid);
  });

  administer(...uids: string[]): void {
    for (const uid of uids) this.scheduler.schedule(clientRequest(uid, { isAdministrative: true }));
  }

  send(...uids: string[]): void {
    for (const uid of uids) this.scheduler.schedule(clientRequest(uid));
  }
}

Deno.test("requests of an administrator are sent one after the other", () => {
  const sending = new Sending();
  const { scheduler, sent } = sending;
  sending.administer("1", "2", "3");
  assertEquals([sent, scheduler.current], [["1"], "1"]);
  scheduler.done("1");
  scheduler.done("1"); // which changes nothing
  assertEquals([sent, scheduler.current], [["1", "2"], "2"]);
  scheduler.done("2");
  scheduler.done("3");
  assertEquals([sent, scheduler.current], [["1", "2", "3"], undefined]);
  sending.administer("4");
  assertEquals(scheduler.current, "4");
});

Deno.test("other requests are held while an administrator's is pending, and sent before the next one", () => {
  const sending = new Sending();
  sending.send("a");
  sending.administer("1", "2");
  sending.send("b", "c");
  assertEquals(sending.sent, ["a", "1"]);
  sending.scheduler.done("1");
  assertEquals(sending.sent, ["a", "1", "b", "c", "2"]);
  sending.scheduler.done("2");
  sending.send("d");
  assertEquals(sending.sent.at(-1), "d");
});

Deno.test("under a Manager of ours nothing is held, and an administrator's requests still take turns", () => {
  const sending = new Sending();
  sending.administer("1", "2");
  sending.send("a");
  sending.scheduler.share();
  sending.send("b");
  assertEquals(sending.sent, ["1", "a", "b"]);
  sending.scheduler.done("1");
  assertEquals(sending.sent, ["1", "a", "b", "2"]);
  sending.scheduler.unshare();
  sending.send("c");
  assertEquals(sending.sent, ["1", "a", "b", "2"]);
});

Deno.test("an administrator's request that cannot be sent does not hold the others", () => {
  const sending = new Sending();
  for (const uid of ["1", "3", "4"]) sending.failing.add(uid);
  sending.administer("1");
  assertEquals(sending.scheduler.current, undefined);
  sending.administer("2", "3", "4");
  sending.send("a");
  sending.administer("5");
  sending.scheduler.done("2");
  assertEquals([sending.sent, sending.scheduler.current], [["1", "2", "a", "3", "4", "5"], "5"]);
});

Deno.test("requests wait behind large arguments to the same service, and no others do", () => {
  const { sent, scheduler } = new Sending();
  const request = (uid: string, service: string) => clientRequest(uid, { service });
  scheduler.block("S");
  scheduler.block("S"); // which changes nothing
  for (const [uid, service] of [["a", "S"], ["b", "Other"], ["c", "S"]]) {
    scheduler.schedule(request(uid, service));
  }
  assertEquals(sent, ["b"]);
  assertEquals(scheduler.unblock("S").map(({ uid }) => uid), ["a", "c"]);
  assertEquals(scheduler.unblock("S"), []);
  scheduler.schedule(request("d", "S"));
  assertEquals(sent, ["b", "d"]);
});

Deno.test("a request that has to wait is rejected at its deadline, and drops its content", async () => {
  const { scheduler, sent } = new Sending();
  const before = clientRequest("1", { isAdministrative: true });
  scheduler.schedule(before);
  scheduler.block("Blocked");
  const parts = { deadline: performance.now() + 5 };
  const waiting = [
    clientRequest("held", parts),
    clientRequest("behind", { ...parts, service: "Blocked" }),
    clientRequest("2", { ...parts, isAdministrative: true }),
  ];
  for (const request of waiting) {
    request.encoded("a long line");
    scheduler.schedule(request);
  }
  for (const request of waiting) {
    await assertRejects(() => request.resolvers.future, TimeoutError, "was not sent in time");
    assertEquals([request.line, request.state.state], [undefined, "settled"]);
  }
  assertEquals(sent, ["1"]);
});

Deno.test("a request that was sent after it had waited is not rejected at its deadline", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { scheduler, sent } = new Sending();
  scheduler.schedule(clientRequest("1", { isAdministrative: true }));
  const request = clientRequest("a", { deadline: performance.now() + 1_000 });
  scheduler.schedule(request);
  assertEquals(request.state.state, "waiting");
  scheduler.done("1");
  assertEquals(sent, ["1", "a"]);
  request.send([], false);
  mock.timers.tick(2_000);
  mock.timers.reset();
  assertEquals(request.state.state, "sent");
});

Deno.test("requests that were held for an administrator wait behind large arguments too", () => {
  const sending = new Sending();
  const { sent, scheduler } = sending;
  sending.administer("1");
  sending.send("a");
  scheduler.block("S");
  scheduler.done("1");
  assertEquals(sent, ["1"]);
  assertEquals(scheduler.unblock("S").map(({ uid }) => uid), ["a"]);
});
