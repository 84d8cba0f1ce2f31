import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../support/folder.ts";
import { noNats } from "../../support/nats_server.ts";
import { denoCommand, Process, run, tool } from "../../support/process.ts";
import { SEED } from "../../support/properties.ts";
import { until } from "../../support/until.ts";
import { whyNoNamespaces } from "./namespaces.ts";

const why = noNats ? "nats-server is not installed" : await whyNoNamespaces();
if (why !== undefined) console.log(`Tests in network namespaces are left out: ${why}`);

const soak = fileURLToPath(import.meta.resolve("../soak.ts"));

/** A soak of two nodes in namespaces, whose files are in a folder. */
function soakFor(minutes: number, folder: string): Deno.Command {
  const options = ["--namespaces", "--nodes=2", "--clients=2", `--minutes=${minutes}`];
  const args = ["run", "-A", "--no-check", soak, ...options, `--seed=${SEED}`];
  return denoCommand(args, { env: { TMPDIR: folder } });
}

/** The links of this computer, its namespaces, and the processes with files in a folder. */
async function traces(folder: string): Promise<string[]> {
  const found = [await tool("ip", "-brief", "link"), await tool("ip", "netns", "list")];
  for await (const { name } of Deno.readDir("/proc")) {
    for (const file of ["cmdline", "environ"]) {
      const text = await Deno.readTextFile(`/proc/${name}/${file}`).catch(() => "");
      if (/^\d+$/.test(name) && text.includes(folder)) found.push(`${name}: ${text}`);
    }
  }
  return found;
}

Deno.test({
  name: "a soak in network namespaces finds nothing, and leaves none behind",
  ignore: why !== undefined,
  async fn() {
    await using folder = await temporaryFolder();
    const before = await traces(folder.path);
    const { code, stdout, stderr } = await run(soakFor(0.1, folder.path));
    assertEquals(code, 0, stdout + stderr);
    assertMatch(stdout, /answered with a result +[1-9]/);
    assertEquals(await traces(folder.path), before);
  },
});

Deno.test({
  name:
    "a soak in network namespaces that is interrupted ends its processes, and leaves none behind",
  ignore: why !== undefined,
  async fn() {
    await using folder = await temporaryFolder();
    const before = await traces(folder.path);
    await using program = new Process(soakFor(10, folder.path));
    await program.stdout.next((line) => line.startsWith("2 nodes"));
    const isRunning = async () => (await traces(folder.path)).join().includes("nats-server");
    await until("a server runs", isRunning);
    program.kill("SIGINT");
    const { code, stdout } = await program.end();
    assertEquals(code, 130);
    assert(stdout.includes("Interrupted"), stdout);
    assertEquals(await traces(folder.path), before);
  },
});

Deno.test("a soak says what is wrong with its options for namespaces", async () => {
  for (const options of [["--namespaces"], ["--nodes=2", "--namespaces=yes"]]) {
    const { code, stderr } = await run(denoCommand(["run", "-A", "--no-check", soak, ...options]));
    assertEquals([code, stderr.trim()], [2, "--namespaces has no value, and needs --nodes"]);
  }
});
