/**
 * The `disconnect` command: an administrator ends the connection of a Client or a Service.
 *
 * @module
 */

import type { Command } from "commander";
import { addConnectOptions } from "../commander_options.ts";
import { type ParsedConnectOptions, readConnectOptions } from "../connect_options.ts";
import { runSession } from "../client_session.ts";
import { RemoteError, ValueError } from "../../errors.ts";
import { repr } from "../../base/repr.ts";
import { options } from "../../wire/call.ts";

/** Adds `disconnect` to the program. */
export function addDisconnect(program: Command): void {
  addConnectOptions(program.command("disconnect"))
    .description("End the connection of a Client or a Service, as an administrator")
    .argument("<network-name>", "its network name, name[host:port], as status shows it")
    .option("-q, --quiet", "print nothing but errors")
    .action(async (networkName: string, parsed: ParsedConnectOptions & { quiet?: boolean }) => {
      const { quiet, ...connecting } = parsed;
      await runSession(
        readConnectOptions(connecting),
        "disconnect",
        async ({ client, signal }) => {
          try {
            await client.adminRequest("disconnect_peer", networkName, options({ signal }));
          } catch (cause) {
            if (!(cause instanceof RemoteError)) throw cause;
            throw new ValueError(`Cannot disconnect ${repr(networkName)}: ${cause.message}`, {
              cause,
            });
          }
        },
        { isAdministrator: true },
      );
      if (!quiet) console.log(`Disconnected ${networkName}`);
    });
}
