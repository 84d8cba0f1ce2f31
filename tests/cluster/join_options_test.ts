import { assert, assertEquals, assertThrows } from "@std/assert";
import { BEAT_RANGE, natsServerOf, resolveJoin } from "../../cluster/join_options.ts";
import { ValueError } from "../../errors.ts";

Deno.test("what is not given has its default", () => {
  const join = resolveJoin({ node: "a", servers: ["nats://localhost"] });
  assertEquals(join, {
    node: "a",
    network: "lab",
    servers: ["nats://localhost:4222"],
    beat: 1_000,
    allow: [],
    credentialsFile: undefined,
    caFile: undefined,
  });
});

Deno.test("an address of a NATS server has a scheme and a host, and perhaps a port", () => {
  assertEquals(natsServerOf("tls://nats.example.org:4223/"), "tls://nats.example.org:4223");
  assertEquals(natsServerOf("nats://[::1]"), "nats://[::1]:4222");
  const wrong = [
    "",
    "localhost",
    "localhost:4222",
    "http://h",
    "nats://",
    "nats://h/x",
    "nats://h?x",
  ];
  for (const text of wrong) assertThrows(() => natsServerOf(text), ValueError, "nats://HOST:PORT");
});

Deno.test("a password in an address is rejected, and not shown", () => {
  const error = assertThrows(() => natsServerOf("nats://bob:secret@h"), ValueError);
  assert(error.message.includes("--join-credentials") && !error.message.includes("secret"));
});

Deno.test("names, the beat and the number of servers are checked", () => {
  const servers = ["nats://h"];
  assertThrows(() => resolveJoin({ node: "all", servers }), ValueError, "name of a node");
  assertThrows(() => resolveJoin({ node: "a", servers: [] }), ValueError, "no server");
  assertThrows(() => resolveJoin({ node: "a", servers, network: "a b" }), ValueError, "network");
  for (const beat of [BEAT_RANGE[0] - 1, BEAT_RANGE[1] + 1, NaN]) {
    assertThrows(() => resolveJoin({ node: "a", servers, beat }), RangeError, "beat");
  }
});
