/** What a module exports by name, as its text says it, and the modules that it exports from. */

import { dirname, join } from "node:path";
import { ROOT } from "./source_tree.ts";

/** The lists of a module, those of the modules included of which it exports everything. */
export interface ExportLists {
  names: Set<string>;
  /** Relative to the root of the repository. */
  modules: Set<string>;
}

/** Reads the lists of a module, e.g. `client/exports.ts`. */
export function exportLists(file: string): ExportLists {
  const text = Deno.readTextFileSync(join(ROOT, file));
  const lists = text.match(/^export (type )?\{[^}]*\}/gm) ?? [];
  const names = new Set(lists.join().replaceAll(/\b(export|type)\b/g, "").match(/\w+/g));
  const pathOf = (specifier: string) => join(dirname(file), specifier).replaceAll("\\", "/");
  const froms = text.matchAll(/^(?:export [^;]*?|\} )from "(\.[^"]+)"/gm);
  const modules = new Set(Array.from(froms, ([_, specifier]) => pathOf(specifier)));
  for (const [_, specifier] of text.matchAll(/^export \* from "(\.[^"]+)"/gm)) {
    const all = exportLists(pathOf(specifier));
    for (const name of all.names) names.add(name);
    for (const module of all.modules) modules.add(module);
  }
  return { names, modules };
}
