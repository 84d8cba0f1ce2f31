import { assertEquals } from "@std/assert";
import { MAX_CHOSEN, RecorderSession } from "../../../web/page/recorder_session.ts";

const NOW = 1_000_000_000_000;
const DAY = 24 * 3_600_000;

/** A recorder whose requests a test sees, and delays. */
function recorderWith(count = 2) {
  const asked: unknown[] = [];
  const state = {
    now: NOW,
    alarms: [{
      source: "S0",
      state: "alarm",
      time: 1,
      message: "m",
      acknowledged: false,
      acknowledgedBy: "",
    }],
    wait: Promise.resolve(),
    error: undefined as Error | undefined,
  };
  const session = new RecorderSession({
    explain: (error) => (error as Error).message,
    now: () => state.now,
    ask: async (attribute, args, kwargs) => {
      asked.push([attribute, ...args, kwargs.start, kwargs.end]);
      const { wait, error } = state;
      await wait;
      if (error !== undefined) throw error;
      if (attribute === "sources") {
        return Array.from({ length: count }, (_, id) => ({
          ...{ id, source: `S${id}`, unit: "", start: NOW - 5 * DAY, end: NOW },
        }));
      }
      if (attribute === "alarms") return state.alarms;
      if (attribute === "acknowledge") {
        state.alarms = [{ ...state.alarms[0], acknowledged: true, acknowledgedBy: "me" }];
        return null;
      }
      return { start: kwargs.start, end: kwargs.end, buckets: [], gaps: [] };
    },
  });
  return { session, state, asked };
}

Deno.test("at first the last two days of the first source are shown", async () => {
  const { session, asked } = recorderWith();
  await session.update();
  assertEquals(session.chosen.value, [0]);
  assertEquals(session.histories.value.map(({ source, history }) => [source.id, history.start]), [
    [0, NOW - 2 * DAY],
  ]);
  assertEquals(asked.at(-1), ["history", 0, NOW - 2 * DAY, NOW]);
});

Deno.test("what follows the time is requested up to now, a chosen span as it is", async () => {
  const { session, state, asked } = recorderWith();
  await session.update();
  state.now += 5000;
  await session.update();
  assertEquals(asked.at(-1), ["history", 0, NOW + 5000 - 2 * DAY, NOW + 5000]);
  await session.show([NOW - 100.4, NOW - 50.2]);
  assertEquals(asked.at(-1), ["history", 0, NOW - 100, NOW - 50]);
  state.now += 5000;
  await session.update();
  assertEquals([asked.length, session.shown], [9, [NOW - 100, NOW - 50]]);
  await session.follow(Infinity);
  assertEquals(asked.at(-1), ["history", 0, NOW - 5 * DAY, NOW + 10_000]);
  await session.show([5, 5]);
  assertEquals(session.shown, [NOW - 5 * DAY, NOW + 10_000]);
});

Deno.test("a late answer for another span counts for nothing", async () => {
  const { session, state } = recorderWith();
  await session.update();
  const late = Promise.withResolvers<void>();
  state.wait = late.promise;
  const first = session.show([0, 100]);
  state.wait = Promise.resolve();
  await session.show([0, 200]);
  late.resolve();
  await first;
  assertEquals(session.histories.value[0].history.end, 200);
});

Deno.test("sources are chosen and left out, as many as there are colours", async () => {
  const { session } = recorderWith(20);
  await session.update();
  for (let id = 1; id < 20; id++) await session.choose(id);
  assertEquals(session.histories.value.length, MAX_CHOSEN);
  await session.choose(0);
  assertEquals(session.chosen.value.includes(0), false);
});

Deno.test("an error is told until a request succeeds, and what was shown stays", async () => {
  const { session, state } = recorderWith();
  await session.update();
  state.error = new Error("the disk is full");
  await session.update();
  assertEquals([session.problem.value, session.histories.value.length], ["the disk is full", 1]);
  state.error = undefined;
  await session.update();
  assertEquals(session.problem.value, "");
});

Deno.test("an alarm is acknowledged", async () => {
  const { session } = recorderWith();
  await session.update();
  assertEquals(session.alarms.value[0].acknowledged, false);
  await session.acknowledge("S0");
  assertEquals(session.alarms.value[0].acknowledgedBy, "me");
});
