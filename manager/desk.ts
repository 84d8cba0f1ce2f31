/**
 * The requests of anyone that the Manager answers itself: who is there, links and locks, and how
 * the Manager is.
 *
 * @module
 */

import { PermissionError, ValueError } from "../errors.ts";
import type { Identities, ServiceEntry } from "../wire/identities.ts";
import type { Request } from "../wire/message.ts";
import { CANCEL, STREAM } from "../wire/protocol.ts";
import { asFlag, asText } from "./parameters.ts";
import { type Client, type Peer, type Registry, type Service, serviceEntry } from "./registry.ts";
import { repr } from "../base/repr.ts";
import { Signature } from "../wire/signature.ts";
import { LANGUAGE, OS } from "../version.ts";

/** What the Manager says of itself. */
export interface Facts {
  hostname: string;
  port: number;
}

/** Takes the arguments of a request, then the peer that sent it. */
type Answer<Seat> = (...args: unknown[]) => (peer: Peer<Seat>) => unknown;

/** Answers requests to the Manager. */
export class Desk<Seat> {
  readonly #registry: Registry<Seat>;
  /** What the Manager says of itself. */
  readonly facts: Facts;
  readonly #answers: Map<string, { answer: Answer<Seat>; signature: Signature }>;

  /** @param status How the Manager is, told to whoever has this network name. */
  constructor(registry: Registry<Seat>, facts: Facts, status: (requester: string) => unknown) {
    this.#registry = registry;
    this.facts = facts;
    const answers: Record<string, Answer<Seat>> = {
      identity: () => (peer) => this.identities(peer),
      status: () => ({ networkName }) => status(networkName),
      link: (service) => (peer) => this.#link(asClient(peer), asText("service", service)),
      unlink: (service) => (peer) => registry.unlink(asClient(peer), asText("service", service)),
      acquire_lock: (service, shared = false) => (peer) =>
        registry.acquireLock(
          asClient(peer),
          asText("service", service),
          asFlag("shared", shared ?? false),
        ),
      release_lock: (service) => (peer) =>
        registry.releaseLock(asClient(peer), asText("service", service)),
    };
    this.#answers = new Map(
      Object.entries(answers).map(([attribute, answer]) => [
        attribute,
        { answer, signature: Signature.of(answer) },
      ]),
    );
  }

  /** Whether anyone may send a request for this attribute. */
  answers(attribute: string): boolean {
    return this.#answers.has(attribute);
  }

  /**
   * The result of a request.
   *
   * @throws {TypeError} If the arguments do not fit.
   * @throws {ValueError} If only an administrator may send the request.
   * @throws {KeyError | PermissionError} As the registry's rules say.
   */
  answer(peer: Peer<Seat>, { attribute, args, kwargs }: Request): unknown {
    const known = this.#answers.get(attribute);
    if (known === undefined) {
      throw new ValueError("You must be an administrator to send this request to the Manager");
    }
    return known.answer(...known.signature.bind(`Manager.${attribute}`, args, kwargs))(peer);
  }

  #link(client: Client<Seat>, name: string): ServiceEntry {
    const entry = this.#registry.link(client, name);
    return { ...entry, ...extensionsFor(client, this.#registry.service(name)!) };
  }

  /** Who is connected, as anyone may ask. */
  identities(peer?: Peer<Seat>): Identities {
    const { clients, services } = this.#registry;
    return {
      ...this.facts,
      attributes: { identity: "() -> dict", link: "(service: str) -> bool" },
      language: LANGUAGE,
      os: OS,
      // fromEntries, because a peer may be called __proto__
      clients: Object.fromEntries(
        Array.from(clients, ({ networkName, name, address, language, os }) => [
          networkName,
          { name, address, language, os },
        ]),
      ),
      services: Object.fromEntries(
        Array.from(services, (service) => [
          service.name,
          { ...serviceEntry(service), ...extensionsFor(peer, service) },
        ]),
      ),
    };
  }
}

/** The extensions of a service, for a peer that knows such ones. */
function extensionsFor<Seat>(
  peer: Peer<Seat> | undefined,
  { extensions, streams }: Service<Seat>,
): Partial<ServiceEntry> {
  const isInterested = BETWEEN_DEVICES.some((one) => peer?.extensions.includes(one));
  return isInterested ? { extensions, streams } : {};
}

/** The extensions about which a client has to know whether its service knows them too. */
const BETWEEN_DEVICES = [CANCEL, STREAM];

function asClient<Seat>(peer: Peer<Seat>): Client<Seat> {
  if (peer.kind === "client") return peer;
  throw new PermissionError(`${repr(peer.name)} is a Service, only a Client can be linked`);
}
