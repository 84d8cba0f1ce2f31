/** The link of the page with a service, and the calls over it, under links that a test grants. */

import { assertEquals } from "@std/assert";
import { ConnectionAbortedError } from "../../../errors.ts";
import { Future } from "../../../future.ts";
import { ServiceSession } from "../../../web/page/service_session.ts";
import type { Link } from "../../../web/client.ts";

const NOTHING_GIVEN = { args: [], kwargs: {} };

/** A session whose requests for a link wait for the test, with what was called and unlinked. */
function sessionWith() {
  const requests: ReturnType<typeof Promise.withResolvers<Link>>[] = [];
  const called: unknown[] = [];
  let unlinked = 0;
  const session = new ServiceSession("Oven", () => ({
    link: (_name, { signal }) => {
      const request = Promise.withResolvers<Link>();
      requests.push(request);
      signal.addEventListener("abort", () => request.reject(signal.reason));
      return request.promise;
    },
  }));
  const link = {
    serviceAbout: { description: "", attributes: {}, notifications: {}, implements: [] },
    request: (attribute: string, { args }: { args: unknown[] }) => {
      called.push([attribute, ...args]);
      const { future, resolve } = Future.withResolvers<unknown>();
      resolve(args[0]);
      return future;
    },
    unlink: () => {
      unlinked++;
      return Promise.resolve();
    },
  } as unknown as Link;
  return {
    session,
    called,
    requests,
    unlinked: () => unlinked,
    /** Grants the request for a link that was made last. */
    grant: async () => {
      requests.at(-1)!.resolve(link);
      await settled();
    },
    refuse: async (error: Error) => {
      requests.at(-1)!.reject(error);
      await settled();
    },
    stateOf: (attribute: string) => session.calls.value.get(attribute)?.state.value,
  };
}

/** All promises that have settled have been noticed. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("a call that is made while the page links is sent when it is linked", async () => {
  const { session, called, grant, stateOf } = sessionWith();
  session.open(true);
  assertEquals([session.canCall.value, session.isLinked.value], [true, false]);
  session.call("heat", { args: [180], kwargs: {} });
  assertEquals(stateOf("heat"), { state: "running" });
  assertEquals(called, []);
  await grant();
  assertEquals(called, [["heat", 180]]);
  assertEquals(stateOf("heat"), { state: "done", value: 180 });
});

Deno.test("a call that waits for a link fails with the reason for which the link is refused", async () => {
  const { session, called, refuse, grant, stateOf } = sessionWith();
  session.open(true);
  session.call("heat", NOTHING_GIVEN);
  await refuse(new Error("It is locked"));
  assertEquals(session.linkState.value, { state: "refused", reason: "It is locked" });
  assertEquals(stateOf("heat"), {
    state: "failed",
    failure: { name: "Error", text: "It is locked", hint: "", traceback: [] },
  });
  assertEquals(session.canCall.value, false);
  session.call("heat", NOTHING_GIVEN);
  session.link();
  await grant();
  assertEquals(called, [], "what has failed is not sent later");
});

Deno.test("a call that is cancelled while it waits for a link is never sent", async () => {
  const { session, called, grant, stateOf } = sessionWith();
  session.open(true);
  session.call("heat", NOTHING_GIVEN);
  session.calls.value.get("heat")!.cancel();
  assertEquals(stateOf("heat"), { state: "cancelled" });
  await grant();
  assertEquals(called, []);
  assertEquals(stateOf("heat"), { state: "cancelled" });
});

Deno.test("a panel that is closed while a call waits for the link is unlinked after the call", async () => {
  const { session, called, grant, unlinked } = sessionWith();
  session.open(true);
  session.call("heat", NOTHING_GIVEN);
  session.close();
  await grant();
  assertEquals(called, [["heat"]]);
  assertEquals([session.linkState.value.state, unlinked()], ["none", 1]);
});

Deno.test("a link that is granted while its panel closes is ended", async () => {
  const { session, grant, unlinked } = sessionWith();
  session.open(true);
  const granted = grant();
  session.close();
  await granted;
  assertEquals([session.linkState.value.state, unlinked()], ["none", 1]);
  session.open(true);
  await grant();
  assertEquals(session.linkState.value.state, "linked");
});

Deno.test("a connection that is lost while the page links leaves no refusal: it links when it is back", async () => {
  const { session, requests, called, grant, stateOf } = sessionWith();
  session.open(true);
  session.call("heat", NOTHING_GIVEN);
  session.away();
  requests[0].reject(new ConnectionAbortedError("The connection is lost"));
  await settled();
  assertEquals(session.linkState.value, { state: "none" });
  assertEquals(stateOf("heat")?.state, "failed");
  session.open(true);
  await grant();
  assertEquals(session.linkState.value.state, "linked");
  assertEquals(called, [], "a command is not sent to an instrument that has come back");
});

Deno.test("a service that is back after it has refused a link is linked with", async () => {
  const { session, refuse, grant } = sessionWith();
  session.open(true);
  await refuse(new Error("There is no Service of this name"));
  assertEquals(session.linkState.value.state, "refused");
  session.open(true);
  await grant();
  assertEquals(session.linkState.value.state, "linked");
});
