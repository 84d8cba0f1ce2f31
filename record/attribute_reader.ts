/**
 * Reads an attribute of a service: calls it again and again by a schedule, or reads the stream that it
 * is. Whether it is one is known with its first answer. There is one call at a time.
 *
 * @module
 */

import { formatDuration } from "../base/units.ts";
import type { Link } from "../client/link.ts";
import { Stream } from "../client/stream.ts";
import { ConnectionAbortedError, TimeoutError } from "../errors.ts";
import type { Future } from "../future.ts";
import type { RecorderContext, SourceSettings } from "./recorder_context.ts";
import { Schedule } from "./schedule.ts";
import type { Cause, Series } from "./series.ts";
import type { ServiceListener, ServiceWatch } from "./service_watch.ts";
import { type AttributeSource, formatSource, formatSourceArguments } from "./source.ts";

/** How an attribute is read. */
export interface AttributeOptions {
  readonly settings: SourceSettings;
  /** The time from one call to the next, in milliseconds, if the source does not say. */
  readonly every: number;
  /** How long a call may take, in milliseconds. */
  readonly timeout: number;
}

/** The pauses before a stream that has ended is requested again, in milliseconds. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/** Reads one attribute. */
export class AttributeReader implements ServiceListener {
  readonly #source: AttributeSource;
  readonly #service: ServiceWatch;
  readonly #options: AttributeOptions;
  readonly #context: RecorderContext;
  readonly #interval: number;
  readonly #since: number;
  #series: Series | undefined;
  /** How many ticks were missed before the last call. */
  #missed = 0;
  /** How long the last call took, in milliseconds; `undefined` if it has failed, or was a stream. */
  #took: number | undefined;
  #hasSaidSlow = false;
  /** The error that was said last. */
  #noted: string | undefined;
  #isInStream = false;
  /** Why the service is gone, while values that its stream has sent before are read. */
  #gone: { readonly cause: Cause; readonly detail: string } | undefined;

  constructor(
    source: AttributeSource,
    service: ServiceWatch,
    options: AttributeOptions,
    context: RecorderContext,
  ) {
    this.#source = source;
    this.#service = service;
    this.#options = options;
    this.#context = context;
    this.#interval = source.every ?? options.every;
    this.#since = context.clock.now();
    service.add(this);
  }

  /** @inheritdoc */
  onUp(link: Link): void {
    this.#findSeries(link);
  }

  /** @inheritdoc */
  onDown(cause: Cause, detail: string): void {
    if (this.#isInStream) this.#gone = { cause, detail };
    else this.#series?.down(cause, detail);
  }

  /** Reads until the signal is aborted, and rejects with its reason then. */
  async run(signal: AbortSignal): Promise<never> {
    const { clock, writer } = this.#context;
    await this.#service.up(signal);
    const schedule = new Schedule(clock.monotonic(), this.#interval);
    for (;;) {
      const { at, missed } = schedule.next(clock.monotonic());
      await clock.sleep(at - clock.monotonic(), signal);
      signal.throwIfAborted();
      const { link } = this.#service;
      if (link === undefined) {
        this.#took = undefined;
        continue;
      }
      const series = this.#series ?? this.#findSeries(link);
      if (series === undefined || writer.isFull) { // the file cannot be written
        series?.open("file not written", writer.blocked?.message);
        this.#took = undefined;
        continue;
      }
      this.#checkMissed(series, missed);
      const answer = this.#request(link, signal);
      if (answer instanceof Stream) await this.#follow(answer, signal);
      else await this.#poll(answer, signal);
    }
  }

  #request(link: Link, signal: AbortSignal): Future<unknown> {
    const { attribute, args, kwargs } = this.#source;
    return link.request(attribute, { args, kwargs, signal, time: true });
  }

  async #poll(answer: Future<unknown>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const start = clock.monotonic();
    this.#took = undefined;
    try {
      const value = await answer.result({ timeout: this.#options.timeout });
      this.#took = clock.monotonic() - start;
      this.#context.record(this.#series!, value, answer.time);
    } catch (error) {
      answer.cancel();
      signal.throwIfAborted();
      this.#failed(error);
    }
  }

  /** Reads a stream, and those that follow it unless the source has a time for the next one. */
  async #follow(first: Stream<unknown>, signal: AbortSignal): Promise<void> {
    this.#took = undefined;
    let stream = first;
    for (let pause = FIRST_PAUSE;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const count = await this.#readStream(stream, signal);
      if (this.#source.every !== undefined) return;
      if (count > 0) pause = FIRST_PAUSE;
      await this.#context.clock.sleep(pause, signal);
      await this.#context.writer.room(signal);
      const answer = this.#request(await this.#service.up(signal), signal);
      if (!(answer instanceof Stream)) return await this.#poll(answer, signal);
      stream = answer;
    }
  }

  /** Reads a stream to its end. Gives the number of its values. */
  async #readStream(stream: Stream<unknown>, signal: AbortSignal): Promise<number> {
    const { writer } = this.#context;
    let count = 0;
    this.#isInStream = true;
    try {
      for await (const value of stream) {
        const { time } = stream;
        // The service sends no more than is read, so that nothing is dropped.
        if (writer.isFull) await writer.room(signal);
        this.#context.record(this.#series!, value, time);
        count++;
      }
      if (this.#source.every === undefined) this.#series!.open("stream ended");
    } catch (error) {
      signal.throwIfAborted();
      this.#failed(error);
    } finally {
      this.#isInStream = false;
      this.#openGone();
    }
    return count;
  }

  /** Opens the gap of a service that has gone while its stream was read: it may be back already. */
  #openGone(): void {
    if (this.#gone === undefined) return;
    const { cause, detail } = this.#gone;
    this.#gone = undefined;
    if (this.#service.link === undefined) this.#series!.down(cause, detail);
    else this.#series!.open(cause, detail);
  }

  #failed(error: unknown): void {
    if (this.#service.link === undefined) return; // its gap has the better reason
    const { message } = error as Error;
    if (error instanceof ConnectionAbortedError) {
      const { isConnected } = this.#context;
      this.#series!.open(isConnected() ? "service gone" : "Manager gone", message);
    } else if (error instanceof TimeoutError) {
      const timeout = formatDuration(this.#options.timeout);
      this.#series!.open("call failed", `no answer within ${timeout}`);
    } else {
      this.#series!.open("call failed", message);
      if (message === this.#noted) return;
      this.#noted = message;
      this.#context.note(`${formatSource(this.#source)} fails: ${message}`);
    }
  }

  /**
   * A source that misses as many ticks before each call is as fast as it can be: only the first of
   * these is a gap, and each one that is longer.
   */
  #checkMissed(series: Series, missed: number): void {
    const before = this.#missed;
    this.#missed = missed;
    if (missed <= before || this.#took === undefined) return;
    const interval = formatDuration(this.#interval);
    const isCall = this.#took > this.#interval;
    const why = isCall ? `a call took ${Math.round(this.#took)}ms` : "the recorder was held up";
    series.open("too slow", `${missed} of the readings every ${interval} were missed, as ${why}`);
    if (this.#hasSaidSlow || !isCall) return;
    this.#hasSaidSlow = true;
    this.#context.note(
      `${formatSource(this.#source)} is too slow: ${why}, and one every ${interval} is wanted`,
    );
  }

  /** The series for what the service says of itself now; `undefined` if the file cannot be written. */
  #findSeries(link: Link): Series | undefined {
    const { service, attribute } = this.#source;
    const { attributes } = link.serviceAbout;
    const said = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
    const about = said?.result;
    const description = {
      service,
      attribute,
      arguments: formatSourceArguments(this.#source),
      unit: about?.unit ?? "",
    };
    const { settings } = this.#options;
    const options = { settings, about, since: this.#since, before: this.#series };
    this.#series = this.#context.findSeries(description, options);
    this.#series?.up();
    return this.#series;
  }
}
