/** The `ls` command: the connected peers. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { type About, connect, type JsonObject, Service } from "../../mod.ts";
import { at, atColourTerminal, output, piped } from "../support/command_line.ts";
import { MANAGER_NAME } from "../support/devices.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ScriptedManager } from "../support/scripted_manager.ts";
import { everywhere, ONE_MANAGER } from "../support/places.ts";
import { BasicMath, Shell } from "../support/shell.ts";
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

class Meter extends Service {
  static about: About<Meter> = {
    description: "The meter",
    attributes: {
      volts: { result: { unit: "V", alarm: [0, 6] } },
      reset: { safe: false },
      set: { description: "Sets it.", parameters: [{ name: "volts", unit: "V" }] },
    },
  };
  volts: number | string = "it was not read yet";
  resets = 0;
  get reset(): number {
    return this.resets++;
  }
  set(volts: number): void {
    this.volts = volts;
  }
  get broken(): number {
    if (this.resets < 0) throw new RangeError("the fuse is\u001b gone");
    return 1;
  }
}

/** The Manager of a shell, with a Meter whose values have changed since it was started. */
async function withMeter(maxClients = -1, place = ONE_MANAGER) {
  await using stack = new AsyncDisposableStack();
  const shell = stack.use(await Shell.open(new BasicMath(), place));
  const meter = stack.use(new Meter({ maxClients }));
  await meter.start(shell.site.home.connectOptions);
  await shell.site.knows("Meter");
  meter.volts = 6.5;
  meter.resets = -1;
  const whole = stack.move();
  return { shell, meter, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

everywhere(
  "ls shows the values that properties have now, and what the service says of itself",
  async (place) => {
    await using lab = await withMeter(-1, place);
    const name = lab.shell.site.nameOf("Meter");
    const lines = (await lab.shell.output("ls", name)).trimEnd().split("\n");
    assertEquals(lines, [
      "The meter",
      "",
      "broken  (not read: RangeError: the fuse is\\u{1b} gone)",
      "reset  (not read: it is not safe to read)",
      "resets = -1",
      "set(volts)",
      "    Sets it.",
      "    volts: in V",
      "volts = 6.5 V  (alarm: it is outside 0 to 6)",
      "    in V, an alarm outside 0 to 6",
    ]);
    assertEquals(lab.meter.resets, -1);
    assertMatch(await lab.shell.output("ls", name, "--all"), /^set_logging_level\(level: /m);
    const { attributes, about, unread } = JSON.parse(
      await lab.shell.output("ls", name, "--json"),
    );
    assertEquals([attributes.volts, attributes.reset, attributes.set], [6.5, null, "(volts)"]);
    assertEquals(about.description, "The meter");
    assertEquals(Object.keys(unread), ["broken", "reset"]);
    const { services } = JSON.parse(await lab.shell.output("ls", "--json"));
    const { attributes: listed } = services[name];
    assertEquals([listed.volts, listed.set], [null, "(volts)"]);
  },
);

Deno.test("ls shows no value of a service that it cannot link with, and leaves no link behind", async () => {
  await using lab = await withMeter(1);
  {
    await using cxn = await connect(lab.shell.manager.connectOptions);
    await cxn.link("Meter");
    const text = await lab.shell.output("ls", "Meter");
    assertMatch(text, /^volts {2}\(not read: it is in use: .*maximum number of Clients/m);
    assert(!text.includes("6.5"), text);
  }
  await lab.shell.manager.disconnected("Client");
  assertMatch(await lab.shell.output("ls", "Meter"), /^volts = 6\.5 V/m);
  await using cxn = await connect(lab.shell.manager.connectOptions);
  await cxn.link("Meter");
});

Deno.test("call SERVICE METHOD --help shows what the service says, and calls nothing", async () => {
  await using lab = await withMeter();
  for (const flag of ["--help", "-h"]) {
    assertEquals(
      await lab.shell.output("call", "Meter", "set", flag),
      "set(volts)\n    Sets it.\n    volts: in V\n",
    );
  }
  assertEquals(lab.meter.volts, 6.5);
  assertMatch(
    await lab.shell.output("call", "--help"),
    /^Usage: msl-network call \[options\] <service> /,
  );
  assertMatch(await output(lab.shell.home, "help", "call"), /^Usage: msl-network call /);
  assertEquals(
    await lab.shell.refusal("call", "Meter", "sett", "--help"),
    "Cannot describe 'sett': the 'Meter' service has none of that name. Did you mean 'set'? " +
      "It has 'broken', 'reset', 'resets', 'set', 'set_logging_level', 'volts'",
  );
  assertMatch(
    await lab.shell.refusal("call", "Meater", "set", "--help"),
    /^Cannot describe 'Meater': no such service is connected/,
  );
});

everywhere(
  "the console shows what a service says of a method, and the values of now",
  async (place) => {
    await using lab = await withMeter(-1, place);
    const name = lab.shell.site.nameOf("Meter");
    const lines = `help ${name} set\nls ${name}\nls --all ${name}\n`;
    const { stdout: text } = await piped(lab.shell.home, lines, ...lab.shell.args("console"));
    assertMatch(text, /^set\(volts\)\n {4}Sets it\.\n {4}volts: in V\nThe meter\n/);
    assertMatch(text, /^volts = 6\.5 V/m);
    assertEquals(text.match(/^set_logging_level/gm)?.length, 1); // with --all
  },
);
