/**
 * Where each message goes, and what the Manager says where it cannot go there.
 *
 * What always holds:
 * - the bytes of a message that is forwarded are the bytes that came, but for the `requester`
 *   (and a missing `error`) that is spliced into a request before its closing brace, where the
 *   last of several equal keys wins;
 * - a request of a client is answered exactly once, by its service or by the Manager;
 * - a message that breaks a rule changes nothing and reaches nobody else.
 *
 * It knows no socket: a peer is an {@linkcode Outlet} to send to.
 *
 * @module
 */

import type { Judge } from "./login_throttle.ts";
import { Envelope, type Field, type Kind } from "../wire/envelope.ts";
import { ConnectionAbortedError, KeyError, PermissionError, ValueError } from "../errors.ts";
import type { Identities } from "../wire/identities.ts";
import type { Limits } from "../limits.ts";
import { logger } from "../base/log.ts";
import { Login, parseAnswer } from "./login.ts";
import {
  BEAT,
  CANCEL,
  CANCEL_REQUEST,
  decodeMessage,
  DISCONNECT,
  encodeControl,
  encodeError,
  encodeQuestion,
  encodeReply,
  encodeRequest,
  GONE,
  isControl,
  MANAGER,
  NEXT_VALUE,
  NOTIFICATION,
  READY,
  type Request,
  STREAM,
} from "../wire/message.ts";
import { type Client, networkNameOf, type Newcomer, type Peer, type Service } from "./peer.ts";
import type { Orphan, Registry } from "./registry.ts";
import type { RequestHandlers } from "./request_handlers.ts";
import { repr } from "../base/repr.ts";
import { scanKeys } from "../wire/key_scanner.ts";
import type { Statistics } from "./statistics.ts";
import { parseTyped, typedText } from "./terminal.ts";

/** Where a peer's messages are sent to. `Connection` is one. */
export interface Outlet {
  /** Sends text as one line. */
  sendText(line: string): void;
  /** Sends bytes as one line, put together from its parts. */
  sendBytes(...parts: readonly Uint8Array[]): void;
  /** The same, for a line that nobody waits for. A peer that cannot keep up with these is lost. */
  sendOrDrop(...parts: readonly Uint8Array[]): void;
  /** Sends a line of which the bytes from an index on are replaced. */
  sendSpliced(line: Uint8Array, index: number, ending: Uint8Array): void;
  /** Lets what was sent out, then ends. */
  close(): Promise<void>;
}

/** An outlet, who its peer has shown to be, and what is spliced into the peer's requests. */
export interface Seat<O extends Outlet> {
  readonly outlet: O;
  readonly login: Login;
  readonly requester: Uint8Array;
  readonly requesterAndError: Uint8Array;
  /** Whether the peer, a service, has answered when it was asked whether it is there. */
  readonly probe: { isAnswered: boolean };
}

/** What is known of a device from its handshake, beside who it is. */
export interface Admission {
  /** Judges the passwords that its computer gives. */
  judge: Judge;
  /** The user that logged in to connect it, if any did. */
  username?: string;
}

const encoder = new TextEncoder();
const log = logger("router");

/** Routes messages between the peers of a registry. */
export class Router<O extends Outlet> {
  readonly #registry: Registry<Seat<O>>;
  readonly #handlers: RequestHandlers<Seat<O>>;
  readonly #statistics: Statistics;
  readonly #envelope: Envelope;

  constructor(
    registry: Registry<Seat<O>>,
    handlers: RequestHandlers<Seat<O>>,
    limits: Pick<Limits, "maxDepth">,
    statistics: Statistics,
  ) {
    this.#envelope = new Envelope(limits.maxDepth);
    this.#registry = registry;
    this.#handlers = handlers;
    this.#statistics = statistics;
  }

  /**
   * Takes a device in.
   *
   * @throws {NameError} If its name is taken.
   */
  admit(
    newcomer: Newcomer,
    outlet: O,
    { judge, username }: Admission,
  ): Peer<Seat<O>> {
    const { manager } = this.#registry;
    const requester = `"requester":${JSON.stringify(networkNameOf(newcomer))}}`;
    const sendQuestion = (attribute: string, about: string) =>
      outlet.sendText(encodeQuestion(manager, attribute, [about]));
    const seat = {
      outlet,
      login: new Login(sendQuestion, judge, username),
      requester: encoder.encode(`,${requester}`),
      requesterAndError: encoder.encode(`,"error":false,${requester}`),
      probe: { isAnswered: false },
    };
    return this.#registry.add(newcomer, seat, username);
  }

  /**
   * Unlinks clients that may not use the service any longer. What they are owed still comes, but
   * the service hears that it may give it up: a stream could go on for ever.
   */
  withdraw(): void {
    for (const { client, service } of this.#registry.withdraw()) {
      log.info("{client} is unlinked: {username} may not use the {service} service any longer", {
        client: client.networkName,
        username: client.username,
        service: service.name,
      });
    }
    for (const client of this.#registry.clients) {
      this.#cancel(client, (service) => !this.#registry.mayUse(client, service));
    }
  }

  /** Takes a device out, and answers for it what it can no longer answer. */
  dismiss(peer: Peer<Seat<O>>): void {
    const linked = peer.kind === "service" ? [...peer.links] : [];
    if (peer.kind === "client") this.#cancel(peer);
    this.#failAll(
      this.#registry.remove(peer),
      `the ${repr(peer.name)} service disconnected before it answered the request`,
    );
    for (const { networkName, extensions, seat } of linked) {
      if (extensions.includes(GONE)) {
        seat.outlet.sendText(encodeReply(networkName, GONE, peer.name));
      }
    }
  }

  /**
   * The Manager shuts down: whatever is owed is answered with an error. A device of this package
   * knows by itself what the end of its connection means.
   */
  abandon(): void {
    for (const service of this.#registry.services) {
      const orphans = this.#registry.abandon(service);
      this.#failAll(
        orphans.filter(({ client }) => !client.extensions.includes(READY)),
        `the Manager shut down before the ${repr(service.name)} service answered the request`,
      );
    }
  }

  /** Gives up what a client waits for, from the services that are `meant`. */
  #cancel(
    client: Client<Seat<O>>,
    meant: (service: Service<Seat<O>>) => boolean = () => true,
  ): void {
    const requester = client.networkName;
    for (const { service, uid } of this.#registry.awaited(client)) {
      const { name, extensions, seat } = service;
      if (!extensions.includes(CANCEL) || !meant(service)) continue;
      seat.outlet.sendText(encodeControl({ service: name, uid, requester }, CANCEL_REQUEST));
    }
  }

  #failAll(orphans: readonly Orphan<Seat<O>>[], reason: string): void {
    for (const { client, uid } of orphans) {
      this.refuse(client, uid, new ConnectionAbortedError(reason));
    }
  }

  /** Who is connected. */
  identities(): Identities {
    return this.#handlers.identities();
  }

  /**
   * Deals with one line of a peer. Never throws.
   *
   * @returns The outlet that it fed, whose congestion should slow the peer down. A notification
   * feeds many and waits for none.
   */
  receive(peer: Peer<Seat<O>>, line: Uint8Array): O | undefined {
    return peer.kind === "client" ? this.#fromClient(peer, line) : this.#fromService(peer, line);
  }

  #fromClient(client: Client<Seat<O>>, line: Uint8Array): O | undefined {
    const envelope = this.#envelope;
    try {
      envelope.read(line);
    } catch (error) {
      return this.#fromTerminal(client, line, error);
    }
    try {
      if (!this.#isRequest()) return this.#answered(client, line);
      const attribute = this.#text("attribute");
      if (attribute === DISCONNECT) return this.#disconnect(client);
      const name = this.#text("service");
      this.#check("args", "array");
      this.#check("kwargs", "object");
      const uid = this.#text("uid");
      if (name === MANAGER) return this.#answer(client, line);
      if (isControl(attribute)) return this.#control(client, name, uid, attribute, line);
      const service = this.#registry.route(client, name, uid);
      this.#statistics.requests++;
      return this.#passRequest(client, service, line);
    } catch (error) {
      return this.refuse(client, envelope.text("uid") ?? "", error);
    }
  }

  #passRequest({ seat }: Client<Seat<O>>, service: Service<Seat<O>>, line: Uint8Array): O {
    const { outlet } = service.seat;
    const envelope = this.#envelope;
    const isPlain = envelope.kind("error") === "boolean" && !envelope.isTrue("error");
    outlet.sendSpliced(line, envelope.end, isPlain ? seat.requester : seat.requesterAndError);
    return outlet;
  }

  /**
   * A message about a request that is out, which nobody answers: it may cross with the answer, and
   * then it is about nothing.
   */
  #control(
    client: Client<Seat<O>>,
    name: string,
    uid: string,
    attribute: string,
    line: Uint8Array,
  ): O | undefined {
    const extension = attribute === CANCEL_REQUEST ? CANCEL : STREAM;
    if (!client.extensions.includes(extension)) {
      throw new PermissionError("Cannot request a private attribute");
    }
    const service = this.#registry.service(name);
    if (!service?.extensions.includes(extension)) return undefined;
    if (this.#registry.debt(service, client.networkName, uid) === undefined) return undefined;
    return this.#passRequest(client, service, line);
  }

  /** A line that is not a message may be what a person typed. */
  #fromTerminal(client: Client<Seat<O>>, line: Uint8Array, fault: unknown): O | undefined {
    const { login } = client.seat;
    try {
      const typed = typedText(line);
      if (typed === undefined) throw fault;
      if (login.isPrompting) return void login.receive({ form: "text", line: typed });
      return this.#fromClient(client, encoder.encode(encodeRequest(parseTyped(typed))));
    } catch (error) {
      return this.refuse(client, scanKeys(line).text("uid") ?? "", error);
    }
  }

  /** A client answers nothing but the questions of a login. */
  #answered(client: Client<Seat<O>>, bytes: Uint8Array): undefined {
    const { login } = client.seat;
    const isAnswer = isAbsent(this.#envelope.kind("uid")) || this.#envelope.text("uid") === "";
    if (login.isPrompting && isAnswer) {
      return void login.receive(parseAnswer(bytes));
    }
    this.#statistics.unowedAnswers++;
    log.warn("A client sent what only a service may send: {client}", {
      client: client.networkName,
    });
  }

  #fromService(service: Service<Seat<O>>, line: Uint8Array): O | undefined {
    const envelope = this.#envelope;
    try {
      envelope.read(line);
      if (envelope.kind("result") === "absent" && !envelope.isTrue("error")) {
        if (envelope.kind("attribute") === "absent") throw new KeyError("result");
        return this.#requestOfService(service, line);
      }
      if (isAbsent(envelope.kind("requester")) && envelope.text("uid") === NOTIFICATION) {
        this.#notify(service, line);
        return undefined;
      }
      const requester = this.#text("requester");
      const uid = this.#text("uid");
      const isValue = this.#isValue();
      const client = isValue
        ? this.#reader(service, requester, uid)
        : this.#registry.settle(service, requester, uid);
      if (client === undefined) {
        if (requester === this.#registry.manager && uid === BEAT) {
          service.seat.probe.isAnswered = true;
          return undefined;
        }
        // The client has left, or the service makes it up.
        this.#statistics.unowedAnswers++;
        log.debug("{service} sent an answer that it does not owe to {requester}", {
          service: service.networkName,
          requester,
        });
        return undefined;
      }
      if (!isValue) this.#statistics.answers++;
      client.seat.outlet.sendBytes(line);
      return client.seat.outlet;
    } catch (error) {
      const keys = scanKeys(line);
      return this.failAnswer(service, keys.text("requester"), keys.text("uid"), error as Error);
    }
  }

  /** Whether an answer is a value of a stream, after which the answer is still owed. */
  #isValue(): boolean {
    const envelope = this.#envelope;
    return envelope.kind("attribute") !== "absent" && envelope.text("attribute") === NEXT_VALUE &&
      !envelope.isTrue("error"); // which is the end, whatever else it says
  }

  /** The client that reads the stream which a value belongs to, if there is one. */
  #reader(service: Service<Seat<O>>, requester: string, uid: string): Client<Seat<O>> | undefined {
    const client = this.#registry.debt(service, requester, uid)?.client;
    return client?.extensions.includes(STREAM) ? client : undefined;
  }

  /** Whether the message is meant as a request, complete or not. */
  #isRequest(): boolean {
    const envelope = this.#envelope;
    return envelope.kind("attribute") !== "absent" ||
      (envelope.kind("result") === "absent" && !envelope.isTrue("error"));
  }

  /** The text of a member that must be there. */
  #text(field: Field): string {
    const text = this.#envelope.text(field);
    if (text === undefined) this.#check(field, "string");
    return text!;
  }

  #check(field: Field, kind: Kind): void {
    const found = this.#envelope.kind(field);
    if (found === kind) return;
    if (found === "absent") throw new KeyError(field);
    throw new TypeError(`The ${repr(field)} of a message must be of type ${kind}, not ${found}`);
  }

  #answer(peer: Peer<Seat<O>>, line: Uint8Array): O {
    const { outlet } = peer.seat;
    const message = decodeMessage(line);
    if (message.kind !== "request") {
      throw new ValueError("The 'error' of a request must be false");
    }
    if (peer.kind === "client" && !this.#handlers.isPublic(message.attribute)) {
      this.#administer(peer, message);
      return outlet;
    }
    const result = this.#handlers.answer(peer, message);
    outlet.sendText(encodeReply(peer.networkName, message.uid, result));
    return outlet;
  }

  async #administer(client: Client<Seat<O>>, request: Request): Promise<void> {
    const { outlet, login } = client.seat;
    try {
      const result = await this.#handlers.answerAdministrator(login, request);
      outlet.sendText(encodeReply(client.networkName, request.uid, result));
    } catch (error) {
      this.refuse(client, request.uid, error);
    }
  }

  #requestOfService(service: Service<Seat<O>>, bytes: Uint8Array): O | undefined {
    const uid = this.#envelope.text("uid") ?? "";
    try {
      if (this.#text("attribute") === DISCONNECT) return this.#disconnect(service);
      if (this.#text("service") === MANAGER) return this.#answer(service, bytes);
      throw new PermissionError(`${repr(service.name)} is a Service, only a Client sends requests`);
    } catch (error) {
      return this.refuse(service, uid, error);
    }
  }

  #notify(service: Service<Seat<O>>, bytes: Uint8Array): void {
    const name = this.#text("service");
    this.#check("result", "array"); // [args, kwargs]
    if (this.#envelope.isTrue("error")) throw new ValueError("An error is not a notification");
    if (name !== service.name) {
      this.#statistics.misnamedNotifications++;
      log.warn("{service} sent a notification in the name of {name}", {
        service: service.networkName,
        name,
      });
      return;
    }
    this.#statistics.notifications++;
    for (const client of service.links) client.seat.outlet.sendOrDrop(bytes);
  }

  #disconnect(peer: Peer<Seat<O>>): undefined {
    peer.seat.outlet.close();
  }

  /** Tells a peer why something that it has sent goes nowhere. */
  refuse(peer: Peer<Seat<O>>, uid: string, error: unknown): O {
    this.#statistics.addError(error);
    peer.seat.outlet.sendText(encodeError(peer.networkName, uid, error));
    return peer.seat.outlet;
  }

  /** An answer cannot be forwarded: whoever waits for it is told so, if the service owes it. */
  failAnswer(
    service: Service<Seat<O>>,
    requester: string | undefined,
    uid: string | undefined,
    error: Error,
  ): O | undefined {
    log.warn("{service} sent an invalid message: {error}", {
      service: service.networkName,
      error: error.message,
    });
    if (requester === undefined || uid === undefined) return undefined;
    const client = this.#registry.settle(service, requester, uid);
    if (client === undefined) return undefined;
    const failure = new ValueError(
      `the ${repr(service.name)} service sent an invalid answer: ${error.message}`,
    );
    return this.refuse(client, uid, failure);
  }
}

function isAbsent(kind: Kind): boolean {
  return kind === "absent" || kind === "null";
}
