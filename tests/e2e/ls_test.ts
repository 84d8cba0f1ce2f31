/** The `ls` command: the connected peers. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect, type JsonObject } from "../../mod.ts";
import { at, atColourTerminal, output } from "../support/command_line.ts";
import { MANAGER_NAME } from "../support/devices.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ScriptedManager } from "../support/scripted_manager.ts";
import { Shell } from "../support/shell.ts";
import { posixTest } from "../support/posix.ts";

Deno.test("ls lists services, clients, links and the attributes of a service", async () => {
  await using shell = await Shell.open();
  await using client = await connect({ ...shell.manager.connectOptions, name: "Viewer" });
  await client.link("BasicMath");
  const text = await shell.output("ls");
  assertMatch(text, /^Manager\[\S+\]  TypeScript \(Deno [\d.]+\), /);
  assertMatch(text, /^BasicMath +\S+:\d+ +TypeScript \(Deno [\d.]+\) +1$/m);
  assertMatch(text, /^Viewer\[\S+:\d+\] +TypeScript \(Deno [\d.]+\) +BasicMath$/m);
  assert(!text.includes("ls["), text);

  const { manager, services, clients } = JSON.parse(await shell.output("ls", "--json"));
  const [name] = Object.keys(clients);
  assertEquals(manager.port, shell.manager.connectOptions.port);
  assertEquals([Object.keys(services), Object.keys(clients).length], [["BasicMath"], 1]);
  assertEquals(services.BasicMath.links, [name]);

  const offer = await shell.output("ls", "BasicMath");
  assertMatch(offer, /^add\(x, y\)$/m);
  assertMatch(offer, /^pi = 3\.5$/m);
  const { attributes, max_clients } = JSON.parse(await shell.output("ls", "BasicMath", "--json"));
  assertEquals([attributes.add, max_clients], ["(x, y)", -1]);
  assertEquals(
    await shell.refusal("ls", "Nothing"),
    "Cannot list 'Nothing': no such service is connected. Those that are: 'BasicMath'",
  );
});

Deno.test("ls and status escape control characters of names in their JSON", async () => {
  await using shell = await Shell.open();
  await using _client = await connect({ ...shell.manager.connectOptions, name: "C\u009b2J" });
  for (const command of ["ls", "status"]) {
    const text = await shell.output(command, "--json");
    assert(!text.includes("\u009b"), text);
    const [name] = Object.keys(JSON.parse(text).clients);
    assert(name.startsWith("C\u009b2J["), name);
  }
});

posixTest("headings are bold at a terminal", async () => {
  await using shell = await Shell.open();
  const { code, shown } = await atColourTerminal(shell.home, [], ...shell.args("ls"));
  assertEquals(code, 0);
  const heading = shown.split("\n").find((line) => line.includes("service "))!;
  assert(heading.startsWith("\x1b[1m") && heading.endsWith("links\x1b[22m"), heading);
  assert(!(await shell.output("ls")).includes("\x1b"));
});

Deno.test("ls lists everything but the links of a Python Manager, and sends it no password", async () => {
  await using home = await temporaryFolder();
  await using manager = new ScriptedManager();
  const listed = output(
    home.path,
    "ls",
    "--disable-tls",
    "--username",
    "alice",
    ...at(manager.connectOptions),
  );
  await manager.sendRequest("identity");
  assertEquals(((await manager.receive()).result as JsonObject).name, "ls");
  const { attribute, uid } = await manager.receive();
  assertEquals(attribute, "identity");
  const who = { address: "lab:1", language: "Python 3.12", os: "Linux" };
  const result = {
    hostname: "lab",
    port: 1875,
    attributes: {},
    language: "Python 3.12",
    os: "Linux",
    clients: {
      "Viewer[lab:2]": { ...who, name: "Viewer" },
      "ls[lab:3]": { ...who, name: "ls" },
      "ls[lab:4]": { ...who, name: "ls" },
    },
    services: { Echo: { ...who, attributes: {}, max_clients: -1 } },
  };
  await manager.send({ error: false, requester: "ls[lab:3]", result, uid });
  assertEquals((await manager.receive()).attribute, "status");
  await manager.sendRequest("username", MANAGER_NAME);
  for (let text; (text = await manager.receiveText()) !== undefined;) {
    assert(!text.includes("alice"), text);
  }
  const text = await listed;
  assertMatch(text, /^Echo +lab:1 +Python 3\.12 +unknown$/m);
  assertMatch(text, /^Viewer\[lab:2\] +Python 3\.12 +unknown$/m);
  assertMatch(text, /^ls\[lab:4\] +Python 3\.12 +unknown$/m); // another one
  assert(!text.includes("ls[lab:3]"), text);
});
