import { assertEquals } from "@std/assert";
import { Turns } from "../../client/turns.ts";

/** A Client's requests by name, in the order in which they are sent. */
class Requests {
  readonly turns = new Turns();
  readonly sent: string[] = [];

  administer(uid: string, isOut = true): void {
    this.turns.administer(uid, () => {
      this.sent.push(uid);
      return isOut;
    });
  }

  send(name: string): void {
    this.turns.send(() => this.sent.push(name));
  }
}

Deno.test("requests of an administrator are sent one after the other", () => {
  const requests = new Requests();
  const { turns, sent } = requests;
  for (const uid of ["1", "2", "3"]) requests.administer(uid);
  assertEquals([sent, turns.current], [["1"], "1"]);
  turns.done("1");
  turns.done("1"); // which is no news
  assertEquals([sent, turns.current], [["1", "2"], "2"]);
  turns.done("2");
  turns.done("3");
  assertEquals([sent, turns.current], [["1", "2", "3"], undefined]);
  requests.administer("4");
  assertEquals(turns.current, "4");
});

Deno.test("other requests wait for an administrator's, and come before the next one", () => {
  const requests = new Requests();
  requests.send("a");
  requests.administer("1");
  requests.administer("2");
  requests.send("b");
  requests.send("c");
  assertEquals(requests.sent, ["a", "1"]);
  requests.turns.done("1");
  assertEquals(requests.sent, ["a", "1", "b", "c", "2"]);
  requests.turns.done("2");
  requests.send("d");
  assertEquals(requests.sent.at(-1), "d");
});

Deno.test("a Manager that lets them go on makes no request wait, from then on", () => {
  const requests = new Requests();
  requests.administer("1");
  requests.administer("2");
  requests.send("a");
  requests.turns.share();
  requests.send("b");
  assertEquals(requests.sent, ["1", "a", "b"]); // those of an administrator still take turns
  requests.turns.done("1");
  assertEquals(requests.sent, ["1", "a", "b", "2"]);
});

Deno.test("a request that could not be sent makes nobody wait", () => {
  const requests = new Requests();
  requests.administer("1", false);
  assertEquals(requests.turns.current, undefined);
  requests.administer("2");
  for (const uid of ["3", "4"]) requests.administer(uid, false);
  requests.send("a");
  requests.administer("5");
  requests.turns.done("2");
  assertEquals([requests.sent, requests.turns.current], [["1", "2", "a", "3", "4", "5"], "5"]);
});
