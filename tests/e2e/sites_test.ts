/** The NATS configuration of docs/how-to/several-managers.md: a hub and two sites, with permissions. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { encodeBeat, PROTOCOL } from "../../cluster/announcement.ts";
import { connectNats } from "../../cluster/nats_transport.ts";
import { NatsBus } from "../../cluster/nats_bus.ts";
import { blocksOf } from "../../docs/site/blocks.ts";
import { readPages } from "../../docs/site/source.ts";
import { connect } from "../../mod.ts";
import { temporaryFolder } from "../support/folder.ts";
import { knows, sees, startNode } from "../support/joined_managers.ts";
import { NatsServer, natsTest } from "../support/nats_server.ts";
import { Lab } from "../support/services.ts";
import { until } from "../support/until.ts";

const PAGE = "docs/how-to/several-managers.md";
const blocks = blocksOf(PAGE, readPages().get(PAGE)!);

/** A configuration of the page, with the port of the hub for sites, and any other port. */
function configOf(file: string, leafPort: number): string {
  const { code } = blocks.find((block) => block.file === file)!;
  return code.replace(/^listen: .*$/m, "")
    .replace(/(0\.0\.0\.0|hub\.example\.org):7422/, `127.0.0.1:${leafPort}`);
}

/** A port that is free now, and stays the same when the hub is started again. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** Somebody with a connection to a NATS server, who says that a node is there. */
async function pretend(server: string, user: string, password: string, node: string) {
  const problems: string[] = [];
  const bus = new NatsBus({
    servers: [server],
    name: "rogue",
    answers: `msl.lab.${user}.${user}.answers.x`,
    login: { kind: "password", user, password },
    onProblem: ({ message }) => problems.push(message),
  });
  await until("the rogue is connected", () => bus.isConnected);
  const beat = {
    incarnation: "Rogue1234567",
    uptime: 1e9,
    beat: 60_000,
    version: 1,
    address: "rogue:1875",
    software: "0",
    protocol: PROTOCOL,
    isNew: true,
  };
  bus.publish(`msl.lab.${node}.all.beat`, encodeBeat(beat));
  await bus.hasSubscriber("msl.lab.none").catch(() => {}); // the server has read it
  return { problems, [Symbol.asyncDispose]: () => bus.close() };
}

natsTest(
  "a hub and two sites: a client of one uses a service of the other, and nobody speaks for another node",
  async () => {
    await using folder = await temporaryFolder();
    const port = freePort();
    await using hub = await NatsServer.start({ config: configOf("hub.conf", port) });
    await using site1 = await NatsServer.start({ config: configOf("site1.conf", port) });
    const opened = configOf("site2.conf", port)
      .replace("users: [", 'users: [ { user: "rogue", password: "rogue" }');
    await using site2 = await NatsServer.start({ config: opened });
    const credentialsFile = (name: string) => {
      const file = folder.join(name);
      Deno.writeTextFileSync(file, `${name}:change-${name}\n`, { mode: 0o600 });
      return file;
    };
    await using a = await startNode("a", [site1], {
      join: { credentialsFile: credentialsFile("a") },
    });
    await using b = await startNode("b", [site2], {
      join: { credentialsFile: credentialsFile("b") },
    });
    await using lab = new Lab({ name: "Lab" });
    await lab.start(a.connectOptions);
    await knows(b, "a.Lab");
    await using cxn = await connect(b.connectOptions);
    assertEquals(await (await cxn.link("a.Lab")).add(1, 2), 3);
    await sees(a, "b");

    // The tools of NATS, as the user of the page: they see the nodes of the site.
    const login = { user: "tools", pass: "change-tools" };
    const tools = await connectNats({ servers: site1.url, ...login });
    const answer = await tools.request("$SRV.PING", "");
    assertEquals(answer.json<{ metadata: { service: string } }>().metadata.service, "a.Lab");
    await tools.close();

    // The user of the node b at its own server.
    await using own = await pretend(site2.url, "b", "change-b", "c");
    await until(
      () => `NATS refuses it: ${own.problems}`,
      () => own.problems.some((problem) => /permission/i.test(problem)),
    );
    // Somebody at the second site whom its server lets do everything, as the node a and as a new one.
    await using other = await pretend(site2.url, "rogue", "rogue", "a");
    await using _third = await pretend(site2.url, "rogue", "rogue", "d");
    await sees(b, "d"); // its own site hears it: the server there has allowed it
    assertEquals(other.problems, []);
    assertEquals(await (await cxn.link("a.Lab")).add(3, 4), 7);
    const { nodes } = a.manager.status();
    assertEquals(
      Object.keys(nodes),
      ["b"],
      "the hub lets nothing of the second site pass but of b",
    );
    assertEquals(a.manager.status().node?.problem, null);

    // The hub is away: each site goes on, and is whole again when it is back.
    await hub.kill();
    await sees(b, "a", false);
    await assertRejects(() => cxn.link("a.Lab"), Error, "gone since");
    await using near = await connect(a.connectOptions);
    assertEquals(await (await near.link("Lab")).add(1, 1), 2);
    await hub.restart();
    await knows(b, "a.Lab");
    assert(await (await cxn.link("a.Lab")).add(5, 5) === 10);
  },
);
