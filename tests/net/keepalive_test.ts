import { assertEquals } from "@std/assert";
import { IDLE_INTERVALS, Keepalive, type KeepalivePeer } from "../../net/keepalive.ts";

/** A connection that was told that its peer is silent, and what is asked of it meanwhile. */
class Patient implements KeepalivePeer {
  readonly traffic = { bytesIn: 0, bytesOut: 0, linesIn: 0, linesOut: 0 };
  isReading = true;
  readonly heard: string[] = [];
  readonly #keepsInterval: boolean;

  constructor(keepsInterval: boolean) {
    this.#keepsInterval = keepsInterval;
  }

  get connection() {
    const endIdle = (timeout: number) => void this.heard.push(`gone after ${timeout}`);
    const shrinkBuffers = () => void this.heard.push("trim");
    return { traffic: this.traffic, isReading: this.isReading, endIdle, shrinkBuffers };
  }

  keepsInterval(): boolean {
    return this.#keepsInterval;
  }

  onWriteIdle(): void {
    this.heard.push("quiet");
  }

  onReadIdle(): void {
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
  for (let beat = 1; beat < IDLE_INTERVALS; beat++) keepalive.beat();
  assertEquals(patient.heard.filter((word) => word === "silent").length, IDLE_INTERVALS - 1);
  keepalive.beat();
  assertEquals(patient.heard.at(-1), "gone after 1000000000");
  const count = patient.heard.length;
  keepalive.beat();
  assertEquals(patient.heard.length, count);
});

Deno.test("whatever a peer says begins the count again", () => {
  const patient = new Patient(true);
  using keepalive = watch(patient);
  for (let beat = 0; beat < 3 * IDLE_INTERVALS; beat++) {
    if (beat % (IDLE_INTERVALS - 1) === 0) patient.traffic.bytesIn++;
    keepalive.beat();
  }
  assertEquals(patient.heard.some((word) => word.startsWith("gone")), false);
});

Deno.test("a peer that does not keep the beat is never gone, however long it is silent", () => {
  const patient = new Patient(false);
  using keepalive = watch(patient);
  for (let beat = 0; beat < 3 * IDLE_INTERVALS; beat++) keepalive.beat();
  assertEquals(patient.heard.filter((word) => word === "silent").length, 3 * IDLE_INTERVALS);
  assertEquals(patient.heard.some((word) => word.startsWith("gone")), false);
});

Deno.test("a peer that is not read because it feeds somebody slow is not silent", () => {
  const patient = new Patient(true);
  patient.isReading = false;
  using keepalive = watch(patient);
  for (let beat = 0; beat < 3 * IDLE_INTERVALS; beat++) keepalive.beat();
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

Deno.test("a timer beats five times in the time-out, and never for a time-out of 0", async () => {
  const patient = new Patient(true);
  const gone = Promise.withResolvers<number>();
  using keepalive = new Keepalive(50);
  assertEquals(keepalive.interval, 10);
  keepalive.watch({
    connection: { ...patient.connection, endIdle: gone.resolve },
    keepsInterval: () => true,
  });
  assertEquals(await gone.promise, 50);
  using never = new Keepalive(0); // the sanitizer would find its timer
  assertEquals(never.interval, 0);
});
