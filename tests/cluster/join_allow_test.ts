import { assertEquals, assertThrows } from "@std/assert";
import { parseJoinAllow } from "../../cluster/join_allow.ts";
import { ValueError } from "../../errors.ts";
import * as messages from "../support/messages.ts";
import { TwoNodes } from "../support/two_nodes.ts";

Deno.test("without a rule every node may use every service", () => {
  const mayUse = parseJoinAllow([], "a");
  assertEquals(mayUse("b", "DMM"), true);
});

Deno.test("with rules only the named nodes may use the named services", () => {
  const mayUse = parseJoinAllow([
    "b:DMM,a heater: the 2nd",
    "c",
    "b: Lamp ",
    "d:X",
    "d",
    "e",
    "e:X",
  ], "a");
  const allowed = (node: string) =>
    ["DMM", "a heater: the 2nd", "Lamp", "X", ""].filter((service) => mayUse(node, service));
  assertEquals(allowed("b"), ["DMM", "a heater: the 2nd", "Lamp"]);
  for (const node of ["c", "d", "e"]) assertEquals(allowed(node).length, 5, node);
  for (const node of ["x", "B", ""]) assertEquals(allowed(node), [], node);
});

Deno.test("a rule that is none is refused", () => {
  for (const text of ["", ":", "b:", "b:DMM,", ":DMM", "b c", "all", "all:DMM", "b.c:DMM"]) {
    assertThrows(() => parseJoinAllow([text], "a"), ValueError, "--join-allow");
  }
});

Deno.test("a rule that would keep out everybody, since it names this node, is refused", () => {
  for (const text of ["a", "a:DMM", "b:Lamp,a.DMM"]) {
    assertThrows(() => parseJoinAllow([text], "a"), ValueError, "--join-allow");
  }
  assertEquals(parseJoinAllow(["ab:c.DMM"], "a")("ab", "c.DMM"), true);
});

Deno.test("what a node may not use is refused, however it is asked for", async () => {
  await using net = await TwoNodes.start({ a: { allow: ["b:S"] } });
  const s = await net.service(net.a, "S");
  await net.service(net.a, "T");
  const { peer, name } = await net.client(net.b, "c");
  const refused = `PermissionError: ${name}@b may not use the 'a.T' service`;
  peer.send(messages.request("Manager", "link", ["a.T"]));
  assertEquals((await peer.read()).message, refused);
  peer.send(messages.request("a.T", "echo"));
  assertEquals((await peer.read()).message, refused);
  peer.send(messages.request("a.S", "echo"));
  assertEquals((await s.peer.read()).requester, `${name}@b`);
  const local = await net.client(net.a, "local");
  local.peer.send(messages.request("Manager", "link", ["T"]));
  assertEquals((await local.peer.read()).error, false);
  // The other way nothing is limited.
  const u = await net.service(net.b, "U");
  local.peer.send(messages.request("b.U", "echo"));
  assertEquals((await u.peer.read()).requester, `${local.name}@a`);
});
