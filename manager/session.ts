/**
 * What the router keeps for each peer: where its lines go, its login, and what is spliced into its
 * requests.
 *
 * @module
 */

import type { Holder } from "../base/budget.ts";
import { repr } from "../base/repr.ts";
import { ValueError } from "../errors.ts";
import type { HeldLine } from "../wire/held_line.ts";
import { encodeManagerRequest } from "../wire/message.ts";
import { ARRAYS } from "../wire/protocol.ts";
import { Login } from "./administrator_login.ts";
import { ArraySession } from "./array_session.ts";
import type { LoginAttempt } from "./login_throttle.ts";
import { isRemoteUser, networkNameOf, type PeerIdentity, type PeerUser } from "./peer.ts";

const encoder = new TextEncoder();

/** What sends lines to a peer. `Connection` is one. */
export interface LineSink {
  /** The peer, as a holder of the held lines that it sends and of those that wait for it. */
  readonly holder: Holder;
  /** Sends text as one line. */
  sendText(line: string): void;
  /** Sends the parts, joined, as one line. */
  sendBytes(...parts: readonly Uint8Array[]): void;
  /**
   * The same, for a line that does not slow its sender down: a peer that cannot keep up with such
   * lines is disconnected.
   */
  sendOrDrop(...parts: readonly Uint8Array[]): void;
  /** Sends a line whose bytes from an index on are replaced. */
  sendSpliced(line: Uint8Array, index: number, ending: Uint8Array): void;
  /** Sends the first `count` bytes of a held line, and an ending, from the line's own memory. */
  sendHeld(line: HeldLine, count: number, ending: Uint8Array): void;
  /** The same for the whole line, which does not slow its sender down. */
  sendHeldOrDrop(line: HeldLine): void;
  /** Writes what was sent, then closes. */
  close(): Promise<void>;
}

/** What the router keeps for each peer. */
export interface Session<Sink extends LineSink> {
  readonly sink: Sink;
  readonly login: Login;
  /** What is spliced into a request of the peer: the `requester` and the closing brace. */
  readonly requester: Uint8Array;
  /** The same with `error`, for a request in which it is missing or is not `false`. */
  readonly requesterAndError: Uint8Array;
  /** The extension for arrays, if the peer knows it. */
  readonly arrays: ArraySession | undefined;
  /** What the keepalive knows of the peer, a service. */
  readonly probe: {
    /** Whether it has answered a probe. */
    isAnswered: boolean;
    /** How many requests it has not answered, those of clients that have left among them. */
    owed: number;
  };
}

/** What the handshake gives beside the identity of a device. */
export interface Admission {
  /** Checks the passwords that come from its computer, throttled. */
  attemptLogin: LoginAttempt;
  /** The user who logged in during the handshake, or at another node, if any did. */
  user?: PeerUser;
}

/**
 * The session of a device that has just connected.
 *
 * @param manager The network name of the Manager, which asks for a user name and a password.
 */
export function newSession<Sink extends LineSink>(
  identity: PeerIdentity,
  sink: Sink,
  manager: string,
  { attemptLogin, user }: Admission,
): Session<Sink> {
  const requester = `"requester":${JSON.stringify(networkNameOf(identity))}}`;
  const sendPrompt = (attribute: string, argument: string) =>
    sink.sendText(encodeManagerRequest(manager, attribute, [argument]));
  return {
    sink,
    login: new Login(
      sendPrompt,
      attemptLogin,
      user !== undefined && isRemoteUser(user) ? undefined : user,
    ),
    requester: encoder.encode(`,${requester}`),
    requesterAndError: encoder.encode(`,"error":false,${requester}`),
    arrays: identity.extensions.includes(ARRAYS) ? new ArraySession(requester) : undefined,
    probe: { isAnswered: false, owed: 0 },
  };
}

/**
 * Rejects a long line if its receiver has its share of held lines already: it reads too slowly.
 *
 * @throws {ValueError} If it has.
 */
export function checkRoom(receiver: string, { holder }: { holder: Holder }, line: HeldLine): void {
  if (line.mayWaitFor(holder)) return;
  throw new ValueError(
    `The Manager holds as many bytes of long messages for ${
      repr(receiver)
    } as it may (--max-held). ` +
      `Try again when they are read`,
  );
}
