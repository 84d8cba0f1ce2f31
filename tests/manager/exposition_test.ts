import { assertEquals } from "@std/assert";
import { Exposition } from "../../manager/exposition.ts";
import { checkMetrics, samplesOf, WITH_PROMETHEUS } from "../support/prometheus.ts";
import fc from "../support/properties.ts";

Deno.test("gauges, counters and histograms are written as Prometheus reads them", () => {
  const text = new Exposition();
  text.gauge("lab_lamps", "Lamps.", [[2]]);
  text.counter("lab_calls_total", "Calls.", [[1e21, { service: "a" }], [0, { service: "b" }]]);
  text.histogram("lab_wait_seconds", "Waiting.", [0.1, 1], [
    { labels: { service: "a" }, buckets: [3, 0, 2], sum: 7.5 },
  ]);
  assertEquals(
    String(text),
    `# HELP lab_lamps Lamps.
# TYPE lab_lamps gauge
lab_lamps 2
# HELP lab_calls_total Calls.
# TYPE lab_calls_total counter
lab_calls_total{service="a"} 1e+21
lab_calls_total{service="b"} 0
# HELP lab_wait_seconds Waiting.
# TYPE lab_wait_seconds histogram
lab_wait_seconds_bucket{service="a",le="0.1"} 3
lab_wait_seconds_bucket{service="a",le="1"} 3
lab_wait_seconds_bucket{service="a",le="+Inf"} 5
lab_wait_seconds_sum{service="a"} 7.5
lab_wait_seconds_count{service="a"} 5
`,
  );
});

Deno.test("every sample has the labels that all have in common", () => {
  const text = new Exposition({ node: "a" });
  text.gauge("lab_lamps", "Lamps.", [[2], [3, { room: "b" }]]);
  assertEquals([...samplesOf(String(text)).keys()], [
    'lab_lamps{node="a"}',
    'lab_lamps{node="a",room="b"}',
  ]);
});

Deno.test("a value of a label cannot end it, and no other value is written alike", () => {
  const write = (value: string) => {
    const text = new Exposition();
    text.gauge("lab_lamps", "Lamps.", [[1, { name: value }]]);
    return String(text).split("\n")[2];
  };
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      const [, written] = /^lab_lamps\{name="((?:[^"\\\n]|\\["\\n])*)"\} 1$/s.exec(write(value))!;
      const read = written.replaceAll(/\\(.)/g, (_, one) => one === "n" ? "\n" : one);
      assertEquals(read, value);
    }),
  );
});

Deno.test({
  name: "promtool reads every text",
  ...WITH_PROMETHEUS,
  fn: async () => {
    const text = new Exposition({ node: "n" });
    text.gauge(
      "lab_lamps",
      "Lamps.",
      ['"', "\\", "\n", "\\n", "é{}", ""].map((value) => [1, { value }]),
    );
    await checkMetrics(String(text));
  },
});
