/**
 * The `certdump` command: shows the content of a certificate.
 *
 * @module
 */

import { printLine } from "../../program/print.ts";
import type { Command } from "commander";
import { writeFile } from "../../base/files.ts";
import { certificateFile } from "../../base/paths.ts";

/** Adds the options of `certdump`, and its action. */
export function addCertdump(command: Command): void {
  command.registeredArguments[0].default(certificateFile("localhost"));
  command
    .option("-o, --out <file>", "write it to a file instead, over what is there")
    .option("-q, --quiet", "do not say that it is written")
    .action(async (certfile: string, { out, quiet }: { out?: string; quiet?: boolean }) => {
      const { describeCertificates } = await import("../../net/certificate_text.ts");
      const text = describeCertificates(certfile);
      if (out === undefined) return printLine(text.trimEnd());
      writeFile(out, text);
      if (!quiet) printLine(`Wrote the description of ${certfile} to ${out}`);
    });
}
