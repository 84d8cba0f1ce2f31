import { assert, assertEquals } from "@std/assert";
import { CallStatistics } from "../../manager/call_statistics.ts";
import { metricsText } from "../../manager/metrics.ts";
import { REFUSED_LOGIN } from "../../manager/refused_logins.ts";
import { Statistics } from "../../manager/statistics.ts";
import { CLIENT, SERVICE, status } from "../support/status.ts";
import { checkMetrics, samplesOf, WITH_PROMETHEUS } from "../support/prometheus.ts";

const WEB = {
  address: "https://lab-pc:1876",
  websockets: 2,
  answers: { "200": 3 },
  refused_connections: { no_tls: 1 },
};

const NODE = {
  name: "a",
  network: "lab",
  is_connected: true,
  since: "2026-01-31T00:00:00Z",
  problem: null as string | null,
  servers: [],
};

const OTHER_NODE = {
  address: "b-pc:1875",
  is_here: true,
  since: "2026-01-31T00:00:00Z",
  services: ["DMM"],
  round_trip_ms: 1,
  sessions_out: 1,
  sessions_in: 0,
  bytes_in: 0,
  bytes_out: 0,
};

/** The metrics of a Manager with a service that is connected, one that is gone, and hostile names. */
function laboratory(): { text: string; calls: CallStatistics } {
  const calls = new CallStatistics(4);
  const connection = (bytesIn: number, bytesOut: number) => ({
    traffic: { bytesIn, bytesOut, linesIn: 0, linesOut: 0 },
  });
  const dmm = calls.enter("DMM", connection(100, 200));
  dmm.end(4, false);
  dmm.end(2_000, true);
  const hostile = 'a"} 1\nmsl_network_clients 99 \\';
  for (const name of [hostile, "\ud800", "late", "later"]) {
    calls.enter(name, connection(1, 1)).end(1, false);
  }
  const text = metricsText(
    status({ bytes_in: 5, refused_connections: { wrong_login_password: 2 } }, {}, {
      web: WEB,
      node: NODE,
      nodes: { b: OTHER_NODE, c: OTHER_NODE, d: { ...OTHER_NODE, is_here: false } },
      services: {
        DMM: {
          ...SERVICE,
          links: ["a[b:1]"],
          locks: ["a[b:1]"],
          pending_requests: 3,
          queued_bytes: 70,
        },
        [hostile]: SERVICE,
        late: { ...SERVICE, queued_bytes: 5 },
        later: { ...SERVICE, queued_bytes: 6 },
        "b.DMM": { ...SERVICE, node: "b", links: ["a[b:1]"] },
      },
      clients: {
        "a[b:1]": { ...CLIENT, queued_bytes: 11 },
        "c[d:2]": { ...CLIENT, queued_bytes: 4 },
      },
    }),
    calls,
  );
  return { text, calls };
}

Deno.test("the metrics have the numbers of the status, and those of each service by its name", () => {
  const samples = samplesOf(laboratory().text);
  const node = 'node="a"';
  const of = (name: string, ...labels: string[]) =>
    samples.get(`${name}{${[node, ...labels].join(",")}}`);
  const dmm = (name: string, ...labels: string[]) =>
    of(`msl_network_service_${name}`, 'service="DMM"', ...labels);
  assertEquals(of("msl_network_clients"), 3);
  assertEquals(of("msl_network_services"), 4);
  assertEquals([of("msl_network_joined"), of("msl_network_nodes")], [1, 2]);
  assertEquals(of("msl_network_received_bytes_total"), 5);
  assertEquals(
    of("msl_network_refused_connections_total", 'reason="wrong_login_password"'),
    2,
  );
  assertEquals(of("msl_network_queued_bytes", 'kind="client"'), 15);
  assertEquals(of("msl_network_largest_queue_bytes", 'kind="client"'), 11);
  assertEquals(of("msl_network_queued_bytes", 'kind="service"'), 81);
  assertEquals(of("msl_network_web_answers_total", 'code="200"'), 3);
  assertEquals(
    ["connected", "links", "locked", "pending_requests", "queued_bytes"].map((name) => dmm(name)),
    [1, 1, 1, 3, 70],
  );
  assertEquals([dmm("received_bytes_total"), dmm("sent_bytes_total")], [100, 200]);
  assertEquals([dmm("calls_total"), dmm("call_errors_total")], [2, 1]);
  assertEquals(dmm("call_duration_seconds_sum"), 2.004);
  assertEquals(dmm("call_duration_seconds_count"), 2);
  assertEquals(dmm("call_duration_seconds_bucket", 'le="0.0025"'), 0);
  assertEquals(dmm("call_duration_seconds_bucket", 'le="0.005"'), 1);
  assertEquals(of("msl_network_service_connected", 'service="late"'), 1);
  assertEquals(of("msl_network_service_connected", 'service="later"'), undefined);
  assertEquals(of("msl_network_service_connected", 'service="other"'), 1);
  assertEquals(of("msl_network_service_queued_bytes", 'service="other"'), 6);
  assert(of("process_cpu_seconds_total")! > 0);
  assert(Math.abs(of("process_start_time_seconds")! * 1_000 - performance.timeOrigin) < 1);
});

Deno.test("a login that is refused counts in a series that was there before, at 0", () => {
  const before = samplesOf(metricsText(status(), new CallStatistics(4)));
  const statistics = new Statistics();
  for (const reason of Object.values(REFUSED_LOGIN)) statistics.addRefusal(reason);
  for (const reason of Object.keys(statistics.refusedConnections.toObject())) {
    const series = `msl_network_refused_connections_total{reason="${reason}"}`;
    assertEquals(before.get(series), 0, series);
  }
});

Deno.test("a service that is gone is 0, and counted as before", () => {
  const calls = new CallStatistics(4);
  const connection = { traffic: { bytesIn: 1, bytesOut: 2, linesIn: 0, linesOut: 0 } };
  const series = calls.enter("DMM", connection);
  series.end(1, false);
  series.leave(connection);
  const samples = samplesOf(metricsText(status(), calls));
  assertEquals(samples.get('msl_network_service_connected{service="DMM"}'), 0);
  assertEquals(samples.get('msl_network_service_calls_total{service="DMM"}'), 1);
  assertEquals(samples.get('msl_network_service_sent_bytes_total{service="DMM"}'), 2);
});

Deno.test("the name of a service forges no sample, and no name or client of a peer is a label else", () => {
  const { text } = laboratory();
  assert(!/^msl_network_clients 99/m.test(text));
  assert(!/a\[b:1\]|c\[d:2\]|lab-pc:2/.test(text));
  assert(text.isWellFormed());
  const lines = text.split("\n").slice(0, -1);
  const wrong = lines.filter((line) => !/^(# (HELP|TYPE) |[a-z_]+(\{.*\})? [\d.e+-]+$)/.test(line));
  assertEquals(wrong, []);
  const names = lines.filter((line) => !line.startsWith("#")).map((line) =>
    line.replace(/ \S+$/, "")
  );
  assertEquals(names.length, new Set(names).size, "Prometheus refuses a text with a sample twice");
});

Deno.test({
  name: "promtool accepts the metrics, and finds nothing against their names",
  ...WITH_PROMETHEUS,
  fn: async () => await checkMetrics(laboratory().text),
});

Deno.test("a local service keeps its metrics when a node appears whose services would have its name", () => {
  const calls = new CallStatistics(4);
  calls.enter("b.DMM", { traffic: { bytesIn: 1, bytesOut: 2, linesIn: 0, linesOut: 0 } });
  const services = { "b.DMM": { ...SERVICE, queued_bytes: 7 } };
  const nodes = { node: NODE, nodes: { b: OTHER_NODE } };
  const samples = samplesOf(metricsText(status({}, {}, { ...nodes, services }), calls));
  const of = (name: string) => samples.get(`msl_network_${name}{node="a",service="b.DMM"}`);
  assertEquals(samples.get('msl_network_services{node="a"}'), 1);
  assertEquals([of("service_connected"), of("service_queued_bytes")], [1, 7]);
});

Deno.test("a Manager that has not joined says so, and one that joins no others says nothing", () => {
  const joined = (node: Partial<typeof NODE> | null) =>
    samplesOf(metricsText(
      status({}, {}, { node: node === null ? null : { ...NODE, ...node } }),
      new CallStatistics(1),
    )).get(node === null ? "msl_network_joined" : 'msl_network_joined{node="a"}');
  assertEquals(joined({ problem: "NATS refuses the login" }), 0);
  assertEquals(joined({ is_connected: false }), 0);
  assertEquals(joined({}), 1);
  assertEquals(joined(null), undefined);
});
