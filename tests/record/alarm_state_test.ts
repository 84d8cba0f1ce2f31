/** The rules of alarms: limits with hysteresis and delay, values that are no numbers, silence. */

import { assert, assertEquals } from "@std/assert";
import { type AlarmSettings, hysteresisOf } from "../../record/alarm_settings.ts";
import { type AlarmState, SourceState } from "../../record/alarm_state.ts";
import fc from "../support/properties.ts";

const SETTINGS: AlarmSettings = {
  warning: [4.5, 5.5],
  alarm: [4, 6],
  hysteresis: 0.1,
  delay: 10,
};

/** What a source sends at a time: a value, or a gap. */
type Input = readonly [time: number, value: unknown];
const GAP = Symbol("gap");
const EXPECTED = Symbol("its service is there");

/** The states of a source after each input, and at further times. */
function states(settings: AlarmSettings, inputs: readonly Input[]): AlarmState[] {
  const state = new SourceState(settings, 0);
  return inputs.map(([time, value]) => {
    if (value === GAP) state.gap(time);
    else if (value === EXPECTED) state.expect(time);
    else if (value === undefined) state.advance(time);
    else state.read(value, time);
    return state.state;
  });
}

Deno.test("a value beyond a limit is an alarm after the delay, also if no other one arrives", () => {
  const inputs: Input[] = [[0, 5], [1, 6.1], [10, 6.1], [10.9, undefined], [11, undefined]];
  assertEquals(states(SETTINGS, inputs), ["normal", "normal", "normal", "normal", "alarm"]);
});

Deno.test("a value that is beyond a limit for less than the delay is no alarm", () => {
  const inputs: Input[] = [[0, 6.1], [9, 5], [18, 6.1], [26, 3], [27, 5], [100, undefined]];
  assertEquals(new Set(states(SETTINGS, inputs)), new Set(["normal"]));
});

Deno.test("a value has to be inside by the hysteresis, and for the delay, before an alarm ends", () => {
  const inputs: Input[] = [
    [0, 7],
    [10, undefined], // alarm
    [11, 5.95], // inside, not by the hysteresis
    [30, undefined],
    [31, 5.9],
    [40, 5.95], // not inside for the delay
    [50, 5.9],
    [60, undefined], // above the warning limit still
    [61, 5.4],
    [71, undefined],
  ];
  assertEquals(
    states(SETTINGS, inputs),
    ["normal", ...Array(6).fill("alarm"), "warning", "warning", "normal"],
  );
});

Deno.test("the limits themselves are inside", () => {
  for (const value of [4.5, 5.5]) {
    assertEquals(states(SETTINGS, [[0, value], [100, undefined]]), ["normal", "normal"]);
  }
  const open = { alarm: [-Infinity, 6], delay: 0 } as const;
  assertEquals(states(open, [[0, -Infinity], [1, 6], [2, Infinity], [3, 6]]), [
    "normal",
    "normal",
    "alarm",
    "normal",
  ]);
});

for (const value of [NaN, "7", "off", null, true, { value: 7 }, [7]]) {
  Deno.test(`${Deno.inspect(value)} neither begins an alarm nor ends one, and lets one begin that is due`, () => {
    assertEquals(
      new Set(states(SETTINGS, [[0, 5], [1, value], [100, value]])),
      new Set(["normal"]),
    );
    const raised = states(SETTINGS, [[0, 7], [5, value], [10, undefined]]);
    assertEquals(raised.at(-1), "alarm");
    const kept = states(SETTINGS, [[0, 7], [10, 5], [11, value], [30, value], [31, 5], [41, 5]]);
    assertEquals(kept, ["normal", "alarm", "alarm", "alarm", "alarm", "normal"]);
  });
}

Deno.test("a source that is silent has stopped, and comes back when it was there for the delay", () => {
  const settings = { ...SETTINGS, silence: 50 };
  const inputs: Input[] = [
    [0, 5],
    [49, undefined],
    [50, undefined], // stopped
    [60, 5],
    [69, 5],
    [70, undefined], // back
    [118, 5],
    [167, undefined],
    [168, undefined], // stopped again
  ];
  assertEquals(states(settings, inputs), [
    "normal",
    "normal",
    "stopped",
    "stopped",
    "stopped",
    "normal",
    "normal",
    "normal",
    "stopped",
  ]);
});

Deno.test("a gap is an alarm after the delay, and each further one begins the way back again", () => {
  const inputs: Input[] = [
    [0, 5],
    [100, GAP],
    [105, 5], // back before the delay
    [120, GAP],
    [130, undefined], // stopped
    [140, 5],
    [145, GAP],
    [150, 5],
    [159, undefined],
    [160, undefined], // back
  ];
  const expected: AlarmState[] = [
    ...Array<AlarmState>(4).fill("normal"),
    ...Array<AlarmState>(5).fill("stopped"),
    "normal",
  ];
  assertEquals(states(SETTINGS, inputs), expected);
});

Deno.test("a source is back as its service is, and its silence counts from then on", () => {
  const inputs: Input[] = [
    [0, GAP],
    [10, undefined], // stopped
    [20, EXPECTED],
    [25, GAP],
    [30, EXPECTED],
    [40, undefined], // back
    [79, undefined],
    [80, undefined], // silent since
  ];
  assertEquals(states({ delay: 10, silence: 50 }, inputs), [
    "normal",
    "stopped",
    "stopped",
    "stopped",
    "stopped",
    "normal",
    "normal",
    "stopped",
  ]);
});

Deno.test("text is a sign of life of a source without limits, and none of one with limits", () => {
  const inputs: Input[] = [[0, "a"], [40, "b"], [80, "c"], [120, "d"]];
  assertEquals(new Set(states({ delay: 10, silence: 50 }, inputs)), new Set(["normal"]));
  assertEquals(states({ ...SETTINGS, silence: 50 }, inputs), [
    "normal",
    "normal",
    "stopped",
    "stopped",
  ]);
});

Deno.test("what a source was before it stopped is what it is after, until it sends otherwise", () => {
  const inputs: Input[] = [[0, 7], [10, undefined], [20, GAP], [30, undefined], [40, 7], [50, 5], [
    60,
    5,
  ]];
  assertEquals(states(SETTINGS, inputs), [
    "normal",
    "alarm",
    "alarm",
    "stopped",
    "stopped",
    "alarm",
    "normal",
  ]);
});

Deno.test("other limits are judged with the last value", () => {
  const state = new SourceState({ alarm: [0, 10], delay: 10 }, 0);
  state.read(5, 0);
  state.configure({ alarm: [0, 4], delay: 10 }, 100);
  assertEquals([state.state, state.due], ["normal", 110]);
  state.advance(110);
  assertEquals(state.state, "alarm");
  state.configure({}, 120);
  assertEquals(state.state, "normal");
});

Deno.test("the hysteresis leaves room between two limits, whatever was configured", () => {
  assertEquals(hysteresisOf([4, 6], {}), 0.02);
  assertEquals(hysteresisOf([4, 6], { hysteresis: 0.5 }), 0.5);
  assertEquals(hysteresisOf([4, 6], { hysteresis: 1 }), 0.5);
  assertEquals(hysteresisOf([-Infinity, 6], {}), 0);
  assertEquals(hysteresisOf([-Infinity, 6], { hysteresis: 3 }), 3);
});

// A model that keeps all inputs and looks for the window that decides, against the one that keeps none.

interface Heard {
  readonly time: number;
  readonly value: number | "doubt";
}

class LimitModel {
  isOn = false;
  #from = 0; // index of the first input after the last change
  readonly #heard: Heard[] = [];

  constructor(
    readonly low: number,
    readonly high: number,
    readonly margin: number,
    readonly delay: number,
  ) {}

  /** The state at a time, from the inputs so far. */
  at(now: number): boolean {
    for (let index = this.#from; index < this.#heard.length; index++) {
      const first = this.#heard[index];
      if (first.value === "doubt" || first.time + this.delay > now) continue;
      const rest = this.#heard.slice(index);
      if (rest.every(({ value }) => this.#agrees(value))) {
        this.isOn = !this.isOn;
        this.#from = this.#heard.length;
        break;
      }
    }
    return this.isOn;
  }

  take(input: Heard): void {
    this.at(input.time);
    this.#heard.push(input);
    this.at(input.time);
  }

  #agrees(value: Heard["value"]): boolean {
    if (value === "doubt") return !this.isOn; // an alarm begins although nothing is known
    const margin = this.isOn ? this.margin : 0;
    const isBeyond = value < this.low + margin || value > this.high - margin;
    return isBeyond !== this.isOn;
  }
}

const VALUE = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.constantFrom<unknown>(NaN, "text", null, GAP, EXPECTED, undefined),
);
const INPUTS = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), VALUE), { maxLength: 40 });

function timed(steps: readonly (readonly [number, unknown])[]): Input[] {
  let time = 0;
  return steps.map(([pause, value]) => [time += pause, value]);
}

Deno.test("property: a limit is exceeded exactly where a model that keeps all readings says so", () => {
  const delay = fc.integer({ min: 0, max: 40 });
  const margin = fc.integer({ min: 0, max: 19 });
  fc.assert(
    fc.property(INPUTS, delay, margin, (steps, delay, hysteresis) => {
      const model = new LimitModel(30, 70, hysteresis, delay);
      const inputs = timed(steps.map(([pause, value]) => [
        pause,
        typeof value === "symbol" ? null : value,
      ]));
      const state = new SourceState({ alarm: [30, 70], hysteresis, delay }, 0);
      for (const [time, value] of inputs) {
        if (value === undefined) {
          state.advance(time);
          model.at(time);
        } else {
          state.read(value, time);
          const isNumber = typeof value === "number" && !Number.isNaN(value);
          model.take({ time, value: isNumber ? value : "doubt" });
        }
        assertEquals(state.state, model.isOn ? "alarm" : "normal", `at ${time}`);
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("property: a state does not depend on how often the time is looked at", () => {
  const settings = fc.record({
    delay: fc.integer({ min: 0, max: 40 }),
    silence: fc.constantFrom(Infinity, 5, 25, 80),
    hysteresis: fc.integer({ min: 0, max: 10 }),
  });
  fc.assert(
    fc.property(INPUTS, settings, (steps, others) => {
      const all: AlarmSettings = { ...others, warning: [40, 60], alarm: [30, 70] };
      const seldom = new SourceState(all, 0);
      const often = new SourceState(all, 0);
      let last = 0;
      for (const [time, value] of timed(steps)) {
        for (let now = last; now <= time; now++) often.advance(now);
        last = time;
        for (const state of [seldom, often]) {
          while (state.due <= time) state.advance(state.due); // as the timer does
          if (value === GAP) state.gap(time);
          else if (value === EXPECTED) state.expect(time);
          else if (value === undefined) state.advance(time);
          else state.read(value, time);
        }
        assertEquals(seldom.state, often.state, `at ${time}`);
        assert(seldom.due > time, "it is never due in the past");
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("property: no flapping: two changes of one limit, and two stops, are at least the delay apart", () => {
  fc.assert(
    fc.property(INPUTS, fc.integer({ min: 1, max: 40 }), (steps, delay) => {
      const state = new SourceState({ alarm: [30, 70], hysteresis: 5, delay, silence: 50 }, 0);
      const changes: number[] = [];
      let last = state.state;
      const look = (time: number) => {
        // A stop hides the limit: only the way to and from it is looked at, each way for itself.
        if (state.state !== last) changes.push(time);
        last = state.state;
      };
      const limitOnly = new SourceState({ alarm: [30, 70], hysteresis: 5, delay }, 0);
      const crossings: number[] = [];
      let wasAlarm = false;
      let now = 0;
      for (const [time, value] of timed(steps)) {
        for (; now <= time; now++) {
          state.advance(now);
          look(now);
          limitOnly.advance(now);
          if ((limitOnly.state === "alarm") !== wasAlarm) {
            wasAlarm = !wasAlarm;
            crossings.push(now);
          }
        }
        now = time;
        if (value === GAP) state.gap(time);
        else if (value === EXPECTED) state.expect(time);
        else if (value !== undefined) {
          state.read(value, time);
          limitOnly.read(value, time);
        }
        look(time);
      }
      for (const [index, time] of crossings.entries()) {
        if (index > 0) assert(time - crossings[index - 1] >= delay, crossings.join());
      }
      // In any time of one delay: at most one crossing and one stop.
      for (const [index, time] of changes.entries()) {
        if (index > 1) assert(time - changes[index - 2] >= delay, changes.join());
      }
    }),
    { numRuns: 1_000 },
  );
});
