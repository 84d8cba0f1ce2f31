/** The `watch` command: notifications as they arrive. */

import { assertEquals, assertMatch } from "@std/assert";
import { NdArray, Service } from "../../mod.ts";
import { at, command } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Process } from "../support/process.ts";
import { Lab, Restarts } from "../support/restarts.ts";
import { Shell } from "../support/shell.ts";
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
