import { assertEquals } from "@std/assert";
import { ArraySession } from "../../manager/array_session.ts";

Deno.test("a service is told in which forms its clients take notifications, whenever that changes", () => {
  const session = new ArraySession('"requester":"Camera[lab-pc:1]"}');
  assertEquals(session.countLink("lists", true), ["lists"]);
  assertEquals(session.countLink("lists", true), undefined);
  assertEquals(session.countLink("arrays", true), ["arrays", "lists"]);
  assertEquals(session.countLink("lists", false), undefined); // another client takes lists
  assertEquals(session.countLink("lists", false), ["arrays"]);
  assertEquals(session.countLink("arrays", false), []);
  assertEquals(session.countLink("arrays", true), ["arrays"]);
});

Deno.test("a request to a service that knows arrays says that its client knows them too", () => {
  const session = new ArraySession('"requester":"a[lab-pc:1]"}');
  const complete = (ending: Uint8Array) =>
    JSON.parse(`{"uid":"1","error":true${new TextDecoder().decode(ending)}`);
  const request = { uid: "1", error: true, arrays: true, requester: "a[lab-pc:1]" };
  assertEquals(complete(session.requester), request);
  assertEquals(complete(session.requesterAndError), { ...request, error: false });
});
