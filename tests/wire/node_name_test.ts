import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  isNodeName,
  MAX_NODE_NAME,
  networkNameOf,
  nodeNameOf,
  splitServiceName,
} from "../../wire/node_name.ts";
import { ValueError } from "../../errors.ts";

Deno.test("a node has 1 to 32 letters, digits, - and _, and is not all", () => {
  for (const name of ["a", "Room_2-x", "9", "ALL", "x".repeat(MAX_NODE_NAME)]) {
    assertEquals(nodeNameOf(name), name);
  }
  for (const name of ["", "all", "a.b", "a b", "*", ">", "ä", "a\n", "x".repeat(33)]) {
    assert(!isNodeName(name), name);
    assertThrows(() => nodeNameOf(name), ValueError, "name of a node");
  }
});

Deno.test("a network has a name like that of a node", () => {
  assertEquals(networkNameOf("all"), "all");
  assertThrows(() => networkNameOf("a.b"), ValueError, '"a.b"');
});

Deno.test("an error shows no control character of a name, and only its beginning", () => {
  const error = assertThrows(() => nodeNameOf("\x1b[2J" + "x".repeat(1_000)), ValueError);
  assert(error.message.includes("\\u{1b}[2J") && error.message.length < 200);
});

Deno.test("the name of a service of another node is split at its first dot", () => {
  assertEquals(splitServiceName("a.DMM"), { node: "a", service: "DMM" });
  assertEquals(splitServiceName("a.b.c"), { node: "a", service: "b.c" });
  for (const name of ["DMM", ".DMM", "a.", "all.DMM", "a b.DMM", `${"x".repeat(33)}.DMM`, ""]) {
    assertEquals(splitServiceName(name), undefined, name);
  }
});
