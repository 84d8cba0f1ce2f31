/**
 * Watches what a recorder reads, and tells of its alarms: in the log, to the clients of its service,
 * and to a program of the user's. None of these can stop the recording.
 *
 * @module
 */

import { logger } from "../base/log.ts";
import { printable } from "../base/printable.ts";
import type { ConnectOptions } from "../device/connect_options.ts";
import { RemoteError } from "../errors.ts";
import type { ValueAbout } from "../wire/about.ts";
import { kwargs } from "../wire/call.ts";
import type { AlarmProgram } from "./alarm_program.ts";
import { type AlarmSettings, alarmSettingsOf } from "./alarm_settings.ts";
import { type AlarmEvent, Alarms } from "./alarms.ts";
import { HistoryService } from "./history_service.ts";
import type { SourceDescription } from "./reading.ts";
import type { Cause } from "./series.ts";
import { formatSource, type Source } from "./source.ts";
import { sourceName } from "./source_name.ts";
import type { SeriesGap, SeriesReading } from "./writer.ts";

const log = logger("record");

/**
 * The causes of gaps that do not mean that a source has stopped: it is expected to send its next
 * reading, or another one goes on in its place.
 */
const NO_STOP: readonly Cause[] = [
  "no reading yet",
  "recorder stopped",
  "unit changed",
  "clock set forward",
  "clock set back",
];

/** What an {@linkcode AlarmReporter} tells, and whom. */
export interface AlarmReporterOptions {
  /** The recording in SQLite; `undefined` if the readings go elsewhere. */
  readonly file: string | undefined;
  /** The name of the service, or `true` for `Recorder`. Default: there is none. */
  readonly serve?: string | boolean;
  /** The program that is run for each alarm. */
  readonly program?: AlarmProgram;
  /** Called with each change of a state as a sentence, for the person who has started it. */
  readonly onNote?: (text: string) => void;
}

/** Reports the alarms of a recorder. Its `on` functions are those of the recorder's options. */
export class AlarmReporter implements AsyncDisposable {
  readonly #alarms: Alarms;
  readonly #service: HistoryService | undefined;
  readonly #program: AlarmProgram | undefined;
  readonly #onNote: (text: string) => void;
  /** The names of the sources, by their descriptions: one is made for each reading otherwise. */
  readonly #names = new WeakMap<SourceDescription, string>();
  /** The services of which all notifications are recorded, and the names of these sources. */
  readonly #whole = new Map<string, string>();
  /** The error of the Manager that was told last. */
  #refusal = "";

  /** It watches from now on. {@linkcode AlarmReporter.serve} offers its service. */
  constructor({ file, serve = false, program, onNote = () => {} }: AlarmReporterOptions) {
    const alarms = this.#alarms = new Alarms((event) => this.#report(event));
    this.#program = program;
    this.#onNote = onNote;
    if (serve === false) return;
    const name = serve === true ? undefined : serve;
    this.#service = new HistoryService({ name, file, alarms });
  }

  /**
   * Offers the service, and waits for the Manager as long as it takes. While the name is taken, or the
   * Manager refuses the service for another reason, that is told once, and tried again.
   */
  async serve(options: ConnectOptions): Promise<void> {
    const service = this.#service;
    if (service === undefined) return;
    service.connectionHandler = (change) => {
      if (change.state === "retrying") this.#refused(change.error);
    };
    service.finished.catch((error) => this.#refused(error));
    const reconnect = options.reconnect === true ? {} : options.reconnect || {};
    try {
      await service.start({ ...options, reconnect: { ...reconnect, waitOnFirstConnect: true } });
    } catch (error) {
      this.#refused(error as Error);
    }
  }

  /** Watches sources from the start: one whose service does not come has stopped. */
  expect(sources: readonly (Source & { readonly limits?: AlarmSettings })[]): void {
    for (const source of sources) {
      const { service, limits = {} } = source;
      for (const name of namesOf(source)) {
        this.#alarms.watch(name, limits);
        this.#alarms.gap(name, "its service is not connected");
        if (source.kind === "notifications" && source.keys === undefined) {
          this.#whole.set(service, name);
        }
      }
    }
  }

  /** A source whose service is there, what that says of it, and what was configured. */
  readonly onSource = (
    description: SourceDescription,
    about: ValueAbout | undefined,
    limits: AlarmSettings | undefined,
  ): void => {
    const name = this.#nameOf(description);
    this.#alarms.watch(name, alarmSettingsOf(limits, about), description.unit);
    this.#alarms.expect(name);
    const whole = this.#whole.get(description.service);
    if (whole !== undefined) this.#alarms.expect(whole);
  };

  /** A reading. */
  readonly onReading = (description: SourceDescription, { value }: SeriesReading): void =>
    this.#alarms.read(this.#nameOf(description), value);

  /** A gap that begins, or ends. */
  readonly onGap = (description: SourceDescription, { end, reason }: SeriesGap): void => {
    if (end !== undefined || NO_STOP.some((cause) => reason.startsWith(cause))) return;
    this.#alarms.gap(this.#nameOf(description), reason);
  };

  /** Stops to watch, and waits until what is under way is told. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#alarms[Symbol.dispose]();
    await Promise.all([this.#service?.shutdown(), this.#program?.idle()]);
  }

  #nameOf(description: SourceDescription): string {
    let name = this.#names.get(description);
    if (name === undefined) {
      name = sourceName(description);
      this.#names.set(description, name);
    }
    return name;
  }

  #report(event: AlarmEvent): void {
    const { message, state, previous, source } = event;
    const properties = { message, state, previous, source };
    if (state === "alarm") log.error("{state}: {message}", properties);
    else if (state === "normal") log.info("{state}: {message}", properties);
    else log.warn("{state}: {message}", properties);
    this.#onNote(printable(`${state}: ${message}`));
    this.#program?.run(event);
    try {
      this.#service?.emitNotification("alarm", kwargs({ ...event }));
    } catch (error) {
      // It waits for the Manager, or has ended, or nobody reads: who links later asks for `alarms()`.
      log.debug("Cannot notify of an alarm: {error}", { error });
    }
  }

  #refused(error: Error): void {
    if (!(error instanceof RemoteError) || error.message === this.#refusal) return;
    this.#refusal = error.message;
    log.warn("{service} is not offered, and recording goes on: {error}", {
      service: this.#service?.name,
      error,
    });
    const [reason] = error.message.split("\n");
    this.#onNote(printable(`${this.#service?.name} is not offered, recording goes on: ${reason}`));
  }
}

/** The names under which the readings of a source come. Those of all notifications are not known yet. */
function namesOf(source: Source): string[] {
  if (source.kind === "attribute") return [formatSource({ ...source, every: undefined })];
  const { service, keys } = source;
  return keys?.map((attribute) => sourceName({ service, attribute, arguments: "", unit: "" })) ??
    [formatSource(source)];
}
