/** The package installed as a command, as docs/cli.md says. */

import { assertEquals, assertMatch } from "@std/assert";
import { readPages } from "../../docs/site/source.ts";
import { temporaryFolder } from "../support/folder.ts";
import { denoCommand, environment, run, succeed } from "../support/process.ts";
import { posixTest } from "../support/posix.ts";
import { ROOT } from "../support/source_tree.ts";
import { VERSION } from "../../version.ts";

posixTest(
  "the command of docs/cli.md installs a program that runs in any folder, and completes in bash",
  async () => {
    await using folder = await temporaryFolder();
    const [, words] = /^deno (install .* manager\.ts)$/m.exec(readPages().get("docs/cli.md")!)!;
    const root = folder.join("root");
    const install = words.split(" ").toSpliced(1, 0, "--root", root);
    await succeed(denoCommand(install, { cwd: ROOT }));
    const options = { home: folder.path, env: { PATH: `${root}/bin:${Deno.env.get("PATH")}` } };
    const shell = (script: string) =>
      run(
        new Deno.Command("bash", {
          args: ["--norc", "-c", script],
          cwd: folder.path,
          env: environment(options),
          clearEnv: true,
        }),
      );
    assertEquals((await shell("msl-network --version")).stdout, `${VERSION}\n`);
    const complete = 'eval "$(msl-network completions bash)"; ' +
      'COMP_WORDS=(msl-network cert); COMP_CWORD=1; _msl_network; echo "${COMPREPLY[@]}"';
    assertEquals((await shell(complete)).stdout, "certgen certdump\n");
    const unknown = await shell("msl-network completions tcsh");
    assertEquals(unknown.code, 2);
    assertMatch(unknown.stderr, /Allowed choices are bash, zsh, fish, powershell/);
  },
);
