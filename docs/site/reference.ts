/**
 * The reference: pages in Markdown about each exported name, which TypeDoc makes from the
 * documentation comments. What TypeDoc does not know is added here: the names by which modules are
 * imported, and the classes of errors after `@throws`.
 *
 * @module
 */

import { join } from "node:path";
import {
  Application,
  type Comment,
  type CommentDisplayPart,
  CommentTag,
  type DeclarationReflection,
  type PageEvent,
  type ProjectReflection,
  ReferenceReflection,
  ReflectionKind,
} from "typedoc";
import { MarkdownPageEvent } from "typedoc-plugin-markdown";
import manifest from "../../deno.json" with { type: "json" };
import type { Item } from "./navigation.ts";
import { root } from "./source.ts";

/** The folder of the reference in the site. */
const FOLDER = "reference";

/** Options of the pages: no heading that repeats the navigation, and the name itself as title. */
const LAYOUT = {
  entryFileName: "index.md",
  expandObjects: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  indexFormat: "table",
  pageTitleTemplates: { index: "Reference", member: "{name}", module: "{name}" },
  parametersFormat: "table",
  useCodeBlocks: true,
};

/**
 * Writes the pages into the folder `reference` of the site, and returns their navigation. The other
 * folder is for temporary files.
 */
export async function writeReference(site: string, temporary: string): Promise<Item[]> {
  const names = new Map(
    Object.entries(manifest.exports).map(([entry, file]) => [
      file.replace(/^\.\/|\.ts$/g, ""),
      `${manifest.name}${entry.slice(".".length)}`,
    ]),
  );
  const files = Object.values(manifest.exports).map((file) => join(root, file));
  const app = await Application.bootstrapWithPlugins({
    ...LAYOUT,
    disableSources: true,
    entryPoints: files,
    excludeExternals: true,
    externalPattern: ["**/*.d.ts"],
    logLevel: "Error",
    name: "Reference",
    plugin: ["typedoc-plugin-markdown"],
    preservedTypeAnnotationTags: ["@throws"],
    readme: "none",
    skipErrorChecking: true, // `deno check` does that, and TypeScript alone finds no npm packages
    sortEntryPoints: false,
    tsconfig: await writeTypeScriptOptions(temporary, files),
  });
  const project = await app.convert();
  if (project === undefined) throw new Error("Cannot read the documentation comments");
  const modules = project.children ?? [];
  for (const module of modules) module.name = names.get(module.name) ?? module.name;
  for (const { comment } of Object.values(project.reflections)) listErrors(project, comment);

  const pages = new Map<unknown, string>();
  app.renderer.on(MarkdownPageEvent.END, (page: PageEvent) => {
    pages.set(page.model, `/${FOLDER}/${page.url.replace(/(index)?\.md$/, "")}`);
    page.contents = finish(page.contents ?? "", importOf(page.model, modules));
  });
  await app.outputs.writeOutput({ name: "markdown", path: join(site, FOLDER) }, project);
  return modules.map((module) => ({
    text: module.name,
    link: pages.get(module),
    collapsed: true,
    items: (module.groups ?? []).flatMap(({ title, children }) => {
      const items = children.filter((child) => pages.has(child))
        .map((child) => ({ text: child.name, link: `${pages.get(child)}.html` }));
      return items.length === 0 ? [] : [{ text: title, items }];
    }),
  }));
}

/** The options for TypeScript, with the types of Deno. Returns the name of their file. */
async function writeTypeScriptOptions(folder: string, modules: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["types"] }).output();
  const types = join(folder, "deno.d.ts");
  await Deno.writeFile(types, stdout);
  const compilerOptions = {
    allowImportingTsExtensions: true,
    lib: ["esnext"],
    module: "esnext",
    moduleResolution: "bundler",
    noEmit: true,
    resolveJsonModule: true,
    strict: true,
    target: "esnext",
    types: [],
  };
  const file = join(folder, "tsconfig.json");
  await Deno.writeTextFile(file, JSON.stringify({ compilerOptions, files: [types, ...modules] }));
  return file;
}

/** Makes one list of the errors after `@throws`, with links to their classes. */
function listErrors(project: ProjectReflection, comment: Comment | undefined): void {
  const errors = comment?.blockTags.filter(({ tag }) => tag === "@throws") ?? [];
  if (comment === undefined || errors.length === 0) return;
  const lines = errors.flatMap(({ typeAnnotation, content }): CommentDisplayPart[] => {
    const name = typeAnnotation?.replaceAll(/[{}]/g, "") ?? "Error";
    const target = Object.values(project.reflections).find((reflection) =>
      reflection.name === name && reflection.kindOf(ReflectionKind.Class)
    );
    const shown: CommentDisplayPart = target === undefined
      ? { kind: "code", text: `\`${name}\`` }
      : { kind: "inline-tag", tag: "@linkcode", text: name, target };
    return [{ kind: "text", text: "\n- " }, shown, { kind: "text", text: ": " }, ...content];
  });
  const at = comment.blockTags.indexOf(errors[0]);
  comment.blockTags = comment.blockTags.filter((tag) => !errors.includes(tag));
  comment.blockTags.splice(at, 0, new CommentTag("@throws", lines));
}

/** The import of a name, from the shortest of the modules that export it. */
function importOf(model: unknown, modules: readonly DeclarationReflection[]): string | undefined {
  const exporters = modules.filter(({ children = [] }) =>
    children.some((child) =>
      child === model ||
      child instanceof ReferenceReflection && child.getTargetReflectionDeep() === model
    )
  );
  const [module] = exporters.toSorted((a, b) => a.name.length - b.name.length);
  if (module === undefined) return undefined;
  const { name, kind } = model as DeclarationReflection;
  const isType = [ReflectionKind.Interface, ReflectionKind.TypeAlias].includes(kind);
  return `import ${isType ? "type " : ""}{ ${name} } from "${module.name}";`;
}

/** A page of TypeDoc, with its import, and with one line for all names that are exported again. */
function finish(text: string, imported: string | undefined): string {
  const code = imported === undefined ? "" : `\n\n\`\`\`ts\n${imported}\n\`\`\``;
  const again = /### [^\n]+\n\nRe-exports (\[[^\n]+\))(\n\n\*\*\*)?\n*/g;
  const links = Array.from(text.matchAll(again), ([, link]) => link);
  return text
    .replace(/^# .*/, (title) => title + code)
    .replaceAll(again, "")
    .replace("## References\n", `## Exports also\n\n${links.join(",\n")}\n`)
    .replaceAll(/<a id="[^"]*"><\/a> /g, "")
    .replaceAll(/^\*\*\*\n\n/gm, "");
}
