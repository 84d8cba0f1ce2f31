/** The code in the documentation is checked against the package. */

import { assert, assertEquals } from "@std/assert";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse as parseYaml } from "@std/yaml";
import { program } from "../../cli/program.ts";
import { projectFiles } from "../../cli/project_files.ts";
import { PAGE } from "../../cli/project_page.ts";
import manifest from "../../deno.json" with { type: "json" };
import { type Block, blocksOf, commentBlocksOf } from "../../docs/site/blocks.ts";
import { readPages, root } from "../../docs/site/source.ts";
import { temporaryFolder } from "../support/folder.ts";
import { denoCommand, succeed, tool } from "../support/process.ts";
import { sourceFiles } from "../support/source_tree.ts";
import { VERSION } from "../../version.ts";
import { PYTHON } from "../support/python.ts";

const pages = readPages();
const pageBlocks = [...pages].flatMap(([path, text]) => blocksOf(path, text));
const commentBlocks = sourceFiles()
  .flatMap((name) => commentBlocksOf(name, Deno.readTextFileSync(join(root, name))));

const isTypeScript = ({ language }: Block) => language === "ts" || language === "typescript";
const placeOf = ({ path, line }: Block) => `${path}:${line}`;

/** The imports of a reader: this package, its dependencies, and the packages that the pages add. */
function importsOfReader(): Record<string, string> {
  const entries = Object.entries(manifest.exports).map(([entry, file]) => [
    `@msl/network${entry.slice(".".length)}`,
    pathToFileURL(join(root, file)).href,
  ]);
  return {
    ...manifest.imports,
    ...Object.assign({}, ...Object.values(manifest.scopes)),
    ...Object.fromEntries(entries),
  };
}

Deno.test("every block of TypeScript in the documentation compiles", async () => {
  await using folder = await temporaryFolder();
  const isCell = ({ words }: Block) => words.includes("cell");
  const blocks = [
    ...pageBlocks.filter((block) =>
      isTypeScript(block) && !block.words.includes("ignore") && !isCell(block)
    ),
    // The cells of a notebook are one program.
    ...Map.groupBy(pageBlocks.filter(isCell), ({ path }) => path).values().map((cells) => ({
      ...cells[0],
      code: cells.map(({ code }) => code).join("\n"),
    })),
    // `deno test --doc` runs the blocks in documentation comments, except for `ignore`.
    ...commentBlocks.filter((block) => isTypeScript(block) && block.words.includes("ignore")),
  ];
  assert(blocks.length > 30, "the blocks were not found");
  const ofInit = projectFiles({ title: "", version: VERSION });
  const files = await Promise.all(blocks.map(async (block) => {
    // Each page has its own folder, so that its blocks can import from each other.
    const name = block.file ?? `line_${block.line}.ts`;
    const file = join(folder.path, block.path.replaceAll("/", "_"), name);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, `${block.before}\n${block.code}\nexport {};\n`);
    // A page can import a file of `init`, and a documentation comment one of the examples.
    for (const [, name] of block.code.matchAll(/from "\.\/(\w+\.ts)"/g)) {
      if (blocks.some(({ path, file }) => path === block.path && file === name)) continue;
      if (name in ofInit) await Deno.writeTextFile(join(dirname(file), name), ofInit[name]);
      const example = join(root, "examples", name);
      if (existsSync(example)) await Deno.copyFile(example, join(dirname(file), name));
    }
    return file;
  }));
  const config = join(folder.path, "deno.json");
  await Deno.writeTextFile(config, JSON.stringify({ imports: importsOfReader(), lock: false }));
  await succeed(denoCommand(["check", "--config", config, ...files]));
});

Deno.test("an ignored block has a reason", () => {
  const silent = [...pageBlocks, ...commentBlocks].filter(({ words }) =>
    words[0] === "ignore" && words.length < 3
  );
  assertEquals(silent.map(placeOf), []);
});

Deno.test("words after the language of a block are those that CONTRIBUTING.md explains", () => {
  const isKnown = ({ language, words }: Block) => {
    if (words.length === 0 || words[0] === "ignore") return true;
    if (language === "sh") return ["run", "start", "start silent"].includes(words.join(" "));
    if (language === "ts" && words.join(" ") === "cell") return true;
    const isOutput = language === "text" &&
      /^output( of=([\w.]+|https:\S+))?$/.test(words.join(" "));
    return isOutput || /^file=(\.\.\/)?(\w+\/)?[\w.-]+$/.test(words.join(" "));
  };
  assertEquals(pageBlocks.filter((block) => !isKnown(block)).map(placeOf), []);
  const nameless = pageBlocks.filter(({ language }) => language === "");
  assertEquals(nameless.map(placeOf), [], "a block without a language");
});

Deno.test("the text right before a file that a page saves has its name, and nothing of it is hidden", () => {
  const saved = pageBlocks.filter(({ file }) => file !== undefined);
  assert(saved.length > 10, "the blocks were not found");
  const nameless = saved.filter(({ path, line, file }) => {
    const above = pages.get(path)!.split("\n").slice(0, line - 1).join("\n").trimEnd();
    return !above.slice(above.lastIndexOf("\n\n")).includes(`\`${file}\``);
  });
  assertEquals(nameless.map(placeOf), []);
  assertEquals(saved.filter(({ before }) => before !== "").map(placeOf), []);
});

Deno.test("a page that connects says how to start the Manager and the Service", () => {
  const silent = [...pages.keys()].filter((path) => {
    const blocks = pageBlocks.filter((block) => block.path === path);
    const startsManager = blocks.some(({ words, code }) =>
      words.includes("start") && /manager\.ts|task manager\b/.test(code)
    );
    const isRun = (file: string) =>
      blocks.some(({ language, code }) => language === "sh" && code.includes(`run -A ${file}`));
    const connects = blocks.some(({ file, code }) =>
      file !== undefined && isRun(file) && /\bawait connect\(\)|\.start\(\)/.test(code)
    );
    return connects && !startsManager;
  });
  assertEquals(silent, []);
});

Deno.test("the page that init writes is the one of the how-to", () => {
  const shown = pageBlocks.filter(({ code }) => code.includes("function show(celsius)"));
  assertEquals(shown.map(({ path, code }) => [path, `${code}\n`]), [
    ["docs/how-to/web-page.md", PAGE],
  ]);
});

Deno.test("pages that are followed in one folder have files and Services of their own", () => {
  const inFolder = pageBlocks.filter(({ path, file }) =>
    file !== undefined && pages.get(path)!.includes("README.md#before-you-begin")
  );
  const init = projectFiles({ title: "", version: VERSION });
  const files = [...Object.keys(init), ...inFolder.map(({ file }) => file!)];
  const code = [init["thermometer.ts"], ...inFolder.map(({ code }) => code)].join("\n");
  const services = Array.from(code.matchAll(/class (\w+) extends Service/g), ([, name]) => name);
  assert(services.length > 10, "the Services were not found");
  for (const names of [files, services]) {
    assertEquals(names.filter((name, index) => names.indexOf(name) !== index), []);
  }
});

/** What PowerShell does not know, or does in another way than a POSIX shell. */
const POSIX_ONLY = /<<|^export |\$\(|`|\\$|^\w+=\S*( |$)|\becho |\(\) *\{|(^|\s)(seq|tail|nc) /m;

Deno.test("no command has a here-document or writes a file with echo, since shells differ in both", () => {
  const shell = pageBlocks.filter(({ language }) => ["sh", "console"].includes(language));
  assert(shell.length > 30, "the blocks were not found");
  assertEquals(shell.filter(({ code }) => /<<|\becho /.test(code)).map(placeOf), []);
});

Deno.test("a command that PowerShell does not know is followed by one for PowerShell", () => {
  const blocks = pageBlocks.filter(({ path }) => path !== "docs/deploy.md"); // systemd and Docker
  const missing = blocks.filter(({ language, code, path, line }) => {
    const isForLinux = /\bsudo /.test(code);
    if (language !== "sh" || isForLinux || !POSIX_ONLY.test(code)) return false;
    const next = blocks.find((block) => block.path === path && block.line > line);
    return next?.language !== "powershell";
  });
  assertEquals(missing.map(placeOf), []);
});

Deno.test("every block of Python in the documentation compiles", async () => {
  const blocks = pageBlocks.filter(({ language }) => language === "python");
  assert(blocks.length > 0, "the blocks were not found");
  const script = "import json, sys\n" +
    "for place, code in json.loads(sys.argv[1]): compile(code, place, 'exec')";
  const sources = blocks.map((block) => [placeOf(block), block.code]);
  await tool(PYTHON, "-c", script, JSON.stringify(sources));
});

Deno.test("every block of JSON and YAML in the documentation can be read", () => {
  const blocks = pageBlocks.filter(({ language }) => ["json", "yaml"].includes(language));
  assert(blocks.length > 0, "the blocks were not found");
  const wrong = blocks.filter(({ language, code }) => {
    const read = language === "json" ? JSON.parse(code) : parseYaml(code);
    return typeof read !== "object" || read === null;
  });
  assertEquals(wrong.map(placeOf), []);
});

/** The commands in shell blocks, as words; a command at a prompt starts with `$ `. */
function* commands(): Generator<{ block: Block; words: string[] }> {
  for (const block of pageBlocks) {
    if (!["sh", "console"].includes(block.language)) continue;
    const lines = block.code.replaceAll(/\\\n\s*/g, "").split("\n").flatMap((line) =>
      block.language === "sh" ? line : /^\$ (.*)/.exec(line)?.[1] ?? []
    );
    for (const line of lines) {
      const command = line.replace(/\s+#.*$/, "").split(/\s*(?:\||&&|;|\()\s*/);
      for (const one of command) yield { block, words: one.match(/'[^']*'|"[^"]*"|\S+/g) ?? [] };
    }
  }
}

/** The words after the program, if it is a command of this package. */
function argumentsOf(words: readonly string[]): string[] | undefined {
  const start = words.join(" ").match(
    /^(.*\brun .*\bmanager\.ts|.*\btask manager|msl-network)( |$)/,
  );
  return start === null ? undefined : words.slice(start[1].split(" ").length);
}

Deno.test("every command in the documentation exists, with its options", async () => {
  const known = new Map((await program()).commands.map((command) => [command.name(), command]));
  let found = 0;
  for (const { block, words } of commands()) {
    const [first = "start", ...others] = argumentsOf(words) ?? ["--help"];
    if (first === "--help" || first === "--version") continue;
    const [name, args] = first.startsWith("-")
      ? ["start", [first, ...others]] as const
      : [first, others] as const;
    const command = known.get(name);
    if (command === undefined) throw new Error(`${placeOf(block)}: there is no command ${name}`);
    for (const word of args) {
      const [, option] = /^(--?[A-Za-z][\w-]*)/.exec(word) ?? [];
      const isKnown = option === undefined || option === "--help" ||
        command.options.some(({ short, long }) => short === option || long === option);
      assert(isKnown, `${placeOf(block)}: ${name} has no option ${option}`);
    }
    found++;
  }
  assert(found > 10, "the commands were not found");
});

Deno.test("every picture of the documentation is shown by a page", () => {
  const all = [...pages.values()].join("\n");
  const figures = readdirSync(join(root, "docs/figures"));
  assertEquals(figures.filter((name) => !all.includes(`figures/${name}`)), []);
});

Deno.test("every module that the page on the architecture names exists", () => {
  const named = pages.get("docs/architecture.md")!.matchAll(/`([\w/]+\.ts)`/g);
  const files = new Set(Array.from(named, ([, file]) => file));
  assert(files.size > 40, "the names were not found");
  assertEquals([...files].filter((file) => !existsSync(join(root, file))), []);
});

Deno.test("every task and example that the documentation runs exists", () => {
  const project = JSON.parse(projectFiles({ title: "", version: VERSION })["deno.json"]);
  const tasksKnown = new Set([...Object.keys(manifest.tasks), ...Object.keys(project.tasks)]);
  let tasks = 0;
  let files = 0;
  for (const { block, words } of commands()) {
    const [, task] = /\bdeno(?:@[\d.]+)? task (?:--env-file=\S+ )?(\S+)/.exec(words.join(" ")) ??
      [];
    assert(task === undefined || tasksKnown.has(task), `${placeOf(block)}: no task ${task}`);
    if (task !== undefined) tasks++;
    for (
      const word of words.filter((word) => /^(examples|docs|benchmarks)\/\S+\.\w+$/.test(word))
    ) {
      assert(existsSync(join(root, word)), `${placeOf(block)}: there is no file ${word}`);
      files++;
    }
  }
  assert(tasks > 0 && files > 0, `${tasks} tasks and ${files} files were found`);
});
