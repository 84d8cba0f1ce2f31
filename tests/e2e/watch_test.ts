/** The `watch` command: notifications as they arrive. */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { kwargs, NdArray, Service } from "../../mod.ts";
import { at, command } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { readNpy } from "../support/npy.ts";
import { Process, shellCommand } from "../support/process.ts";
import { Lab, Restarts } from "../support/restarts.ts";
import { Shell } from "../support/shell.ts";
import { ROOT } from "../support/source_tree.ts";
import { until } from "../support/until.ts";
import { posixTest } from "../support/posix.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  posixTest(`watch prints each notification, and unlinks on ${signal}`, async () => {
    await using shell = await Shell.open();
    await using watch = shell.run("watch", "BasicMath");
    assertEquals(await watch.stderr.next(), "Watching BasicMath");
    assertEquals(shell.links(), 1);
    for (let count = 0; count < 2; count++) {
      shell.service.tell();
      assertEquals(await watch.stdout.next(), '1 "two words" unit=C');
    }
    watch.kill(signal);
    await watch.succeeded();
    assertEquals([shell.links(), watch.stderr.all], [0, ["Watching BasicMath"]]);
  });
}

Deno.test("watch ends after --count notifications, and prints JSON with --json", async () => {
  await using shell = await Shell.open();
  await using watch = shell.run("watch", "BasicMath", "--count", "2", "--json");
  await watch.stderr.next();
  for (let count = 0; count < 3; count++) shell.service.tell();
  await watch.succeeded();
  assertEquals(watch.stdout.all.length, 2);
  for (const line of watch.stdout.all) {
    const { time, ...others } = JSON.parse(line);
    assertEquals(others, { args: [1, "two words"], kwargs: { unit: "C" } });
    assertMatch(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
});

Deno.test("watch --csv prints headings once, and a row for each notification", async () => {
  await using shell = await Shell.open();
  await using watch = shell.run("watch", "BasicMath", "--count", "2", "--csv");
  await watch.stderr.next();
  for (let count = 0; count < 3; count++) shell.service.tell();
  await watch.succeeded();
  const [headings, ...rows] = watch.stdout.all;
  assertEquals([headings, rows.length], ["time,arg1,arg2,unit", 2]);
  for (const row of rows) assertMatch(row, /^\d{4}-\d\d-\d\dT[\d:.]+Z,1,two words,C$/);
  const both = await shell.outcome("watch", "BasicMath", "--csv", "--json");
  assertEquals([both.code, both.stdout], [2, ""]);
  assertMatch(both.stderr, /'--csv' cannot be used with option '--json'/);
});

Deno.test("what cannot be shown is an error of its line, and the next notification is shown", async () => {
  const many = new NdArray(new Int8Array(0), [2_000_000, 0]); // as lists too many
  class Camera extends Service {
    picture = () => many;
  }
  await using shell = await Shell.open();
  await using camera = new Camera();
  await camera.start(shell.manager.connectOptions);
  for (const option of ["--json", "--csv"]) {
    await using watch = shell.run("watch", "Camera", "--count", "3", option);
    await watch.stderr.next();
    for (const value of [1, many, 2]) await camera.emitNotification(value);
    await watch.succeeded();
    assertEquals(watch.stdout.all.filter((line) => /[\[,][12]\b/.test(line)).length, 2);
    const [error, ...others] = watch.stderr.all.slice(1);
    assertMatch(
      error,
      /^Cannot show a notification: .*An array of the shape \[2000000,0\] cannot be/,
    );
    assertEquals(others, []);
  }
  const call = await shell.outcome("call", "Camera", "picture", "--json");
  assertEquals([call.code, call.stdout], [1, ""]);
  assertMatch(call.stderr, /^Cannot show the value: An array of the shape .*\n$/);
  const summary = await shell.outcome("call", "Camera", "picture");
  assertEquals([summary.code, summary.stdout], [0, "array(2000000x0, empty)\n"]);
});

Deno.test("watch ends when its stdout is closed", async () => {
  await using shell = await Shell.open();
  await using watch = command(shell.home, ...shell.args("watch", "BasicMath")).spawn();
  const stderr = watch.stderr.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await stderr.read()).value, "Watching BasicMath\n");
  shell.service.tell();
  const stdout = watch.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await stdout.read()).value, '1 "two words" unit=C\n');
  await stdout.cancel();
  shell.service.tell();
  assertEquals((await watch.status).code, 0);
  assertEquals(await stderr.read(), { done: true, value: undefined });
  const { manager } = shell.manager;
  await until(
    "its client has disconnected",
    () => Object.keys(manager.identities().clients).length === 0,
  );
  assertEquals(shell.links(), 0);
});

/** A service that tells of arrays. */
class Camera extends Service {
  tell(...values: unknown[]): void {
    this.emitNotification(...values);
  }
}

Deno.test("watch --out writes each array as a file of NumPy, whose numbers go on", async () => {
  await using shell = await Shell.open();
  await using camera = new Camera();
  await camera.start(shell.manager.connectOptions);
  await using folder = await temporaryFolder();
  const watch = (...args: string[]) =>
    shell.run("watch", "Camera", "--out", folder.join("x.npy"), ...args);
  const read = () =>
    Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort().map((name) => {
      const { descr, shape } = readNpy(Deno.readFileSync(folder.join(name)));
      return [name, descr, shape];
    });
  const written = [
    ["x-000001.npy", "<f8", [20]],
    ["x-000002.npy", "<u2", [2, 1]],
    ["x-000003.npy", "<f8", [2]],
  ];
  {
    await using process = watch("--count", "3");
    await process.stderr.next();
    camera.tell(new Float64Array(20));
    assertEquals(await process.stdout.next(), "array(20 <f8, min 0, max 0: 0 0 0 0 ...)");
    camera.tell("nothing");
    camera.tell(new NdArray(Uint16Array.of(1, 2), [2, 1]), kwargs({ unit: "V", levels: [1, 2] }));
    await process.succeeded();
    assertEquals(read(), written);
    assertMatch(process.stderr.all.at(-1)!, /^Written: .*x-000001\.npy to .*x-000003\.npy$/);
  }
  await using process = watch("--count", "1");
  await process.stderr.next();
  camera.tell(Int8Array.of(1));
  await process.succeeded();
  assertEquals(read(), [...written, ["x-000004.npy", "|i1", [1]]]);
  assertMatch(process.stderr.all.at(-1)!, /^Written: .*x-000004\.npy$/);
  assertMatch(
    await shell.refusal("watch", "Camera", "--out", folder.join("nowhere/x.npy")),
    /^Cannot write .*nowhere.x\.npy: /,
  );
});

posixTest(
  "watch --out on a full disk says so, prints what it has got, and leaves no half file",
  async () => {
    await using shell = await Shell.open();
    await using camera = new Camera();
    await camera.start(shell.manager.connectOptions);
    await using folder = await temporaryFolder();
    // Like a disk of a few blocks. The signal of the limit would end the process.
    const script = `trap "" XFSZ; ulimit -S -f 8; exec "$@"`;
    const args = shell.args("watch", "Camera", "--out", folder.join("x.npy"));
    const words = [Deno.execPath(), "run", "-A", "--no-check", join(ROOT, "manager.ts"), ...args];
    await using watch = new Process(shellCommand(script, words, { home: shell.home }));
    await watch.stderr.next((line) => line === "Watching Camera");
    camera.tell(new Float64Array(20));
    camera.tell(new Float64Array(10_000).fill(2));
    const { code } = await watch.end();
    assertEquals(code, 1);
    assertEquals(watch.stdout.all, [
      "array(20 <f8, min 0, max 0: 0 0 0 0 ...)",
      "array(10000 <f8, min 2, max 2: 2 2 2 2 ...)",
    ]);
    const [report, error] = watch.stderr.all.slice(-2);
    assertMatch(report, /^Written: .*x-000001\.npy$/);
    assertMatch(error, /^Cannot write .*x-000002\.npy: /);
    const names = Array.from(Deno.readDirSync(folder.path), ({ name }) => name);
    assertEquals(names, ["x-000001.npy"]);
  },
);

posixTest("watch reconnects when the Manager and the Service are restarted", async () => {
  await using home = await temporaryFolder();
  await using manager = await Restarts.start();
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  const args = ["--disable-tls", ...at(manager.connectOptions)];
  await using watch = new Process(command(home.path, "watch", "Lab", ...args));
  assertEquals(await watch.stderr.next(), "Watching Lab");
  await manager.stop();
  await watch.stderr.next((line) => line.startsWith("lost: "));
  await manager.resume();
  await watch.stderr.next((line) => line === "linked 'Lab'");
  lab.tell("again");
  assertEquals(await watch.stdout.next(), "again");
  watch.kill("SIGINT");
  await watch.succeeded();
});

Deno.test("watch of an unknown service is an error", async () => {
  await using shell = await Shell.open();
  assertMatch(
    await shell.refusal("watch", "Nothing"),
    /^Cannot link with 'Nothing': no such service .* are: 'BasicMath'$/,
  );
});
