import { assertEquals } from "@std/assert";
import { mock } from "node:test";
import { BEATS, Keepalive, type Watched } from "../../net/keepalive.ts";

/** A connection that was told that its peer is silent, and what is asked of it meanwhile. */
class Patient implements Watched {
  readonly traffic = { bytesIn: 0, bytesOut: 0, linesIn: 0, linesOut: 0 };
  isReading = true;
  readonly heard: string[] = [];
  readonly #keepsBeat: boolean;

  constructor(keepsBeat: boolean) {
    this.#keepsBeat = keepsBeat;
  }

  get connection() {
    const fallSilent = (timeout: number) => void this.heard.push(`gone after ${timeout}`);
    const trim = () => void this.heard.push("trim");
    return { traffic: this.traffic, isReading: this.isReading, fallSilent, trim };
  }

  keepsBeat(): boolean {
    return this.#keepsBeat;
  }

  onQuiet(): void {
    this.heard.push("quiet");
  }

  onSilent(): void {
    this.heard.push("silent");
  }
}

/** Watches without a clock: the test beats. */
function watch(patient: Patient): Keepalive {
  const keepalive = new Keepalive(1_000_000_000);
  keepalive.watch(patient);
  return keepalive;
}

Deno.test("a peer that keeps the beat is gone after five silent ones, and then left alone", () => {
  const patient = new Patient(true);
  using keepalive = watch(patient);
  for (let beat = 1; beat < BEATS; beat++) keepalive.beat();
  assertEquals(patient.heard.filter((word) => word === "silent").length, BEATS - 1);
  keepalive.beat();
  assertEquals(patient.heard.at(-1), "gone after 1000000000");
  const count = patient.heard.length;
  keepalive.beat();
  assertEquals(patient.heard.length, count);
});

Deno.test("whatever a peer says begins the count again", () => {
  const patient = new Patient(true);
  using keepalive = watch(patient);
  for (let beat = 0; beat < 3 * BEATS; beat++) {
    if (beat % (BEATS - 1) === 0) patient.traffic.bytesIn++;
    keepalive.beat();
  }
  assertEquals(patient.heard.some((word) => word.startsWith("gone")), false);
});

Deno.test("a peer that does not keep the beat is never gone, however long it is silent", () => {
  const patient = new Patient(false);
  using keepalive = watch(patient);
  for (let beat = 0; beat < 3 * BEATS; beat++) keepalive.beat();
  assertEquals(patient.heard.filter((word) => word === "silent").length, 3 * BEATS);
  assertEquals(patient.heard.some((word) => word.startsWith("gone")), false);
});

Deno.test("a peer that is not read because it feeds somebody slow is not silent", () => {
  const patient = new Patient(true);
  patient.isReading = false;
  using keepalive = watch(patient);
  for (let beat = 0; beat < 3 * BEATS; beat++) keepalive.beat();
  assertEquals(new Set(patient.heard), new Set(["trim", "quiet"]));
});

Deno.test("in a beat in which nothing was sent, buffers are given back before a space is sent", () => {
  const patient = new Patient(false);
  patient.isReading = false;
  using keepalive = watch(patient);
  keepalive.beat();
  patient.traffic.bytesOut++;
  keepalive.beat();
  assertEquals(patient.heard, ["trim", "quiet"]);
  keepalive.beat();
  assertEquals(patient.heard, ["trim", "quiet", "trim", "quiet"]);
});

Deno.test("what is watched no more is left alone", () => {
  const patient = new Patient(true);
  using keepalive = new Keepalive(1_000_000_000);
  keepalive.watch(patient)[Symbol.dispose]();
  keepalive.beat();
  assertEquals(patient.heard, []);
});

Deno.test("a timer beats five times in the time-out, and never for a time-out of 0", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  try {
    const patient = new Patient(true);
    using keepalive = new Keepalive(50);
    assertEquals(keepalive.interval, 10);
    keepalive.watch(patient);
    mock.timers.tick(49);
    assertEquals(patient.heard.filter((word) => word === "silent").length, BEATS - 1);
    mock.timers.tick(1);
    assertEquals(patient.heard.at(-1), "gone after 50");

    const deaf = new Patient(true);
    using never = new Keepalive(0);
    assertEquals(never.interval, 0);
    never.watch(deaf);
    mock.timers.tick(10_000);
    assertEquals(deaf.heard, []);
  } finally {
    mock.timers.reset();
  }
});
