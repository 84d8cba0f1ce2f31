/**
 * One session: what one local client does at one other node. It is a connection over a channel, with
 * the lines, the queue and the backpressure of any connection. At the other node the client is one of
 * the registry like all others (`home_sessions.ts`), which judges links, locks and access.
 *
 * Invariants:
 * - a request is pending from `forward` or `ask` until its reply comes or the session ends: it is
 *   answered exactly once (`session_requests.ts`);
 * - the client reads the names that services have here, `a.DMM`, and its own network name. Nothing
 *   else of a line is changed;
 * - a client that does not read stops the reading of its own sessions, and of nothing else.
 *
 * @module
 */

import type { Holder } from "../base/budget.ts";
import { logger } from "../base/log.ts";
import { repr } from "../base/repr.ts";
import { UidSource } from "../base/uid_source.ts";
import type { ConnectionHandler } from "../manager/connection_handler.ts";
import type { LongLines, LongLineSource } from "../manager/long_lines.ts";
import type { Client } from "../manager/peer.ts";
import type { LineReceiver } from "../manager/read_loop.ts";
import type { Registry } from "../manager/registry.ts";
import type { RequestSpans } from "../manager/request_spans.ts";
import { MANAGER_ERROR, type RoutedLine, UNLINKED } from "../manager/remote_services.ts";
import type { Router } from "../manager/router.ts";
import { checkRoom, type Session } from "../manager/session.ts";
import type { Statistics } from "../manager/statistics.ts";
import type { PeerConnection } from "../net/peer_connection.ts";
import { describeEnd, type End } from "../net/connection_end.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { HeldLine } from "../wire/held_line.ts";
import type { LongLine } from "../wire/line.ts";
import { decodeMessage, encodeFailure, encodeReply, encodeRequest } from "../wire/message.ts";
import { joinServiceName } from "../wire/node_name.ts";
import { extensionOfPartialReply, GONE, MANAGER, NOTIFICATION } from "../wire/protocol.ts";
import { SessionLinks } from "./session_links.ts";
import { type Asked, SessionRequests } from "./session_requests.ts";

/** What all sessions of a Manager work with. */
export interface SessionContext {
  registry: Registry<Session<PeerConnection>>;
  router: Router<PeerConnection>;
  connectionHandler: ConnectionHandler;
  longLines: LongLines<PeerConnection>;
  statistics: Statistics;
  /** `undefined` if the Manager is not traced. */
  spans: RequestSpans | undefined;
  /** Reads the lines of all sessions, one at a time. */
  envelope: Envelope;
}

/** What one session is about. */
export interface SessionOptions extends SessionContext {
  node: string;
  client: Client<Session<PeerConnection>>;
  connection: PeerConnection;
  /** Called with the name of a service, here, that the client is linked with from now on. */
  onLinked: (name: string) => void;
  /** Called when the session has ended, with the names of the services that the client is linked with. */
  onEnd: (linked: readonly string[]) => void;
}

/** How many endings of lines are kept. */
const MOST_ENDINGS = 1_000;

/** The class at the beginning of the text of an error: its reason is a part of another one here. */
const ERROR_CLASS = /^\w+: /;

const encoder = new TextEncoder();
const MANAGER_ERROR_BYTES = encoder.encode(MANAGER_ERROR);
const log = logger("cluster");

/** A session of a local client with another node. */
export class RemoteSession implements LineReceiver, LongLineSource<PeerConnection> {
  readonly node: string;
  readonly connection: PeerConnection;
  readonly #options: SessionOptions;
  readonly #client: Client<Session<PeerConnection>>;
  /** The end of a reply as the client gets it: its own network name, and the closing brace. */
  readonly #requester: Uint8Array;
  readonly #requests: SessionRequests<Session<PeerConnection>>;
  readonly #links: SessionLinks;
  /** What the uids of requests to the Manager of the node begin with: no client can guess it. */
  readonly #prefix = `${new UidSource().next()}-`;
  #askedCount = 0;
  /** The ends of lines that name a service, by that name. */
  readonly #endings = new Map<string, Uint8Array>();
  /** What the Manager of the node has said without being asked: why it ends the session. */
  #reason: string | undefined;
  #hasLeft = false;

  constructor(options: SessionOptions) {
    const { node, client, connection } = options;
    this.node = node;
    this.connection = connection;
    this.#options = options;
    this.#client = client;
    this.#requests = new SessionRequests(options);
    this.#links = new SessionLinks(node, client);
    this.#requester = encoder.encode(`,"requester":${JSON.stringify(client.networkName)}}`);
    connection.ended.then((end) => this.#end(end));
  }

  /** How many requests are not answered. */
  get pendingCount(): number {
    return this.#requests.size;
  }

  /** What the log calls the session. */
  get name(): string {
    return `the node ${this.node}, for ${this.#client.networkName},`;
  }

  get holder(): Holder {
    return this.connection.holder;
  }

  /** Reads what the node sends, until the session has ended. Never rejects. */
  async run(): Promise<void> {
    await this.#options.connectionHandler.readLines(this.connection, this);
    await this.connection.close();
  }

  /** Forwards a request to a service of the node. Throws what `RemoteServices.forward` does. */
  forward(service: string, uid: string, line: RoutedLine): PeerConnection {
    if (line.held !== undefined) checkRoom(this.#nameHere(service), this, line.held);
    this.#requests.add(service, uid);
    return this.#send(line, service);
  }

  /** Forwards a message about a pending request. */
  forwardControl(service: string, uid: string, line: RoutedLine): PeerConnection | undefined {
    if (this.#requests.serviceOf(uid) !== service) return undefined;
    if (line.held !== undefined) checkRoom(this.#nameHere(service), this, line.held);
    return this.#send(line, service);
  }

  /** Sends a request to the Manager of the node. Throws what `RemoteServices.ask` does. */
  ask(service: string, uid: string, attribute: string, args: readonly unknown[]): PeerConnection {
    if (attribute === "link") this.#links.check(service);
    const asked = { uid, attribute, service };
    this.#requests.ask(asked, () => this.#sendRequest(attribute, [service, ...args]));
    return this.connection;
  }

  /** The client has disconnected: what it has sent is still written, and nothing is answered. */
  leave(): void {
    this.#hasLeft = true;
    this.#requests.takeAll();
    this.close();
  }

  /** Ends the session once what was sent is written. */
  close(): void {
    this.connection.close();
  }

  /** Answers what is pending with an error: the Manager shuts down. */
  async failPending(end: number): Promise<void> {
    await this.#options.router.sessions.failAll(
      this.#requests.takeAll(),
      undefined,
      `the Manager shut down before the node ${repr(this.node)} answered the request`,
      end,
    );
  }

  receive(line: Uint8Array): PeerConnection | undefined {
    const { envelope } = this.#options;
    try {
      envelope.read(line);
    } catch (error) {
      return this.#break(error as Error);
    }
    return this.#route(line, undefined, envelope.end);
  }

  receiveLong(line: LongLine): Promise<PeerConnection | undefined> {
    return this.#options.longLines.receiveFrom(this, line);
  }

  receiveHeld(digest: Uint8Array, held: HeldLine, end: number): PeerConnection | undefined {
    if (!this.connection.isOpen) return undefined;
    try {
      this.#options.envelope.read(digest);
    } catch (error) {
      return this.#break(error as Error);
    }
    return this.#route(digest, held, end);
  }

  /** A long line cannot be held, or not be sent: the request that it answers fails. */
  reject(uid: string | undefined, _requester: string | undefined, error: Error): undefined {
    const asked = uid === undefined ? undefined : this.#requests.askedWith(uid);
    if (asked !== undefined) {
      this.#requests.completeAsked(uid!);
      this.#options.router.sendError(this.#client, asked.uid, error);
      this.#withdraw(asked);
    } else if (uid !== undefined && this.#requests.fail(uid, error)) {
      this.#options.router.sendError(this.#client, uid, error);
    }
  }

  /** A Manager sends only messages: the session with one that does not ends. */
  #break(error: Error): undefined {
    this.#reason = `the node has sent a line that is no message: ${error.message}`;
    this.connection.abort();
  }

  /** Routes a line that was read: to the client, mostly. */
  #route(line: Uint8Array, held: HeldLine | undefined, end: number): PeerConnection | undefined {
    const { envelope, statistics } = this.#options;
    const uid = envelope.text("uid") ?? "";
    const isError = envelope.isTrue("error");
    if (!isError && envelope.kind("result") === "absent") return undefined; // a request
    const requester = envelope.kind("requester");
    if (uid === NOTIFICATION && (requester === "absent" || requester === "null")) {
      return this.#notify(line, held, end);
    }
    const asked = this.#requests.askedWith(uid);
    if (asked !== undefined) {
      if (!this.#hasRoom(uid, held)) return undefined;
      this.#requests.completeAsked(uid);
      return this.#answer(asked, line, held, end);
    }
    const service = this.#requests.serviceOf(uid);
    if (service === undefined) return this.#receiveOther(uid, line, isError);
    const attribute = envelope.kind("attribute") === "absent" || isError
      ? undefined
      : envelope.text("attribute");
    const extension = attribute === undefined ? undefined : extensionOfPartialReply(attribute);
    if (extension !== undefined && !this.#client.extensions.includes(extension)) {
      statistics.unowedAnswers++;
      return undefined;
    }
    if (!this.#hasRoom(uid, held)) return undefined;
    if (extension === undefined) {
      this.#requests.answer(uid, envelope, line);
      statistics.answers++;
    } else this.#requests.transfer(uid, attribute!, extension);
    if (isError && held === undefined && isOfManager(line, end)) {
      return this.#sendError(line, uid, service);
    }
    return this.#deliver(line, held, end, this.#requester);
  }

  /** A reply to no pending request: what the Manager of the node says of itself. */
  #receiveOther(uid: string, line: Uint8Array, isError: boolean): PeerConnection | undefined {
    const { envelope, statistics } = this.#options;
    const { sink } = this.#client.session;
    const isOfLink = (uid === GONE || uid === UNLINKED) && !isError;
    const service = isOfLink ? envelope.text("result") : undefined;
    if (service !== undefined && this.#links.has(service)) {
      this.#links.remove(service);
      return uid === GONE ? this.#sendGone(this.#nameHere(service)) : sink;
    }
    if (uid === "" && isError) this.#reason = messageOf(line).replace(ERROR_CLASS, "");
    else statistics.unowedAnswers++;
    return sink;
  }

  #notify(line: Uint8Array, held: HeldLine | undefined, end: number): PeerConnection | undefined {
    const service = this.#options.envelope.text("service");
    if (service === undefined || !this.#links.has(service)) return undefined;
    const ending = this.#ending(this.#nameHere(service));
    const { sink } = this.#client.session;
    if (held === undefined) sink.sendSpliced(line, end, ending);
    else if (held.mayWaitFor(sink.holder)) sink.sendHeld(held, end, ending);
    else {
      this.#reason = "the client reads too slowly (--max-held)";
      this.connection.abort();
    }
    return sink;
  }

  /** The Manager of the node has answered a request. */
  #answer(
    { uid, attribute, service }: Asked,
    line: Uint8Array,
    held: HeldLine | undefined,
    end: number,
  ): PeerConnection {
    if (this.#options.envelope.isTrue("error")) {
      if (held === undefined) return this.#sendError(line, uid, service);
    } else if (attribute === "link") {
      this.#links.add(service);
      this.#options.onLinked(this.#nameHere(service));
    } else if (attribute === "unlink") {
      this.#links.remove(service);
    } else if (attribute === "acquire_lock" || attribute === "release_lock") {
      this.#links.lock(service, attribute === "acquire_lock");
    }
    const { networkName } = this.#client;
    const ending = `,"requester":${JSON.stringify(networkName)},"uid":${JSON.stringify(uid)}}`;
    return this.#deliver(line, held, end, encoder.encode(ending));
  }

  /** Sends a line to the client, with another end. */
  #deliver(
    line: Uint8Array,
    held: HeldLine | undefined,
    end: number,
    ending: Uint8Array,
  ): PeerConnection {
    const { sink } = this.#client.session;
    if (held === undefined) sink.sendSpliced(line, end, ending);
    else sink.sendHeld(held, end, ending);
    return sink;
  }

  /** Whether the client may be sent a reply. If it reads too slowly for a long one, its request fails. */
  #hasRoom(uid: string, held: HeldLine | undefined): boolean {
    if (held === undefined) return true;
    try {
      checkRoom(this.#client.name, this.#client.session.sink, held);
      return true;
    } catch (error) {
      this.reject(uid, undefined, error as Error);
      return false;
    }
  }

  /** Sends an error of the Manager of the node, with the name that the service has here. */
  #sendError(line: Uint8Array, uid: string, service: string): PeerConnection {
    const { networkName, session: { sink } } = this.#client;
    const message = messageOf(line).replaceAll(repr(service), repr(this.#nameHere(service)));
    sink.sendText(encodeFailure(networkName, uid, { message, traceback: [] }));
    return sink;
  }

  #sendGone(name: string): PeerConnection {
    const { networkName, extensions, session: { sink } } = this.#client;
    if (extensions.includes(GONE)) sink.sendText(encodeReply(networkName, GONE, name));
    return sink;
  }

  /** Sends a request to the Manager of the node. Returns its uid. */
  #sendRequest(attribute: string, args: readonly unknown[]): string {
    const uid = `${this.#prefix}${this.#askedCount++}`;
    this.connection.sendText(
      encodeRequest({ service: MANAGER, attribute, args: [...args], kwargs: {}, uid }),
    );
    return uid;
  }

  /** A link whose reply the client did not get, which thinks that it has none, keeps others out. */
  #withdraw({ attribute, service }: Asked): void {
    if (attribute === "link" && !this.#links.has(service)) this.#sendRequest("unlink", [service]);
  }

  #send({ bytes, end, held, members }: RoutedLine, service: string): PeerConnection {
    const ending = members === "" ? this.#ending(service) : endingOf(service, members);
    if (held === undefined) this.connection.sendSpliced(bytes, end, ending);
    else this.connection.sendHeld(held, end, ending);
    return this.connection;
  }

  #nameHere(service: string): string {
    return joinServiceName(this.node, service);
  }

  /** The end of a line in which a service has this name. */
  #ending(service: string): Uint8Array {
    const known = this.#endings.get(service);
    if (known !== undefined) return known;
    if (this.#endings.size >= MOST_ENDINGS) this.#endings.clear();
    const ending = endingOf(service);
    this.#endings.set(service, ending);
    return ending;
  }

  #end(end: End): void {
    const linked = this.#links.removeAll();
    const reason = this.#reason ??
      (end.state === "left" ? "its Manager has ended it" : describeEnd(end));
    this.#options.onEnd(linked);
    if (this.#hasLeft) return;
    log.info("The session of {client} with the node {node} ended: {reason}", {
      client: this.#client.networkName,
      node: this.node,
      reason,
    });
    this.#options.router.sessions.failAll(
      this.#requests.takeAll(),
      undefined,
      `the session with the node ${repr(this.node)} ended (${reason}) before the request was ` +
        `answered, and the service may have worked on it`,
    );
    for (const name of linked) this.#sendGone(name);
  }
}

/** The end of a line in which a service has this name, after other members. */
function endingOf(service: string, members = ""): Uint8Array {
  return encoder.encode(`${members},"service":${JSON.stringify(service)}}`);
}

/** Whether an error is one of the Manager of the node. */
function isOfManager(line: Uint8Array, end: number): boolean {
  const start = end + 1 - MANAGER_ERROR_BYTES.length;
  return start >= 0 && MANAGER_ERROR_BYTES.every((byte, at) => line[start + at] === byte);
}

/** The text of an error. */
function messageOf(line: Uint8Array): string {
  try {
    const message = decodeMessage(line);
    if (message.kind === "error") return message.message;
  } catch {
    // It is of a Manager of another version.
  }
  return "ConnectionAbortedError: an error that cannot be read";
}
