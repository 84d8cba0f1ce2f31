/**
 * The files of a new project: a Service, a Client, a test, and the settings of Deno and of the editor.
 * `commands/init.ts` writes them.
 *
 * @module
 */

import { PAGE, PAGE_ADDRESS, PAGE_FOLDER } from "./project_page.ts";

/** What differs from project to project. */
export interface ProjectOptions {
  /** The title of its README. */
  title: string;
  /** The version of this package that it needs at least, e.g. `"0.1.0"`. */
  version: string;
  /** The folder of this package, from the project's; `undefined` if it comes from JSR. */
  link?: string;
  /** Whether a `package.json` is there, with which Deno wants a folder for npm packages. */
  hasPackageJson?: boolean;
  /** Whether it has a web page. */
  hasPage?: boolean;
}

/** The settings of Deno that a program needs to import this package. */
export function packageSettings(options: ProjectOptions): Record<string, unknown> {
  const { version, link, hasPackageJson } = options;
  return {
    imports: { "@msl/network": `jsr:@msl/network@^${version}` },
    ...(link === undefined ? {} : { links: [link] }),
    ...(hasPackageJson ? { nodeModulesDir: "auto" } : {}),
  };
}

/** The files of a project: the text of each by its path. They are formatted as `deno fmt` does it. */
export function projectFiles(options: ProjectOptions): Readonly<Record<string, string>> {
  return {
    "deno.json": json({ ...packageSettings(options), tasks: TASKS }),
    "thermometer.ts": SERVICE,
    "read_thermometer.ts": CLIENT,
    "thermometer_test.ts": TEST,
    ...(options.hasPage ? { [`${PAGE_FOLDER}/index.html`]: PAGE } : {}),
    "README.md": readme(options),
    ".vscode/settings.json": json({ "deno.enable": true }),
    ".vscode/extensions.json": '{ "recommendations": ["denoland.vscode-deno"] }\n',
  };
}

/** The arguments with which the Manager serves the page. */
export const WITH_PAGE = `start --web --web-root ${PAGE_FOLDER}`;

const TASKS = {
  manager: "deno run -A @msl/network/manager",
  service: "deno run -A thermometer.ts",
  client: "deno run -A read_thermometer.ts",
  test: "deno test -A",
};

const SERVICE = `\
/** A Service. Replace the simulated readings by those of your instrument. */

import { runUntilEnd, Service, ValueError } from "@msl/network";

export class Thermometer extends Service {
  #offset = 0;

  /** The temperature in degrees Celsius. */
  read(): number {
    return 21 + Math.random() / 10 + this.#offset;
  }

  /** Adds so many degrees to the readings that follow. */
  adjust(offset: number): void {
    if (!(Math.abs(offset) <= 5)) {
      throw new ValueError(\`Cannot adjust by \${offset} °C: the limit is 5 °C\`);
    }
    this.#offset = offset;
  }
}

if (import.meta.main) {
  const thermometer = new Thermometer();
  await thermometer.start({ host: "localhost" });
  const ended = runUntilEnd(thermometer);
  console.log("Thermometer is running");
  await ended;
}
`;

const CLIENT = `\
/** A Client. It can run on any computer that reaches the Manager. */

import { connect } from "@msl/network";
import type { Thermometer } from "./thermometer.ts";

await using cxn = await connect({ host: "localhost" });
const thermometer = await cxn.link<Thermometer>("Thermometer");

await thermometer.adjust(0.5);
for (let count = 1; count <= 3; count++) {
  const celsius = await thermometer.read();
  console.log(\`\${celsius.toFixed(2)} °C\`);
}
`;

const TEST = `\
/** Tests of the Service, with a Manager of their own. */

import { ok, rejects } from "node:assert/strict";
import { connect } from "@msl/network";
import { TestManager } from "@msl/network/testing";
import { Thermometer } from "./thermometer.ts";

Deno.test("readings are adjusted, by 5 °C at most", async () => {
  await using manager = await TestManager.start();
  await using service = new Thermometer();
  await service.start(manager.connectOptions);
  await using cxn = await connect(manager.connectOptions);
  const thermometer = await cxn.link<Thermometer>("Thermometer");

  await thermometer.adjust(-4);
  const celsius = await thermometer.read();
  ok(celsius >= 17 && celsius < 17.2, String(celsius));
  await rejects(async () => await thermometer.adjust(6), /the limit is 5 °C/);
});
`;

function readme({ title, hasPage }: ProjectOptions): string {
  return `\
# ${title}

A Service and a Client, with [@msl/network](https://jsr.io/@msl/network). Run
each of these in a terminal of its own:

- \`deno task manager\` starts the Manager, which all others connect to
- \`deno task service\` starts the Service of \`thermometer.ts\`
- \`deno task client\` runs the Client of \`read_thermometer.ts\`
${
    hasPage
      ? PAGE_LINE
      : ""
  }- \`deno task manager call Thermometer read\` calls a method from the shell
- \`deno task test\` runs the tests, which need no Manager
`;
}

const PAGE_LINE = `\
- \`deno task manager ${WITH_PAGE}\` serves the page in \`${PAGE_FOLDER}\` too:
  ${PAGE_ADDRESS}
`;

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
