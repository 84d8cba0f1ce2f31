/** Trust on first use, in a process with a home folder of its own. */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { TestManager } from "../../testing.ts";

const program = `
import { connect } from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
await using cxn = await connect(JSON.parse(Deno.args[0]));
console.log(cxn.isConnected());
`;

async function run(home: string, options: unknown): Promise<{ ok: boolean; said: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", configFile, join(home, "client.ts"), JSON.stringify(options)],
    env: { MSL_NETWORK_HOME: home, NO_COLOR: "1" },
    stdin: "null",
  });
  const { code, stdout, stderr } = await child.output();
  return { ok: code === 0, said: new TextDecoder().decode(code === 0 ? stdout : stderr) };
}

const configFile = new URL("../../deno.json", import.meta.url).pathname;

Deno.test("an unknown certificate is kept with autoSave, trusted afterwards, and only that one", async () => {
  const home = await Deno.makeTempDir({ prefix: "msl-network-" });
  try {
    await Deno.writeTextFile(join(home, "client.ts"), program);
    await using manager = await TestManager.start();
    const { host, port } = manager.connectOptions;

    const nobody = await run(home, { host, port });
    assertEquals(nobody.ok, false);
    assert(nobody.said.includes("fingerprint"), nobody.said);

    const saving = await run(home, { host, port, autoSave: true });
    assertEquals(saving, { ok: true, said: "true\n" });
    const saved = await Deno.readTextFile(join(home, "certs", "localhost.crt"));
    const shown = await Deno.readTextFile(manager.connectOptions.certFile!);
    assertEquals(saved.trim(), shown.trim());
    assertEquals(await run(home, { host, port }), { ok: true, said: "true\n" });

    await using other = await TestManager.start();
    const changed = await run(home, { host, port: other.connectOptions.port, autoSave: true });
    assertEquals(changed.ok, false);
    assert(changed.said.includes("Perhaps the Network Manager is using a new certificate"));
    assert(changed.said.includes(join(home, "certs", "localhost.crt")), changed.said);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
