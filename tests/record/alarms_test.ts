/** The alarms of a recorder: what is reported, and what a person acknowledges. */

import { assertEquals, assertThrows } from "@std/assert";
import { ConfigurationError } from "../../errors.ts";
import { alarmSettingsOf, readAlarmSettings } from "../../record/alarm_settings.ts";
import { type AlarmEvent, Alarms } from "../../record/alarms.ts";

const LIMITS = { warning: [4.5, 5.5], alarm: [4, 6], delay: 100 } as const;

/** Alarms with a clock that a test moves. */
function alarmsWithClock() {
  const events: AlarmEvent[] = [];
  const timers: { at: number; callback: () => void }[] = [];
  let now = 0;
  const alarms = new Alarms((event) => events.push(event), {
    monotonic: () => now,
    now: () => 1_000_000 + now,
    startTimer: (callback, time) => {
      timers.push({ at: now + time, callback });
      return undefined;
    },
  });
  /** Lets time pass, with the timers that go off in it. Those that were cleared go off too. */
  const pass = (time: number) => {
    const end = now + time;
    for (;;) {
      timers.sort((a, b) => a.at - b.at);
      if (timers.length === 0 || timers[0].at > end) break;
      now = timers[0].at;
      timers.shift()!.callback();
    }
    now = end;
  };
  return { alarms, events, pass, timers };
}

Deno.test("an alarm is reported once, with what is known of it as a sentence too", () => {
  const { alarms, events, pass } = alarmsWithClock();
  alarms.watch("DMM.voltage", LIMITS, "V");
  alarms.read("DMM.voltage", 6.25);
  pass(100);
  alarms.read("DMM.voltage", 6.5);
  pass(100);
  assertEquals(events, [{
    source: "DMM.voltage",
    state: "alarm",
    previous: "normal",
    time: 1_000_100,
    value: 6.25,
    unit: "V",
    limit: 6,
    message: "DMM.voltage is 6.25 V: above the alarm limit 6 V",
  }]);
});

Deno.test("the sentences of an alarm that comes and goes", () => {
  const { alarms, events, pass } = alarmsWithClock();
  alarms.watch("DMM.voltage", { ...LIMITS, hysteresis: 0.2 }, "V");
  alarms.watch("Room:open", {});
  for (const value of [3.5, 5.35, 5, 4.25]) {
    alarms.read("DMM.voltage", value);
    pass(100);
  }
  alarms.gap("DMM.voltage", "the service is gone");
  pass(100);
  alarms.read("DMM.voltage", 5);
  pass(100);
  alarms.gap("Room:open", "the Manager is gone");
  pass(5_000);
  alarms.read("Room:open", "yes");
  pass(5_000);
  assertEquals(events.map(({ message }) => message), [
    "DMM.voltage is 3.5 V: below the alarm limit 4 V",
    "DMM.voltage is 5.35 V: near the warning limit 5.5 V",
    "DMM.voltage is 5 V: within its limits again",
    "DMM.voltage is 4.25 V: below the warning limit 4.5 V",
    "DMM.voltage has stopped: the service is gone",
    "DMM.voltage is there again",
    "Room:open has stopped: the Manager is gone",
    "Room:open is there again",
  ]);
});

Deno.test("a silence is noticed by the timer alone, although readings have moved it", () => {
  const { alarms, events, pass, timers } = alarmsWithClock();
  alarms.watch("DMM.voltage", { delay: 0, silence: 1_000 });
  for (let n = 0; n < 100; n++) {
    alarms.read("DMM.voltage", n);
    pass(900);
  }
  assertEquals(events, []);
  assertEquals(timers.length, 1, "no timer for each reading");
  pass(100);
  assertEquals(events.map(({ state, message }) => [state, message]), [
    ["stopped", "DMM.voltage has stopped: it sends no readings"],
  ]);
});

Deno.test("what is current: the worst of a source that a person has not acknowledged stays, also when it is over", () => {
  const { alarms, pass } = alarmsWithClock();
  const shown = () =>
    alarms.current().map(({ source, state, acknowledged, acknowledgedBy }) =>
      `${source} ${state} ${acknowledged ? `by ${acknowledgedBy}` : "new"}`
    );
  alarms.watch("A.a", { ...LIMITS, hysteresis: 0 });
  alarms.watch("B.b", { ...LIMITS, hysteresis: 0 });
  const read = (source: string, value: number) => {
    alarms.read(source, value);
    pass(100);
  };
  read("A.a", 7);
  read("B.b", 5.75);
  assertEquals(shown(), ["B.b warning new", "A.a alarm new"]);
  assertEquals(alarms.acknowledge("B.b", "alice")?.source, "B.b");
  assertEquals(alarms.acknowledge("B.b", "bob"), undefined, "it is alice's already");
  assertEquals(alarms.acknowledge("C.c", "bob"), undefined);
  assertEquals(shown(), ["B.b warning by alice", "A.a alarm new"]);
  read("B.b", 7); // worse
  assertEquals(shown(), ["B.b alarm new", "A.a alarm new"]);
  alarms.acknowledge("B.b", "alice");
  read("B.b", 5.75); // better: no need to acknowledge again
  assertEquals(shown(), ["B.b warning by alice", "A.a alarm new"]);
  read("B.b", 5);
  read("A.a", 5);
  assertEquals(shown(), ["A.a normal new"]);
  alarms.acknowledge("A.a", "bob");
  assertEquals(shown(), []);
});

Deno.test("a source that is watched again keeps its state, and gets its new limits", () => {
  const { alarms, events, pass } = alarmsWithClock();
  alarms.watch("DMM.voltage", LIMITS, "V");
  alarms.read("DMM.voltage", 7);
  pass(100);
  alarms.watch("DMM.voltage", LIMITS, "V"); // the service has restarted
  pass(1_000);
  assertEquals(events.length, 1);
  alarms.watch("DMM.voltage", { alarm: [0, 10], delay: 100 }, "V");
  pass(100);
  assertEquals(events.map(({ state }) => state), ["alarm", "normal"]);
});

Deno.test("nothing is reported of a source that is not watched, nor after the end", () => {
  const { alarms, events, pass } = alarmsWithClock();
  alarms.read("DMM.voltage", 7);
  alarms.gap("DMM.voltage", "gone");
  alarms.watch("DMM.voltage", LIMITS);
  alarms.read("DMM.voltage", 7);
  alarms[Symbol.dispose]();
  pass(1_000);
  assertEquals(events, []);
});

Deno.test("real timers report an alarm", async () => {
  const { promise, resolve } = Promise.withResolvers<AlarmEvent>();
  using alarms = new Alarms(resolve);
  alarms.watch("DMM.voltage", { ...LIMITS, delay: 5 });
  alarms.read("DMM.voltage", 7);
  assertEquals((await promise).state, "alarm");
});

Deno.test("the configuration of a source goes before what its service says", () => {
  const about = { unit: "V", warning: [4.5, 5.5], alarm: [4, 6] } as const;
  assertEquals(alarmSettingsOf(undefined, undefined), { warning: undefined, alarm: undefined });
  assertEquals(alarmSettingsOf({ alarm: [0, 9], delay: 3 }, about), {
    warning: [4.5, 5.5],
    alarm: [0, 9],
    delay: 3,
  });
});

Deno.test("the settings of a configuration are read: null is no limit, times are durations", () => {
  assertEquals(
    readAlarmSettings(
      { warning: [null, 5], alarm: [4, null], hysteresis: 0, delay: "1min", silence: "500ms" },
      "limits",
    ),
    {
      warning: [-Infinity, 5],
      alarm: [4, Infinity],
      hysteresis: 0,
      delay: 60_000,
      silence: 500,
    },
  );
  assertEquals(readAlarmSettings({}, "limits"), {});
});

for (
  const [settings, message] of [
    [[], "Cannot use limits: it must be an object, not []"],
    [
      { alarms: [1, 2] },
      "Cannot use limits.alarms: there is no such key. Those are warning, alarm,",
    ],
    [{ alarm: [2, 1] }, "Cannot use limits.alarm: it must be [low, high], two numbers in that"],
    [{ alarm: [1, 1] }, "Cannot use limits.alarm: it must be [low, high], two numbers in that"],
    [{ alarm: [1] }, "Cannot use limits.alarm: it must be [low, high], two numbers in that"],
    [{ warning: ["1", 2] }, "Cannot use limits.warning: it must be [low, high], two numbers"],
    [{ hysteresis: -1 }, "Cannot use limits.hysteresis: it must be a number of at least 0, not -1"],
    [{ alarm: [4, 6], hysteresis: 1 }, "leaves no room between 4 and 6, so that an alarm would"],
    [{ delay: 5 }, `Cannot use limits.delay: it must be a duration such as "10s" or "5min", not 5`],
    [{ silence: "soon" }, "Cannot use limits.silence: it must be a duration"],
  ] as const
) {
  Deno.test(`settings are refused: ${JSON.stringify(settings)}`, () => {
    assertThrows(() => readAlarmSettings(settings, "limits"), ConfigurationError, message);
  });
}
