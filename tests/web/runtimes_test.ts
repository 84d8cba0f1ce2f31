/** The Client that a Manager serves, in other runtimes: each is what npm installs of it. */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { TestManager } from "../../testing.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Process, run } from "../support/process.ts";
import { Lab } from "../support/web_lab.ts";

const PROGRAM = `
import { connect } from "./client.mjs";
const cxn = await connect({ url: process.argv[2] }).catch((error) => {
  console.log(error.message);
  process.exit(1);
});
const lab = await cxn.link("Lab");
const { language } = (await cxn.identities()).clients[cxn.networkName];
const sizes = [];
for (const length of [1_000, 50_000, 5_000_000]) {
  sizes.push(await lab.sizeOf("\\u00b5".repeat(length)));
}
const many = await Promise.all(Array.from({ length: 500 }, () => lab.sizeOf("x".repeat(1_000))));
const result = [
  await lab.measure(),
  (await lab.large()).length,
  await Array.fromAsync(lab.count(5)),
  await lab.fail().catch((error) => error.message),
  (await lab.fail().catch((error) => error.stack)).includes("program.mjs:"),
  sizes,
  many.length,
];
const arrays = await import("./client-arrays.mjs");
const other = await arrays.connect({ url: process.argv[2] });
const link = await other.link("Lab");
const trace = await link.trace(200_000);
const { big, half, empty, deep: { picture } } = await link.strange();
const echoed = await link.echo(new arrays.NdArray(Int8Array.of(1, 2), [2, 1]));
result.push([
  [trace.constructor.name, trace.length, trace.at(-1)],
  String(big[0]),
  [half[0], String(half[1]), String(half[2])],
  [empty.shape, picture.toList(), picture.dtype, echoed.toList()],
  (await lab.trace(3)),
]);
const odd = { pad: ["x".repeat(300_000)], ["__proto__"]: { a: 1 }, last: "x".repeat(300_000) };
for (const one of [lab, link]) result.push(Object.keys(await one.echo(odd)));
await other.disconnect();
console.log(JSON.stringify([language, result]));
await cxn.disconnected; // the Manager shuts down
`;

/** The certificate that a program trusts is named by this variable, in Node and in Bun. */
const CERTIFICATE = "NODE_EXTRA_CA_CERTS";

const RUNTIMES: readonly (readonly [runtime: string, language: RegExp])[] = [
  ["node@22", /^TypeScript \(Node\.js 22\)$/],
  ["node@24", /^TypeScript \(Node\.js 24\)$/],
  ["bun", /^TypeScript \(Bun [\d.]+\)$/],
];

/**
 * The executable of a runtime, which npm installs; `undefined` if it cannot. To start that ends when it
 * is killed, and takes a second less than to start npx.
 */
async function executableOf(runtime: string): Promise<string | undefined> {
  const args = ["--yes", runtime, "-e", "console.log(process.execPath)"];
  const npx = new Deno.Command("npx", { args, stdin: "null", stdout: "piped", stderr: "piped" });
  const found = await run(npx).catch(() => undefined);
  if (found?.code === 0) return found.stdout.trim();
  console.log(`${runtime} is not tested: npm cannot install it`);
}

/** A program in one of the runtimes. */
function command(executable: string, args: readonly string[], env: Record<string, string> = {}) {
  return new Deno.Command(executable, {
    args: [...args],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

const executables = new Map(
  await Promise.all(
    RUNTIMES.map(async ([runtime]) => [runtime, await executableOf(runtime)] as const),
  ),
);

for (const [runtime, expected] of RUNTIMES) {
  const executable = executables.get(runtime)!;
  Deno.test(
    `the Client calls, streams and sends long values in ${runtime}`,
    { ignore: executable === undefined },
    async () => {
      await using folder = await temporaryFolder();
      await using manager = await TestManager.start({ web: 0, webRoot: folder.path });
      await using lab = new Lab();
      await lab.start(manager.connectOptions);
      const url = `https://localhost:${manager.manager.webPort}`;
      const { certFile } = manager.connectOptions;
      using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(certFile!)] });
      for (const name of ["client", "client-arrays"]) {
        const code = await (await fetch(`${url}/${name}.js`, { client })).text();
        await Deno.writeTextFile(join(folder.path, `${name}.mjs`), code);
      }
      const program = join(folder.path, "program.mjs");
      await Deno.writeTextFile(program, PROGRAM);
      const untrusted = await run(command(executable, [program, url]));
      assertEquals(untrusted.code, 1, "an unknown certificate was trusted");
      assertMatch(untrusted.stdout, /Does this computer trust its certificate\?/);

      await using running = new Process(
        command(executable, [program, url], { [CERTIFICATE]: certFile! }),
      );
      const [language, result] = JSON.parse(await running.stdout.next());
      assertMatch(language, expected);
      assertEquals(result, [
        5.25,
        1_000_000,
        [0, 1, 2, 3, 4],
        "RangeError: There is no such range",
        !runtime.startsWith("bun"), // which shows no place of the program
        [1_000, 50_000, 5_000_000],
        500,
        [
          ["Float64Array", 200_000, 199_999 / 4],
          "4611686018427387905",
          [0.5, "NaN", "-Infinity"],
          [[3, 0, 2], [[1, 2, 3], [4, 5, 6]], "<u2", [[1], [2]]],
          [0, 0.25, 0.5], // a list, without arrays
        ],
        ["pad", "__proto__", "last"],
        ["pad", "__proto__", "last"],
      ]);
      await manager.manager.shutdown();
      await running.succeeded();
    },
  );
}
