/**
 * The way of a long line. Its pieces go to where it is sent as they come, so that neither its
 * length nor a slow receiver holds anybody else up, and nobody's memory holds all of it.
 *
 * What always holds:
 * - the rules of the registry are those for any line: a request is routed, an answer is settled
 *   once, with the service that owes it and the client that it is owed to;
 * - only the routing keys are looked at. They are written once more before the closing brace, where
 *   the last of several equal keys wins: whatever the line says further on, it is from whom and to
 *   what the Manager has seen;
 * - a line whose destination comes last is held until it is known, up to `maxMessageSize`;
 * - a line of which next to nothing comes for `stallTimeout` is cut off: others wait for its end;
 * - a line that is cut off never becomes a message: a client is disconnected in the middle of it,
 *   since its request would wait for ever; a service gets a line that is no JSON, since what one
 *   client does must not end it for all.
 *
 * @module
 */

import type { LineWriter } from "../net/outbox.ts";
import { JSONDecodeError, TimeoutError, ValueError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { LongLine } from "../wire/line.ts";
import { logger } from "../base/log.ts";
import {
  DISCONNECT,
  isControl,
  MANAGER,
  NEXT_VALUE,
  NOTIFICATION,
  STREAM,
} from "../wire/message.ts";
import type { Client, Peer, Service } from "./peer.ts";
import type { Registry } from "./registry.ts";
import { pauses } from "../base/pause.ts";
import type { Outlet, Router, Seat } from "./router.ts";
import { KeyScanner } from "../wire/key_scanner.ts";
import type { Statistics } from "./statistics.ts";
import { formatDuration } from "../base/units.ts";

/** An outlet that takes lines in pieces. `Connection` is one. */
export interface LongOutlet extends Outlet {
  /** Begins a line, when no other is under way. `undefined` if nobody takes it. */
  startLine(): Promise<LineWriter | undefined>;
  /** Ends in the middle of a line. */
  cut(): void;
  /** Settles when more can be sent. */
  drained(): Promise<void>;
}

/** A line up to this size that is not passed on in pieces is dealt with like any other, in bytes. */
const SHORT_ENOUGH = 4 * 1024 * 1024;
/**
 * How long pieces are taken without a pause, in milliseconds. Two sockets that are always ready
 * would keep the event loop from ever looking at the others (Deno 2.9).
 */
const SLICE = 1;
/** How much of a line has to come in the time of `stallTimeout`, in bytes. */
const SLOWEST = 1024 * 1024;
/** How much of the end of a line is kept back: the closing brace, and white space after it, in bytes. */
const TAIL = 64;
const CLOSE_BRACE = 0x7d;

const encoder = new TextEncoder();
const log = logger("passage");

/** Passes long lines on. */
export class Passage<O extends LongOutlet> {
  readonly #registry: Registry<Seat<O>>;
  readonly #router: Router<O>;
  readonly #limits: Pick<Limits, "maxMessageSize" | "stallTimeout">;
  readonly #statistics: Statistics;

  constructor(
    registry: Registry<Seat<O>>,
    router: Router<O>,
    limits: Pick<Limits, "maxMessageSize" | "stallTimeout">,
    statistics: Statistics,
  ) {
    this.#registry = registry;
    this.#router = router;
    this.#limits = limits;
    this.#statistics = statistics;
  }

  /** Deals with a long line of a peer, until its end. Never rejects. */
  async pass(peer: Peer<Seat<O>>, line: LongLine): Promise<void> {
    const { maxMessageSize } = this.#limits;
    const scanner = new KeyScanner();
    const pieces = new Pieces(line);
    const held: Uint8Array[] = [];
    let size = 0;
    for (let piece; (piece = await pieces.next()) !== undefined;) {
      scanner.read(piece);
      size += piece.length;
      if (size > Math.max(maxMessageSize, line.head.length)) { // the head is held anyway
        return await this.#refuse(
          peer,
          pieces,
          scanner,
          `${maxMessageSize} bytes (--max-message-size)`,
        );
      }
      held.push(piece.slice()); // a piece is valid until the next one
      if (peer.kind === "client" && isRequest(scanner)) {
        return await this.#passRequest(peer, pieces, held, scanner);
      }
      if (peer.kind === "service" && isAnswer(scanner)) {
        return await this.#passAnswer(peer, pieces, held, scanner);
      }
    }
    if (!line.isComplete) return;
    if (peer.kind === "service" && isNotification(scanner, peer)) {
      this.#statistics.notifications++;
      for (const client of peer.links) client.seat.outlet.sendOrDrop(...held);
    } else if (size <= SHORT_ENOUGH) {
      await this.#router.receive(peer, joined(held, size))?.drained();
    } else {
      await this.#refuse(peer, pieces, scanner, `${SHORT_ENOUGH} bytes`);
    }
  }

  async #passRequest(
    client: Client<Seat<O>>,
    pieces: Pieces,
    held: readonly Uint8Array[],
    scanner: KeyScanner,
  ): Promise<void> {
    const name = scanner.text("service")!;
    const uid = scanner.text("uid")!;
    let service: Service<Seat<O>>;
    try {
      service = this.#registry.route(client, name, uid);
    } catch (error) {
      await pieces.skip();
      this.#router.refuse(client, uid, error);
      return;
    }
    this.#statistics.requests++;
    const ending = await this.#forward(client, service.seat.outlet, pieces, held);
    if (ending.state === "lost") return; // the service is gone, and whoever waits for it is told
    const requester = JSON.stringify(client.networkName);
    const keys = `,"error":false,"uid":${JSON.stringify(uid)},"requester":${requester}}`;
    if (ending.state === "whole") return ending.end(encoder.encode(keys));
    ending.end();
    if (this.#registry.settle(service, client.networkName, uid) === undefined) return;
    const error = new JSONDecodeError("Cannot read the line: not a JSON object");
    this.#router.refuse(client, uid, error);
  }

  async #passAnswer(
    service: Service<Seat<O>>,
    pieces: Pieces,
    held: readonly Uint8Array[],
    scanner: KeyScanner,
  ): Promise<void> {
    const requester = scanner.text("requester")!;
    const isValue = scanner.text("attribute") === NEXT_VALUE;
    const debt = this.#registry.debt(service, requester, scanner.text("uid"));
    if (debt === undefined || isValue && !debt.client.extensions.includes(STREAM)) {
      this.#statistics.unowedAnswers++;
      log.debug("{service} sent an answer that it does not owe to {requester}", {
        service: service.networkName,
        requester,
      });
      return await pieces.skip();
    }
    const { client } = debt;
    // The uid of a Python answer comes last.
    const isLate = scanner.text("uid") === undefined;
    const see = isLate ? (piece: Uint8Array) => scanner.read(piece) : undefined;
    const ending = await this.#forward(service, client.seat.outlet, pieces, held, see);
    if (ending.state === "lost") return;
    if (ending.state === "cut") return client.seat.outlet.cut();
    const told = scanner.text("uid") ?? "";
    if (ending.state === "malformed") {
      ending.end();
      this.#router.failAnswer(service, requester, told, new ValueError("not a JSON object"));
      return;
    }
    const isOwed = isValue
      ? this.#registry.debt(service, requester, told) !== undefined
      : this.#registry.settle(service, requester, told) !== undefined;
    if (!isOwed) this.#statistics.unowedAnswers++;
    else if (!isValue) this.#statistics.answers++;
    // What is not owed was told too late to be held back. It becomes the answer to nothing.
    const uid = isOwed ? told : crypto.randomUUID();
    const attribute = isValue ? `,"attribute":${JSON.stringify(NEXT_VALUE)}` : "";
    const keys = `,"requester":${JSON.stringify(requester)},"uid":${
      JSON.stringify(uid)
    }${attribute}}`;
    ending.end(encoder.encode(keys));
  }

  /** Passes the pieces of a line on, but for what may be its end. */
  async #forward(
    source: Peer<Seat<O>>,
    outlet: O,
    pieces: Pieces,
    held: readonly Uint8Array[],
    see?: (piece: Uint8Array) => void,
  ): Promise<Ending> {
    const writer = await outlet.startLine();
    if (writer === undefined) {
      await pieces.skip();
      return { state: "lost" };
    }
    const body = new Body(writer);
    let isTaken = true;
    for (const piece of held) {
      isTaken = isTaken && await body.write(piece);
      await pieces.pause();
    }
    using pace = new Pace(pieces, this.#limits.stallTimeout);
    try {
      for (let piece; isTaken && (piece = await pace.next()) !== undefined;) {
        see?.(piece);
        isTaken = await body.write(piece);
      }
    } catch (error) {
      // What comes of it later could not be told from another message.
      log.warn("{source} is disconnected: {error}", {
        source: source.networkName,
        error: (error as Error).message,
      });
      source.seat.outlet.close();
      return { state: "cut", end: () => writer.end() };
    }
    if (isTaken) return body.end(pieces.areComplete);
    await pieces.skip();
    return { state: "lost" };
  }

  /** Lets a line go by, and tells whoever waits for it. */
  async #refuse(
    peer: Peer<Seat<O>>,
    pieces: Pieces,
    scanner: KeyScanner,
    limit: string,
  ): Promise<void> {
    for (let piece; (piece = await pieces.next()) !== undefined;) scanner.read(piece);
    const error = new ValueError(
      `The message is longer than the limit of ${limit} for one that cannot be passed on in pieces`,
    );
    const uid = scanner.text("uid") ?? "";
    if (peer.kind === "client") this.#router.refuse(peer, uid, error);
    else this.#router.failAnswer(peer, scanner.text("requester"), uid, error);
  }
}

/** How a line that is passed on has come to its end. */
type Ending =
  /** The receiver is gone. */
  | { state: "lost" }
  /** The sender is gone. `end` ends the line without its last bytes. */
  | { state: "cut"; end: () => void }
  /** It does not end as an object does. `end` ends it as it is. */
  | { state: "malformed"; end: () => void }
  /** It ends with a brace, for which `end` writes something else. */
  | { state: "whole"; end: (instead: Uint8Array) => void };

/** The pieces of a line, from its beginning on, and a pause now and then. */
class Pieces {
  readonly #line: LongLine;
  readonly #pieces: AsyncIterator<Uint8Array, void>;
  /** Pauses if it is time to. */
  readonly pause = pauses(SLICE);

  constructor(line: LongLine) {
    this.#line = line;
    this.#pieces = line[Symbol.asyncIterator]();
  }

  /** Whether the end of the line has come. */
  get areComplete(): boolean {
    return this.#line.isComplete;
  }

  /** The next piece, `undefined` after the last one. */
  async next(): Promise<Uint8Array | undefined> {
    await this.pause();
    return (await this.#pieces.next()).value ?? undefined;
  }

  /** Lets all that is left go by. */
  async skip(): Promise<void> {
    while (await this.next() !== undefined);
  }
}

/**
 * Pieces of a line for whose end others may be waiting, so that they must come in time. One timer
 * watches over all of them: one for each would take longer than to pass the piece on.
 */
class Pace implements Disposable {
  readonly #pieces: Pieces;
  readonly #timeout: number;
  /** How long was waited for the bytes that have come since. */
  #waited = 0;
  #bytes = 0;
  /** Since when a piece is waited for, and how that is given up. */
  #wait: { since: number; giveUp: (reason: TimeoutError) => void } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(pieces: Pieces, timeout: number) {
    this.#pieces = pieces;
    this.#timeout = timeout;
    this.#check();
  }

  /**
   * The next piece.
   *
   * @throws {TimeoutError} If less than `SLOWEST` bytes have come while the timeout was waited.
   */
  async next(): Promise<Uint8Array | undefined> {
    const since = performance.now();
    const piece = await new Promise<Uint8Array | undefined>((resolve, giveUp) => {
      this.#wait = { since, giveUp };
      this.#pieces.next().then(resolve, giveUp);
    });
    this.#wait = undefined;
    this.#waited += performance.now() - since;
    this.#bytes += piece?.length ?? 0;
    if (this.#bytes >= SLOWEST) this.#bytes = this.#waited = 0;
    if (piece !== undefined && this.#waited >= this.#timeout) throw this.#tooSlow();
    return piece;
  }

  /** Gives up if the timeout was waited, or comes back when that may be so. */
  #check(): void {
    const waiting = this.#wait === undefined ? 0 : performance.now() - this.#wait.since;
    const left = this.#timeout - this.#waited - waiting;
    if (left > 0) this.#timer = setTimeout(() => this.#check(), left);
    else this.#wait?.giveUp(this.#tooSlow());
  }

  #tooSlow(): TimeoutError {
    return new TimeoutError(
      `less than ${SLOWEST} bytes came of a long message within the limit of ` +
        `${formatDuration(this.#timeout)} (--stall-timeout)`,
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** The body of a line: what is written of it but for its end, which is kept back. */
class Body {
  readonly #writer: LineWriter;
  #tail = new Uint8Array(0);

  constructor(writer: LineWriter) {
    this.#writer = writer;
  }

  /** Writes a piece. False if nobody takes it any more. */
  async write(piece: Uint8Array): Promise<boolean> {
    if (piece.length < TAIL) {
      const bytes = joined([this.#tail, piece], this.#tail.length + piece.length);
      const end = Math.max(bytes.length - TAIL, 0);
      this.#tail = bytes.slice(end);
      return await this.#writer.write(bytes.subarray(0, end));
    }
    const [tail, end] = [this.#tail, piece.length - TAIL];
    this.#tail = piece.slice(end);
    return await this.#writer.write(tail, piece.subarray(0, end));
  }

  /** How the line ends, after its last piece. */
  end(isComplete: boolean): Ending {
    const [writer, tail] = [this.#writer, this.#tail];
    if (!isComplete) return { state: "cut", end: () => writer.end() };
    const last = tail.findLastIndex((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d);
    if (tail[last] !== CLOSE_BRACE) return { state: "malformed", end: () => writer.end(tail) };
    return { state: "whole", end: (instead) => writer.end(tail.subarray(0, last), instead) };
  }
}

/** Whether it is known that this is a request, to which service and under which uid. */
function isRequest(scanner: KeyScanner): boolean {
  const service = scanner.text("service");
  const attribute = scanner.text("attribute");
  return service !== undefined && service !== MANAGER &&
    attribute !== undefined && attribute !== DISCONNECT && !isControl(attribute) &&
    scanner.text("uid") !== undefined;
}

/** Whether it is known that this is an answer, and to whom. */
function isAnswer(scanner: KeyScanner): boolean {
  const attribute = scanner.text("attribute");
  const isValue = attribute === NEXT_VALUE && scanner.text("uid") !== undefined;
  return scanner.text("requester") !== undefined && (attribute === undefined || isValue);
}

function isNotification(scanner: KeyScanner, service: Service<unknown>): boolean {
  return scanner.text("uid") === NOTIFICATION && scanner.text("service") === service.name;
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
