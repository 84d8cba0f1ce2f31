import { assertEquals } from "@std/assert";
import { Origins } from "../../manager/origins.ts";

const ANNA = { pid: 7, username: "anna", credential: "x" };

Deno.test("the peers of a user are one origin, and so are those of an address without a login", () => {
  const origins = new Origins();
  const entries = [
    origins.enter("10.0.0.1"),
    origins.enter("::ffff:10.0.0.1"),
    origins.enter("10.0.0.2"),
    origins.enter("10.0.0.1", ANNA),
    origins.enter("10.0.0.9", ANNA),
    origins.enter("2001:db8::1"),
    origins.enter("2001:db8::ffff:2"),
  ];
  const groups = entries.map(({ holder }) => holder.group);
  assertEquals(groups.map((group) => groups.indexOf(group)), [0, 0, 2, 3, 3, 5, 5]);
  assertEquals(new Set(entries.map(({ holder }) => holder)).size, 7);
});

Deno.test("an origin is forgotten when its last peer is gone and nothing of it is held", () => {
  const origins = new Origins();
  const [first, second, other] = ["10.0.0.1", "10.0.0.1", "10.0.0.2"].map((address) =>
    origins.enter(address)
  );
  const { group } = first.holder;
  group!.count(5);
  first.leave();
  second.leave();
  assertEquals(origins.size, 2);
  const again = origins.enter("10.0.0.1"); // it has no new share with a new connection
  assertEquals(again.holder.group, group);
  again.leave();
  group!.count(-5);
  other.leave();
  assertEquals(origins.size, 0);
});
