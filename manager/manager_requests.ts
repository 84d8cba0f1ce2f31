/**
 * The messages that are addressed to the Manager itself, with or without the form of one: requests of
 * peers and of administrators, lines that a person types, and the answers to the prompts of a login.
 *
 * What each request does is up to the request handlers.
 *
 * @module
 */

import { PermissionError, ValueError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { repr } from "../base/repr.ts";
import { decodeMessage, encodeReply, encodeRequest, type Request } from "../wire/message.ts";
import { parseAnswer } from "./administrator_login.ts";
import type { Client, Peer } from "./peer.ts";
import type { Registry } from "./registry.ts";
import type { RemoteServices } from "./remote_services.ts";
import type { RequestHandlers } from "./request_handlers.ts";
import type { LineSink, Session } from "./session.ts";
import { parseTyped, typedText } from "./terminal.ts";

const encoder = new TextEncoder();

/** Answers what is addressed to the Manager. */
export class ManagerRequests<Sink extends LineSink> {
  /** The services of other nodes; `undefined` if the Manager is not joined to any. */
  remote: RemoteServices<Session<Sink>, Sink> | undefined;
  readonly #registry: Registry<Session<Sink>>;
  readonly #handlers: RequestHandlers<Session<Sink>>;
  readonly #limits: Pick<Limits, "handshakeSize">;
  readonly #sendError: (peer: Peer<Session<Sink>>, uid: string, error: unknown) => void;

  /** @param sendError Answers a request with an error. */
  constructor(
    registry: Registry<Session<Sink>>,
    handlers: RequestHandlers<Session<Sink>>,
    limits: Pick<Limits, "handshakeSize">,
    sendError: (peer: Peer<Session<Sink>>, uid: string, error: unknown) => void,
  ) {
    this.#registry = registry;
    this.#handlers = handlers;
    this.#limits = limits;
    this.#sendError = sendError;
  }

  /**
   * Answers a request.
   *
   * @param isHeld Whether the line is the digest of a long one.
   * @returns The sink that it went to.
   * @throws An error that the peer should get.
   */
  answer(peer: Peer<Session<Sink>>, line: Uint8Array, isHeld: boolean): Sink {
    this.#checkSize(line, isHeld);
    const { sink } = peer.session;
    const message = decodeMessage(line);
    if (message.kind !== "request") {
      throw new ValueError("The 'error' of a request must be false");
    }
    const asked = peer.kind === "client" ? this.#askRemote(peer, message) : undefined;
    if (asked !== undefined) return asked;
    if (peer.kind === "client" && !this.#handlers.isPublic(message.attribute)) {
      this.#answerAdministrator(peer, message);
      return sink;
    }
    const result = this.#handlers.answer(peer, message);
    sink.sendText(encodeReply(peer.networkName, message.uid, result));
    return sink;
  }

  /**
   * Takes a line that is not a message. A person may have typed it.
   *
   * @param fault Why it is not a message.
   * @returns The request that was typed; `undefined` if it was the answer to a prompt.
   * @throws An error that the client should get: the fault, if the line was not typed.
   */
  readTyped(
    { session: { login } }: Client<Session<Sink>>,
    line: Uint8Array,
    fault: unknown,
    isHeld: boolean,
  ): Uint8Array | undefined {
    const text = typedText(line);
    if (text === undefined) throw fault;
    if (!login.isPrompting) return encoder.encode(encodeRequest(parseTyped(text)));
    this.#checkSize(line, isHeld);
    login.receive({ form: "text", line: text });
    return undefined;
  }

  /**
   * Takes a reply of a client, if it answers a prompt.
   *
   * @param isOfPrompt Whether it has the form of such an answer.
   * @returns Whether it is one.
   * @throws {ValueError} If it is longer than a message to the Manager may be.
   */
  takeAnswer(
    { session: { login } }: Client<Session<Sink>>,
    line: Uint8Array,
    isOfPrompt: boolean,
    isHeld: boolean,
  ): boolean {
    this.#checkSize(line, isHeld);
    if (!login.isPrompting || !isOfPrompt) return false;
    login.receive(parseAnswer(line));
    return true;
  }

  /**
   * A message to the Manager itself, e.g. the answer to a prompt, may be as long as in the handshake:
   * all peers wait while the Manager reads its values.
   */
  #checkSize({ length }: Uint8Array, isHeld: boolean): void {
    const { handshakeSize } = this.#limits;
    if (!isHeld && length <= handshakeSize) return;
    throw new ValueError(
      `A message to the Manager itself is longer than the limit of ${handshakeSize} bytes ` +
        `(--handshake-size)`,
    );
  }

  /**
   * Sends a request to the Manager about a service of another node to the Manager there.
   *
   * @returns The sink that it went to; `undefined` if it is about something else.
   * @throws {PermissionError} If a client of another node may not send it.
   */
  #askRemote(client: Client<Session<Sink>>, request: Request): Sink | undefined {
    if (client.node === undefined && this.remote === undefined) return undefined;
    const asked = this.#handlers.ofService(request);
    if (asked === undefined && client.node !== undefined) {
      throw new PermissionError(
        `A client of another node cannot request ${repr(request.attribute)} of this Manager`,
      );
    }
    if (asked === undefined || !this.#registry.isRemote(client, asked.name)) return undefined;
    this.#registry.checkOpen();
    return this.remote!.ask(client, { ...request, ...asked });
  }

  async #answerAdministrator(client: Client<Session<Sink>>, request: Request): Promise<void> {
    const { sink, login } = client.session;
    try {
      this.#registry.pending.hold(client);
    } catch (error) {
      this.#sendError(client, request.uid, error);
      return;
    }
    try {
      const result = await this.#handlers.answerAdministrator(login, request);
      sink.sendText(encodeReply(client.networkName, request.uid, result));
    } catch (error) {
      this.#sendError(client, request.uid, error);
    } finally {
      this.#registry.pending.release(client);
      this.#handlers.finish();
    }
  }
}
