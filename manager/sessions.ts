/**
 * The sessions of the devices of a Manager, from their registration to their end: what a device leaves
 * behind is answered, cancelled, or told to the others. Who may have a session, and its links, locks and
 * pending requests, are up to the registry.
 *
 * @module
 */

import { ConnectionAbortedError } from "../errors.ts";
import { logger } from "../base/log.ts";
import { Yielder } from "../base/pause.ts";
import { encodeControl, encodeReply } from "../wire/message.ts";
import { CANCEL, CANCEL_REQUEST, GONE, READY } from "../wire/protocol.ts";
import type { Client, Peer, PeerIdentity, Service } from "./peer.ts";
import type { PendingRequest } from "./pending_requests.ts";
import type { Registry } from "./registry.ts";
import { type RemoteServices, UNLINKED } from "./remote_services.ts";
import { repr } from "../base/repr.ts";
import type { RequestSpans } from "./request_spans.ts";
import { type Admission, type LineSink, newSession, type Session } from "./session.ts";

/** How long requests are answered with errors between two pauses, in milliseconds. */
const SLICE = 2;

const log = logger("router");

/** The sessions of all devices. */
export class Sessions<Sink extends LineSink> {
  /** The services of other nodes; `undefined` if the Manager is not joined to any. */
  remote: RemoteServices<Session<Sink>, Sink> | undefined;
  readonly #registry: Registry<Session<Sink>>;
  readonly #sendError: (peer: Peer<Session<Sink>>, uid: string, error: unknown) => void;
  readonly #spans: RequestSpans | undefined;

  /**
   * @param sendError Answers a message of a peer with an error.
   * @param spans Traces the requests that are forwarded. Default: they are not traced.
   */
  constructor(
    registry: Registry<Session<Sink>>,
    sendError: (peer: Peer<Session<Sink>>, uid: string, error: unknown) => void,
    spans?: RequestSpans,
  ) {
    this.#registry = registry;
    this.#sendError = sendError;
    this.#spans = spans;
  }

  /**
   * Registers a device.
   *
   * @throws {NameError} If its name is taken.
   * @throws {ValueError | PermissionError} If its user may not connect it.
   * @throws {ConnectionAbortedError} If the Manager is shutting down.
   */
  register(
    identity: PeerIdentity,
    sink: Sink,
    admission: Admission,
  ): Peer<Session<Sink>> {
    const session = newSession(identity, sink, this.#registry.manager, admission);
    return this.#registry.register(identity, session, admission.user);
  }

  /**
   * Unregisters a device, and answers the requests that it leaves orphaned with an error. Does nothing
   * if it is not registered any more.
   */
  unregister(peer: Peer<Session<Sink>>): void {
    const linked = peer.kind === "service" ? [...peer.links] : [];
    if (peer.kind === "client") {
      this.#cancel(peer);
      this.#spans?.endAll(peer, new ConnectionAbortedError("the client disconnected"));
      this.remote?.leave(peer);
    }
    this.failAll(
      this.#registry.unregister(peer),
      peer.name,
      `the ${repr(peer.name)} service disconnected before it answered the request`,
    );
    for (const { networkName, extensions, session } of linked) {
      if (extensions.includes(GONE)) {
        session.sink.sendText(encodeReply(networkName, GONE, peer.name));
      }
    }
  }

  /**
   * Applies a change of the users or of the access lists. Disconnects the peers that may not stay
   * connected, and tells them why; a device that reconnects gives up if the login is not valid.
   *
   * Removes the links of clients that may no longer use the service. Their pending requests are
   * cancelled, since a stream could go on for ever; a reply that comes nevertheless is forwarded.
   */
  revoke(): void {
    for (const { peer, reason } of this.#registry.unwelcome()) {
      log.info("{peer} is disconnected: {reason}", {
        peer: peer.networkName,
        reason: reason.message,
      });
      this.#sendError(peer, "", reason);
      this.end(peer);
    }
    for (const { client, service } of this.#registry.revoke()) {
      log.info("{client} is unlinked: {username} may no longer use the {service} service", {
        client: client.networkName,
        username: client.user?.username,
        service: service.name,
      });
      if (client.node === undefined) continue;
      client.session.sink.sendText(encodeReply(client.networkName, UNLINKED, service.name));
    }
    for (const client of this.#registry.clients) {
      this.#cancel(client, (service) => !this.#registry.mayUse(client, service));
    }
  }

  /** Disconnects a peer for an administrator. Does nothing if it is not connected any more. */
  disconnect(peer: Peer<Session<Sink>>): void {
    if (!this.#registry.has(peer)) return;
    log.warn("{peer} is disconnected by an administrator", { peer: peer.networkName });
    this.#sendError(peer, "", new ConnectionAbortedError("disconnected by an administrator"));
    this.end(peer);
  }

  /** Ends the session of a peer. It is unregistered before it sees that, after which it is not listed. */
  end(peer: Peer<Session<Sink>>): void {
    this.unregister(peer);
    peer.session.sink.close();
  }

  /**
   * Answers all pending requests with an error, as the Manager shuts down. A Client of this package
   * gets none: the end of its connection fails its requests.
   *
   * @param time How long to send errors, in milliseconds. The requests that are pending then are
   * left to the end of the connections too.
   */
  async failPending(time: number): Promise<void> {
    const end = performance.now() + time;
    for (const service of this.#registry.services) {
      const requests = this.#registry.pending.take(service);
      await this.failAll(
        requests.filter(({ client }) => !client.extensions.includes(READY)),
        service.name,
        `the Manager shut down before the ${repr(service.name)} service answered the request`,
        end,
      );
    }
    await this.remote?.failPending(end);
  }

  /**
   * Answers requests with an error: the first ones in this call, and others after pauses, since there
   * may be 100,000.
   *
   * @param service The name of the local service that has not answered them, if it is one.
   * @param end When to stop. Default: at the last request.
   */
  async failAll(
    requests: readonly PendingRequest<Session<Sink>>[],
    service: string | undefined,
    reason: string,
    end = Infinity,
  ): Promise<void> {
    if (requests.length === 0) return;
    const error = new ConnectionAbortedError(reason); // one for all: it takes 4 µs to make its stack
    const yielder = new Yielder(SLICE);
    for (const [index, { client, uid, service: name = service }] of requests.entries()) {
      if (name !== undefined) this.#spans?.take(client, name, uid)?.fail(error);
      this.#sendError(client, uid, error);
      if ((index + 1) % 64 > 0 || !yielder.isDue) continue;
      if (performance.now() > end) return;
      await yielder.pause();
    }
  }

  /** Cancels the pending requests of a client to the services for which `isConcerned` is true. */
  #cancel(
    client: Client<Session<Sink>>,
    isConcerned: (service: Service<Session<Sink>>) => boolean = () => true,
  ): void {
    const requester = client.networkName;
    for (const { service, uid } of this.#registry.pending.of(client)) {
      const { name, extensions, session } = service;
      if (!extensions.includes(CANCEL) || !isConcerned(service)) continue;
      session.sink.sendText(encodeControl({ service: name, uid, requester }, CANCEL_REQUEST));
    }
  }
}
