/** How a connection ended, for a log. */

import { assertEquals } from "@std/assert";
import { contentOfEnd, describeEnd, type End } from "../../net/connection_end.ts";

Deno.test("an end has its state and its numbers as properties, and no sentence", () => {
  const cases: [End, properties: Record<string, unknown>][] = [
    [{ state: "left" }, { end: "left" }],
    [{ state: "closed" }, { end: "closed" }],
    [{ state: "stalled", timeout: 60_000 }, { end: "stalled", timeout: 60_000 }],
    [{ state: "silent", timeout: 1_000 }, { end: "silent", timeout: 1_000 }],
    [{ state: "overrun", limit: 5 }, { end: "overrun", limit: 5 }],
    [{ state: "evicted", limit: 6 }, { end: "evicted", limit: 6 }],
    [{ state: "failed", cause: new Error("{x}") }, { end: "failed", error: "{x}" }],
  ];
  for (const [end, properties] of cases) {
    const content = contentOfEnd(end);
    assertEquals(content.properties, properties);
    const text = content.message.replace("{error}", "{x}");
    assertEquals(text, describeEnd(end), "the same words for a person");
  }
});
