import { assertEquals } from "@std/assert";
import { describeService, detailsAsJson, type ServiceDetails } from "../../cli/service_details.ts";
import type { PropertyValue } from "../../cli/property_values.ts";
import { toServiceAbout } from "../../wire/about.ts";

const ENTRY = { address: "lab:1", language: "Python", os: "Linux", max_clients: -1 };

function detailsOf(
  attributes: Record<string, unknown>,
  values: Record<string, PropertyValue> = {},
  about: unknown = {},
): ServiceDetails {
  return {
    name: "Lab",
    entry: { ...ENTRY, attributes },
    about: toServiceAbout(about),
    values: new Map(Object.entries(values)),
  };
}

Deno.test("methods have their parameters, and properties the values that they have now", () => {
  const details = detailsOf(
    { add: "(x, y)", pi: 3, name: "old", "a\u202e": [1], limit: 0, slow: 1, hidden: null },
    {
      pi: { value: 3.5 },
      name: { value: "DMM\u009b" },
      "a\u202e": { value: [1] },
      limit: { value: NaN },
      slow: { unread: "it is \u001b[31mslow" },
    },
  );
  assertEquals(describeService(details), [
    "add(x, y)",
    "pi = 3.5",
    'name = "DMM\\u009b"',
    "a\\u{202e} = [1]",
    "limit = NaN",
    "slow  (not read: it is \\u{1b}[31mslow)",
    "hidden",
  ]);
});

Deno.test("what a service says of itself stands beside it, with its control characters escaped", () => {
  const details = detailsOf(
    { voltage: "(range=10, *, unit='V')", volts: 0, amps: 0, watts: 0, state: "on" },
    {
      volts: { value: 5.2 },
      amps: { value: 5.7 },
      watts: { value: -1 },
      state: { value: "on" },
    },
    {
      description: "The multimeter\nof the lab",
      attributes: {
        voltage: {
          description: "Measures\n\na DC\u2028voltage.",
          parameters: [
            {
              name: "range",
              description: "the largest\nvoltage",
              unit: "V",
              schema: { type: "number" },
            },
            { name: "unit", schema: { enum: ["V", "*/\u2028"] } },
          ],
          result: { unit: "V", schema: { type: "number" }, warning: [4.5, 5.5], alarm: [4, 6] },
          safe: true,
        },
        volts: { result: { unit: "V", warning: [4.5, 5.5] } },
        amps: {
          description: "The current.",
          result: { unit: "A", warning: [4.5, 5.5], alarm: [4, 6] },
        },
        watts: { result: { alarm: [0, Infinity] } },
        state: { result: { unit: "V" } },
      },
      notifications: { celsius: { unit: "°C", alarm: [-Infinity, 30] }, n: {} },
      implements: ["meter.1", "source.1"],
    },
  );
  assertEquals(describeService(details), [
    "The multimeter",
    "of the lab",
    "",
    "voltage(range=10, *, unit='V')",
    "    Measures",
    "",
    "    a DC\ufffdvoltage.",
    "    range: number, the largest voltage, in V",
    '    unit: "V" | "*/\\u{2028}"',
    "    returns: number, in V, a warning outside 4.5 to 5.5, an alarm outside 4 to 6",
    "    It changes nothing: it may be called again and again",
    "volts = 5.2 V",
    "    in V, a warning outside 4.5 to 5.5",
    "amps = 5.7 A  (warning: it is outside 4.5 to 5.5)",
    "    The current.",
    "    in A, a warning outside 4.5 to 5.5, an alarm outside 4 to 6",
    "watts = -1  (alarm: it is below 0)",
    "    an alarm below 0",
    'state = "on"',
    "    in V",
    "",
    "Notifications:",
    "    celsius: in °C, an alarm above 30",
    "    n: -",
    "",
    "Implements meter.1, source.1",
  ]);
});

Deno.test("what every service has is listed if it is asked for", () => {
  const details = detailsOf({ add: "()", set_logging_level: "(level)" });
  assertEquals(describeService(details), ["add()"]);
  assertEquals(describeService(details, true), ["add()", "set_logging_level(level)"]);
});

Deno.test("the JSON has the values of now, and why there is none", () => {
  const details = detailsOf(
    { add: "()", pi: 3, slow: 1, ["__proto__"]: 5 },
    { pi: { value: 3.5 }, slow: { unread: "it is slow" }, ["__proto__"]: { value: 6 } },
  );
  details.values = new Map([...details.values, ["__proto__", { value: 6 }]]);
  const { attributes, unread, about } = detailsAsJson(details.entry, details);
  assertEquals(
    JSON.stringify([attributes, unread]),
    '[{"add":"()","pi":3.5,"slow":null,"__proto__":6},{"slow":"it is slow"}]',
  );
  assertEquals(about.description, "");
});
