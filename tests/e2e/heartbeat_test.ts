/** The example that reconnects each time that its Manager is killed. */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { connect, type ConnectionChange } from "../../mod.ts";
import { statesOf } from "../support/connection_changes.ts";
import { Events } from "../support/events.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { denoCommand, Process } from "../support/process.ts";

const EXAMPLE = fileURLToPath(import.meta.resolve("../../examples/heartbeat.ts"));

Deno.test("heartbeat.ts and a Client reconnect when their Manager is killed and started again", async () => {
  await using home = await temporaryFolder();
  await using first = await ManagerProcess.start(home.path);
  const { connectOptions } = first;
  await using heartbeat = startHeartbeat(connectOptions.port);
  await heartbeat.stdout.next(); // it is ready
  await using cxn = await connect({
    ...connectOptions,
    reconnect: { firstDelay: 10, longestDelay: 200 },
  });
  const changes = new Events<ConnectionChange>();
  cxn.connectionHandler = (change) => changes.add(change);
  const beats = new Events<number>();
  const link = await cxn.link("Heartbeat");
  link.notificationHandler = (count) => beats.add(count as number);
  const before = await beats.next();

  first.kill("SIGKILL");
  assertEquals((await first.end()).signal, "SIGKILL");
  await changes.next(({ state }) => state === "lost");
  await using _second = await ManagerProcess.start(home.path, `--port=${connectOptions.port}`);

  await changes.next(({ state }) => state === "linked");
  await beats.next((count) => count > before);
  const counts = [...new Set(beats.all)].toSorted((a, b) => a - b);
  assertEquals(beats.all, counts); // the count continues, and nothing is repeated
  const states = statesOf(changes).filter((state) => state !== "unlinked"); // the example reconnects after the Client
  assertEquals(states, ["lost", "connected", "linked"]);
});

/** The example as a process. */
function startHeartbeat(port: number): Process {
  const options = ["--host=127.0.0.1", `--port=${port}`, "--disable-tls"];
  return new Process(denoCommand(["run", "-A", EXAMPLE, ...options]));
}
