import { assert, assertEquals } from "@std/assert";
import { drawnRange, limitState } from "../../../web/page/limit_state.ts";

const LIMITS = { warning: [4.5, 5.5], alarm: [4, 6] } as const;

Deno.test("a limit itself is still good; beyond it is a warning, and further an alarm", () => {
  const states = [3.9, 4, 4.4, 4.5, 5, 5.5, 5.6, 6, 6.1].map((value) => limitState(value, LIMITS));
  assertEquals(states, [
    ...["alarm", "warning", "warning", "normal", "normal"],
    ...["normal", "warning", "warning", "alarm"],
  ]);
  assertEquals(limitState(Infinity, LIMITS), "alarm");
});

Deno.test("what is no number, and what has no limits, is not judged", () => {
  assertEquals([NaN, null, "9", true].map((value) => limitState(value, LIMITS)), [
    ...["normal", "normal", "normal", "normal"],
  ]);
  assertEquals([limitState(9), limitState(9, { alarm: [-Infinity, 10] })], ["normal", "normal"]);
});

Deno.test("limits that are near are drawn too, those that are far away are not", () => {
  const [low, high] = drawnRange(4.8, 5.2, [LIMITS]);
  assert(low < 4 && high > 6, `${low} ${high}`);
  const far = drawnRange(4.999, 5.001, [LIMITS]);
  assert(far[0] > 4.99 && far[1] < 5.01);
  assertEquals(drawnRange(5, 5, [{ alarm: [-Infinity, Infinity] }]).every(Number.isFinite), true);
  const constant = drawnRange(0, 0, []);
  assertEquals(constant, [-1, 1]);
});
