/**
 * One end of a trunk: what joins the clients of one node with one other node, their home node. The
 * node of the clients opens the trunk and its channels, without a handshake.
 *
 * Messages are numbered, and nothing is sent twice: one that has come already is dropped, and a hole
 * ends the trunk with all its channels. Beats carry the number of the next message, so a lost last
 * message is a hole too. Two windows limit what is sent: that of each channel, whose reader may be
 * slow, and that of the trunk, which is opened again on arrival, so that NATS never has much for one node.
 *
 * This module reads what comes, and has the channels. `trunk_outbox.ts` makes the messages to the other
 * end, and `trunks.ts` knows which trunks there are.
 *
 * @module
 */

import { printable } from "../base/printable.ts";
import { repr } from "../base/repr.ts";
import { ConnectionAbortedError } from "../errors.ts";
import { TRUNK_LIMITS } from "../limits.ts";
import { isObject, type JsonObject } from "../wire/message.ts";
import type { Bus } from "./bus.ts";
import { type Carrier, Channel } from "./channel.ts";
import {
  CREDIT_SIZE,
  FRAME,
  type Frame,
  headerSize,
  isNumber,
  KIND,
  message,
  numberAt,
  numbers,
  originOf,
  readFrames,
  readNumbers,
} from "./message.ts";
import { TrunkOutbox } from "./trunk_outbox.ts";
import { ReceiveWindow, type WindowBudget } from "./window.ts";

/** The longest channel number. */
const LAST_CHANNEL = 2 ** 32 - 1;
/** The longest reason that is sent or believed, in characters. */
const LONGEST_REASON = 256;
const EMPTY = new Uint8Array(0);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What is counted of one peer. */
export interface PeerTraffic {
  bytesIn: number;
  bytesOut: number;
  /** In milliseconds; `undefined` if it was not measured yet. */
  roundTrip: number | undefined;
}

/** What a trunk depends on. */
export interface TrunkOptions {
  /** The node at the other end, and its incarnation. */
  node: string;
  peer: string;
  bus: Bus;
  /** The subject of the messages to the other end. */
  subject: string;
  /** The incarnation of this node. */
  incarnation: string;
  epoch: number;
  /** The most channels. */
  channels: number;
  trunkBudget: WindowBudget;
  channelBudget: WindowBudget;
  traffic: PeerTraffic;
  /** Whether one more channel may be opened now. It counts as opened then. */
  mayOpen: () => boolean;
  /** Called for each channel that the other end opens; `undefined` at the end that opens them. */
  onChannel: ((header: JsonObject, channel: Channel) => void) | undefined;
  /** Called when the other end says that the trunk has ended, with the highest epoch that it knows. */
  onDenied: (epoch: number) => void;
  /** Called when the trunk has ended. */
  onEnd: () => void;
}

/** One end of a trunk. */
export class Trunk implements Carrier {
  readonly #options: TrunkOptions;
  readonly #own: Uint8Array;
  readonly #peer: Uint8Array;
  readonly #outbox: TrunkOutbox;
  readonly #channels = new Map<number, Channel>();
  #lastChannel = 0;
  /** Whether it was never more than this: it has ended. */
  #hasEnded = false;

  /** The channels that wait until the trunk takes bytes again, in their order. */
  readonly #waiting = new Set<Channel>();

  /** The number of the message that comes next. */
  #expected = 0;
  readonly #window: ReceiveWindow;
  /** Beats since a message has come, and since there was a channel. */
  #silentBeats = 0;
  #idleBeats = 0;
  /** The time in the last beat that has come, and when that was. */
  #echo = 0;
  #echoSince = 0;

  constructor(options: TrunkOptions) {
    this.#options = options;
    this.#own = originOf(options.incarnation, options.epoch);
    this.#peer = originOf(options.peer, options.epoch);
    const window = this.#window = new ReceiveWindow(options.trunkBudget);
    this.#outbox = new TrunkOutbox({
      ...options,
      origin: this.#own,
      limit: options.trunkBudget.initial,
      credit: () => window.limit,
      onLost: (why) => this.end(why),
    });
  }

  /** What tells the messages of the other end from all others. */
  get origin(): Uint8Array {
    return this.#peer;
  }

  get epoch(): number {
    return this.#options.epoch;
  }

  /** The incarnation of the node at the other end. */
  get peer(): string {
    return this.#options.peer;
  }

  /** The number of channels. */
  get size(): number {
    return this.#channels.size;
  }

  /**
   * Opens a channel.
   *
   * @throws {ConnectionAbortedError} If there are too many, or the header is too long.
   */
  open(header: JsonObject): Channel {
    const content = encoder.encode(JSON.stringify(header));
    const most = Math.min(TRUNK_LIMITS.header, this.#outbox.longestContent);
    const why = content.length > most
      ? `the identity of the client has ${content.length} bytes, and the limit is ${most}`
      : this.#channels.size >= this.#options.channels || this.#lastChannel === LAST_CHANNEL
      ? `${this.#channels.size} clients use its services already`
      : !this.#options.mayOpen()
      ? "too many clients have begun to use its services in a short time"
      : undefined;
    if (why !== undefined) {
      throw new ConnectionAbortedError(`Cannot reach the node ${repr(this.#options.node)}: ${why}`);
    }
    const id = ++this.#lastChannel;
    this.#outbox.append(FRAME.open, id, content);
    return this.#addChannel(id);
  }

  /** A message of the other end has come. */
  receive(bytes: Uint8Array): void {
    const kind = bytes[0];
    const [limit, sequence] = readNumbers(bytes, this.#peer);
    if (!isNumber(limit) || !isNumber(sequence)) return;
    if (kind === KIND.end) {
      this.#options.onDenied(sequence);
      return this.end(`the node says: ${reasonIn(this.#rest(bytes))}`, false);
    }
    if (kind !== KIND.frames && kind !== KIND.beat) return;
    if (sequence > this.#expected) return this.end("a message was lost");
    if (kind === KIND.frames && sequence < this.#expected) return; // it has come already
    this.#silentBeats = 0;
    if (this.#outbox.raise(limit)) this.#resumeChannels();
    if (kind === KIND.beat) return this.#measure(this.#rest(bytes));
    this.#expected++;
    this.#options.traffic.bytesIn += bytes.length;
    this.#window.receive(bytes.length); // NATS itself has a limit for those that do not keep to it
    if (this.#window.consume(bytes.length)) this.#outbox.giveCredit();
    const frames = readFrames(bytes, this.#headerSizeOfPeer);
    if (frames === undefined) return this.end("the node has sent a message that is not valid");
    for (const frame of frames) {
      if (this.#hasEnded) return;
      const why = this.#apply(frame);
      if (why !== undefined) return this.end(why);
    }
  }

  /**
   * The time of a beat: tells the other end that this one lives, and ends a trunk whose other end does
   * not, or that nobody uses.
   */
  beat(): void {
    this.#silentBeats++;
    this.#idleBeats = this.#channels.size > 0 ? 0 : this.#idleBeats + 1;
    const opens = this.#options.onChannel === undefined;
    if (this.#silentBeats > TRUNK_LIMITS.missedBeats) {
      return this.end(`nothing has come for ${TRUNK_LIMITS.missedBeats} beats`);
    }
    if (opens && this.#idleBeats > TRUNK_LIMITS.idleBeats) return this.end("nobody has used it");
    const now = performance.now();
    this.#outbox.beat(numbers(now, this.#echo, now - this.#echoSince));
  }

  /** NATS is connected again. */
  resume(): void {
    this.#outbox.flush();
    this.#resumeChannels();
  }

  /**
   * Ends the trunk, with all its channels.
   *
   * @param why The reason, without the name of the node, which those who tell it know.
   * @param tells Whether to tell the other end.
   */
  end(why: string, tells = true): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { bus, subject } = this.#options;
    if (tells) {
      const reason = encoder.encode(why.slice(0, LONGEST_REASON));
      bus.publish(subject, message(this.#own, KIND.end, 0, 0, reason));
    }
    this.#window.close();
    this.#outbox.close();
    this.#waiting.clear();
    this.#options.onEnd();
    const cause = new ConnectionAbortedError(why);
    for (const channel of this.#channels.values()) channel.finish(cause);
    this.#channels.clear();
  }

  take(id: number, bytes: Uint8Array, most: number): number {
    if (this.#hasEnded || this.#waiting.size > 0) return 0;
    return this.#outbox.take(id, bytes, most);
  }

  wait(channel: Channel): void {
    this.#waiting.add(channel);
  }

  credit(id: number, limit: number): void {
    if (this.#hasEnded) return;
    this.#outbox.append(FRAME.credit, id, numbers(limit));
  }

  close(id: number): void {
    const channel = this.#channels.get(id);
    if (channel === undefined) return;
    this.#channels.delete(id);
    this.#waiting.delete(channel);
    this.#outbox.append(FRAME.close, id, EMPTY);
  }

  get #headerSizeOfPeer(): number {
    return headerSize(this.#peer);
  }

  #rest(bytes: Uint8Array): Uint8Array {
    return bytes.subarray(this.#headerSizeOfPeer);
  }

  #addChannel(id: number): Channel {
    const channel = new Channel(id, this, this.#options.channelBudget);
    this.#channels.set(id, channel);
    return channel;
  }

  /** Does what a frame says. Returns why the trunk has to end; mostly it has not. */
  #apply({ type, channel: id, content }: Frame): string | undefined {
    if (type === FRAME.open) return this.#opened(id, content);
    if (id > this.#lastChannel) return "the node has named a channel that was never opened";
    const channel = this.#channels.get(id);
    if (channel === undefined) return; // it was closed, and the other end did not know it yet
    switch (type) {
      case FRAME.bytes:
        if (!channel.receive(content)) return "the node has sent more than there is room for";
        return;
      case FRAME.close: {
        this.#channels.delete(id);
        this.#waiting.delete(channel);
        channel.finish();
        return;
      }
      case FRAME.credit: {
        const limit = numberAt(content, 0);
        if (content.length !== CREDIT_SIZE || !isNumber(limit)) {
          return "the node has given a credit that is no number";
        }
        channel.raise(limit, TRUNK_LIMITS.channelWindow.largest);
      }
    }
  }

  #opened(id: number, content: Uint8Array): string | undefined {
    const { onChannel, mayOpen, channels } = this.#options;
    if (onChannel === undefined) return "the node has opened a channel, and has no clients here";
    if (!mayOpen()) return "the node has opened too many channels in a short time";
    if (id !== this.#lastChannel + 1) return "the node has opened a channel out of turn";
    if (this.#channels.size >= channels) return "the node has opened too many channels";
    const header = content.length <= TRUNK_LIMITS.header ? objectIn(content) : undefined;
    if (header === undefined) return "the node has opened a channel without a valid header";
    this.#lastChannel = id;
    onChannel(header, this.#addChannel(id));
  }

  #resumeChannels(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [index, channel] of waiting.entries()) {
      if (channel.resume()) continue;
      for (const other of waiting.slice(index + 1)) this.#waiting.add(other);
      return;
    }
  }

  /** Measures the round trip with the times in a beat. */
  #measure(rest: Uint8Array): void {
    const now = performance.now();
    const [time, echo, held] = [0, 1, 2].map((index) => numberAt(rest, index));
    if (!(time >= 0 && echo >= 0 && held >= 0)) return;
    this.#echo = time;
    this.#echoSince = now;
    if (echo > 0 && echo + held <= now) this.#options.traffic.roundTrip = now - echo - held;
  }
}

function objectIn(content: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(content));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function reasonIn(content: Uint8Array): string {
  return printable(decoder.decode(content.subarray(0, LONGEST_REASON)));
}
