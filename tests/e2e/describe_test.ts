/** The `describe` command, and a Service that says what it has written. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TestManager } from "../../testing.ts";
import { at, command, output, refusal } from "../support/command_line.ts";
import { entriesOf, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { posixTest } from "../support/posix.ts";
import { denoCommand, Process, run, succeed } from "../support/process.ts";
import { ROOT } from "../support/source_tree.ts";

/** A Service as a reader has it, formatted by the settings of the reader's project. */
const SUPPLY = `import { Service } from '@msl/network'

/** The power supply of the voltage reference. */
export class Supply extends Service {
    /**
     * What it gives now. [V]
     * @safe
     */
    volts = 5.2

    /**
     * Sets the voltage.
     *
     * @param voltage from 0 to 30 [V]
     */
    set(voltage: number): void {
        this.volts = voltage
    }
}

const [host, port] = Deno.args
await new Supply().start({ host, port: Number(port), disableTls: true })
console.log('Supply is running')
`;

/** A folder with the settings of a project, and these files. */
async function project(files: Record<string, string>): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const settings = {
    links: [ROOT],
    imports: { "@msl/network": "jsr:@msl/network@^0.1.0" },
    fmt: { semiColons: false, singleQuote: true, indentWidth: 4 },
  };
  const all = { "deno.json": JSON.stringify(settings), ...files };
  for (const [name, text] of Object.entries(all)) {
    await Deno.writeTextFile(folder.join(name), text);
  }
  return folder;
}

Deno.test("ls shows what describe has written into the file of a Service", async () => {
  await using folder = await project({ "supply.ts": SUPPLY });
  const file = folder.join("supply.ts");
  const inFolder = (...args: string[]) => succeed(denoCommand(args, { cwd: folder.path }));
  await inFolder("fmt", "--check", "supply.ts");

  const printed = await output(folder.path, "describe", file);
  assertStringIncludes(printed, "import type { About } from '@msl/network';\n\n// class Supply\n");
  assertStringIncludes(printed, "static about: About<Supply> = {\n  description:");
  assertEquals(await Deno.readTextFile(file), SUPPLY);

  assertEquals(
    await output(folder.path, "describe", "--write", file),
    `Described Supply in ${file}\n`,
  );
  await inFolder("check", "supply.ts");
  await inFolder("lint", "supply.ts");
  await inFolder("fmt", "--check", "supply.ts");

  await using manager = await TestManager.start({ disableTls: true });
  const { host, port } = manager.connectOptions;
  const args = ["run", "-A", "supply.ts", String(host), String(port)];
  await using service = new Process(denoCommand(args, { cwd: folder.path }));
  assertEquals(await service.stdout.next(), "Supply is running");
  const listed = ["ls", "Supply", "--disable-tls", ...at(manager.connectOptions)];
  assertEquals(
    await output(folder.path, ...listed),
    `The power supply of the voltage reference.

set(voltage)
    Sets the voltage.
    voltage: from 0 to 30, in V
volts = 5.2 V
    What it gives now.
    in V
`,
  );
});

posixTest("describe never replaces a static about, and keeps the mode of the file", async () => {
  await using folder = await project({ "supply.ts": SUPPLY });
  const file = folder.join("supply.ts");
  await Deno.chmod(file, 0o754);
  await Deno.symlink("supply.ts", folder.join("link.ts"));
  await output(folder.path, "describe", "--write", folder.join("link.ts"));
  assert((await Deno.lstat(folder.join("link.ts"))).isSymlink);
  assertEquals((await Deno.stat(file)).mode! & 0o777, 0o754);
  const written = await Deno.readTextFile(file);
  const line = await refusal(folder.path, "describe", "--write", file);
  assertEquals(line, `${file}: Supply has a \`static about\` already, which is kept`);
  assertEquals(await Deno.readTextFile(file), written);
  assertEquals(entriesOf(folder.path), ["deno.json", "link.ts", "supply.ts"]);
});

Deno.test("a file without anything to describe is refused, and the others are described", async () => {
  const unformatted = `import { Service } from "@msl/network"\nclass A extends Service { /** x */\n
  /** No. */ y  =  1 }`;
  await using folder = await project({
    "supply.ts": unformatted,
    "plain.ts": "export class Plain {}\n",
    "broken.ts": "class {",
    "silent.ts":
      'import { Service } from "@msl/network";\nexport class Silent extends Service {}\n',
  });
  const names = ["plain.ts", "broken.ts", "silent.ts", "missing.ts", "supply.ts"];
  const files = names.map((name) => folder.join(name));
  const { code, stdout, stderr } = await run(command(folder.path, "describe", "-w", ...files));
  assertEquals(code, 1);
  assertEquals(stdout, `Described A in ${files[4]}\n`);
  const lines = stderr.trim().split("\n");
  assertEquals(lines.length, 4, stderr);
  assertStringIncludes(lines[0], `${files[0]}: there is no class that extends Service`);
  assertStringIncludes(lines[1], `Cannot read the comments of ${files[1]}: `);
  assertStringIncludes(lines[2], `${files[2]}: no class that extends Service has a documentation`);
  assertStringIncludes(lines[3], `Cannot read the Service ${files[3]}: `);
  const written = await Deno.readTextFile(files[4]);
  assertStringIncludes(written, "y  =  1"); // what was not formatted stays so
});
