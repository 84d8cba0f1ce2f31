/**
 * The `types` command: writes a TypeScript declaration of a Service that is connected. The Service may
 * be written in any language.
 *
 * @module
 */

import { printLine } from "../../program/print.ts";
import type { CommandSpec } from "../command_spec.ts";
import {
  connectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../connect_options.ts";
import { declareService } from "../declaration.ts";
import { ValueError } from "../../errors.ts";
import { fileExists, readFile, replaceFile } from "../../base/files.ts";
import type { Identities, ServiceEntry } from "../../wire/identities.ts";
import { isObject } from "../../wire/message.ts";
import { repr } from "../../base/repr.ts";
import { runSession } from "../client_session.ts";
import { noSuchService } from "../requests.ts";
import { isHidden, requestDetails, type ServiceDetails } from "../service_details.ts";

interface ParsedOptions extends ParsedConnectOptions {
  out?: string;
}

/** The `types` command. */
export const TYPES: CommandSpec = {
  options: [
    ...connectOptions(),
    {
      flag: "--out",
      short: "-o",
      placeholder: "<file>",
      description: "write it to a file instead, e.g. basic_math.d.ts",
    },
  ],
  run: ([service], values) => writeTypes(service, values as unknown as ParsedOptions),
};

async function writeTypes(service: string, { out, ...parsed }: ParsedOptions): Promise<void> {
  const text = await runSession(
    readConnectOptions(parsed),
    "types",
    async ({ client, signal }) => {
      const entry = entryOf(service, await client.identities({ signal }));
      return declare(await requestDetails(client, service, entry, signal));
    },
  );
  if (out === undefined) printLine(text.trimEnd());
  else write(out, text);
}

/** One of the Services in the identity of a Manager, if it can be declared. */
function entryOf(name: string, { services }: Identities): ServiceEntry {
  if (!isObject(services)) {
    throw new ValueError("The Manager does not say which services there are");
  }
  if (!Object.hasOwn(services, name)) {
    throw noSuchService("write the types of", name, services);
  }
  const entry = services[name];
  if (!isObject(entry.attributes)) {
    throw new ValueError(`Cannot write the types of ${repr(name)}: it does not say what it offers`);
  }
  if (isHidden(entry)) {
    throw new ValueError(
      `Cannot write the types of ${
        repr(name)
      }: the Manager shows only the names of what it offers ` +
        `to a user who may not use it`,
    );
  }
  return entry;
}

/** The declaration of a Service. */
function declare({ name, entry, about, values }: ServiceDetails): string {
  const { attributes, language, streams } = entry;
  const read = [...values].flatMap(([property, found]): [string, unknown][] =>
    "value" in found ? [[property, found.value]] : []
  );
  return declareService({
    name,
    language: String(language),
    attributes,
    streams,
    about,
    values: new Map(read),
  });
}

/** Writes a file, and keeps an older one under another name unless it is the same. */
function write(file: string, text: string): void {
  if (fileExists(file) && Deno.statSync(file).isFile && readFile(file, "the types") === text) {
    return printLine(`${file} is up to date`);
  }
  const old = replaceFile(file, text);
  if (old) printLine(`Kept the old types as ${old}`);
  printLine(`Wrote the types to ${file}`);
}
