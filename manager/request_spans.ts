/**
 * The spans of the requests that a Manager forwards: each from its arrival to the reply that is
 * forwarded, or to the error that the Manager sends in its place. Made only where the process is
 * traced when the Manager starts.
 *
 * A client that has not offered the extension `trace` may send the keys of a trace, as any other key
 * that a Manager does not know. They are not believed: the span begins a trace of its own.
 *
 * @module
 */

import { RemoteError } from "../errors.ts";
import { LONGEST_TRACESTATE } from "../limits.ts";
import type { Envelope, Field } from "../wire/envelope.ts";
import { parseJson } from "../wire/json.ts";
import { decodeMessage } from "../wire/message.ts";
import { PART, ROOM, TRACE } from "../wire/protocol.ts";
import { RpcSpan } from "../wire/rpc_span.ts";
import { LONGEST_TRACEPARENT } from "../base/trace_context.ts";
import type { Client, Service } from "./peer.ts";

/** The Manager, as its spans show it. */
export interface SpansOf {
  host: string;
  port: number;
  /** Its name among several Managers that are joined. Default: none. */
  node?: string;
}

/** A service whose attributes are known, as JSON. */
type Described = Pick<Service<unknown>, "attributes">;

/** The longest error reply that is read, in bytes: all peers wait meanwhile. */
const LONGEST_ERROR = 64 * 1024;

/** The spans of the requests of one Manager. */
export class RequestSpans {
  readonly #manager: SpansOf;
  /** Those of each client, by service and uid. Several may have the same. */
  readonly #pending = new WeakMap<Client<unknown>, Map<string, RpcSpan[]>>();
  readonly #attributes = new WeakMap<Described, ReadonlySet<string>>();

  constructor(manager: SpansOf) {
    this.#manager = manager;
  }

  /**
   * Begins the span of a request that has arrived.
   *
   * @param envelope The envelope of its line.
   * @param service Its service, if that is connected, here or at another node.
   */
  start(
    client: Client<unknown>,
    envelope: Envelope,
    { name, attribute }: { name: string; attribute: string },
    service: Described | undefined,
  ): RpcSpan | undefined {
    const call = {
      ...{ kind: "server", service: name, attribute, requester: client.networkName } as const,
      isHere: service !== undefined,
      isKnown: service !== undefined && this.#attributesOf(service).has(attribute),
      client: client.address,
    };
    const isBelieved = client.extensions.includes(TRACE);
    return RpcSpan.start({ ...call, ...this.#manager }, {
      traceparent: isBelieved ? shortText(envelope, "traceparent", LONGEST_TRACEPARENT) : undefined,
      tracestate: isBelieved ? shortText(envelope, "tracestate", LONGEST_TRACESTATE) : undefined,
    });
  }

  /** The members of the request that continue the trace at its service; empty if that has no use for it. */
  membersFor(
    { members }: RpcSpan,
    client: Client<unknown>,
    envelope: Envelope,
    { extensions }: Pick<Service<unknown>, "extensions">,
  ): string {
    if (!extensions.includes(TRACE)) return "";
    // Of another trace, which is not continued.
    const isStale = !client.extensions.includes(TRACE) && envelope.kind("tracestate") !== "absent";
    return isStale ? `,"tracestate":""${members}` : members;
  }

  /**
   * The same for a request that goes to the Manager of another node, which believes this one: keys of a
   * client that are not believed here do not count there either.
   */
  membersForNode(
    span: RpcSpan | undefined,
    client: Client<unknown>,
    envelope: Envelope,
    service: Pick<Service<unknown>, "extensions"> | undefined,
  ): string {
    const isForged = !client.extensions.includes(TRACE) &&
      envelope.kind("traceparent") !== "absent";
    const members = span && service ? this.membersFor(span, client, envelope, service) : "";
    return isForged ? `,"traceparent":""${members}` : members;
  }

  /** The request is pending now. */
  add(span: RpcSpan, client: Client<unknown>, service: string, uid: string): void {
    const pending = this.#pending.get(client) ?? new Map<string, RpcSpan[]>();
    this.#pending.set(client, pending);
    const key = keyOf(service, uid);
    const others = pending.get(key);
    if (others === undefined) pending.set(key, [span]);
    else others.push(span);
  }

  /** The span of a request that is not pending any more; the oldest of several. */
  take(client: Client<unknown>, service: string, uid: string): RpcSpan | undefined {
    const pending = this.#pending.get(client);
    const spans = pending?.get(keyOf(service, uid));
    const span = spans?.shift();
    if (spans?.length === 0) pending!.delete(keyOf(service, uid));
    return span;
  }

  /** Ends the span of a request that is answered with this line, which is forwarded. */
  answer(
    client: Client<unknown>,
    name: string,
    uid: string,
    envelope: Envelope,
    line: Uint8Array,
  ): void {
    const span = this.take(client, name, uid);
    if (!envelope.isTrue("error")) return span?.end();
    const message = line.length <= LONGEST_ERROR ? decodeMessage(line) : undefined;
    const text = message?.kind === "error" ? message.message : "Error: a long one";
    span?.fail(new RemoteError(text));
  }

  /** A value of a stream, or a piece, of a pending request is forwarded. */
  transfer(client: Client<unknown>, service: string, uid: string, attribute: string): void {
    if (attribute === ROOM) return;
    const span = this.#pending.get(client)?.get(keyOf(service, uid))?.[0];
    span?.add(attribute === PART ? "part" : "value");
  }

  /** The client has disconnected: ends the spans of its requests. */
  endAll(client: Client<unknown>, reason: Error): void {
    const pending = this.#pending.get(client);
    this.#pending.delete(client);
    for (const span of [...pending?.values() ?? []].flat()) span.fail(reason);
  }

  #attributesOf(service: Described): ReadonlySet<string> {
    let names = this.#attributes.get(service);
    if (names === undefined) {
      names = new Set(Object.keys(parseJson(service.attributes) as object));
      this.#attributes.set(service, names);
    }
    return names;
  }
}

/** The text of a field that has no escapes, and is not longer than a limit, in bytes. */
function shortText(envelope: Envelope, field: Field, longest: number): string | undefined {
  return envelope.size(field) <= longest + 2 ? envelope.text(field) : undefined;
}

/** Each of the two may be any text, so the length keeps the keys of two requests different. */
function keyOf(service: string, uid: string): string {
  return `${service.length}:${service}${uid}`;
}
