import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type About, type Client, connect, kwargs, NdArray, Service } from "../../mod.ts";
import { ConnectionAbortedError, ValueError } from "../../errors.ts";
import { Recorder, type RecorderOptions } from "../../record/recorder.ts";
import { parseSource } from "../../record/source.ts";
import { FastClock, MemoryTarget, RunningRecorder } from "../support/recorder.ts";
import { Restarts } from "../support/restarts.ts";
import { until } from "../support/until.ts";

const RECONNECT = { firstDelay: 5, longestDelay: 20 };

/** An instrument. */
class Multimeter extends Service {
  static about: About<Multimeter> = {
    attributes: {
      voltage: { result: { unit: "V" } },
      readings: { result: { unit: "V" } },
      at: { result: { unit: "V" } },
    },
    notifications: { temperature: { unit: "C" } },
  };

  calls = 0;
  streams = 0;
  /** The value of the next call, or the error that it throws. */
  next: unknown = undefined;
  release = Promise.withResolvers<void>();
  fast = true;

  voltage(): unknown {
    this.calls++;
    if (this.next instanceof Error) throw this.next;
    return this.next ?? this.calls;
  }

  async slow(): Promise<number> {
    this.calls++;
    await this.release.promise;
    return this.calls;
  }

  at(time: number): number {
    this.request!.time = time;
    return 1;
  }

  scaled(x: number, by: number): number {
    return x * by;
  }

  async *pictures(): AsyncGenerator<NdArray> {
    yield new NdArray(BigInt64Array.of(1n, 2n ** 60n), [2, 1]);
    await this.release.promise;
  }

  async *readings(count: number): AsyncGenerator<number> {
    this.streams++;
    for (let value = 1; value <= count; value++) {
      yield value;
      if (!this.fast) await this.release.promise;
    }
  }
}

interface Room extends AsyncDisposable {
  manager: Restarts;
  client: Client;
  dmm: Multimeter;
  start(name?: string): Promise<Multimeter>;
}

/** A Manager, an instrument, and a client that reconnects. */
async function openRoom(starts = true): Promise<Room> {
  await using stack = new AsyncDisposableStack();
  const manager = stack.use(await Restarts.start());
  const client = stack.use(
    await connect({ ...manager.connectOptions, reconnect: RECONNECT, exactNumbers: true }),
  );
  const services = stack.use(new AsyncDisposableStack());
  const start = async () => {
    const dmm = new Multimeter({ name: "DMM" });
    await dmm.start(manager.connectOptions);
    return services.use(dmm);
  };
  const dmm = starts ? await start() : undefined!;
  const whole = stack.move();
  return { manager, client, dmm, start, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

/** A recorder that is ended before its client. */
async function recording(
  room: Room,
  sources: string[],
  body: (recorder: RunningRecorder) => Promise<void>,
  options: RecorderOptions & { target?: MemoryTarget } = {},
): Promise<void> {
  await using recorder = new RunningRecorder(room.client, sources, options);
  await body(recorder);
}

Deno.test("a method is polled by its schedule, with its arguments, unit and time", async () => {
  await using room = await openRoom();
  const sources = ["DMM.voltage@10ms", "DMM.scaled(21, by=2)@10ms", "DMM.at(1234)@10ms"];
  await recording(room, sources, async (recorder) => {
    const names = ["DMM.voltage", "DMM.scaled", "DMM.at"];
    await recorder.until(
      "three of each",
      (target) => names.every((name) => target.values(name).length >= 3),
    );
    const { target } = recorder;
    assertEquals(target.values("DMM.voltage").slice(0, 3), [1, 2, 3]);
    assertEquals(target.values("DMM.scaled").slice(0, 2), [42, 42]);
    assertEquals(target.descriptions, [
      { service: "DMM", attribute: "voltage", arguments: "", unit: "V" },
      { service: "DMM", attribute: "scaled", arguments: "21, by=2", unit: "" },
      { service: "DMM", attribute: "at", arguments: "1234", unit: "V" },
    ]);
    const [{ time, received }] = target.readingsOf("DMM.at");
    assertEquals(time, 1234);
    assert(Math.abs(received - Date.now()) < 60_000);
    const [first, second] = target.readingsOf("DMM.voltage");
    assert(first.time <= first.received && first.time < second.time);
  });
});

Deno.test("what is recorded is exact: NaN, integers of 20 digits, text, objects, arrays", async () => {
  await using room = await openRoom();
  await recording(room, ["DMM.voltage@5ms"], async (recorder) => {
    const values = [NaN, -Infinity, 12345678901234567890n, "text", null, true, { a: [1] }, [1, 2]];
    for (const value of values) {
      room.dmm.next = value === null ? undefined : value;
      if (value === null) continue;
      await recorder.until(
        `${value} is recorded`,
        (target) => Deno.inspect(target.values("DMM.voltage")).includes(Deno.inspect(value)),
      );
    }
  });
});

Deno.test("arrays of numbers are recorded from calls, streams and notifications", async () => {
  await using room = await openRoom();
  const trace = Float64Array.of(0.1, NaN);
  const picture = new NdArray(BigInt64Array.of(1n, 2n ** 60n), [2, 1]);
  room.dmm.next = trace;
  await recording(room, ["DMM.voltage@5ms", "DMM.pictures", "DMM:"], async (recorder) => {
    const { target } = recorder;
    await recorder.until("a call", () => target.values("DMM.voltage").length > 0);
    await recorder.until("a stream", () => target.values("DMM.pictures").length > 0);
    room.dmm.emitNotification(kwargs({ trace, picture }));
    await recorder.until("a notification", () => target.values("DMM.picture").length > 0);
    assertEquals(
      ["voltage", "pictures", "trace", "picture"].map((name) => target.values(`DMM.${name}`)[0]),
      [trace, picture, trace, picture],
    );
  });
});

Deno.test("--no-arrays leaves arrays out, typed ones too, and says so once", async () => {
  await using room = await openRoom();
  room.dmm.next = [1, 2];
  await recording(room, ["DMM.voltage@5ms"], async (recorder) => {
    for (const array of [Float64Array.of(1), new NdArray(Uint8Array.of(1, 2), [2, 1])]) {
      const { calls } = room.dmm;
      await until("it has called", () => room.dmm.calls > calls + 2);
      room.dmm.next = array;
    }
    const { calls } = room.dmm;
    await until("it has called", () => room.dmm.calls > calls + 2);
    room.dmm.next = 7;
    await recorder.until("the number", (target) => target.values("DMM.voltage").includes(7));
    assertEquals(recorder.target.values("DMM.voltage")[0], 7);
    assertEquals(recorder.notes, [
      "voltage of 'DMM' gives arrays, which are not recorded (--no-arrays)",
    ]);
  }, { arrays: false });
});

Deno.test("a call that fails is a gap with the reason, which the next reading ends", async () => {
  await using room = await openRoom();
  await recording(room, ["DMM.voltage@5ms"], async (recorder) => {
    await recorder.until("a reading", (target) => target.readings.length > 0);
    room.dmm.next = new ValueError("out of range");
    const isFailure = (reason: string) => reason.startsWith("call failed");
    await recorder.until("a gap", (target) => target.reasons("DMM.voltage").some(isFailure));
    const calls = room.dmm.calls;
    await until("it goes on", () => room.dmm.calls > calls + 3);
    room.dmm.next = 5;
    await recorder.until("it has ended", (target) => target.gaps.every(({ end }) => end));
    const { gaps, readings } = recorder.target;
    const gap = gaps.find(({ reason }) => isFailure(reason))!;
    assertEquals(gap.reason, "call failed: ValueError: out of range");
    assertEquals(readings.find(({ value }) => value === 5)!.time, gap.end);
    // On a busy computer it may have been too slow just before.
    assert(
      [...readings.map(({ time }) => time), ...gaps.map(({ end }) => end)].includes(gap.start),
    );
    const isOther = (text: string) => !text.includes("too slow");
    assertEquals(recorder.notes.filter(isOther), [
      "DMM.voltage@5ms fails: ValueError: out of range",
    ]);
    assertEquals(recorder.target.reasons("DMM.voltage").filter(isOther).length, 2);
  });
});

Deno.test("a call that is not answered has a time-out, and there is never a second one beside it", async () => {
  await using room = await openRoom();
  await recording(room, ["DMM.slow@5ms"], async (recorder) => {
    await recorder.until("a gap", (target) => target.reasons("DMM.slow").length > 1);
    assertEquals(recorder.target.reasons("DMM.slow")[1], "call failed: no answer within 50ms");
    await until("it is called again", () => room.dmm.calls >= 3);
    assertEquals(room.dmm.calls <= 4, true);
    room.dmm.release.resolve();
    await recorder.until("it has ended", (target) => target.gaps.every(({ end }) => end));
  }, { timeout: 50 });
});

Deno.test("a source that is too slow is a gap, which is said once", async () => {
  await using room = await openRoom();
  await recording(room, ["DMM.slow@5ms"], async (recorder) => {
    await until("it is called", () => room.dmm.calls === 1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    room.dmm.release.resolve();
    await recorder.until("readings", (target) => target.readings.length > 3);
    const [_, gap] = recorder.target.gapsOf("DMM.slow");
    assert(
      /^too slow: \d+ of the readings every 5ms were missed, as a call took \d+ms$/.test(
        gap.reason,
      ),
    );
    const [first, second] = recorder.target.readings;
    assertEquals([gap.start, gap.end], [first.time, second.time]);
    assertEquals(recorder.slowNotes.length, 1);
  });
});

Deno.test("a stream is recorded without a loss, and requested again when it has ended", async () => {
  await using room = await openRoom();
  await recording(room, ["DMM.readings(100)"], async (recorder) => {
    await recorder.until("two streams", (target) => target.readings.length >= 200);
    const values = recorder.target.values("DMM.readings");
    assertEquals(values.slice(0, 100), Array.from({ length: 100 }, (_, index) => index + 1));
    assertEquals(values.slice(100, 200), values.slice(0, 100));
    assertEquals(recorder.target.reasons("DMM.readings").slice(0, 2), [
      "no reading yet",
      "stream ended",
    ]);
    const [description] = recorder.target.descriptions;
    assertEquals([description.arguments, description.unit], ["100", "V"]);
    assert(recorder.target.readings.every(({ time, received }) => time <= received + 1_000));
  });
});

Deno.test("a stream with a time is requested by the schedule, without a gap between", async () => {
  await using room = await openRoom();
  await recording(room, ["DMM.readings(3)@20ms"], async (recorder) => {
    await recorder.until("three streams", () => room.dmm.streams >= 3);
    await recorder.until("all values", (target) => target.readings.length >= 9);
    assertEquals(recorder.target.reasons("DMM.readings"), ["no reading yet"]);
  });
});

Deno.test("notifications are recorded by key, with their units and times", async () => {
  await using room = await openRoom();
  await recording(room, ["DMM:"], async (recorder) => {
    await recorder.until("it waits", (target) => target.gaps.length === 1);
    await room.dmm.emitNotificationAt(1_000, 7, kwargs({ temperature: 20, humidity: 45 }));
    await room.dmm.emitNotificationAt(2_000, kwargs({ temperature: 21 }));
    await recorder.until("all", (target) => target.readings.length === 4);
    const { target } = recorder;
    assertEquals(target.values("DMM.temperature"), [20, 21]);
    assertEquals(target.readingsOf("DMM.temperature").map(({ time }) => time), [1_000, 2_000]);
    assertEquals([target.values("DMM.humidity"), target.values("DMM.arg1")], [[45], [7]]);
    assertEquals(target.descriptions.map(({ attribute, unit }) => [attribute, unit]), [
      ["temperature", "C"],
      ["arg1", ""],
      ["humidity", ""],
    ]);
  });
});

Deno.test("only the keys that are named are recorded; several sources share the notifications", async () => {
  await using room = await openRoom();
  await recording(room, ["DMM:temperature", "DMM:pressure"], async (recorder) => {
    await recorder.until("it waits", (target) => target.gaps.length === 2);
    await room.dmm.emitNotification(kwargs({ temperature: 20, humidity: 45 }));
    await room.dmm.emitNotification(kwargs({ pressure: 3 }));
    await recorder.until("all", (target) => target.readings.length === 2);
    assertEquals(recorder.target.values("DMM.temperature"), [20]);
    assertEquals(recorder.target.values("DMM.pressure"), [3]);
  });
});

Deno.test("a key of the name of a polled attribute is a source of its own", async () => {
  await using room = await openRoom();
  await recording(room, ["DMM.voltage@5ms", "DMM:"], async (recorder) => {
    await recorder.until("it polls", (target) => target.readings.length > 0);
    await room.dmm.emitNotification(kwargs({ voltage: -1 }));
    await recorder.until("both", (target) => target.values("DMM.:voltage").length === 1);
    assertEquals(recorder.target.values("DMM.:voltage"), [-1]);
    assertEquals(recorder.target.values("DMM.voltage").includes(-1), false);
  });
});

Deno.test("the keys of notifications are bounded", async () => {
  await using room = await openRoom();
  await recording(room, ["DMM:"], async (recorder) => {
    await recorder.until("it waits", (target) => target.gaps.length === 1);
    const many = Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`k${index}`, 1]));
    await room.dmm.emitNotification(kwargs(many));
    await room.dmm.emitNotification(kwargs({ temperature: 1 }));
    await recorder.until("all", (target) => target.values("DMM.temperature").length === 1);
    assertEquals(recorder.target.descriptions.length, 1_000);
    assertEquals(recorder.notes, [
      "DMM: has more than 1000 different keys: others are not recorded",
    ]);
  });
});

Deno.test("the units with which a service comes back are bounded, and none is mixed with another", async () => {
  await using room = await openRoom(false);
  const target = new MemoryTarget();
  await recording(room, ["DMM.voltage@5ms"], async (recorder) => {
    for (const unit of ["V", "mV", "uV", "V"]) {
      class Odd extends Multimeter {
        static override about = { attributes: { voltage: { result: { unit } } } };
      }
      await using odd = new Odd({ name: "DMM" });
      const before = target.readings.length;
      await odd.start(room.manager.connectOptions);
      await recorder.until(
        unit,
        () =>
          unit === "uV"
            ? recorder.notes.some((note) => note.startsWith("There are more than 2 keys"))
            : target.readings.length > before + 2,
      );
    }
    const units = target.descriptions.map(({ unit }) => unit);
    assertEquals(units, ["V", "mV"]);
    assertEquals(new Set(target.readings.map(({ source }) => source)), new Set([1, 2]));
  }, { target, limits: { series: 2 } });
});

Deno.test("a service that is not there is waited for, which is said once", async () => {
  await using room = await openRoom(false);
  await recording(room, ["DMM.voltage@5ms", "DMM:temperature"], async (recorder) => {
    await recorder.until("it waits", () => recorder.notes.length > 0);
    assertEquals(recorder.recorder.missing, ["DMM"]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await room.start();
    await recorder.until("a reading", (target) => target.readings.length > 0);
    assertEquals(recorder.notes, [
      "Waiting for 'DMM': no such service is connected. Connected: none",
      "The 'DMM' service is there",
    ]);
    assertEquals(recorder.recorder.missing, []);
  });
});

Deno.test("a service that restarts is a gap of each of its sources, also with another unit", async () => {
  await using room = await openRoom();
  const sources = ["DMM.voltage@5ms", "DMM:temperature", "DMM.readings(1000000)"];
  await recording(room, sources, async (recorder) => {
    room.dmm.fast = false;
    await recorder.until(
      "readings",
      (target) =>
        target.values("DMM.voltage").length > 0 && target.values("DMM.readings").length > 0,
    );
    await room.dmm.shutdown();
    await recorder.until(
      "gaps",
      (target) =>
        target.gaps.filter(({ end, reason }) => !end && reason.startsWith("service gone"))
          .length === 3,
    );
    class Other extends Multimeter {
      static override about = {
        attributes: { voltage: { result: { unit: "mV" } }, readings: { result: { unit: "V" } } },
        notifications: { temperature: { unit: "C" } },
      };
    }
    await using other = new Other({ name: "DMM" });
    await other.start(room.manager.connectOptions);
    const before = recorder.target.values("DMM.voltage").length;
    await recorder.until(
      "it goes on",
      (target) =>
        target.values("DMM.voltage").length > before + 2 &&
        target.gapsOf("DMM.readings").every(({ end }) => end),
    );
    await other.emitNotification(kwargs({ temperature: 3 }));
    await recorder.until(
      "the notification",
      (target) => target.values("DMM.temperature").length === 1,
    );
    const { target, notes } = recorder;
    assertEquals(
      target.descriptions.filter(({ attribute }) => attribute === "voltage").map(({ unit }) =>
        unit
      ),
      ["V", "mV"],
    );
    assertEquals(target.reasons("DMM.voltage").includes("unit changed: it is mV now"), true);
    assertEquals(notes, [
      "The 'DMM' service is gone",
      "The unit of voltage of 'DMM' has changed from V to mV",
      "The 'DMM' service is back",
    ]);
  });
});

Deno.test("what a stream has sent before its service goes is recorded before the gap", async () => {
  await using room = await openRoom();
  const target = new MemoryTarget();
  await recording(room, ["DMM.readings(1000000)"], async (recorder) => {
    await recorder.until("readings", () => target.readings.length > 1_000);
    target.block("the disk is full"); // so that values wait to be read
    await recorder.until("it is full", () => (recorder.recorder.blocked?.waiting ?? 0) >= 100_000);
    const { length } = target.readings;
    await room.dmm.shutdown();
    await recorder.until("it is told", () => recorder.notes.includes("The 'DMM' service is gone"));
    target.block(undefined);
    const gone = () =>
      target.gapsOf("DMM.readings").filter(({ reason }) => reason.startsWith("service gone"));
    await recorder.until("it is gone", () => gone().length > 0);
    assert(target.readings.length > length + 100_000);
    const { time } = target.readings.at(-1)!;
    assertEquals(gone().map(({ start, end }) => [start, end]), [[time, undefined]]);
  }, { target });
});

Deno.test("a Manager that restarts is a gap of each source", async () => {
  await using room = await openRoom();
  await recording(room, ["DMM.voltage@5ms", "DMM:temperature"], async (recorder) => {
    await recorder.until("readings", (target) => target.readings.length > 0);
    await room.manager.stop();
    await recorder.until(
      "gaps",
      (target) =>
        ["DMM.voltage", "DMM.temperature"].every((name) =>
          target.reasons(name).at(-1)!.startsWith("Manager gone")
        ),
    );
    await room.manager.resume();
    await recorder.until(
      "it goes on",
      (target) => target.gapsOf("DMM.voltage").every(({ end }) => end),
    );
    const gaps = recorder.target.gapsOf("DMM.voltage").slice(1);
    const times = recorder.target.readingsOf("DMM.voltage").map(({ time }) => time);
    assert(times.includes(gaps[0].start) && times.includes(gaps.at(-1)!.end!));
    for (const { start, end } of gaps) {
      assert(times.every((time) => time <= start || time >= end!));
    }
  });
});

Deno.test("a file that is full: streams wait and lose nothing, polls lie in a gap", async () => {
  await using room = await openRoom();
  const target = new MemoryTarget();
  const sources = ["DMM.readings(1000000)", "DMM.voltage@5ms"];
  await recording(room, sources, async (recorder) => {
    await recorder.until("readings", () => target.readings.length > 1_000);
    target.block("the disk is full");
    await recorder.until("it is full", () => (recorder.recorder.blocked?.waiting ?? 0) >= 100_000);
    const { calls } = room.dmm;
    const { waiting } = recorder.recorder.blocked!;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert(room.dmm.calls <= calls + 1);
    assert(recorder.recorder.blocked!.waiting <= waiting + 10);
    target.block(undefined);
    await recorder.until(
      "it goes on",
      () =>
        target.gapsOf("DMM.voltage").every(({ end }) => end) && target.readings.length > 102_000,
    );
    const values = target.values("DMM.readings") as number[];
    assertEquals(values.findIndex((value, index) => value !== index + 1), -1);
    assertEquals(target.reasons("DMM.readings"), ["no reading yet"]);
    // The values of the polls are consecutive: where some are missing there is a gap.
    const gaps = target.gapsOf("DMM.voltage");
    const polled = target.readingsOf("DMM.voltage");
    for (const [index, { time, value }] of polled.slice(1).entries()) {
      const before = polled[index];
      if (value === before.value as number + 1) continue;
      assert(gaps.some(({ start }) => start <= before.time), `${before.value}, ${value}`);
      assert(gaps.some(({ end }) => end! >= time), `${before.value}, ${value}`);
    }
    assertEquals(recorder.notes, [
      "the disk is full. What comes is held, and written as soon as it can be",
      "The file can be written again",
    ]);
  }, { target });
});

Deno.test("a file that cannot be written at the start is waited for", async () => {
  await using room = await openRoom();
  const target = new MemoryTarget();
  target.block("the file is locked");
  await recording(room, ["DMM.voltage@5ms", "DMM:temperature"], async (recorder) => {
    await recorder.until("it says so", () => recorder.notes.length > 0);
    assertEquals(recorder.recorder.blocked?.message, "the file is locked");
    target.block(undefined);
    await recorder.until("readings", () => target.readings.length > 0);
  }, { target });
});

Deno.test("the end writes all, and says in the file that the recorder has stopped", async () => {
  await using room = await openRoom();
  const target = new MemoryTarget();
  await recording(room, ["DMM.voltage@1h"], async (recorder) => {
    await recorder.until("a reading", () => target.readings.length > 0);
    assertEquals(await recorder.end(), 0);
    assertEquals(recorder.recorder.gaps, 0);
  }, { target });
  const last = target.readings.at(-1)!;
  assertEquals(target.gaps.at(-1), { source: 1, start: last.time, reason: "recorder stopped" });
  await recording(room, ["DMM.voltage@1h"], async (recorder) => {
    await recorder.until("it goes on", () => target.readings.at(-1) !== last);
    const next = target.readings[target.readings.indexOf(last) + 1];
    assertEquals(target.gaps.at(-1), {
      source: 1,
      start: last.time,
      end: next.time,
      reason: "recorder stopped",
    });
  }, { target });
});

Deno.test("a file that is continued has gaps before any service is there", async () => {
  await using room = await openRoom(false);
  const target = new MemoryTarget();
  const describe = (attribute: string, words = "") =>
    target.source({ service: "DMM", attribute, arguments: words, unit: "V" });
  const sources = [describe("voltage"), describe("temperature"), describe("read", "1")];
  describe("other");
  target.write(sources.map((source) => ({ source, time: 5, received: 6, value: 1 })), []);
  await recording(
    room,
    ["DMM.voltage", "DMM:temperature", "DMM.read( 1 )@1h"],
    async (recorder) => {
      await recorder.until("gaps", () => target.gaps.length === 3);
      for (const gap of target.gaps) {
        assertEquals([gap.start, gap.end, gap.reason], [5, undefined, "recorder stopped"]);
      }
    },
    { target },
  );
});

Deno.test("a clock that jumps leaves gaps and notes, and loses no reading", async () => {
  await using room = await openRoom();
  const clock = new FastClock(100);
  await recording(room, ["DMM.slow@1s"], async (recorder) => {
    room.dmm.release.resolve();
    await recorder.until("readings", (target) => target.readings.length > 3);
    clock.offset = 3_600_000;
    await recorder.until(
      "forward",
      (target) =>
        target.gaps.some(({ end, reason }) => end && reason.startsWith("clock set forward: ")),
    );
    clock.offset = -60_000;
    await recorder.until(
      "back",
      (target) =>
        target.reasons("DMM.slow").some((reason) => reason.startsWith("clock set back: ")),
    );
    const { calls } = room.dmm;
    await recorder.until("it goes on", () => room.dmm.calls > calls + 3);
    await recorder.end();
    const values = recorder.target.values("DMM.slow");
    assertEquals(values, values.map((_, index) => index + 1));
    assertEquals(recorder.notes.length, 2);
  }, { clock });
});

Deno.test("a Client that has ended for good ends the recorder with its error, all written", async () => {
  await using manager = await Restarts.start();
  await using dmm = new Multimeter({ name: "DMM" });
  await dmm.start(manager.connectOptions);
  const reconnect = { ...RECONNECT, attempts: 1 };
  await using client = await connect({ ...manager.connectOptions, reconnect });
  await using recorder = new RunningRecorder(client, ["DMM.voltage@5ms"]);
  await recorder.until("readings", (target) => target.readings.length > 0);
  await manager.stop();
  await assertRejects(() => recorder.ended, ConnectionAbortedError);
  assertEquals(recorder.target.reasons("DMM.voltage").at(-1), "recorder stopped");
});

Deno.test("a source that is given twice is refused", async () => {
  await using room = await openRoom();
  const cases: [sources: string[], error: string][] = [
    [[], "Cannot record: no source is given"],
    [["DMM.a@1s", "DMM.a()@2s"], "Cannot record: DMM.a is given twice"],
    [["DMM:", "DMM:a"], "Cannot record: the notifications of 'DMM' are given twice (some of them)"],
    [["DMM:a,b", "DMM:c,b"], "Cannot record: the notifications of 'DMM' are given twice (b)"],
  ];
  for (const [sources, message] of cases) {
    assertThrows(
      () => new Recorder(room.client, new MemoryTarget(), sources.map(parseSource)),
      ValueError,
      message,
    );
  }
});
