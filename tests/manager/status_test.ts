import { assert, assertEquals } from "@std/assert";
import { Registry } from "../../manager/registry.ts";
import { Statistics } from "../../manager/statistics.ts";
import { type ConnectionGauge, managerStatus, type StatusSources } from "../../manager/status.ts";
import { isStatus, type ManagerStatus } from "../../wire/status.ts";
import { VERSION } from "../../version.ts";
import { addClient, addService, MANAGER_NAME } from "../support/devices.ts";

/** A connection with this traffic. */
function gauge(times: number): ConnectionGauge {
  const traffic = { bytesIn: times, bytesOut: 2 * times, linesIn: 3 * times, linesOut: 4 * times };
  return { queued: 5 * times, traffic };
}

/** The traffic of {@linkcode gauge} in a status. */
function trafficStatus(times: number) {
  return {
    bytes_in: times,
    bytes_out: 2 * times,
    messages_in: 3 * times,
    messages_out: 4 * times,
  };
}

/** A device without calls in a status. */
const UNCALLED = { calls: 0, call_errors: 0, timed_calls: 0, call_seconds: 0 };

/** A Manager without sockets. */
class Network implements StatusSources {
  now = 0;
  readonly registry = new Registry<{ sink: ConnectionGauge }>(MANAGER_NAME);
  readonly statistics = new Statistics(() => this.now);
  readonly connections: ConnectionGauge[] = [];
  readonly unidentified = 3;
  readonly tls = true;
  readonly authentication = "login";
  readonly web: ManagerStatus["web"] = null;

  client(name: string, times: number) {
    return addClient(this.registry, this.#session(times), name, { address: `lab-pc:${times}` });
  }

  service(name: string, times: number, maxClients = -1) {
    const address = `lab-pc:${times}`;
    return addService(this.registry, this.#session(times), name, { address, maxClients });
  }

  #session(times: number): { sink: ConnectionGauge } {
    const sink = gauge(times);
    this.connections.push(sink);
    return { sink };
  }
}

Deno.test("a Manager without connections has a status", () => {
  const network = new Network();
  network.now = 1_234.5678;
  const { memory_bytes, open_descriptors, ...status } = managerStatus(network, null);
  assert(memory_bytes > 1e6 && memory_bytes < 1e11, `${memory_bytes}`);
  if (Deno.build.os === "linux") {
    assert(open_descriptors! >= 3, `${open_descriptors}`);
    using files = new DisposableStack();
    for (let count = 0; count < 300; count++) files.use(Deno.openSync("/dev/null"));
    const more = managerStatus(network, null).open_descriptors! - open_descriptors!;
    assert(more > 200 && more < 400, `${more} more, and other tests have some too`);
  }
  assertEquals(status, {
    manager: MANAGER_NAME,
    node: null,
    nodes: {},
    requester: null,
    version: VERSION,
    uptime_s: 1.235,
    tls: true,
    authentication: "login",
    unidentified: 3,
    clients: {},
    services: {},
    web: null,
    totals: {
      connections: 0,
      ...trafficStatus(0),
      requests: 0,
      answers: 0,
      notifications: 0,
      unowed_answers: 0,
      misnamed_notifications: 0,
      refused_connections: {},
      ended_connections: {},
      errors: {},
    },
  });
});

Deno.test("a status has the links, locks and pending requests of each device", () => {
  const network = new Network();
  const { registry } = network;
  const b = network.client("b", 10);
  const a = network.client("a", 20);
  network.service("Echo", 30);
  network.service("Lab", 40, 2);
  for (const client of [b, a]) registry.link(client, "Lab");
  registry.link(a, "Echo");
  registry.acquireLock(b, "Lab", true);
  registry.route(b, "Lab", "1");
  registry.route(a, "Lab", "1");
  for (const uid of ["", "", "2"]) registry.route(a, "Echo", uid); // a terminal's uids are all ""
  const echo = registry.service("Echo")!;
  for (const uid of ["3", "4", "5"]) registry.route(a, "Echo", uid, 1_000);
  registry.complete(echo, a.networkName, "3", 1_000.5);
  registry.complete(echo, a.networkName, "4", 1_001.25, true);
  registry.complete(echo, a.networkName, "5");
  const called = { calls: 3, call_errors: 1, timed_calls: 2, call_seconds: 0.00175 };
  const { clients, services, totals } = managerStatus(network, "a[lab-pc:20]");
  assertEquals(clients, {
    "b[lab-pc:10]": {
      links: ["Lab"],
      pending_requests: 1,
      queued_bytes: 50,
      ...UNCALLED,
      ...trafficStatus(10),
    },
    "a[lab-pc:20]": {
      links: ["Echo", "Lab"],
      pending_requests: 4,
      queued_bytes: 100,
      ...called,
      ...trafficStatus(20),
    },
  });
  assertEquals(services, {
    Echo: {
      address: "lab-pc:30",
      links: ["a[lab-pc:20]"],
      locks: [],
      max_clients: -1,
      pending_requests: 3,
      queued_bytes: 150,
      ...called,
      ...trafficStatus(30),
    },
    Lab: {
      address: "lab-pc:40",
      links: ["a[lab-pc:20]", "b[lab-pc:10]"],
      locks: ["b[lab-pc:10]"],
      max_clients: 2,
      pending_requests: 2,
      queued_bytes: 200,
      ...UNCALLED,
      ...trafficStatus(40),
    },
  });
  assertEquals(totals.messages_out, 400);
});

Deno.test("a service called __proto__ has a status like any other", () => {
  const network = new Network();
  network.service("__proto__", 1);
  const { services } = JSON.parse(JSON.stringify(managerStatus(network, null)));
  assertEquals(Object.keys(services), ["__proto__"]);
});

Deno.test("isStatus accepts a status and nothing else", () => {
  const network = new Network();
  network.client("a", 1);
  network.service("Lab", 2);
  const status = JSON.parse(JSON.stringify(managerStatus(network, "a[lab-pc:1]")));
  assertEquals(isStatus(status), true);
  assertEquals(isStatus({ ...status, more: 1, open_descriptors: null }), true);
  const web = { address: "", websockets: 0, answers: { 200: 1 }, refused_connections: {} };
  assertEquals(isStatus({ ...status, web }), true);
  for (
    const other of [
      null,
      42,
      [],
      {},
      { ...status, version: 1 },
      { ...status, uptime_s: "1" },
      { ...status, totals: null },
      { ...status, totals: { ...status.totals, requests: null } },
      { ...status, totals: { ...status.totals, errors: 1 } },
      { ...status, web: undefined },
      { ...status, web: { ...web, answers: null } },
      { ...status, web: [] },
      { ...status, clients: [] },
      { ...status, clients: { a: 1 } },
      { ...status, clients: { a: {} } },
      { ...status, services: undefined },
      { ...status, services: { Lab: { ...status.services.Lab, locks: null } } },
      { ...status, services: { Lab: { ...status.services.Lab, queued_bytes: "1" } } },
    ]
  ) {
    assertEquals(isStatus(other), false, JSON.stringify(other));
  }
});
