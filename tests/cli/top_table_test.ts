import { assert, assertEquals } from "@std/assert";
import { ENDLESS, SORT_KEYS, type SortKey, topLines } from "../../cli/top_table.ts";
import type { DeviceStatus, ManagerStatus } from "../../wire/status.ts";
import { StatusHistory } from "../../wire/status_history.ts";
import { CLIENT, SERVICE, status } from "../support/status.ts";
import fc from "../support/properties.ts";

/** What two seconds have brought to each device. */
const MORE: Record<string, Partial<DeviceStatus>> = {
  Busy: { calls: 200, timed_calls: 200, call_seconds: 0.07, bytes_in: 20, pending_requests: 2 },
  Slow: { calls: 2, timed_calls: 2, call_seconds: 3, call_errors: 2, bytes_in: 4_000 },
  "page[lab-pc:7]": { calls: 202, call_errors: 2, pending_requests: 5, messages_in: 404 },
};

/** The table after two seconds, with a service that has just connected. */
function table(
  sort: SortKey = "calls",
  room = ENDLESS,
  more: Record<string, Partial<DeviceStatus>> = MORE,
): string[] {
  const history = new StatusHistory();
  const at = (seconds: number, counts: Record<string, Partial<DeviceStatus>>, others = {}) => {
    const of = (isService: boolean, empty: DeviceStatus) =>
      Object.fromEntries(
        Object.keys(more).filter((name) => name.includes("[") !== isService)
          .map((name) => [name, { ...empty, ...counts[name] }]),
      );
    const now = status({ requests: 10 * seconds }, {}, {
      uptime_s: seconds,
      services: { ...of(true, SERVICE), ...others } as ManagerStatus["services"],
      clients: of(false, CLIENT) as ManagerStatus["clients"],
    });
    return { now, rates: history.add(now) };
  };
  at(10, {});
  const { now, rates } = at(12, more, { New: SERVICE });
  return topLines(now, rates, sort, room);
}

Deno.test("each device has its calls, latency, errors and bytes, the busiest first", () => {
  assertEquals(table(), [
    "Manager[lab-pc:1875]  up 12s, 150 MiB, services: 3, clients: 1",
    "10 requests/s, 0 notifications/s, 0 B/s in, 0 B/s out",
    "since the start: 120 requests, 0 refused; refused connections: 0",
    "",
    "name            kind     calls/s  latency  errors/s  bytes/s  queued  pending  messages/s  calls  errors",
    "page[lab-pc:7]  client       101        -         1      0 B     0 B        5         202    202       2",
    "Busy            service      100   350 µs         0     10 B     0 B        2           0    200       0",
    "Slow            service        1    1.5 s         1    2 KiB     0 B        0           0      2       2",
    "New             service        -        -         -        -     0 B        0           -      0       0",
  ]);
});

Deno.test("it is sorted by any of the keys, and of equal devices by name", () => {
  const order = (sort: SortKey) =>
    table(sort).slice(5).map((line) => line.split(/[ [] */)[0]).join(" ");
  assertEquals(
    Object.fromEntries(SORT_KEYS.map((key) => [key, order(key)])),
    {
      calls: "page Busy Slow New",
      bytes: "Slow Busy page New",
      latency: "Slow Busy New page",
      errors: "Slow page Busy New",
      pending: "page Busy New Slow",
      name: "Busy New Slow page",
    },
  );
  assertEquals(SORT_KEYS.filter((key) => key.startsWith("q")), [], "q quits");
});

Deno.test("on a narrow terminal the last columns are left out, and long names are cut", () => {
  const long = { ...MORE, [`${"long".repeat(10)}`]: {} };
  const [heading, ...rows] = table("name", { columns: 45, rows: 24 }, long).slice(4);
  assertEquals(heading, "name                kind     calls/s  latency");
  assertEquals(
    rows.find((row) => row.startsWith("long")),
    "longlonglonglongl…  service        0        -",
  );
  assertEquals(table("name", { columns: 120, rows: 24 }, long)[4].includes("errors/s"), true);
  const [narrow, ...cut] = table("name", { columns: 20, rows: 24 }, long).slice(4);
  assertEquals(narrow, "name         calls/s");
  assertEquals(cut.filter((row) => /^(Busy|long)/.test(row)), [
    "Busy             100",
    "longlonglo…        0",
  ]);
});

Deno.test("on a low terminal it says how many devices are not shown", () => {
  const lines = table("calls", { columns: 200, rows: 8 });
  assertEquals([lines.length, lines[5].split(" ")[0], lines[7]], [
    8,
    "page[lab-pc:7]",
    "... and 2 more",
  ]);
  assertEquals(lines[6].split(" ")[0], "Busy");
});

Deno.test("no line is longer than the terminal, there are not more than rows, and nothing moves the cursor", () => {
  const name = fc.oneof(fc.string({ unit: "binary" }), fc.constant("\x1b[2J\r\n\u202e"));
  fc.assert(
    fc.property(
      fc.array(name, { maxLength: 6 }),
      fc.nat(130),
      fc.nat(20),
      (names, columns, rows) => {
        const more = Object.fromEntries(names.map((name) => [name, MORE.Busy]));
        const lines = table("calls", { columns, rows }, more);
        assert(lines.length <= rows);
        for (const line of lines) {
          assert([...line].length <= columns, JSON.stringify([line, columns]));
          assert(!/[\p{C}\p{Zl}\p{Zp}]/u.test(line), JSON.stringify(line));
        }
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("a service of another node has no numbers here, and comes last", () => {
  const history = new StatusHistory();
  const at = (uptime: number) => {
    const services = { "a.DMM": { ...SERVICE, node: "a" }, Idle: SERVICE };
    const now = status({}, {}, { uptime_s: uptime, services });
    return { now, rates: history.add(now) };
  };
  at(10);
  const { now, rates } = at(12);
  for (const sort of SORT_KEYS.filter((key) => key !== "name")) {
    const [idle, remote] = topLines(now, rates, sort, ENDLESS).slice(5).map((row) =>
      row.split(/ +/)
    );
    assertEquals(idle.slice(0, 4), ["Idle", "service", "0", "-"], sort);
    assertEquals(remote, ["a.DMM", "service", ...Array(9).fill("-")], sort);
  }
});
