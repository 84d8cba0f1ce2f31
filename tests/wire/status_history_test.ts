import { assertEquals } from "@std/assert";
import type { DeviceStatus } from "../../wire/status.ts";
import { StatusHistory } from "../../wire/status_history.ts";
import { CLIENT, SERVICE, status } from "../support/status.ts";

/** A status after so many seconds, with a service and a client that have sent so many messages. */
function after(seconds: number, messages: number, others = {}) {
  const counts: Partial<DeviceStatus> = {
    messages_in: messages,
    bytes_in: 100 * messages,
    calls: messages / 2,
    call_errors: messages / 4,
    timed_calls: messages / 5,
    call_seconds: messages / 10,
  };
  return status({ messages_in: messages }, {}, {
    uptime_s: seconds,
    services: { DMM: { ...SERVICE, ...counts } },
    clients: { "a[b:1]": { ...CLIENT, ...counts } },
    ...others,
  });
}

Deno.test("rates are those of the last seconds, of all and of each device", () => {
  const history = new StatusHistory();
  assertEquals(history.add(after(10, 0)).all, null);
  assertEquals(history.add(after(11, 5)).all?.messages_in_per_s, 5);
  for (const seconds of [12, 13, 14, 15, 16]) history.add(after(seconds, 5));
  const { all, services, clients } = history.add(after(17, 45));
  assertEquals(all?.interval_s, 4);
  assertEquals(all?.messages_in_per_s, 10);
  const expected = { messages: 10, bytes: 1_000, calls: 5, errors: 2.5, latency: 0.5 };
  assertEquals(services.get("DMM"), expected);
  assertEquals(clients.get("a[b:1]"), expected);
  for (const seconds of [18, 19, 20, 21]) history.add(after(seconds, 45));
  assertEquals(history.add(after(22, 45)).services.get("DMM")?.latency, undefined); // no call
});

Deno.test("a device that is new, or has connected again, has no rate yet", () => {
  const history = new StatusHistory();
  history.add(after(10, 100));
  const { services } = history.add(after(11, 3)); // its counts began anew
  assertEquals(services.get("DMM"), undefined);
  const late = history.add(after(12, 5, { services: { New: SERVICE } }));
  assertEquals(late.services.get("New"), undefined);
});

Deno.test("after a restart of the Manager, or of the connection, rates begin anew", () => {
  const history = new StatusHistory();
  history.add(after(100, 100));
  assertEquals(history.add(after(1, 5)).all, null);
  assertEquals(history.add(after(2, 6)).all?.messages_in_per_s, 1);
  assertEquals(history.add(after(3, 7, { requester: "page[b:2]" })).all, null);
});

Deno.test("the same status twice is one, and a device may be called __proto__", () => {
  const history = new StatusHistory();
  const first = after(10, 0);
  history.add(first);
  history.add(first);
  const named = (messages: number) =>
    JSON.parse(`{"__proto__": ${JSON.stringify({ ...SERVICE, messages_in: messages })}}`);
  history.add(after(11, 0, { services: named(0) }));
  const { services } = history.add(after(12, 0, { services: named(3) }));
  assertEquals(services.get("__proto__"), undefined); // it is not in the oldest status
  for (const seconds of [13, 14, 15, 16]) {
    history.add(after(seconds, 0, { services: named(3) }));
  }
  assertEquals(
    history.add(after(17, 0, { services: named(7) })).services.get("__proto__")?.messages,
    1,
  );
});
