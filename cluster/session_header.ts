/**
 * What a node says of a client when it opens a session for it at another node: the identity that the
 * client has sent in its handshake, and the user who has logged in. The other node checks it like the
 * identity of any device.
 *
 * @module
 */

import { hasControlCharacter } from "../base/control_characters.ts";
import { repr } from "../base/repr.ts";
import { ValueError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { checkName } from "../manager/names.ts";
import type { Client, PeerIdentity, RemoteUser } from "../manager/peer.ts";
import type { JsonObject } from "../wire/message.ts";
import { GONE, TRACE } from "../wire/protocol.ts";

/** A client of another node. */
export interface RemoteClient {
  identity: PeerIdentity & { kind: "client"; node: string };
  /** The user who has logged in there, if any did. */
  user: RemoteUser | undefined;
}

/** `host:port`. */
const ADDRESS = /^.+:\d{1,5}$/;

type HeaderLimits = Pick<Limits, "maxNameLength" | "maxAttributes">;

/**
 * The header for a client. That a service is gone is told to each session: this Manager knows the links
 * of its clients, whether these want to be told or not.
 *
 * @param known The extensions that its Manager knows.
 * @param isTraced Whether its Manager is traced: then the keys of traces are its own.
 */
export function headerOf(
  client: Client<unknown>,
  known: readonly string[],
  isTraced: boolean,
): JsonObject {
  const { name, address, language, os, extensions, user } = client;
  return {
    name,
    address,
    language,
    os,
    extensions: [...new Set([...extensions, GONE, ...isTraced ? [TRACE] : []])]
      .filter((one) => known.includes(one)),
    ...(user === undefined ? {} : { user: user.username }),
  };
}

/**
 * The client that a node has opened a session for.
 *
 * @throws {ValueError} If the header is none, or a name in it is too long.
 */
export function readHeader(node: string, header: JsonObject, limits: HeaderLimits): RemoteClient {
  const { extensions = [], user } = header;
  if (!Array.isArray(extensions) || extensions.length > limits.maxAttributes) {
    throw new ValueError(
      `'extensions' must be an array of at most ${limits.maxAttributes} texts (--max-attributes)`,
    );
  }
  const address = textOf(header, "address", limits);
  // Names may have any characters, as those of local clients. An address comes from a Manager.
  if (hasControlCharacter(address)) throw new ValueError("'address' has a control character");
  if (!ADDRESS.test(address)) {
    throw new ValueError("'address' of a session must be a computer and a port");
  }
  return {
    identity: {
      kind: "client",
      node,
      name: textOf(header, "name", limits),
      address,
      language: textOf(header, "language", limits),
      os: textOf(header, "os", limits),
      extensions: extensions.map((_, at) => textOf(extensions, at, limits)),
    },
    user: user === undefined
      ? undefined
      : { node, username: `${textOf(header, "user", limits)}@${node}` },
  };
}

function textOf(members: object, key: string | number, limits: HeaderLimits): string {
  const value = (members as Record<string | number, unknown>)[key];
  if (typeof value === "string") return checkName(String(key), value, limits);
  throw new ValueError(`${repr(String(key))} of a session must be a text`);
}
