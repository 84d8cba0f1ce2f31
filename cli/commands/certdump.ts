/**
 * The `certdump` command: shows the content of a certificate.
 *
 * @module
 */

import { printLine } from "../../program/print.ts";
import type { Command } from "commander";
import { writeFile } from "../../base/files.ts";
import { certificateFile } from "../../base/paths.ts";

/** Adds `certdump` to the program. */
export function addCertdump(program: Command): void {
  program.command("certdump")
    .description("Show what is in a certificate, and its fingerprints")
    .argument(
      "[certfile]",
      "the certificate in PEM; each one of a file with several is shown",
      certificateFile("localhost"),
    )
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
