/** The `ping` command: round trips. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect, type JsonObject } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { at, command, output } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { recordLogs } from "../support/logs.ts";
import { Process, run } from "../support/process.ts";
import { pythonPeer } from "../support/python.ts";
import { ScriptedManager } from "../support/scripted_manager.ts";
import { Lab } from "../support/services.ts";
import { Shell } from "../support/shell.ts";
import { posixTest } from "../support/posix.ts";

const QUICKLY = ["--interval", "0", "--count", "3"];

Deno.test("ping measures round trips to the Manager, and to a Service without a call", async () => {
  await using shell = await Shell.open();
  const text = await shell.output("ping", ...QUICKLY);
  assertMatch(
    text,
    new RegExp(
      "^1: [\\d.]+ ms\n2: [\\d.]+ ms\n3: [\\d.]+ ms\n--- Manager at localhost:\\d+ ---\n" +
        "3 sent, 3 answered\nmin/avg/p50/p99/max = ([\\d.]+/){4}[\\d.]+ ms\n$",
    ),
  );
  const quiet = await shell.output("ping", "BasicMath", "--quiet", ...QUICKLY);
  assertMatch(quiet, /^--- BasicMath ---\n3 sent, 3 answered\nmin/);
  const { sent, answered, min_ms, max_ms } = JSON.parse(
    await shell.output("ping", "BasicMath", "--json", ...QUICKLY),
  );
  assertEquals([sent, answered], [3, 3]);
  assert(min_ms > 0 && min_ms <= max_ms);
  const requests = shell.manager.manager.status().totals.requests;
  assertEquals(requests, 6); // of the Service
  assertMatch(
    await shell.refusal("ping", "Nothing", "--json"),
    /^Cannot link with 'Nothing': no such service .* are: 'BasicMath'$/,
  );
});

Deno.test("ping leaves no trace in the log of a Python service, nor in that of ours", async () => {
  await using logs = await recordLogs(["msl", "network", "service"], "warning");
  await using home = await temporaryFolder();
  await using manager = await TestManager.start({ disableTls: true });
  await using python = new Process(pythonPeer("service", manager));
  await using ours = new Lab();
  await ours.start(manager.connectOptions);
  await manager.connected("Python Lab");
  const args = ["--disable-tls", ...at(manager.connectOptions), ...QUICKLY];
  for (const service of ["Python Lab", "Lab"]) {
    assertMatch(await output(home.path, "ping", service, ...args), /3 sent, 3 answered/);
  }
  await using cxn = await connect(manager.connectOptions);
  await (await cxn.link("Python Lab")).shutdownService();
  assertEquals((await python.succeeded()).stderr, "");
  assertEquals(logs.records, []);
});

posixTest("ping runs until Ctrl+C, and then prints its statistics", async () => {
  await using shell = await Shell.open();
  await using ping = shell.run("ping", "--count", "0", "--interval", "1h");
  await ping.stdout.next();
  ping.kill("SIGINT");
  await ping.succeeded();
  assertEquals(ping.stdout.all[2], "1 sent, 1 answered");
});

Deno.test("a missing reply is an error, after the statistics", async () => {
  await using home = await temporaryFolder();
  await using manager = new ScriptedManager();
  const args = ["--disable-tls", ...at(manager.connectOptions), "--timeout", "3s"];
  const ended = run(command(home.path, "ping", ...args, "--interval", "0"));
  await manager.sendRequest("identity");
  assertEquals(((await manager.receive()).result as JsonObject).name, "ping");
  const { uid } = await manager.receive();
  await manager.send({ error: false, requester: "x", result: {}, uid });
  while (await manager.receiveText() !== undefined);
  const { code, stdout, stderr } = await ended;
  assertEquals(code, 1);
  assertMatch(stdout, /\n2 sent, 1 answered\n/);
  assertMatch(stderr, /was not done within 3000 ms\n$/);
});
