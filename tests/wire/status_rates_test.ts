import { assertEquals } from "@std/assert";
import { ratesBetween } from "../../wire/status_rates.ts";
import { status } from "../support/status.ts";

Deno.test("rates leave out the connection that requests the status", () => {
  const before = status(
    { messages_in: 100, messages_out: 200, bytes_in: 3_000, bytes_out: 4_000, requests: 50 },
    { messages_in: 1, messages_out: 1, bytes_in: 70, bytes_out: 80 },
  );
  const after = status(
    {
      messages_in: 121,
      messages_out: 231,
      bytes_in: 3_560,
      bytes_out: 5_060,
      requests: 55,
      answers: 7,
      notifications: 1,
    },
    { messages_in: 2, messages_out: 2, bytes_in: 130, bytes_out: 1_080 },
    { uptime_s: 12.5 },
  );
  assertEquals(ratesBetween(before, after), {
    interval_s: 2.5,
    messages_in_per_s: 8,
    messages_out_per_s: 12,
    bytes_in_per_s: 200,
    bytes_out_per_s: 24,
    requests_per_s: 2,
    answers_per_s: 2.8,
    notifications_per_s: 0.4,
  });
});

Deno.test("there are no rates if no time has passed", () => {
  assertEquals(ratesBetween(status(), status()), null);
});
