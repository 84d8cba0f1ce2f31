import { assertEquals, assertRejects } from "@std/assert";
import { OfflineQueue } from "../../client/offline_queue.ts";
import { ConnectionAbortedError, TimeoutError } from "../../errors.ts";
import { clientRequest } from "../support/client_requests.ts";

const namesOf = (requests: readonly { attribute: string }[]) =>
  requests.map(({ attribute }) => attribute);

/** A queue, and what adds requests to it. */
function queueOf(size = 100) {
  const queue = new OfflineQueue(size);
  const add = (service: string, attribute: string, deadline = Infinity) => {
    const request = clientRequest(attribute, { service, link: service, deadline });
    queue.add(request);
    return request;
  };
  return { queue, add };
}

Deno.test("the requests for a service are given in their order, once, and the others stay", () => {
  const { queue, add } = queueOf();
  for (const name of ["a", "b"]) add("S", name);
  add("__proto__", "c");
  assertEquals(namesOf(queue.take("S")), ["a", "b"]);
  assertEquals(namesOf(queue.take("S")), []);
  assertEquals(namesOf(queue.takeAll()), ["c"]);
});

Deno.test("a request that is added is waiting", () => {
  const { add } = queueOf();
  assertEquals(add("S", "a").state.state, "waiting");
});

Deno.test("a service is held until it is released", () => {
  const { queue } = queueOf();
  queue.hold("S");
  assertEquals([queue.isHeld("S"), queue.isHeld("T")], [true, false]);
  assertEquals([queue.unhold("S"), queue.unhold("S"), queue.isHeld("S")], [true, false, false]);
});

Deno.test("a request whose deadline passes fails, and is not given any more", async () => {
  const { queue, add } = queueOf();
  const { resolvers, state } = add("S", "late", performance.now() - 1);
  assertEquals(state.state, "waiting");
  await assertRejects(
    () => resolvers.future,
    TimeoutError,
    "late of the 'S' service was not sent in time",
  );
  assertEquals(queue.take("S"), []);
});

Deno.test({
  name: "a request that is given back in time leaves no timer behind",
  sanitizeOps: true,
  sanitizeResources: true,
  fn: () => {
    const { queue, add } = queueOf();
    const request = add("S", "a", performance.now() + 1_000_000);
    for (const taken of queue.take("S")) taken.ask();
    assertEquals(request.state.state, "asked");
    const cancelled = add("S", "b", performance.now() + 1_000_000);
    queue.delete(cancelled);
    cancelled.cancelled(new Error("x"));
    assertEquals([cancelled.state.state, queue.take("S")], ["settled", []]);
  },
});

Deno.test("one request more than may wait fails at once, and a request that leaves makes room", async () => {
  const { queue, add } = queueOf(2);
  const [first, _second, third] = [add("S", "a"), add("T", "b"), add("S", "c")];
  assertEquals(third.state.state, "settled");
  await assertRejects(
    () => third.resolvers.future,
    ConnectionAbortedError,
    "Cannot request c of the 'S' service: 2 requests wait for the connection already",
  );
  queue.delete(first);
  assertEquals(add("S", "d").state.state, "waiting");
  assertEquals([namesOf(queue.take("S")), namesOf(queue.take("T"))], [["d"], ["b"]]);
  assertEquals(["e", "f"].map((name) => add("S", name).state.state), ["waiting", "waiting"]);
});
