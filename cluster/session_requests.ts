/**
 * The requests of one session that the other node has not answered: those to its services, and those to
 * its Manager. Each is pending at the registry too, until its reply comes or the session ends. One to a
 * service is a call of the client, and has a span if this Manager is traced.
 *
 * @module
 */

import { UidMap } from "../base/uid_map.ts";
import type { Client } from "../manager/peer.ts";
import type { PendingRequest, PendingRequests } from "../manager/pending_requests.ts";
import type { RequestSpans } from "../manager/request_spans.ts";
import type { Statistics } from "../manager/statistics.ts";
import type { Envelope } from "../wire/envelope.ts";
import { joinServiceName } from "../wire/node_name.ts";
import { STREAM } from "../wire/protocol.ts";

/** What the requests of a session depend on. */
export interface SessionRequestsOptions<Session> {
  node: string;
  client: Client<Session>;
  registry: { readonly pending: Pick<PendingRequests<Session>, "hold" | "release"> };
  statistics: Pick<Statistics, "calls">;
  /** `undefined` if this Manager is not traced. */
  spans: RequestSpans | undefined;
}

/** A request to the Manager of the node. It has another uid there than the client gave it. */
export interface Asked {
  readonly uid: string;
  readonly attribute: string;
  readonly service: string;
}

/** Requests with one uid to a service. */
interface Pending {
  /** The name of the service at its node. */
  readonly service: string;
  count: number;
  /** When the first of them came, in milliseconds; `NaN` if it is answered by a stream. */
  start: number;
}

/** The requests of a session that are not answered. */
export class SessionRequests<Session> {
  readonly #options: SessionRequestsOptions<Session>;
  readonly #pending = new UidMap<Pending>();
  /** Those to the Manager, by their uids there. */
  readonly #asked = new Map<string, Asked>();
  #size = 0;

  constructor(options: SessionRequestsOptions<Session>) {
    this.#options = options;
  }

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a request to a service.
   *
   * @throws {PermissionError} If too many requests of the client are pending.
   */
  add(service: string, uid: string): void {
    this.#hold();
    const pending = this.#pending.get(uid);
    if (pending !== undefined) pending.count++;
    else {
      this.#pending.set(uid, { service, count: 1, start: this.#now });
    }
  }

  /** The service that has not answered a request, by its name at its node; `undefined` if there is none. */
  serviceOf(uid: string): string | undefined {
    return this.#pending.get(uid)?.service;
  }

  /** A value of a stream, a piece or a word about one has come for a request to a service. */
  transfer(uid: string, attribute: string, extension: string): void {
    const pending = this.#pending.get(uid)!;
    if (extension === STREAM) pending.start = NaN;
    const { client, spans } = this.#options;
    spans?.transfer(client, this.#nameHere(pending.service), uid, attribute);
  }

  /** The oldest request to a service with that uid is answered with a line. */
  answer(uid: string, envelope: Envelope, line: Uint8Array): void {
    const pending = this.#complete(uid, this.#now, envelope.isTrue("error"))!;
    const { client, spans } = this.#options;
    spans?.answer(client, this.#nameHere(pending.service), uid, envelope, line);
  }

  /** It fails. False if there is none. */
  fail(uid: string, error: Error): boolean {
    const pending = this.#complete(uid, this.#now, true);
    if (pending === undefined) return false;
    const { client, spans } = this.#options;
    spans?.take(client, this.#nameHere(pending.service), uid)?.fail(error);
    return true;
  }

  /**
   * Adds a request to the Manager of the node.
   *
   * @param send Sends it, and returns its uid there.
   * @throws {PermissionError} If too many requests of the client are pending.
   */
  ask(asked: Asked, send: () => string): void {
    this.#hold();
    this.#asked.set(send(), asked);
  }

  /** The request to the Manager with that uid there. */
  askedWith(uid: string): Asked | undefined {
    return this.#asked.get(uid);
  }

  /** It is answered, or fails. */
  completeAsked(uid: string): void {
    if (this.#asked.delete(uid)) this.#release();
  }

  /** Removes all requests, and returns them. */
  takeAll(): PendingRequest<Session>[] {
    const { client } = this.#options;
    const requests: PendingRequest<Session>[] = [];
    for (const [uid, { service: name, count }] of [...this.#pending]) {
      const service = this.#nameHere(name);
      for (let one = 0; one < count; one++) {
        this.#complete(uid, NaN, true);
        requests.push({ client, uid, service });
      }
    }
    for (const [own, { uid }] of [...this.#asked]) {
      this.completeAsked(own);
      requests.push({ client, uid });
    }
    return requests;
  }

  get #now(): number {
    return this.#options.statistics.calls.now;
  }

  #complete(uid: string, now: number, isError: boolean): Pending | undefined {
    const pending = this.#pending.get(uid);
    if (pending === undefined) return undefined;
    if (--pending.count === 0) this.#pending.take(uid);
    this.#release();
    this.#options.client.calls.end(now - pending.start, isError);
    return pending;
  }

  #hold(): void {
    const { client, registry } = this.#options;
    registry.pending.hold(client);
    this.#size++;
  }

  #release(): void {
    const { client, registry } = this.#options;
    registry.pending.release(client);
    this.#size--;
  }

  #nameHere(service: string): string {
    return joinServiceName(this.#options.node, service);
  }
}
