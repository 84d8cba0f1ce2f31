/** The scripts with which shells complete the command line. */

import { assert, assertEquals } from "@std/assert";
import { completableCommands } from "../../cli/completable.ts";
import { completionScript, SHELLS } from "../../cli/completion_scripts.ts";
import { program } from "../../cli/program.ts";
import { temporaryFolder } from "../support/folder.ts";
import { run, succeed } from "../support/process.ts";
import { posixTest } from "../support/posix.ts";

const everything = await program();
const commands = completableCommands(everything);

/**
 * Completes in bash, with the words that it makes of a line: also `=` is one. No program is found: none
 * has to start, or to connect, while a person types.
 */
async function completeInBash(line: string, cwd?: string): Promise<string[]> {
  const words = line.split(/ |(?<==)|(?==)/);
  const script =
    `set -u; PATH=/nonexistent; eval "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _msl_network; for word in \${COMPREPLY[@]+"\${COMPREPLY[@]}"}; do echo "$word"; done`;
  const args = [completionScript(everything, "bash"), "msl-network", ...words];
  const { code, stdout, stderr } = await run(
    new Deno.Command("bash", { args: ["--norc", "-c", script, "bash", ...args], cwd }),
  );
  assertEquals([code, stderr], [0, ""], line);
  return stdout.split("\n").filter((word) => word !== "").sort();
}

posixTest("bash completes commands, options, and their values", async () => {
  const all = commands.map(({ name }) => name).sort();
  const optionsOf = (name: string) =>
    commands.find((command) => command.name === name)!.options.flatMap(({ names }) => names).sort();
  const cases: [line: string, found: string[]][] = [
    ["", all],
    ["cert", ["certdump", "certgen"]],
    ["nothing", []],
    ["help ho", ["hostname"]],
    ["-", optionsOf("start")],
    ["--log-form", ["--log-format"]],
    ["--log-format ", ["json", "text"]],
    ["start --log-format=", ["json", "text"]],
    ["start --log-format=j", ["json"]],
    ["start --port ", []],
    ["start --disable-tls ", []],
    ["call -", optionsOf("call")],
    ["call Thermometer read --js", ["--json"]],
    ["user ", ["add", "delete", "insert", "list", "remove", "update"]],
    ["user -d file u", ["update"]],
    ["user --admin re", ["remove"]],
    ["user add ", []],
    ["user add bob --password a secret --ad", ["--admin"]],
    ["user --password secret lis", []],
    ["user --password=secret lis", ["list"]],
    ["access al", ["allow"]],
    ["completions ", [...SHELLS].sort()],
    ["unknown ", []],
    ["unknown --", []],
  ];
  await Promise.all(cases.map(async ([line, found]) => {
    assertEquals(await completeInBash(line), found, `msl-network ${line}`);
  }));
});

posixTest("bash completes files and folders where they are wanted", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(folder.join("my key.pem"), "");
  await Deno.writeTextFile(folder.join("$(touch hacked)"), "");
  await Deno.mkdir(folder.join("more"));
  const cases: [line: string, found: string[]][] = [
    ["certdump m", ["more", "my key.pem"]],
    ["certgen --key-file m", ["more", "my key.pem"]],
    ["certgen -k=m", ["more", "my key.pem"]],
    ["user add bob --password m", ["more", "my key.pem"]],
    ["init m", ["more"]],
    ["delete --root ", ["more"]],
    ["certdump $", ["$(touch hacked)"]],
    ["certdump 'it is $(touch hacked)", []],
    ["call m", []],
  ];
  for (const [line, found] of cases) {
    assertEquals(await completeInBash(line, folder.path), found, `msl-network ${line}`);
  }
  assertEquals(await exists(folder.join("hacked")), false);
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

posixTest(
  "the script of bash can be loaded twice, and is the only one for its command",
  async () => {
    const script = completionScript(everything, "bash");
    const text = await succeed(
      new Deno.Command("bash", {
        args: ["--norc", "-euc", 'eval "$1"; eval "$1"; complete -p msl-network', "bash", script],
      }),
    );
    assertEquals(text, "complete -F _msl_network msl-network\n");
  },
);

for (const shell of SHELLS) {
  Deno.test(`the script for ${shell} has every command and option, in ASCII`, () => {
    const script = completionScript(everything, shell);
    for (const { name, options } of commands) {
      assert(script.includes(name), name);
      for (const flag of options.flatMap(({ names }) => names)) {
        const text = shell !== "fish"
          ? flag
          : flag.startsWith("--")
          ? `-l ${flag.slice(2)} `
          : `-s ${flag.slice(1)} `;
        assert(script.includes(text), `${name} ${flag}`);
      }
    }
    // Windows PowerShell 5.1 reads the output of a program in a code page.
    assertEquals(script.match(/[^\n -~]/g), null);
  });
}

Deno.test("the script for PowerShell holds JSON that ends where its here-string ends", () => {
  const script = completionScript(everything, "powershell");
  const [, text] = /ConvertFrom-Json @'\n(.*)\n'@\n/.exec(script)!;
  assertEquals(
    JSON.parse(text).map(({ name }: { name: string }) => name),
    commands.map((c) => c.name),
  );
  assertEquals(script.split("{").length, script.split("}").length);
});
