/**
 * The recorder: reads sources with a Client that reconnects, and writes what they give to a target.
 *
 * Each service has a watch, each source a reader, and each column of readings a series, which knows
 * its gaps. What was received is in the target, or its loss lies inside a gap.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { printable } from "../base/printable.ts";
import { repr } from "../base/repr.ts";
import { logger } from "../base/log.ts";
import { formatDuration } from "../base/units.ts";
import type { Client } from "../client.ts";
import type { ConnectionChange } from "../device/connector.ts";
import { ConnectionAbortedError, ValueError } from "../errors.ts";
import { RECORD_LIMITS } from "../limits.ts";
import type { ValueAbout } from "../wire/about.ts";
import type { AlarmSettings } from "./alarm_settings.ts";
import { type AttributeOptions, AttributeReader } from "./attribute_reader.ts";
import { type Clock, JumpDetector, SYSTEM_CLOCK } from "./clock.ts";
import { NotificationReader } from "./notification_reader.ts";
import type { SourceDescription } from "./reading.ts";
import { numberOf } from "./received_value.ts";
import type { RecorderContext, SeriesOptions, SourceSettings } from "./recorder_context.ts";
import { Series } from "./series.ts";
import { ServiceWatch } from "./service_watch.ts";
import { type AttributeSource, formatSource, type Source } from "./source.ts";
import { comesFrom } from "./source_name.ts";
import { sourceKey } from "./source_numbers.ts";
import { isArray } from "./stored_value.ts";
import type { Target } from "./target.ts";
import { Writer, type WriterEvents } from "./writer.ts";

/** A source, and how it is recorded. */
export type ConfiguredSource = Source & SourceSettings;

/** What a recorder is told. */
export interface RecorderOptions extends Omit<WriterEvents, "onBlocked"> {
  /** The time from one call to the next of a source that does not say, in milliseconds. Default: 1,000. */
  readonly every?: number;
  /** How long a call may take, in milliseconds. Default: 10,000. */
  readonly timeout?: number;
  /** Whether arrays are recorded. Default: true. */
  readonly arrays?: boolean;
  /** The clock. Default: that of this computer. */
  readonly clock?: Clock;
  /** The limits. Default: {@linkcode RECORD_LIMITS}. */
  readonly limits?: { readonly series: number };
  /** Called with each note for the person who has started it: one line of text. */
  readonly onNote?: (text: string) => void;
  /**
   * Called when a service is there, for the first time and again, for each series of it.
   *
   * @param about What the service says of the value.
   * @param limits What the configuration says of its limits.
   */
  readonly onSource?: (
    description: SourceDescription,
    about: ValueAbout | undefined,
    limits: AlarmSettings | undefined,
  ) => void;
}

/** How often the clock is checked, in milliseconds. */
const CLOCK_CHECK = 1_000;

/** How long the end waits for a file that cannot be written, in milliseconds. */
const FINISH_GRACE = 5_000;

const log = logger("record");

/** Records sources. */
export class Recorder {
  readonly #client: Client;
  readonly #writer: Writer;
  readonly #options: RecorderOptions;
  readonly #clock: Clock;
  readonly #limits: { readonly series: number };
  readonly #services = new Map<string, ServiceWatch>();
  readonly #readers: AttributeReader[] = [];
  /** By their descriptions. */
  readonly #series = new Map<string, Series>();
  /** The attributes without arguments that are read, as JSON. */
  readonly #polled = new Set<string>();
  readonly #noted = new WeakSet<object>();
  /** The number of gaps when it has ended: that each source has ended too is none of them. */
  #gapsAtEnd: number | undefined;
  /** The services of which it was said that they are gone. */
  readonly #gone = new Set<string>();

  /**
   * Creates it. {@linkcode Recorder.run} starts it.
   *
   * @param client A Client that reconnects. Its `connectionHandler` is the recorder's.
   * @throws {ValueError} If a source is given twice.
   */
  constructor(
    client: Client,
    target: Target,
    sources: readonly ConfiguredSource[],
    options: RecorderOptions = {},
  ) {
    this.#client = client;
    this.#options = options;
    this.#limits = options.limits ?? RECORD_LIMITS;
    const clock = this.#clock = options.clock ?? SYSTEM_CLOCK;
    checkSources(sources);
    const { onReading, onGap } = options;
    const writer = this.#writer = new Writer(target, {
      onReading,
      onGap,
      onBlocked: (error) =>
        this.#note(
          error === undefined
            ? "The file can be written again"
            : `${error.message}. What comes is held, and written as soon as it can be`,
        ),
    });
    const context: RecorderContext = {
      clock,
      writer,
      isConnected: () => client.isConnected(),
      findSeries: (description, seriesOptions) => this.#findSeries(description, seriesOptions),
      isPolled: (service, attribute) => this.#polled.has(JSON.stringify([service, attribute])),
      record: (series, value, time) => this.#record(series, value, time),
      note: (text) => this.#note(text),
      noteOnce: (owner, text) => this.#noteOnce(owner, text),
    };
    for (const source of sources) if (source.kind === "attribute") this.#addPolled(source);
    for (const source of sources) {
      const service = this.#watch(source.service);
      if (source.kind === "notifications") {
        new NotificationReader(source, service, source, context);
      } else {
        const { every = 1_000, timeout = 10_000 } = options;
        const how: AttributeOptions = { settings: source, every, timeout };
        this.#readers.push(new AttributeReader(source, service, how, context));
      }
    }
    client.connectionHandler = (change) => this.#change(change);
    this.#continueSeries(sources);
  }

  /** How many readings were written. */
  get readings(): number {
    return this.#writer.readings;
  }

  /** How many gaps have begun between readings. */
  get gaps(): number {
    return this.#gapsAtEnd ?? this.#writer.gaps;
  }

  /** How many bytes the file has. */
  get size(): number {
    return this.#writer.size;
  }

  /** Why the file cannot be written, and how many readings and gaps wait; `undefined` if it can. */
  get blocked(): { message: string; waiting: number } | undefined {
    const { blocked, waiting } = this.#writer;
    return blocked && { message: blocked.message, waiting };
  }

  /** The services that are not linked now. */
  get missing(): string[] {
    return [...this.#services.values()].filter(({ link }) => link === undefined)
      .map(({ name }) => name);
  }

  /**
   * Records until the signal is aborted, and writes all that it has received.
   *
   * @returns How many readings and gaps could not be written, because the file cannot be.
   * @throws {ConnectionAbortedError} If the Client has ended for good.
   * @throws The error of the target.
   */
  async run(signal: AbortSignal): Promise<number> {
    const ending = new AbortController();
    const stopping = AbortSignal.any([signal, ending.signal]);
    let failure: { error: unknown } | undefined;
    const stop = (error: unknown) => {
      failure ??= { error };
      ending.abort(error);
    };
    this.#client.shutdownHandler = (error) =>
      stop(error ?? new ConnectionAbortedError("The Client has disconnected"));
    this.#writer.failed.catch(stop);
    const tasks = [
      ...Array.from(this.#services.values(), (service) => service.open(stopping)),
      ...this.#readers.map((reader) => reader.run(stopping)),
      this.#checkClock(stopping),
    ].map((task) => task.catch((error) => error === stopping.reason || stop(error)));
    await abortable(new Promise(() => {}), stopping).catch(() => {});
    await Promise.all(tasks);
    this.#gapsAtEnd = this.#writer.gaps;
    for (const series of this.#series.values()) series.open("recorder stopped");
    const left = await this.#writer.finish(FINISH_GRACE);
    if (failure !== undefined) throw failure.error;
    return left;
  }

  /**
   * The sources that the file has already are in a gap from their last reading on, also if the recorder
   * ends before it finds their services.
   */
  #continueSeries(sources: readonly ConfiguredSource[]): void {
    const all = sources.map((source) => ({ source, isOf: comesFrom(source) }));
    for (const description of this.#writer.sources() ?? []) {
      const ofIt = all.filter(({ isOf }) => isOf(description)).map(({ source }) => source);
      const source = ofIt.find(({ kind }) => kind === "attribute") ?? ofIt[0];
      if (source === undefined) continue;
      this.#makeSeries(description, source, this.#clock.now());
    }
  }

  #addPolled({ service, attribute, args, kwargs }: AttributeSource): void {
    if (args.length > 0 || Object.keys(kwargs).length > 0) return;
    this.#polled.add(JSON.stringify([service, attribute]));
  }

  #watch(name: string): ServiceWatch {
    let service = this.#services.get(name);
    if (service === undefined) {
      const note = (text: string) => this.#note(text);
      service = new ServiceWatch(name, { client: this.#client, clock: this.#clock, note });
      this.#services.set(name, service);
    }
    return service;
  }

  #findSeries(
    description: SourceDescription,
    { settings, since, before, about }: SeriesOptions,
  ): Series | undefined {
    const known = this.#series.get(sourceKey(description));
    const { series: most } = this.#limits;
    if (known === undefined && this.#series.size >= most) {
      before?.open("unit changed", "there are too many units");
      this.#noteOnce(
        this,
        `There are more than ${most} keys and units of all sources: others are not recorded`,
      );
      return undefined;
    }
    const series = known ??
      this.#makeSeries(description, settings, before?.lastTime ?? since);
    if (series === undefined) return undefined;
    this.#options.onSource?.(description, about, settings.limits);
    if (before !== undefined && before !== series) {
      const { service, attribute, unit } = description;
      before.open("unit changed", unit === "" ? "it has none now" : `it is ${unit} now`);
      const name = `${attribute} of ${repr(service)}`;
      this.#note(
        `The unit of ${name} has changed from ${before.description.unit || "none"} to ${
          unit || "none"
        }`,
      );
    }
    return series;
  }

  #makeSeries(
    description: SourceDescription,
    selection: SourceSettings,
    since: number,
  ): Series | undefined {
    const end = this.#writer.endOf(description, since);
    if (end === undefined) return undefined;
    const parts = { writer: this.#writer, clock: this.#clock, selection, end, since };
    const series = new Series(description, parts);
    this.#series.set(sourceKey(description), series);
    return series;
  }

  #record(series: Series, value: unknown, time: number | undefined): void {
    if (this.#options.arrays === false && isArray(value)) {
      const { service, attribute } = series.description;
      return this.#noteOnce(
        series,
        `${attribute} of ${repr(service)} gives arrays, which are not recorded (--no-arrays)`,
      );
    }
    series.add(numberOf(value), time);
  }

  #change(change: ConnectionChange): void {
    for (const service of this.#services.values()) service.change(change);
    switch (change.state) {
      case "lost":
        return this.#note(`The Manager is gone: ${change.error.message}`);
      case "connected":
        return this.#note("The Manager is back");
      case "unlinked":
        this.#gone.add(change.service);
        return this.#note(`The ${repr(change.service)} service is gone`);
      case "linked":
        if (!this.#gone.delete(change.service)) return;
        return this.#note(`The ${repr(change.service)} service is back`);
    }
  }

  async #checkClock(signal: AbortSignal): Promise<never> {
    const detector = new JumpDetector(this.#clock);
    for (;;) {
      await this.#clock.sleep(CLOCK_CHECK, signal);
      const jump = detector.check();
      if (jump === 0) continue;
      for (const series of this.#series.values()) series.clockJumped(jump);
      const by = formatDuration(Math.round(Math.abs(jump) / 1_000) * 1_000);
      this.#note(
        jump > 0
          ? `The clock was set forward by ${by}, or the computer was asleep`
          : `The clock was set back by ${by}`,
      );
    }
  }

  #note(text: string): void {
    log.info("{note}", { note: text });
    this.#options.onNote?.(printable(text));
  }

  #noteOnce(owner: object, text: string): void {
    if (this.#noted.has(owner)) return;
    this.#noted.add(owner);
    this.#note(text);
  }
}

/**
 * Refuses a source that is given twice: its readings would be in the file twice.
 *
 * @throws {ValueError} If one is, or there is none.
 */
export function checkSources(sources: readonly ConfiguredSource[]): void {
  if (sources.length === 0) throw new ValueError("Cannot record: no source is given");
  const seen = new Set<string>();
  /** The keys of notifications, by service; `undefined` for all. */
  const keysOf = new Map<string, Set<string> | undefined>();
  for (const source of sources) {
    const { service } = source;
    if (source.kind === "attribute") {
      const name = formatSource({ ...source, every: undefined });
      if (seen.has(name)) throw new ValueError(`Cannot record: ${name} is given twice`);
      seen.add(name);
      continue;
    }
    const known = keysOf.get(service);
    const twice = keysOf.has(service) && (known === undefined || source.keys === undefined)
      ? "some of them"
      : source.keys?.find((key) => known?.has(key));
    if (twice !== undefined) {
      throw new ValueError(
        `Cannot record: the notifications of ${repr(service)} are given twice (${twice})`,
      );
    }
    keysOf.set(service, source.keys && new Set([...known ?? [], ...source.keys]));
  }
}
