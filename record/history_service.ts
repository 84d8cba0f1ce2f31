/**
 * The service of a recorder: the history of its file and its alarms, for any client. Programs find it
 * by its role `recorder.1`. A worker reads the file, so that a long history does not delay a reading.
 *
 * @module
 */

import { parseTime } from "../base/time_text.ts";
import { ValueError } from "../errors.ts";
import { HISTORY_LIMITS, LONGEST_LOG_TEXT } from "../limits.ts";
import { type About, Service } from "../service.ts";
import { kwargs } from "../wire/call.ts";
import {
  type History,
  type HistorySource,
  type LatestReading,
  RECORDER_ROLE,
} from "../wire/history.ts";
import { encodeValue } from "../wire/json.ts";
import type { Alarms, CurrentAlarm } from "./alarms.ts";
import { latestReadings, recordedSources, sourceHistory } from "./history.ts";

/** The name of the service, if none is given. */
const DEFAULT_NAME = "Recorder";

/** The module that a worker imports. */
const HISTORY = import.meta.resolve("./history.ts");

/** A source: its name, e.g. `DMM.voltage`, or its number. */
type SourceId = string | number;

/** What a {@linkcode HistoryService} is made of. */
export interface HistoryServiceOptions {
  /** The name of the service. Default: `Recorder`. */
  readonly name?: string;
  /** The recording in SQLite; `undefined` if the readings go elsewhere: then there is no history. */
  readonly file: string | undefined;
  readonly alarms: Alarms;
}

/** Offers the history of a recording, and its alarms. */
export class HistoryService extends Service {
  static about: About<HistoryService> = {
    description:
      "The history of what is recorded, and its alarms. Times are in milliseconds since " +
      "1970.",
    attributes: {
      sources: { description: "What is recorded, and from when to when.", safe: true },
      latest: {
        description: "The latest reading of each source, and the gap that it is in.",
        parameters: [{ name: "sources", description: "names or numbers of sources; null for all" }],
        safe: true,
      },
      history: {
        description: "Minimum, maximum, mean and count in equal parts of a span, and the gaps.",
        parameters: [
          { name: "source", description: "its name or number" },
          {
            name: "start",
            description: "milliseconds since 1970, or ISO 8601 in UTC; default: the first reading",
            unit: "ms",
          },
          { name: "end", description: "as start; default: the end of the record", unit: "ms" },
          {
            name: "points",
            description: "how many parts at most",
            schema: { type: "integer", minimum: 1, maximum: HISTORY_LIMITS.points },
          },
        ],
        safe: true,
      },
      alarms: {
        description: "The sources that are not normal, or were not and nobody has acknowledged it.",
        safe: true,
      },
      acknowledge: {
        description: "Acknowledges the alarm of a source. null if it has none.",
        parameters: [{ name: "source", description: "its name" }],
      },
    },
    notifications: {
      source: { description: "the source of an alarm" },
      state: {
        description: "what it is now",
        schema: { enum: ["normal", "warning", "alarm", "stopped"] },
      },
      previous: { description: "what it was before" },
      value: { description: "its last number" },
      unit: { description: "the unit of the value" },
      limit: { description: "the limit that the value is beyond" },
      time: { description: "when it was noticed", unit: "ms" },
      message: { description: "all of it as a sentence" },
    },
    implements: [RECORDER_ROLE],
  };

  readonly #file: string | undefined;
  readonly #alarms: Alarms;
  readonly #sources = this.inWorkers(recordedSources, HISTORY);
  readonly #latest = this.inWorkers(latestReadings, HISTORY);
  readonly #history = this.inWorkers(sourceHistory, HISTORY);

  /** It is offered once it is started. */
  constructor({ name = DEFAULT_NAME, file, alarms }: HistoryServiceOptions) {
    // One worker: a request takes the time of the processor, and the recorder has to have its own.
    super({ name, workers: { size: 1, queue: HISTORY_LIMITS.waiting } });
    this.#file = file;
    this.#alarms = alarms;
  }

  /** What is recorded, and from when to when. */
  sources(): Promise<HistorySource[]> {
    return this.#sources(this.#requireFile());
  }

  /** The latest reading of each source, and the gap that it is in. */
  latest(sources: SourceId | readonly SourceId[] | null = null): Promise<LatestReading[]> {
    const all = sources === null ? null : [sources].flat();
    const most = HISTORY_LIMITS.sources;
    if (all !== null && all.length > most) {
      throw new ValueError(
        `Cannot give the latest readings of ${all.length} sources: name at most ${most}, or none for all`,
      );
    }
    for (const source of all ?? []) requireSource(source);
    return this.#latest(this.#requireFile(), all);
  }

  /** Minimum, maximum, mean and count in equal parts of a span, and the gaps. */
  history(
    source: SourceId,
    { start = null, end = null, points = HISTORY_LIMITS.defaultPoints }: {
      start?: number | string | null;
      end?: number | string | null;
      points?: number;
    } = {},
  ): Promise<History> {
    requireSource(source);
    const most = HISTORY_LIMITS.points;
    if (!(Number.isInteger(points) && points >= 1 && points <= most)) {
      throw new ValueError(
        `Cannot give a history: points must be an integer from 1 to ${most}, got ${shown(points)}`,
      );
    }
    const span = { start: timeOf("start", start), end: timeOf("end", end), points };
    return this.#history(this.#requireFile(), source, span);
  }

  /** The sources that are not normal, or were not and nobody has acknowledged it. */
  alarms(): CurrentAlarm[] {
    return this.#alarms.current();
  }

  /** Acknowledges the alarm of a source. `null` if it has none that is not acknowledged. */
  acknowledge(source: string): CurrentAlarm | null {
    const found = this.#alarms.acknowledge(source, this.request?.requester ?? "");
    if (found === undefined) return null;
    this.emitNotification("acknowledged", kwargs({ ...found }));
    return found;
  }

  #requireFile(): string {
    if (this.#file !== undefined) return this.#file;
    throw new ValueError("Cannot read the history: only a recording in SQLite has one");
  }
}

function requireSource(source: unknown): asserts source is SourceId {
  if (typeof source === "string" || Number.isInteger(source)) return;
  throw new ValueError(`Cannot find the source ${shown(source)}: give its name or its number`);
}

/** A time that a client has given. */
function timeOf(name: string, time: unknown): number | undefined {
  if (time === null || time === undefined) return undefined;
  if (typeof time === "number" && !Number.isNaN(new Date(time).getTime())) return time;
  if (typeof time === "string") return parseTime(time, "UTC");
  throw new ValueError(
    `Cannot use the ${name} ${shown(time)}: give milliseconds since 1970, or ISO 8601 as text`,
  );
}

/** A value of a client in an error. */
function shown(value: unknown): string {
  const text = encodeValue(value);
  return text.length > LONGEST_LOG_TEXT ? `${text.slice(0, LONGEST_LOG_TEXT)}…` : text;
}
