/** What a node does if NATS does not let it say or hear what a node has to. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { LogRecord } from "@logtape/logtape";
import "../../base/log_tape.ts";
import { Subjects } from "../../cluster/subjects.ts";
import { CancelledError, connect } from "../../mod.ts";
import { temporaryFolder } from "../support/folder.ts";
import { knows, sees, startNode } from "../support/joined_managers.ts";
import { recordLogs } from "../support/logs.ts";
import { NatsServer, natsTest } from "../support/nats_server.ts";
import { Lab } from "../support/services.ts";
import { BEAT, SimulatedNetwork } from "../support/simulated_nodes.ts";
import { MISSED_BEATS } from "../../cluster/directory.ts";
import { until } from "../support/until.ts";

interface Permissions {
  publish: readonly string[];
  subscribe: readonly string[];
}

/** What the node c of the network lab needs. */
const NEEDED: Permissions = {
  publish: ["msl.lab.c.>"],
  subscribe: ["msl.lab.*.c.>", "msl.lab.*.all.>"],
};
const FOR_TOOLS = ["$SRV.>"];

/** A server with the user c, who may do this, and b, who may do everything. */
function configOf(permissions: Permissions): string {
  return `authorization { users: [
    { user: c, password: c, permissions: ${JSON.stringify(permissions)} }
    { user: b, password: b }
  ] }`;
}

function textsOf(records: readonly LogRecord[], level: string): string[] {
  return records.filter((record) => record.level === level)
    .map(({ message }) => message.map((part) => String(part)).join(""));
}

/** A server, and two nodes that log in there. */
async function startNodes(permissions: Permissions) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const logs = stack.use(await recordLogs(["msl", "network", "cluster"]));
  const server = stack.use(await NatsServer.start({ config: configOf(permissions) }));
  const start = async (node: string) => {
    const credentialsFile = folder.join(node);
    Deno.writeTextFileSync(credentialsFile, `${node}:${node}\n`, { mode: 0o600 });
    return stack.use(await startNode(node, [server], { join: { credentialsFile } }));
  };
  const [b, c] = [await start("b"), await start("c")];
  const moved = stack.move();
  return { b, c, server, logs, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

for (
  const [what, permissions] of [
    ["subscribe to what is for all", { ...NEEDED, subscribe: ["msl.lab.*.c.>"] }],
    ["subscribe to what is for it", { ...NEEDED, subscribe: ["msl.lab.*.all.>"] }],
    ["publish to all", { ...NEEDED, publish: ["msl.lab.c.b.>", "msl.lab.c.c.>"] }],
    ["be that node, as the user of another one", {
      publish: ["msl.lab.a.>"],
      subscribe: ["msl.lab.*.a.>", "msl.lab.*.all.>"],
    }],
  ] satisfies [string, Permissions][]
) {
  natsTest(
    `a Manager that may not ${what} is no node, says so once, and is one as soon as it may`,
    async () => {
      await using nodes = await startNodes(permissions);
      const { b, c, server, logs } = nodes;
      await using lab = new Lab({ name: "Lab" });
      await lab.start(b.connectOptions);
      await until(
        () => `c says what is refused: ${c.manager.status().node?.problem}`,
        () => c.manager.status().node?.problem?.includes("Permissions Violation"),
      );
      const isOutside = () =>
        c.manager.status().node!.is_connected && !("b.Lab" in c.manager.identities().services);
      assert(isOutside());
      // It tries again meanwhile.
      const trials = () => server.output.split(/Violation - User "c"/).length;
      const before = trials();
      await until("it has tried again", () => trials() > before);
      assert(isOutside());
      assertEquals(b.manager.status().nodes.c?.is_here ?? false, false);
      const errors = textsOf(logs.records, "error");
      assertEquals(errors.length, 1, errors.join("\n"));
      assertMatch(errors[0], /^Cannot be the node c: .*Permissions Violation.*--join-credentials/);
      assertEquals(textsOf(logs.records, "warning"), []);
      assertEquals(textsOf(logs.records, "info").filter((text) => /^Joined.*c$/.test(text)), []);

      await server.reload(configOf(NEEDED));
      await knows(c, "b.Lab");
      await sees(b, "c");
      assertEquals(c.manager.status().node!.problem, null);

      // The right is taken away while it is a node.
      await server.reload(configOf(permissions));
      await sees(b, "c", false);
      await until("c says so", () => c.manager.status().node?.problem?.includes("Permissions"));
    },
  );
}

natsTest("a node that may not answer the tools of NATS is a node, and says it once", async () => {
  await using nodes = await startNodes(NEEDED);
  const { b, c, logs } = nodes;
  await using lab = new Lab({ name: "Lab" });
  await lab.start(c.connectOptions);
  await knows(b, "c.Lab");
  const refusals = () =>
    textsOf(logs.records, "info").filter((text) => /^The tools of NATS cannot list/.test(text));
  await until("it says so", () => refusals().length > 0);
  await lab.shutdown();
  await until("b knows it", () => !("c.Lab" in b.manager.identities().services));
  assertEquals(refusals().length, 1);
  assertEquals([...textsOf(logs.records, "warning"), ...textsOf(logs.records, "error")], []);
  assertEquals(c.manager.status().node!.problem, null);
});

natsTest("a node that may not reach one other node does without that", async () => {
  const publish = ["msl.lab.c.all.>", "msl.lab.c.c.>"];
  const subscribe = [...NEEDED.subscribe, ...FOR_TOOLS];
  await using nodes = await startNodes({ publish, subscribe });
  const { b, c, server, logs } = nodes;
  const warnings = () => textsOf(logs.records, "warning");
  await sees(b, "c");
  const refused = () => server.output.split("Publish Violation").length - 1;
  await using lab = new Lab({ name: "Lab" });
  await lab.start(c.connectOptions);
  await knows(b, "c.Lab");
  await using cxn = await connect(b.connectOptions);
  const link = cxn.link("c.Lab");
  await until("its answers are refused", () => refused() >= 3);
  await until("it says so", () => warnings().length > 0);
  assertMatch(warnings()[0], /^NATS does not let this node reach the node b: .*Violation/);
  link.cancel();
  await assertRejects(() => link, CancelledError);
  assertEquals([warnings().length, c.manager.status().node!.problem], [1, null]);
});

Deno.test("a node that is forbidden leaves, and joins again after five beats", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  await network.pass(BEAT);
  a.local.forbid("it may not");
  a.local.forbid("it may not do another thing");
  await network.pass(0);
  assertEquals([a.local.state.state, b.events, a.entered], ["forbidden", ["a here", "a left"], 1]);
  await network.pass((MISSED_BEATS - 1) * BEAT);
  assertEquals([a.local.state.state, a.entered], ["forbidden", 1]);
  await network.pass(3 * BEAT);
  assertEquals([a.local.state.state, a.entered], ["joined", 2]);
  assertEquals(b.events.at(-1), "a here");
  a.local.leave();
  a.local.forbid("it has left");
  assertEquals(a.local.state.state, "left");
});

Deno.test("a node needs what it hears, and what it says to all and to others of its name", () => {
  const subjects = new Subjects("lab", "c");
  const needed = [
    ["subscription", subjects.fromAny("beat")],
    ["subscription", subjects.forUs("ask", "x")],
    ["subscription", subjects.to("c", "answers", "x")],
    ["publish", subjects.toAll("beat")],
    ["publish", subjects.to("c", "name", "x")],
  ] as const;
  for (const [operation, subject] of needed) {
    assert(subjects.isNeeded(operation, subject), subject);
  }
  const other = [
    ["publish", subjects.to("b", "ask", "x")],
    ["publish", "_INBOX.x"],
    ["subscription", "$SRV.PING"],
    ["subscription", "msl.lab2.*.all.beat"],
  ] as const;
  for (const [operation, subject] of other) {
    assertEquals(subjects.isNeeded(operation, subject), false, subject);
  }
  assertEquals(subjects.receiverOf(subjects.to("b", "ask", "x")), "b");
  assertEquals(subjects.receiverOf("_INBOX.x"), undefined);
});
