import { assert, assertEquals } from "@std/assert";
import { describeStatus } from "../../cli/status_report.ts";
import { ratesBetween } from "../../wire/status_rates.ts";
import { CLIENT, SERVICE, status } from "../support/status.ts";

Deno.test("the status of a Manager without devices is a short text", () => {
  assertEquals(
    describeStatus(status({ messages_in: 1_234_567, bytes_out: 1_536 }), null),
    `\
Manager[lab-pc:1875], version 0.1.0, up for 10s
TLS, authentication: login, 150 MiB of memory, 32 open files and sockets
0 clients, 0 services, 1 connection not identified yet

               since the start
messages in          1,234,567
messages out                 0
bytes in                   0 B
bytes out              1.5 KiB
requests                     0
answers                      0
notifications                0

connections  0; ended: none; refused: none
refusals     none; answers that nobody was owed: 0; notifications in another name: 0`,
  );
});

Deno.test("each device has a row, and each kind of refusal its count", () => {
  const services = {
    Lab: { ...SERVICE, links: ["a[x:1]"], locks: ["a[x:1]"], max_clients: 5, pending_requests: 2 },
    Echo: { ...SERVICE, queued_bytes: 2_048, bytes_in: 1_000_000 },
  };
  const clients = { "a[x:1]": { ...CLIENT, links: ["Lab"], messages_out: 1_000 } };
  const totals = {
    connections: 7,
    ended_connections: { left: 2, stalled: 1 },
    refused_connections: { name_taken: 1 },
    errors: { KeyError: 3 },
    unowed_answers: 4,
    misnamed_notifications: 5,
  };
  const before = status(totals);
  const after = status({ ...totals, requests: 3 }, {}, {
    services,
    clients,
    uptime_s: 12,
    tls: false,
    open_descriptors: null,
  });
  assertEquals(
    describeStatus(after, ratesBetween(before, after)),
    `\
Manager[lab-pc:1875], version 0.1.0, up for 12s
no TLS, authentication: login, 150 MiB of memory
1 client, 2 services, 1 connection not identified yet

               since the start  per second
messages in                  0           0
messages out                 0           0
bytes in                   0 B         0 B
bytes out                  0 B         0 B
requests                     3         1.5
answers                      0           0
notifications                0           0

service   links  locked by  pending  queued  messages in  out   bytes in  out
Lab      1 of 5  a[x:1]           2     0 B            0    0        0 B  0 B
Echo          0  -                0   2 KiB            0    0  976.6 KiB  0 B

client  linked with  pending  queued  messages in    out  bytes in  out
a[x:1]  Lab                0     0 B            0  1,000       0 B  0 B

connections  7; ended: left 2, stalled 1; refused: name_taken 1
refusals     KeyError 3; answers that nobody was owed: 4; notifications in another name: 5`,
  );
});

Deno.test("the web page has a line, whose counts are the Manager's", () => {
  const web = {
    address: "https://lab-pc:1876",
    websockets: 1,
    answers: { "101": 3, "200": 7, "403": 1 },
    refused_connections: {},
  };
  const lines = describeStatus(status({}, {}, { web }), null).split("\n");
  assertEquals(lines.slice(-4), [
    "web page https://lab-pc:1876, 1 WebSocket; answers: 101 3, 200 7, 403 1; without an answer: none",
    "",
    "connections  0; ended: none; refused: none",
    "refusals     none; answers that nobody was owed: 0; notifications in another name: 0",
  ]);
  const hostile = { ...web, address: "\u001b[2J", answers: { "\u202e": 1 } };
  assert(!/(?!\n)\p{C}/u.test(describeStatus(status({}, {}, { web: hostile }), null)));
});

Deno.test("a Manager that is joined to others shows its node, the other nodes, and of their services what it knows", () => {
  const node = {
    name: "b",
    network: "lab",
    is_connected: true,
    since: "2026-01-02T03:04:05.000Z",
    problem: null,
    servers: ["nats://hub:4222"],
  };
  const other = {
    address: "lab-pc:1875",
    is_here: true,
    since: "2026-01-02T03:04:06.000Z",
    services: ["DMM"],
    round_trip_ms: 0.25,
    sessions_out: 1,
    sessions_in: 0,
    bytes_in: 2_048,
    bytes_out: 1_000,
  };
  const services = { "a.DMM": { ...SERVICE, node: "a", links: ["c[x:1]"] } };
  const nodes = { a: other, gone: { ...other, address: "", is_here: false, round_trip_ms: null } };
  const lines = describeStatus(status({}, {}, { services, node, nodes }), null).split("\n");
  const from = lines.findIndex((line) => line.startsWith("service "));
  assertEquals(lines.slice(from, -3), [
    "service  links  locked by  pending  queued  messages in  out  bytes in  out",
    "a.DMM        1  -          -        -       -            -    -         -",
    "",
    "node b of the network lab, connected with NATS at nats://hub:4222 since 2026-01-02T03:04:05.000Z",
    "",
    "node  address      state                     since  services  round trip  sessions out  in  bytes in      out",
    "a     lab-pc:1875  here   2026-01-02T03:04:06.000Z         1  0.25 ms                1   0     2 KiB  1,000 B",
    "gone  -            gone   2026-01-02T03:04:06.000Z         1  -                      1   0     2 KiB  1,000 B",
  ]);
  const lost = { ...node, is_connected: false, problem: "\u001b[2Jrefused", name: "\u202e" };
  const text = describeStatus(status({}, {}, { node: lost, nodes: { "\u0007": other } }), null);
  assert(/not connected with NATS at .* since .*; .*refused/.test(text), text);
  assert(!/(?!\n)\p{C}/u.test(text), text);
  const { node: _node, nodes: _nodes, ...earlier } = status();
  assert(!describeStatus(earlier as ReturnType<typeof status>, null).includes("node "));
});

Deno.test("the up-time is in the largest unit that is exact enough", () => {
  for (
    const [seconds, text] of [
      [0.4, "0s"],
      [119.9, "119s"],
      [120, "2min"],
      [7_199, "119min"],
      [7_200, "2h"],
      [172_799, "47h"],
      [172_800, "2d"],
      [31_536_000, "365d"],
    ] as const
  ) {
    const described = describeStatus(status({}, {}, { uptime_s: seconds }), null);
    assert(described.split("\n")[0].endsWith(`up for ${text}`), described);
  }
});

Deno.test("control characters in the name of a peer are escaped", () => {
  const name = "\u001b[2J\u202e\n\u2028Echo\u009b\u{e0001}";
  const clients = { [`${name}[x:1]`]: { ...CLIENT, links: [name] } };
  const described = describeStatus(
    status({}, {}, { clients, services: { [name]: { ...SERVICE, locks: [name] } } }),
    null,
  );
  assert(!/(?!\n)\p{C}/u.test(described), described);
  assert(
    described.includes("\\u{1b}[2J\\u{202e}\\u{a}\\u{2028}Echo\\u{9b}\\u{e0001}[x:1]"),
    described,
  );
});

Deno.test("a client or a service with the name __proto__ has a row", () => {
  const record = <T>(value: T): Record<string, T> => Object.fromEntries([["__proto__", value]]);
  const named = status({}, {}, { services: record(SERVICE) });
  named.clients = record(CLIENT);
  const described = describeStatus(named, null);
  assertEquals(described.match(/^__proto__ /gm)?.length, 2, described);
});
