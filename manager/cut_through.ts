/**
 * Cut-through forwarding of a long line: its pieces are forwarded as they come in, so that neither
 * its length nor a slow receiver delays other peers, and that memory does not hold all of it.
 *
 * Invariants:
 * - the rules of the registry are those for any line: a request is routed, and a reply completes a
 *   pending request once;
 * - only the routing keys are scanned. The Manager writes them once more before the closing brace,
 *   where the last of several equal keys wins: a key that comes further on in the line does not
 *   change where the message is from and which request it answers;
 * - a line whose destination comes last is held until the destination is known, up to
 *   `maxMessageSize`;
 * - a line that comes in slower than a minimum rate for `stallTimeout` is cut off, since other lines
 *   wait for its end;
 * - a line that is cut off never becomes a message. A client that receives it is disconnected in the
 *   middle of the line, since its request would be pending for ever; a service receives a line that
 *   is not JSON, since one client must not disconnect the service for all.
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
  extensionOfControl,
  MANAGER,
  NEXT_VALUE,
  NOTIFICATION,
  STREAM,
} from "../wire/protocol.ts";
import type { Client, Peer, Service } from "./peer.ts";
import type { Registry } from "./registry.ts";
import { periodicPause } from "../base/pause.ts";
import type { LineSink, Router, Session } from "./router.ts";
import { KeyScanner } from "../wire/key_scanner.ts";
import type { Statistics } from "./statistics.ts";
import { formatDuration } from "../base/units.ts";

/** A sink that also takes lines in pieces. `Connection` is one. */
export interface LongLineSink extends LineSink {
  /** Begins a line, when no other is under way. `undefined` if the connection has ended. */
  startLine(): Promise<LineWriter | undefined>;
  /** Closes at once, in the middle of a line. */
  cut(): void;
  /** Settles when more can be sent. */
  drained(): Promise<void>;
}

/** A line up to this size that is not forwarded in pieces is joined and routed as usual, in bytes. */
const MAX_JOINED = 4 * 1024 * 1024;
/**
 * How long pieces are forwarded without a pause, in milliseconds. Two sockets that are always ready
 * would keep the event loop from ever polling the others (Deno 2.9).
 */
const SLICE = 1;
/** How much of a line has to come in within `stallTimeout`, in bytes. */
const MIN_PROGRESS = 1024 * 1024;
/** How much of the end of a line is held back: the closing brace and white space after it, in bytes. */
const TAIL = 64;
const CLOSE_BRACE = 0x7d;

const encoder = new TextEncoder();
const log = logger("cut_through");

/** Forwards long lines. */
export class CutThrough<Sink extends LongLineSink> {
  readonly #registry: Registry<Session<Sink>>;
  readonly #router: Router<Sink>;
  readonly #limits: Pick<Limits, "maxMessageSize" | "stallTimeout">;
  readonly #statistics: Statistics;

  constructor(
    registry: Registry<Session<Sink>>,
    router: Router<Sink>,
    limits: Pick<Limits, "maxMessageSize" | "stallTimeout">,
    statistics: Statistics,
  ) {
    this.#registry = registry;
    this.#router = router;
    this.#limits = limits;
    this.#statistics = statistics;
  }

  /** Forwards a long line of a peer, until its end. Never rejects. */
  async forward(peer: Peer<Session<Sink>>, line: LongLine): Promise<void> {
    const { maxMessageSize } = this.#limits;
    const scanner = new KeyScanner();
    const pieces = new PieceReader(line);
    const held: Uint8Array[] = [];
    let size = 0;
    for (let piece; (piece = await pieces.next()) !== undefined;) {
      scanner.read(piece);
      size += piece.length;
      if (size > Math.max(maxMessageSize, line.head.length)) { // the head is in memory anyway
        return await this.#reject(
          peer,
          pieces,
          scanner,
          `${maxMessageSize} bytes (--max-message-size)`,
        );
      }
      held.push(piece.slice()); // a piece is valid until the next one
      if (peer.kind === "client" && isRequest(scanner)) {
        return await this.#forwardRequest(peer, pieces, held, scanner);
      }
      if (peer.kind === "service" && isReply(scanner)) {
        return await this.#forwardReply(peer, pieces, held, scanner);
      }
    }
    if (!line.isComplete) return;
    if (peer.kind === "service" && isNotification(scanner, peer)) {
      this.#statistics.notifications++;
      for (const client of peer.links) client.session.sink.sendOrDrop(...held);
    } else if (size <= MAX_JOINED) {
      await this.#router.receive(peer, joined(held, size))?.drained();
    } else {
      await this.#reject(peer, pieces, scanner, `${MAX_JOINED} bytes`);
    }
  }

  async #forwardRequest(
    client: Client<Session<Sink>>,
    pieces: PieceReader,
    held: readonly Uint8Array[],
    scanner: KeyScanner,
  ): Promise<void> {
    const name = scanner.text("service")!;
    const uid = scanner.text("uid")!;
    let service: Service<Session<Sink>>;
    try {
      service = this.#registry.route(client, name, uid);
    } catch (error) {
      await pieces.skip();
      this.#router.sendError(client, uid, error);
      return;
    }
    this.#statistics.requests++;
    const ending = await this.#forwardBody(client, service.session.sink, pieces, held);
    if (ending.state === "lost") return; // the service is gone, and the client gets an error for that
    const requester = JSON.stringify(client.networkName);
    const keys = `,"error":false,"uid":${JSON.stringify(uid)},"requester":${requester}}`;
    if (ending.state === "whole") return ending.end(encoder.encode(keys));
    ending.end();
    if (this.#registry.complete(service, client.networkName, uid) === undefined) return;
    const error = new JSONDecodeError("Cannot read the line: not a JSON object");
    this.#router.sendError(client, uid, error);
  }

  async #forwardReply(
    service: Service<Session<Sink>>,
    pieces: PieceReader,
    held: readonly Uint8Array[],
    scanner: KeyScanner,
  ): Promise<void> {
    const requester = scanner.text("requester")!;
    const isValue = scanner.text("attribute") === NEXT_VALUE;
    const request = this.#registry.pendingRequest(service, requester, scanner.text("uid"));
    if (request === undefined || isValue && !request.client.extensions.includes(STREAM)) {
      this.#statistics.unowedAnswers++;
      log.debug("{service} sent a reply to no pending request of {requester}", {
        service: service.networkName,
        requester,
      });
      return await pieces.skip();
    }
    const { client } = request;
    // In a reply of Python the uid comes last.
    const isLate = scanner.text("uid") === undefined;
    const scan = isLate ? (piece: Uint8Array) => scanner.read(piece) : undefined;
    const ending = await this.#forwardBody(service, client.session.sink, pieces, held, scan);
    if (ending.state === "lost") return;
    if (ending.state === "cut") return client.session.sink.cut();
    const uid = scanner.text("uid") ?? "";
    if (ending.state === "malformed") {
      ending.end();
      this.#router.failReply(service, requester, uid, new ValueError("not a JSON object"));
      return;
    }
    const isPending = isValue
      ? this.#registry.pendingRequest(service, requester, uid) !== undefined
      : this.#registry.complete(service, requester, uid) !== undefined;
    if (!isPending) this.#statistics.unowedAnswers++;
    else if (!isValue) this.#statistics.answers++;
    // If the request turns out not to be pending, the client has most of the line already. With a
    // random uid it is a reply to no request.
    const sentUid = isPending ? uid : crypto.randomUUID();
    const attribute = isValue ? `,"attribute":${JSON.stringify(NEXT_VALUE)}` : "";
    const keys = `,"requester":${JSON.stringify(requester)},"uid":${
      JSON.stringify(sentUid)
    }${attribute}}`;
    ending.end(encoder.encode(keys));
  }

  /** Forwards the pieces of a line, and holds back its end. */
  async #forwardBody(
    source: Peer<Session<Sink>>,
    sink: Sink,
    pieces: PieceReader,
    held: readonly Uint8Array[],
    scan?: (piece: Uint8Array) => void,
  ): Promise<Ending> {
    const writer = await sink.startLine();
    if (writer === undefined) {
      await pieces.skip();
      return { state: "lost" };
    }
    const body = new BodyWriter(writer);
    let isOpen = true;
    for (const piece of held) {
      isOpen = isOpen && await body.write(piece);
      await pieces.pause();
    }
    using rate = new MinimumRate(pieces, this.#limits.stallTimeout);
    try {
      for (let piece; isOpen && (piece = await rate.next()) !== undefined;) {
        scan?.(piece);
        isOpen = await body.write(piece);
      }
    } catch (error) {
      // The rest of the line could not be told from another message.
      log.warn("{source} is disconnected: {error}", {
        source: source.networkName,
        error: (error as Error).message,
      });
      source.session.sink.close();
      return { state: "cut", end: () => writer.end() };
    }
    if (isOpen) return body.end(pieces.areComplete);
    await pieces.skip();
    return { state: "lost" };
  }

  /** Skips a line, and answers it, or the request that it answers, with an error. */
  async #reject(
    peer: Peer<Session<Sink>>,
    pieces: PieceReader,
    scanner: KeyScanner,
    limit: string,
  ): Promise<void> {
    for (let piece; (piece = await pieces.next()) !== undefined;) scanner.read(piece);
    const error = new ValueError(
      `The message is longer than the limit of ${limit} for one that cannot be passed on in pieces`,
    );
    const uid = scanner.text("uid") ?? "";
    if (peer.kind === "client") this.#router.sendError(peer, uid, error);
    else this.#router.failReply(peer, scanner.text("requester"), uid, error);
  }
}

/** How a forwarded line has ended. */
type Ending =
  /** The receiver is gone. */
  | { state: "lost" }
  /** The sender is gone or too slow. `end` ends the line without its last bytes. */
  | { state: "cut"; end: () => void }
  /** It does not end with a closing brace. `end` ends it as it is. */
  | { state: "malformed"; end: () => void }
  /** It ends with a closing brace, which `end` replaces. */
  | { state: "whole"; end: (replacement: Uint8Array) => void };

/** Reads the pieces of a line from its beginning on, with pauses for the other peers. */
class PieceReader {
  readonly #line: LongLine;
  readonly #pieces: AsyncIterator<Uint8Array, void>;
  /** Pauses if a pause is due. */
  readonly pause = periodicPause(SLICE);

  constructor(line: LongLine) {
    this.#line = line;
    this.#pieces = line[Symbol.asyncIterator]();
  }

  /** Whether the end of the line has come in. */
  get areComplete(): boolean {
    return this.#line.isComplete;
  }

  /** The next piece; `undefined` after the last one. */
  async next(): Promise<Uint8Array | undefined> {
    await this.pause();
    return (await this.#pieces.next()).value ?? undefined;
  }

  /** Skips the rest of the line. */
  async skip(): Promise<void> {
    while (await this.next() !== undefined);
  }
}

/**
 * Reads the pieces of a line that must come in at a minimum rate, as other lines wait for its end.
 * One timer serves all pieces: a timer for each would take longer than forwarding the piece.
 */
class MinimumRate implements Disposable {
  readonly #pieces: PieceReader;
  readonly #timeout: number;
  /** How long the reader has waited for the bytes of this period, in milliseconds. */
  #waited = 0;
  /** How many bytes have come in in this period, which ends with `MIN_PROGRESS` bytes. */
  #bytes = 0;
  /** Since when the reader waits for a piece, and what ends the wait. */
  #wait: { since: number; reject: (reason: TimeoutError) => void } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(pieces: PieceReader, timeout: number) {
    this.#pieces = pieces;
    this.#timeout = timeout;
    this.#check();
  }

  /**
   * The next piece.
   *
   * @throws {TimeoutError} If less than `MIN_PROGRESS` bytes have come in within the time-out.
   */
  async next(): Promise<Uint8Array | undefined> {
    const since = performance.now();
    const piece = await new Promise<Uint8Array | undefined>((resolve, reject) => {
      this.#wait = { since, reject };
      this.#pieces.next().then(resolve, reject);
    });
    this.#wait = undefined;
    this.#waited += performance.now() - since;
    this.#bytes += piece?.length ?? 0;
    if (this.#bytes >= MIN_PROGRESS) this.#bytes = this.#waited = 0;
    if (piece !== undefined && this.#waited >= this.#timeout) throw this.#tooSlow();
    return piece;
  }

  /** Ends the wait if the time-out has passed, or else sets the timer for when it may have. */
  #check(): void {
    const waiting = this.#wait === undefined ? 0 : performance.now() - this.#wait.since;
    const left = this.#timeout - this.#waited - waiting;
    if (left > 0) this.#timer = setTimeout(() => this.#check(), left);
    else this.#wait?.reject(this.#tooSlow());
  }

  #tooSlow(): TimeoutError {
    return new TimeoutError(
      `less than ${MIN_PROGRESS} bytes came of a long message within the limit of ` +
        `${formatDuration(this.#timeout)} (--stall-timeout)`,
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Writes the body of a line, and holds back its end. */
class BodyWriter {
  readonly #writer: LineWriter;
  #tail = new Uint8Array(0);

  constructor(writer: LineWriter) {
    this.#writer = writer;
  }

  /** Writes a piece. False if the connection has ended. */
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
    return {
      state: "whole",
      end: (replacement) => writer.end(tail.subarray(0, last), replacement),
    };
  }
}

/** Whether the keys so far are those of a request to a service, with its uid. */
function isRequest(scanner: KeyScanner): boolean {
  const service = scanner.text("service");
  const attribute = scanner.text("attribute");
  return service !== undefined && service !== MANAGER &&
    attribute !== undefined && attribute !== DISCONNECT &&
    !extensionOfControl(attribute) !== undefined &&
    scanner.text("uid") !== undefined;
}

/** Whether the keys so far are those of a reply, with its requester. */
function isReply(scanner: KeyScanner): boolean {
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
