import { assert, assertEquals } from "@std/assert";
import { UnhandledNotifications } from "../../client/unhandled_notifications.ts";

Deno.test("large notifications that nobody handles are bounded by their size, but for the last one", () => {
  const unhandled = new UnhandledNotifications();
  for (let n = 0; n < 20; n++) unhandled.add([n, "x".repeat(100_000)], {});
  unhandled.add(["small"], {});
  const kept = unhandled.close().map(({ args }) => args[0]);
  assertEquals(kept.at(-1), "small");
  assert(kept.length > 8 && kept.length <= 11, String(kept));

  const other = new UnhandledNotifications();
  other.add(["before"], {});
  other.add(["x".repeat(5_000_000)], {});
  assertEquals(other.close().length, 1);
});

Deno.test("after the end none is kept", () => {
  const unhandled = new UnhandledNotifications();
  assertEquals(unhandled.keeps, true);
  assertEquals(unhandled.close(), []);
  unhandled.add([1], {});
  assertEquals([unhandled.keeps, unhandled.close()], [false, []]);
});
