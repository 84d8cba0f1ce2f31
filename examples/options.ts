/**
 * The connection options that every example takes: `--host`, `--port`, `--disable-tls`,
 * `--cert-file`, `--auto-save`. With none, an example connects to a Manager on this computer.
 *
 * @module
 */

import type { ConnectOptions } from "@msl/network";
import { parseArgs } from "@std/cli/parse-args";

/** What `parseArgs` finds; the package that it comes from ships no types. */
interface Found {
  host?: string;
  port?: string;
  "cert-file"?: string;
  "disable-tls": boolean;
  "auto-save": boolean;
}

/** The options that the program was started with. Ends the program if one is not known. */
export function connectOptions(args: readonly string[] = Deno.args): ConnectOptions {
  const found: Found = parseArgs(args, {
    string: ["host", "port", "cert-file"],
    boolean: ["disable-tls", "auto-save"],
    unknown: (option: string) => {
      console.error(
        `Unknown option ${option}. There are --host, --port, --cert-file, --disable-tls, --auto-save`,
      );
      Deno.exit(1);
    },
  });
  return {
    host: found.host,
    port: found.port === undefined ? undefined : Number(found.port),
    certFile: found["cert-file"],
    disableTls: found["disable-tls"],
    autoSave: found["auto-save"],
  };
}
