/** The configuration, the alerts and the dashboard of docs/deploy, with the programs of Prometheus. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { parse } from "@std/yaml";
import { join } from "node:path";
import { connect, Service } from "../../mod.ts";
import { CallStatistics } from "../../manager/call_statistics.ts";
import { metricsText } from "../../manager/metrics.ts";
import { temporaryFolder } from "../support/folder.ts";
import { BOB, PageLaboratory } from "../support/page_laboratory.ts";
import { Process } from "../support/process.ts";
import { promtool, WITH_PROMETHEUS } from "../support/prometheus.ts";
import { ROOT } from "../support/source_tree.ts";
import { status } from "../support/status.ts";
import { until } from "../support/until.ts";

const RULES = "msl-network.rules.yml";
const [config, rules, dashboard] = await Promise.all(
  ["prometheus.yml", RULES, "grafana-dashboard.json"].map((name) =>
    Deno.readTextFile(join(ROOT, "docs", "deploy", name))
  ),
);

/** A folder with the configuration and the alerts, as the page says, and what is put beside them. */
async function installed(edit: (config: string) => string, files: Record<string, string>) {
  const folder = await temporaryFolder();
  const all = { "prometheus.yml": edit(config), [RULES]: rules, ...files };
  for (const [name, text] of Object.entries(all)) {
    await Deno.writeTextFile(folder.join(name), text, { mode: 0o600 });
  }
  return folder;
}

/** The panels of the dashboard, each with its queries. */
const panels: { title: string; targets: { expr: string }[] }[] = JSON.parse(dashboard).panels;

/** The queries of the dashboard, with values in the place of its variables. */
const queries = panels.flatMap(({ targets }) => targets).map(({ expr }) =>
  expr.replaceAll("$__rate_interval", "1m").replaceAll("$job", "msl-network").replaceAll(
    /\$(instance|service)/g,
    ".*",
  )
);

Deno.test("alerts and dashboard use metrics that a Manager has, and no others", () => {
  const web = { address: "", websockets: 0, answers: {}, refused_connections: {} };
  const node = {
    name: "a",
    network: "lab",
    is_connected: true,
    since: "2026-01-31T00:00:00Z",
    problem: null,
    servers: [],
  };
  const text = metricsText(status({}, {}, { web, node }), new CallStatistics(1));
  const kinds = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  const known = kinds.flatMap(([_, name, kind]) =>
    kind === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
  );
  const expressions = [rules, ...queries].join("\n");
  const used = new Set(expressions.match(/\b(?:msl_network|process)_\w+/g));
  assert(used.size > 15, [...used].join());
  assertEquals([...used].filter((name) => !known.includes(name)), []);
});

Deno.test("the alerts have a name of their own, a severity and a text", () => {
  const { groups } = parse(rules) as {
    groups: { rules: Record<string, unknown & { severity?: string; summary?: string }>[] }[];
  };
  const alerts = groups.flatMap(({ rules }) => rules);
  for (const { alert, labels, annotations } of alerts) {
    assertMatch(String(alert), /^MslNetwork\w+$/);
    assertMatch(String(labels.severity), /^(warning|critical)$/);
    assert(annotations.summary !== undefined);
  }
  assertEquals(new Set(alerts.map(({ alert }) => alert)).size, alerts.length);
});

Deno.test({
  name: "promtool accepts the configuration, the alerts and each query of the dashboard",
  ...WITH_PROMETHEUS,
  fn: async () => {
    const recorded = queries.map((expr, index) => ({ record: `query:${index}`, expr }));
    await using folder = await installed((text) => text, {
      "msl-network.crt": "",
      "msl-network.password": "secret",
      "queries.yml": JSON.stringify({ groups: [{ name: "dashboard", rules: recorded }] }),
    });
    await promtool(folder.path, "check", "config", "prometheus.yml");
    await promtool(folder.path, "check", "rules", "--lint=all", "--lint-fatal", "queries.yml");
  },
});

/** What a series has, and which alerts it fires at a time: those with their labels, and no others. */
interface AlertCase {
  series: Record<string, string>;
  time: string;
  fires: Record<string, Record<string, string>[]>;
}

const AT = 'job="msl-network",instance="lab"';
const UP = { [`up{${AT}}`]: "1x600" };
const [LAB, DMM] = [{ job: "msl-network", instance: "lab" }, { service: "DMM" }];
const CONNECTED = `msl_network_service_connected{${AT},service="DMM"}`;

const NODES = `msl_network_nodes{${AT},node="a"}`;
const JOINED = `msl_network_joined{${AT},node="a"}`;

const CASES: Record<string, AlertCase> = {
  "all is well": {
    series: {
      ...UP,
      [CONNECTED]: "1x60",
      [`msl_network_largest_queue_bytes{${AT},kind="client"}`]: "5000000x60",
      [`msl_network_service_pending_requests{${AT},service="DMM"}`]: "200x60",
      [`msl_network_service_calls_total{${AT},service="DMM"}`]: "0+100x60",
      [`msl_network_service_call_errors_total{${AT},service="DMM"}`]: "0+10x60",
      [`msl_network_refused_connections_total{${AT},reason="too_many_pending"}`]: "0+100x60",
      [`msl_network_errors_total{${AT},error="KeyError"}`]: "0+30x60",
    },
    time: "30m",
    fires: {},
  },
  "the Manager is down: its services are not reported too": {
    series: { [`up{${AT}}`]: "1x10 0x60", [CONNECTED]: "1x10" },
    time: "30m",
    fires: { MslNetworkManagerDown: [LAB] },
  },
  "a service is gone": {
    series: { ...UP, [CONNECTED]: "1x10 0x60" },
    time: "15m",
    fires: { MslNetworkServiceGone: [{ ...LAB, ...DMM }] },
  },
  "a service did not come back after a restart of the Manager": {
    series: { ...UP, [CONNECTED]: "1x10 stale" },
    time: "5h",
    fires: { MslNetworkServiceGone: [{ ...LAB, ...DMM }] },
  },
  "a service is away for a minute, and another is none": {
    series: {
      ...UP,
      [CONNECTED]: "1x10 0 1x60",
      [`msl_network_service_connected{${AT},service="other"}`]: "5x10 0x60",
    },
    time: "30m",
    fires: {},
  },
  "a client reads too slowly": {
    series: {
      ...UP,
      [`msl_network_largest_queue_bytes{${AT},kind="client"}`]: "2000000+100000x60",
      [`msl_network_largest_queue_bytes{${AT},kind="service"}`]: "0x60",
    },
    time: "20m",
    fires: { MslNetworkQueueGrows: [{ ...LAB, kind: "client" }] },
  },
  "a service does not keep up, and fails": {
    series: {
      ...UP,
      [`msl_network_service_pending_requests{${AT},service="DMM"}`]: "200+10x60",
      [`msl_network_service_calls_total{${AT},service="DMM"}`]: "0+10x60",
      [`msl_network_service_call_errors_total{${AT},service="DMM"}`]: "0+9x60",
    },
    time: "30m",
    fires: {
      MslNetworkRequestsPileUp: [{ ...LAB, ...DMM }],
      MslNetworkCallsFail: [{ ...LAB, ...DMM }],
    },
  },
  "a node is gone for all others, and another one has not joined after its start": {
    series: {
      ...UP,
      [NODES]: "2x10 1x60",
      'msl_network_nodes{job="msl-network",instance="lab2",node="b"}': "2x10 1x60",
      [`msl_network_joined{job="other",instance="x",node="c"}`]: "0x60",
    },
    time: "30m",
    fires: {
      MslNetworkNodeGone: [{ job: "msl-network" }],
      MslNetworkNotJoined: [{ job: "other", instance: "x", node: "c" }],
    },
  },
  "a node that is not joined sees no others, of which none is gone": {
    series: { ...UP, [NODES]: "2x10 0x60", [JOINED]: "1x10 0x60" },
    time: "30m",
    fires: { MslNetworkNotJoined: [{ ...LAB, node: "a" }] },
  },
  "one node is cut off for a minute, and is seen by another one meanwhile": {
    series: {
      ...UP,
      [NODES]: "1x10 0x1 1x60",
      [JOINED]: "1x60",
      'msl_network_nodes{job="msl-network",instance="lab2",node="b"}': "1x60",
    },
    time: "11m",
    fires: {},
  },
  "passwords are guessed, and requests refused": {
    series: {
      ...UP,
      [`msl_network_refused_connections_total{${AT},reason="wrong_login_password"}`]: "0x10 20x60",
      [`msl_network_errors_total{${AT},error="KeyError"}`]: "0+100x60",
    },
    time: "15m",
    fires: { MslNetworkLoginsRefused: [LAB], MslNetworkRequestsRefused: [LAB] },
  },
};

Deno.test({
  name: "each alert fires when it has to, and not when all is well",
  ...WITH_PROMETHEUS,
  fn: async () => {
    const { groups } = parse(rules) as { groups: { rules: Record<string, string>[] }[] };
    const names = groups.flatMap(({ rules }) => rules).map(({ alert }) => alert);
    const severity = (name: string) => name === "MslNetworkManagerDown" ? "critical" : "warning";
    // In the place of the texts, which would have to be written here once more.
    const plain = {
      groups: groups.map((group) => ({
        ...group,
        rules: group.rules.map((rule) => ({ ...rule, annotations: {} })),
      })),
    };
    const tests = Object.entries(CASES).map(([name, { series, time, fires }]) => ({
      name,
      interval: "1m",
      input_series: Object.entries(series).map(([series, values]) => ({ series, values })),
      alert_rule_test: names.map((alertname) => ({
        eval_time: time,
        alertname,
        exp_alerts: (fires[alertname] ?? []).map((labels) => ({
          exp_labels: { ...labels, severity: severity(alertname) },
        })),
      })),
    }));
    await using folder = await installed((text) => text, {
      "plain.yml": JSON.stringify(plain),
      "tests.yml": JSON.stringify({ rule_files: ["plain.yml"], evaluation_interval: "1m", tests }),
    });
    await promtool(folder.path, "test", "rules", "tests.yml");
    const fired = new Set(Object.values(CASES).flatMap(({ fires }) => Object.keys(fires)));
    assertEquals([...fired].toSorted(), names.toSorted(), "an alert is not tried");
  },
});

class Adder extends Service {
  add(x: number, y: number): number {
    return x + y;
  }
}

/** What the API of Prometheus answers. */
interface Answer {
  data: {
    result: { metric: Record<string, string>; value: [number, string] }[];
    alerts: {
      labels: Record<string, string>;
      state: string;
      annotations: Record<string, string>;
    }[];
  };
}

Deno.test({
  name:
    "Prometheus logs in, scrapes a Manager, answers queries, and reports a service that is gone",
  ...WITH_PROMETHEUS,
  fn: async () => {
    // Where another origin is allowed a user has to log in, also from this computer.
    await using lab = await PageLaboratory.withUsers({ webOrigin: ["https://lab.example.org"] });
    const { connectOptions, manager } = lab.manager;
    const edit = (text: string) =>
      text.replace("lab-pc:1876", `localhost:${manager.webPort}`).replaceAll("15s", "200ms")
        .replace("username: prometheus", `username: ${BOB.username}`);
    await using folder = await installed(edit, {
      "msl-network.crt": await Deno.readTextFile(connectOptions.certFile!),
      "msl-network.password": BOB.password,
      [RULES]: rules.replaceAll(/for: \dm/g, "for: 0s"),
    });
    await using prometheus = new Process(
      new Deno.Command("prometheus", {
        args: [
          "--config.file=prometheus.yml",
          "--storage.tsdb.path=data",
          "--web.listen-address=127.0.0.1:0",
        ],
        cwd: folder.path,
        stdout: "piped",
        stderr: "piped",
      }),
    );
    const line = await prometheus.stderr.next((line) => /Listening on"? address=/.test(line));
    const address = /address=(\S+)/.exec(line)![1];
    const api = async (path: string): Promise<Answer["data"]> =>
      (await (await fetch(`http://${address}/api/v1/${path}`)).json() as Answer).data;
    const query = async (expr: string) =>
      (await api(`query?query=${encodeURIComponent(expr)}`))?.result[0]?.value[1];

    await using client = await connect(connectOptions);
    await using service = new Adder();
    await service.start(connectOptions);
    const link = await client.link<Adder>("Adder");
    for (let call = 1; call <= 7; call++) await link.add(call, 1);
    await until(
      "the calls are scraped",
      async () => await query('msl_network_service_calls_total{service="Adder"}') === "7",
    );
    assertEquals(await query('msl_network_service_connected{service="Adder"}'), "1");
    assertEquals(await query("msl_network_service_call_duration_seconds_count"), "7");
    assertEquals(await query('up{job="msl-network"}'), "1");
    const alerts = async () =>
      (await api("alerts"))?.alerts.filter(({ labels }) =>
        labels.alertname === "MslNetworkServiceGone"
      );
    assertEquals(await alerts(), []);
    await service.shutdown();
    const fired = await until("the alert", async () => {
      const [alert] = await alerts();
      return alert?.state === "firing" ? alert : undefined;
    });
    assertEquals(fired?.labels.service, "Adder");
    assertMatch(fired!.annotations.summary, /^The service Adder of localhost:\d+ is gone$/);
    for (const expr of queries) {
      const answer = await fetch(
        `http://${address}/api/v1/query?query=${encodeURIComponent(expr)}`,
      );
      const { status } = await answer.json();
      assertEquals(status, "success", expr);
    }
    prometheus.kill();
    await prometheus.end();
    assertEquals(manager.status().totals.refused_connections, {});
  },
});
