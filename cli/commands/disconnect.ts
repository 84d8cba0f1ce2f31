/**
 * The `disconnect` command: an administrator ends the connection of a Client or a Service.
 *
 * @module
 */

import type { CommandSpec } from "../command_spec.ts";
import {
  connectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../connect_options.ts";
import { runSession } from "../client_session.ts";
import { RemoteError, ValueError } from "../../errors.ts";
import { repr } from "../../base/repr.ts";
import { options } from "../../wire/call.ts";

interface ParsedOptions extends ParsedConnectOptions {
  quiet?: boolean;
}

/** The `disconnect` command. */
export const DISCONNECT: CommandSpec = {
  options: [
    ...connectOptions(),
    { flag: "--quiet", short: "-q", description: "print nothing but errors" },
  ],
  run: ([networkName], values) => disconnect(networkName, values as unknown as ParsedOptions),
};

async function disconnect(networkName: string, { quiet, ...parsed }: ParsedOptions): Promise<void> {
  await runSession(
    readConnectOptions(parsed),
    "disconnect",
    async ({ client, signal }) => {
      try {
        await client.adminRequest("disconnect_peer", networkName, options({ signal }));
      } catch (cause) {
        if (!(cause instanceof RemoteError)) throw cause;
        throw new ValueError(`Cannot disconnect ${repr(networkName)}: ${cause.message}`, { cause });
      }
    },
    { isAdministrator: true },
  );
  if (!quiet) console.log(`Disconnected ${networkName}`);
}
