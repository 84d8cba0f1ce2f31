import { assertEquals } from "@std/assert";
import { throttle } from "../../../web/page/changes.ts";

Deno.test("what changed before anybody listened is shown too, and the last change of many", async () => {
  let changed = () => {};
  let value = 1; // it has changed since it was rendered
  const shown: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const forget = throttle(
    (listener) => {
      changed = listener;
      return () => changed = () => {};
    },
    () => {
      shown.push(value);
      if (value === 100) resolve();
    },
    1,
  );
  assertEquals(shown, [1]);
  while (value < 100) {
    value++;
    changed();
  }
  await promise;
  assertEquals(shown, [1, 2, 100]);
  forget();
});
