/**
 * What the readers of all sources share with their recorder.
 *
 * @module
 */

import type { ValueAbout } from "../wire/about.ts";
import type { AlarmSettings } from "./alarm_settings.ts";
import type { Clock } from "./clock.ts";
import type { SourceDescription } from "./reading.ts";
import type { Selection, Series } from "./series.ts";
import type { Writer } from "./writer.ts";

/** How a source is recorded. */
export interface SourceSettings extends Selection {
  /** When its values are an alarm, unless its service says it. */
  readonly limits?: AlarmSettings;
}

/** How a series is found. */
export interface SeriesOptions {
  readonly settings: SourceSettings;
  /** What the service says of the value. */
  readonly about: ValueAbout | undefined;
  /** When the recorder has begun to look for readings, in milliseconds since 1970. */
  readonly since: number;
  /** The series of the same source until now, perhaps with another unit. */
  readonly before: Series | undefined;
}

/** The recorder, as its readers see it. */
export interface RecorderContext {
  readonly clock: Clock;
  readonly writer: Writer;
  /** Whether there is a connection to the Manager. */
  isConnected(): boolean;
  /** The series of a description; `undefined` while the file cannot be written. */
  findSeries(description: SourceDescription, options: SeriesOptions): Series | undefined;
  /** Whether an attribute without arguments is polled, or a stream that is recorded. */
  isPolled(service: string, attribute: string): boolean;
  /** Records a value. `time` is when it was measured, if its source says that. */
  record(series: Series, value: unknown, time: number | undefined): void;
  /** Says something to the person who has started the recorder, and to the log. */
  note(text: string): void;
  /** The same, once for each owner. */
  noteOnce(owner: object, text: string): void;
}
