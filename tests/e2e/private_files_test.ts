/** The files and folders that are made, their modes, and keys that other users can read. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  command,
  output,
  permissive,
  permissiveCommand,
  refusal,
} from "../support/command_line.ts";
import { modeOf, temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { posixTest } from "../support/posix.ts";
import { run, succeed, tool } from "../support/process.ts";
import { CONFIG, MODULE } from "../support/source_tree.ts";

/** The mode of each entry of a folder, by its path. */
function modesIn(folder: string): Record<string, string> {
  const entries = [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    const inside = isDirectory ? Object.entries(modesIn(path)) : [];
    return [
      [name, modeOf(path).toString(8)],
      ...inside.map(([at, mode]) => [join(name, at), mode]),
    ];
  });
  return Object.fromEntries(entries);
}

/** Starts a Manager, reads the modes of its files while it runs, and ends it. */
async function whileItRuns<T>(
  manager: Deno.Command,
  look: (port: number) => T | Promise<T>,
): Promise<{ found: T; errors: string }> {
  await using process = await ManagerProcess.of(manager);
  const found = await look(process.connectOptions.port);
  process.kill();
  return { found, errors: (await process.end()).stderr };
}

for (const isOpen of [false, true]) {
  const where = isOpen ? "in folders that are open to all users" : "in new folders";

  posixTest(
    `only the owner can read the files and folders made ${where}, whatever the umask`,
    async () => {
      await using folder = await temporaryFolder();
      const [home, elsewhere] = [join(folder.path, "home"), join(folder.path, "elsewhere")];
      const folders = [
        home,
        elsewhere,
        ...["certs", "keys", "logs"].map((name) => join(home, name)),
      ];
      if (isOpen) {
        for (const path of folders) {
          await Deno.mkdir(path);
          await Deno.chmod(path, 0o777);
        }
      }
      const run = (...args: string[]) => succeed(permissiveCommand(home, ...args));
      const at = (name: string) => join(elsewhere, name);
      await run("keygen", "ecc");
      await run("keygen", "ecc");
      await run("certgen");
      await run("certgen");
      await run("keygen", "ecc", "-o", at("a.key"));
      await run("certgen", at("b.crt"), "-k", at("b.key"));
      await run("user", "add", "alice", "-p", "wonderland", "-d", at("users.sqlite3"));
      await run("certdump", join(home, "certs", "localhost.crt"), "-o", at("dump.txt"));

      const ours = await whileItRuns(permissiveCommand(home, "-p", "0"), async (port) => {
        const client = `import { connect } from ${MODULE};
        await using cxn = await connect({ port: ${port}, autoSave: true });`;
        await succeed(permissive(at("client"), "eval", "--config", CONFIG, client));
        return modesIn(home);
      });
      const started = ["-p", "0", "-l", at("a.log"), "-d", at("a.sqlite3"), "-c", at("a.crt")];
      const named = [...started, "-k", at("a.key")];
      const theirs = await whileItRuns(permissiveCommand(home, ...named), () => modesIn(elsewhere));

      const [log] = Object.keys(ours.found).filter((name) => name.endsWith(".log"));
      const folderMode = isOpen ? "777" : "700";
      assertEquals(ours.found, {
        certs: folderMode,
        "certs/localhost.crt": "600",
        "certs/localhost.crt.old": "600",
        keys: folderMode,
        "keys/localhost.key": "600",
        "keys/localhost.key.old": "600",
        logs: folderMode,
        [log]: "600",
        "manager.sqlite3": "600",
        "manager.sqlite3-shm": "600",
        "manager.sqlite3-wal": "600",
      });
      assertEquals(theirs.found, {
        "a.crt": "600",
        "a.key": "600",
        "a.log": "600",
        "a.sqlite3": "600",
        "a.sqlite3-shm": "600",
        "a.sqlite3-wal": "600",
        "b.crt": "600",
        "b.key": "600",
        client: "700",
        "client/certs": "700",
        "client/certs/localhost.crt": "600",
        "dump.txt": "600",
        "users.sqlite3": "600",
      });
      for (const path of folders) assertEquals(modeOf(path).toString(8), folderMode, path);
      for (const { errors } of [ours, theirs]) {
        // The connection with which the client got the certificate may be closed only then.
        const warnings = errors.split("\n").filter((line) =>
          line.includes("WARNING") && !line.endsWith("rejected: the Manager is shutting down")
        );
        assertEquals(warnings, []);
      }
    },
  );
}

posixTest(
  "a key that Python made in the home folder is made private, and this is logged",
  async () => {
    await using home = await temporaryFolder();
    await output(home.path, "keygen", "ecc");
    const key = join(home.path, "keys", "localhost.key");
    await Deno.chmod(key, 0o644);
    const pem = await Deno.readTextFile(key);
    const log = join(home.path, "a.log");
    const { errors } = await whileItRuns(command(home.path, "-p", "0", "-l", log), () => {});
    assertEquals(modeOf(key), 0o600);
    assertEquals(await Deno.readTextFile(key), pem);
    for (const text of [errors, await Deno.readTextFile(log)]) {
      assert(text.includes(`OTHERS COULD READ the private key ${key} (mode 0644)`), text);
      assertMatch(
        text,
        /make a new key with the keygen command, and then its certificate with certgen/,
      );
    }
    const again = await whileItRuns(command(home.path, "-p", "0"), () => {});
    assert(!again.errors.includes("OTHERS COULD READ"), again.errors);

    await Deno.chmod(key, 0o640);
    const { code, stderr } = await run(command(home.path, "certgen"));
    assertEquals(code, 0);
    assert(stderr.includes("OTHERS COULD READ"), stderr);
    assertEquals(modeOf(key), 0o600);
  },
);

posixTest("a key of the home folder that cannot be made private is rejected", async () => {
  await using home = await temporaryFolder();
  await output(home.path, "keygen", "ecc");
  const key = join(home.path, "keys", "localhost.key");
  await Deno.chmod(key, 0o644);
  // A user without write permission; here a program without Deno's permission.
  const program = `import { readKey } from ${
    JSON.stringify(import.meta.resolve("../../net/key.ts"))
  };
    await readKey(${
    JSON.stringify(key)
  }).catch(({ name, message }) => console.log(name, message));`;
  const file = join(home.path, "program.ts");
  await Deno.writeTextFile(file, program);
  const permissions = ["--allow-read", "--allow-env", "--allow-sys", "--no-prompt"];
  const stdout = await succeed(
    permissive(home.path, "run", ...permissions, "--config", CONFIG, file),
  );
  const beginning = `ConfigurationError Cannot use the private key ${key}: others can read it ` +
    "(mode 0644), and it cannot be made private: ";
  assertEquals(stdout.slice(0, beginning.length), beginning);
  assert(stdout.endsWith(`. Run: chmod 600 ${key}\n`), stdout);
  assertEquals(modeOf(key), 0o644);
});

posixTest("a key elsewhere that others can read is rejected, by start and by certgen", async () => {
  await using home = await temporaryFolder();
  const key = join(home.path, "my keys", "lab.key");
  await output(home.path, "keygen", "ecc", "-o", key);
  await Deno.chmod(key, 0o644);
  const refused = `Cannot use the private key ${key}: others can read it (mode 0644). ` +
    `Run: chmod 600 '${key}'`;
  assertEquals(await refusal(home.path, "-p", "0", "-k", key), refused);
  assertEquals(await refusal(home.path, "certgen", "-k", key), refused);
  // A symbolic link in the folder of keys does not make its target a key of that folder.
  await Deno.mkdir(join(home.path, "keys"));
  const link = join(home.path, "keys", "localhost.key");
  await Deno.symlink(key, link);
  assertMatch(await refusal(home.path, "-p", "0"), /others can read it \(mode 0644\)/);
  assertEquals(modeOf(key), 0o644);
  await tool("sh", "-c", refused.slice(refused.indexOf("chmod")));
  assertMatch(await output(home.path, "certgen", "-k", key), /^Wrote the certificate to /);
});

posixTest("an encrypted key that others can read is used, with a warning", async () => {
  await using home = await temporaryFolder();
  const key = join(home.path, "lab.key");
  await output(home.path, "keygen", "ecc", "-o", key, "-p", "secret");
  await Deno.chmod(key, 0o644);
  const warning = `Nothing but its password protects the private key ${key}: ` +
    `others can read it (mode 0644). Run: chmod 600 ${key}`;
  const { stderr } = await run(command(home.path, "certgen", "-k", key, "-p", "secret"));
  assertEquals(stderr, `${warning}\n`);
  const start = command(home.path, "-p", "0", "-k", key, "-D", "secret");
  const { errors } = await whileItRuns(start, () => {});
  assert(errors.includes(warning), errors);
  assertEquals(modeOf(key), 0o644);
});

posixTest("a database that others can read gives a warning, and keeps its mode", async () => {
  await using home = await temporaryFolder();
  const file = join(home.path, "manager.sqlite3");
  new DatabaseSync(file).close();
  await Deno.chmod(file, 0o644);
  await using manager = await ManagerProcess.start(home.path);
  manager.kill("SIGTERM");
  const { stderr } = await manager.end();
  assert(stderr.includes(`Others can read the database ${file} (mode 0644)`), stderr);
  assert(stderr.includes(`chmod 600 ${file}`), stderr);
  assertEquals(modeOf(file), 0o644);
});
