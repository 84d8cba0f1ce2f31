/**
 * Routes each message to the peer that it is addressed to, or answers it with an error.
 *
 * Invariants:
 * - a message is forwarded with the bytes that came in. Only a request gets the `requester` (and a
 *   missing `error`) spliced in before its closing brace, where the last of several equal keys wins;
 * - a request of a client is answered exactly once, by its service or by the Manager;
 * - a message that breaks a rule changes nothing and reaches no other peer.
 *
 * The rules of links, locks and pending requests are the registry's, and requests to the Manager go
 * to the request handlers. When a peer comes and goes, `sessions.ts` does what follows. The router knows
 * no socket: each peer has a {@linkcode LineSink}.
 *
 * @module
 */

import { KeyError, PermissionError, ValueError } from "../errors.ts";
import type { Identities } from "../wire/identities.ts";
import type { Limits } from "../limits.ts";
import { logger } from "../base/log.ts";
import { encodeError, encodeReply } from "../wire/message.ts";
import {
  ARRAYS,
  BEAT,
  DISCONNECT,
  extensionOfControl,
  MANAGER,
  NOTIFICATION,
  PART,
  STREAM,
} from "../wire/protocol.ts";
import { ManagerRequests } from "./manager_requests.ts";
import { checkName } from "./names.ts";
import type { Client, Peer, Service } from "./peer.ts";
import { MANAGER_ERROR, type RemoteServices, type RoutedLine } from "./remote_services.ts";
import type { Registry } from "./registry.ts";
import type { RequestHandlers } from "./request_handlers.ts";
import { repr } from "../base/repr.ts";
import type { HeldLine } from "../wire/held_line.ts";
import { scanKeys } from "../wire/key_scanner.ts";
import type { RpcSpan } from "../wire/rpc_span.ts";
import type { RequestSpans } from "./request_spans.ts";
import { RoutedMessage } from "./routed_message.ts";
import { checkRoom, type LineSink, type Session } from "./session.ts";
import { Sessions } from "./sessions.ts";
import type { Statistics } from "./statistics.ts";

/** The limits that a router enforces. */
type RouterLimits = Pick<Limits, "handshakeSize" | "maxDepth" | "maxNameLength">;

const encoder = new TextEncoder();
const EMPTY = new Uint8Array(0);
const log = logger("router");

/** Routes messages between the peers of a registry. */
export class Router<Sink extends LineSink> {
  readonly #registry: Registry<Session<Sink>>;
  readonly #handlers: RequestHandlers<Session<Sink>>;
  readonly #limits: RouterLimits;
  readonly #statistics: Statistics;
  readonly #spans: RequestSpans | undefined;
  readonly #requests: ManagerRequests<Sink>;
  /** The sessions of the peers. */
  readonly sessions: Sessions<Sink>;
  readonly #message: RoutedMessage;
  /** The services of other nodes; `undefined` if the Manager is not joined to any. */
  #remote: RemoteServices<Session<Sink>, Sink> | undefined;
  /** The long line whose digest is being routed, and the index of its closing brace. */
  #held: { line: HeldLine; end: number } | undefined;

  /** @param spans Traces the requests that are forwarded. Default: they are not traced. */
  constructor(
    registry: Registry<Session<Sink>>,
    handlers: RequestHandlers<Session<Sink>>,
    limits: RouterLimits,
    statistics: Statistics,
    spans?: RequestSpans,
  ) {
    this.#spans = spans;
    this.#message = new RoutedMessage(limits);
    this.#limits = limits;
    this.#registry = registry;
    this.#handlers = handlers;
    this.#statistics = statistics;
    const sendError = (peer: Peer<Session<Sink>>, uid: string, error: unknown) =>
      this.sendError(peer, uid, error);
    this.#requests = new ManagerRequests(registry, handlers, limits, sendError);
    this.sessions = new Sessions(registry, sendError, spans);
    registry.onLink = (client, service, isLinked) => this.#countLink(client, service, isLinked);
  }

  /** Lets the clients use the services of other nodes from now on. */
  join(remote: RemoteServices<Session<Sink>, Sink>): void {
    this.#remote = remote;
    this.#requests.remote = this.sessions.remote = remote;
    this.#handlers.listing.remote = this.#registry.nodes = remote;
  }

  /** The identity of the Manager, with every connected client and service. */
  identities(): Identities {
    return this.#handlers.listing.identities();
  }

  /**
   * Routes one line of a peer. Never throws.
   *
   * @returns The sink that the line went to: while that is congested, no more should be read from
   * the peer. `undefined` for a notification, which goes to many and waits for none.
   */
  receive(peer: Peer<Session<Sink>>, line: Uint8Array): Sink | undefined {
    return peer.kind === "client" ? this.#fromClient(peer, line) : this.#fromService(peer, line);
  }

  /**
   * Routes a long line of a peer: its digest, which has the same routing keys, is routed by the rules
   * of any line, and the held line is sent in its place. Never throws.
   *
   * @param end The index of the closing brace in the held line.
   */
  receiveHeld(
    peer: Peer<Session<Sink>>,
    digest: Uint8Array,
    line: HeldLine,
    end: number,
  ): Sink | undefined {
    if (!this.#registry.has(peer)) return undefined; // it was disconnected while the line was checked
    this.#held = { line, end };
    this.#statistics.calls.tick(); // the check has taken its time
    try {
      return this.receive(peer, digest);
    } finally {
      this.#held = undefined;
    }
  }

  #fromClient(client: Client<Session<Sink>>, line: Uint8Array): Sink | undefined {
    const message = this.#message;
    try {
      message.read(line);
    } catch (error) {
      return this.#receiveTyped(client, line, error);
    }
    try {
      if (!message.isRequest) return this.#receiveAnswer(client, line);
      const attribute = message.requireName("attribute");
      if (attribute === DISCONNECT) return void this.sessions.end(client);
      const name = message.requireServiceName();
      message.require("args", "array");
      message.require("kwargs", "object");
      const uid = message.requireName("uid");
      if (name === MANAGER) return this.#requests.answer(client, line, this.#isHeld);
      const extension = extensionOfControl(attribute);
      if (this.#remote !== undefined && this.#registry.isRemote(client, name)) {
        return this.#forwardRemote(client, { name, uid, attribute }, extension, line);
      }
      if (extension !== undefined) {
        return this.#forwardControl(client, { name, uid, attribute }, extension, line);
      }
      const span = this.#spans?.start(
        client,
        message,
        { name, attribute },
        this.#registry.service(name),
      );
      const service = this.#route(client, { name, uid, attribute }, span);
      this.#statistics.requests++;
      service.session.probe.owed++;
      return this.#forwardRequest(client, service, line, span);
    } catch (error) {
      client.calls.end(NaN, true);
      return this.sendError(client, message.text("uid") ?? "", error);
    }
  }

  /** The service that a request goes to; the request is pending from now on. */
  #route(
    client: Client<Session<Sink>>,
    { name, uid, attribute }: { name: string; uid: string; attribute: string },
    span: RpcSpan | undefined,
  ): Service<Session<Sink>> {
    try {
      if (this.#held !== undefined) this.#checkRoom(this.#registry.service(name), this.#held.line);
      const start = this.#isStream(client, name, attribute) ? NaN : this.#statistics.calls.now;
      const service = this.#registry.route(client, name, uid, start);
      if (span !== undefined) this.#spans!.add(span, client, name, uid);
      return service;
    } catch (error) {
      span?.fail(error);
      throw error;
    }
  }

  /** Whether a request is answered by a stream, which may last for days. */
  #isStream({ extensions }: Client<Session<Sink>>, name: string, attribute: string): boolean {
    const streams = this.#registry.service(name)?.streamNames;
    return streams !== undefined && streams.size > 0 && streams.has(attribute) &&
      extensions.includes(STREAM);
  }

  #forwardRequest(
    client: Client<Session<Sink>>,
    service: Service<Session<Sink>>,
    line: Uint8Array,
    span?: RpcSpan,
  ): Sink {
    const { sink } = service.session;
    const message = this.#message;
    const isPlain = message.kind("error") === "boolean" && !message.isTrue("error");
    const { requester, requesterAndError } = service.session.arrays && client.session.arrays ||
      client.session;
    const peer = isPlain ? requester : requesterAndError;
    const members = span && this.#spans!.membersFor(span, client, message, service);
    const ending = members ? concat(encoder.encode(members), peer) : peer;
    if (this.#held === undefined) sink.sendSpliced(line, message.end, ending);
    else sink.sendHeld(this.#held.line, this.#held.end, ending);
    return sink;
  }

  /** Forwards a request, or a message about one, to another node. */
  #forwardRemote(
    client: Client<Session<Sink>>,
    { name, uid, attribute }: { name: string; uid: string; attribute: string },
    extension: string | undefined,
    bytes: Uint8Array,
  ): Sink | undefined {
    const message = this.#message;
    const line: RoutedLine = this.#held === undefined
      ? { bytes, end: message.end, held: undefined, members: "" }
      : { bytes, end: this.#held.end, held: this.#held.line, members: "" };
    if (extension !== undefined) {
      checkExtension(client, extension);
      if (attribute === PART) this.#spans?.transfer(client, name, uid, attribute);
      return this.#remote!.forwardControl(client, name, uid, line);
    }
    const service = this.#spans && this.#remote!.service(name);
    const span = this.#spans?.start(client, message, { name, attribute }, service);
    const members = this.#spans?.membersForNode(span, client, message, service) ?? "";
    try {
      this.#registry.checkOpen();
      const sink = this.#remote!.forward(client, name, uid, { ...line, members });
      if (span !== undefined) this.#spans!.add(span, client, name, uid);
      this.#statistics.requests++;
      return sink;
    } catch (error) {
      span?.fail(error);
      throw error;
    }
  }

  /**
   * Forwards a message about a pending request. It is never answered: the reply to the request may
   * cross it, and then there is nothing left to control.
   */
  #forwardControl(
    client: Client<Session<Sink>>,
    { name, uid, attribute }: { name: string; uid: string; attribute: string },
    extension: string,
    line: Uint8Array,
  ): Sink | undefined {
    checkExtension(client, extension);
    const service = this.#registry.service(name);
    if (!service?.extensions.includes(extension)) return undefined;
    if (this.#registry.pendingRequest(service, client.networkName, uid) === undefined) {
      return undefined;
    }
    if (this.#held !== undefined) this.#checkRoom(service, this.#held.line);
    if (attribute === PART) this.#spans?.transfer(client, name, uid, attribute);
    return this.#forwardRequest(client, service, line);
  }

  /** A line that is not a message may be typed by a person. */
  #receiveTyped(client: Client<Session<Sink>>, line: Uint8Array, fault: unknown): Sink | undefined {
    try {
      const request = this.#requests.readTyped(client, line, fault, this.#isHeld);
      return request && this.#fromClient(client, request);
    } catch (error) {
      return this.sendError(client, scanKeys(line).text("uid") ?? "", error);
    }
  }

  /** A reply of a client. The only ones that it may send are the answers to the prompts of a login. */
  #receiveAnswer(client: Client<Session<Sink>>, line: Uint8Array): undefined {
    const message = this.#message;
    const isOfPrompt = message.isMissing("uid") || message.text("uid") === "";
    if (this.#requests.takeAnswer(client, line, isOfPrompt, this.#isHeld)) return;
    this.#statistics.unowedAnswers++;
    log.warn("A client sent a message that only a service may send: {client}", {
      client: client.networkName,
    });
  }

  #fromService(service: Service<Session<Sink>>, line: Uint8Array): Sink | undefined {
    const message = this.#message;
    try {
      message.read(line);
      if (message.kind("result") === "absent" && !message.isTrue("error")) {
        if (message.kind("attribute") === "absent") throw new KeyError("result");
        return this.#receiveRequestOfService(service, line);
      }
      if (message.isMissing("requester") && message.text("uid") === NOTIFICATION) {
        this.#notify(service, line);
        return undefined;
      }
      const requester = message.requireText("requester");
      const uid = message.requireText("uid");
      const extension = message.partialReply;
      if (this.#held !== undefined) {
        const client = this.#registry.pendingRequest(service, requester, uid)?.client;
        this.#checkRoom(client, this.#held.line);
      }
      const client = extension === undefined
        ? this.#registry.complete(
          service,
          requester,
          uid,
          this.#statistics.calls.now,
          message.isTrue("error"),
        )
        : this.#pendingClient(service, requester, uid, extension);
      if (client === undefined) {
        if (requester === this.#registry.manager && uid === BEAT) {
          service.session.probe.isAnswered = true;
          return undefined;
        }
        // The client has disconnected, or never sent such a request.
        if (extension === undefined) this.#settle(service);
        this.#statistics.unowedAnswers++;
        log.debug("{service} sent a reply to no pending request of {requester}", {
          service: service.networkName,
          requester,
        });
        return undefined;
      }
      if (extension === undefined) {
        this.#settle(service);
        this.#statistics.answers++;
        this.#spans?.answer(client, service.name, uid, message, line);
      } else this.#spans?.transfer(client, service.name, uid, message.text("attribute")!);
      const { sink } = client.session;
      if (this.#held === undefined) sink.sendBytes(line);
      else sink.sendHeld(this.#held.line, this.#held.line.length, EMPTY);
      return sink;
    } catch (error) {
      const keys = scanKeys(line);
      return this.failReply(service, keys.text("requester"), keys.text("uid"), error as Error);
    }
  }

  /** A service has answered a request, whether its client is still there or not. */
  #settle({ session: { probe } }: Service<Session<Sink>>): void {
    if (probe.owed > 0) probe.owed--;
  }

  /** The client of a pending request, if it has offered the extension; `undefined` if there is none. */
  #pendingClient(
    service: Service<Session<Sink>>,
    requester: string,
    uid: string,
    extension: string,
  ): Client<Session<Sink>> | undefined {
    const client = this.#registry.pendingRequest(service, requester, uid)?.client;
    return client?.extensions.includes(extension) ? client : undefined;
  }

  /** Whether the message is a long one, of which the router sees the digest. */
  get #isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Rejects a long line if its receiver has its share of held lines already. */
  #checkRoom(receiver: Peer<Session<Sink>> | undefined, line: HeldLine): void {
    if (receiver !== undefined) checkRoom(receiver.name, receiver.session.sink, line);
  }

  #receiveRequestOfService(service: Service<Session<Sink>>, bytes: Uint8Array): Sink | undefined {
    const message = this.#message;
    const uid = message.text("uid") ?? "";
    try {
      checkName("uid", uid, this.#limits);
      if (message.requireName("attribute") === DISCONNECT) return void this.sessions.end(service);
      if (message.requireName("service") === MANAGER) {
        return this.#requests.answer(service, bytes, this.#isHeld);
      }
      throw new PermissionError(`${repr(service.name)} is a Service, only a Client sends requests`);
    } catch (error) {
      return this.sendError(service, uid, error);
    }
  }

  #notify(service: Service<Session<Sink>>, bytes: Uint8Array): void {
    const message = this.#message;
    const name = message.requireText("service");
    message.require("result", "array"); // [args, kwargs]
    if (message.isTrue("error")) throw new ValueError("An error is not a notification");
    if (name !== service.name) {
      this.#statistics.misnamedNotifications++;
      log.warn("{service} sent a notification in the name of {name}", {
        service: service.networkName,
        name,
      });
      return;
    }
    this.#statistics.notifications++;
    const isForSome = message.kind("arrays") === "boolean";
    const knowsArrays = message.isTrue("arrays");
    for (const { session: { sink, arrays } } of service.links) {
      if (isForSome && knowsArrays !== (arrays !== undefined)) continue;
      if (this.#held === undefined) sink.sendOrDrop(bytes);
      else sink.sendHeldOrDrop(this.#held.line);
    }
  }

  /** Tells a service that knows arrays in which forms its linked clients take notifications. */
  #countLink(
    client: Client<Session<Sink>>,
    service: Service<Session<Sink>>,
    isLinked: boolean,
  ): void {
    const { arrays, sink } = service.session;
    if (arrays === undefined || !this.#registry.has(service)) return;
    const form = client.session.arrays === undefined ? "lists" : "arrays";
    const forms = arrays.countLink(form, isLinked);
    if (forms !== undefined) sink.sendText(encodeReply(service.networkName, ARRAYS, forms));
  }

  /** Answers a message of a peer with an error. A uid that is too long is not sent back. */
  sendError(peer: Peer<Session<Sink>>, uid: string, error: unknown): Sink {
    this.#statistics.addError(error);
    const isOfNode = peer.kind === "client" && peer.node !== undefined;
    // Another node has checked it already, and waits for the answer.
    const known = uid.length > this.#limits.maxNameLength && !isOfNode ? "" : uid;
    const line = encodeError(peer.networkName, known, error);
    peer.session.sink.sendText(isOfNode ? `${line.slice(0, -1)}${MANAGER_ERROR}` : line);
    return peer.session.sink;
  }

  /** Answers the pending request of an invalid reply, which cannot be forwarded, with an error. */
  failReply(
    service: Service<Session<Sink>>,
    requester: string | undefined,
    uid: string | undefined,
    error: Error,
  ): Sink | undefined {
    const isKnown = requester !== undefined && uid !== undefined;
    const { now } = this.#statistics.calls;
    const client = isKnown
      ? this.#registry.complete(service, requester, uid, now, true)
      : undefined;
    const span = client && this.#spans?.take(client, service.name, uid!);
    const report = () =>
      log.warn("{service} sent an invalid message: {error}", {
        service: service.networkName,
        error: error.message,
      });
    if (span === undefined) report();
    else span.run(report);
    if (!isKnown) return undefined;
    this.#settle(service);
    if (client === undefined) return undefined;
    const failure = new ValueError(
      `the ${repr(service.name)} service sent an invalid answer: ${error.message}`,
    );
    span?.fail(failure);
    return this.sendError(client, uid, failure);
  }
}

/** Rejects a message of an extension that the client has not offered. */
function checkExtension({ extensions }: Client<unknown>, extension: string): void {
  if (extensions.includes(extension)) return;
  throw new PermissionError("Cannot request a private attribute");
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
