/**
 * Records the values in the notifications of a service, each key as a source of its own.
 *
 * @module
 */

import type { Link } from "../client/link.ts";
import { RECORD_LIMITS } from "../limits.ts";
import { argumentName } from "../wire/argument_name.ts";
import type { RecorderContext, SourceSettings } from "./recorder_context.ts";
import type { Cause, Series } from "./series.ts";
import type { Notification, ServiceListener, ServiceWatch } from "./service_watch.ts";
import { formatSource, type NotificationSource } from "./source.ts";
import { NOTIFICATION_MARK } from "./source_name.ts";

/** Records the notifications of one service. */
export class NotificationReader implements ServiceListener {
  readonly #source: NotificationSource;
  readonly #settings: SourceSettings;
  readonly #context: RecorderContext;
  readonly #since: number;
  readonly #series = new Map<string, Series>();
  readonly #keys: ReadonlySet<string> | undefined;
  #link: Link | undefined;

  constructor(
    source: NotificationSource,
    service: ServiceWatch,
    settings: SourceSettings,
    context: RecorderContext,
  ) {
    this.#source = source;
    this.#settings = settings;
    this.#context = context;
    this.#since = context.clock.now();
    this.#keys = source.keys && new Set(source.keys);
    service.add(this);
  }

  /** @inheritdoc */
  onUp(link: Link): void {
    this.#link = link;
    const said = Object.keys(link.serviceAbout.notifications);
    const keys = new Set([...this.#keys ?? said, ...this.#series.keys()]);
    for (const key of keys) this.#findSeries(key, this.#series.get(key));
  }

  /** @inheritdoc */
  onDown(cause: Cause, detail: string): void {
    for (const series of this.#series.values()) series.down(cause, detail);
  }

  /** @inheritdoc */
  onNotification({ args, kwargs, time }: Notification): void {
    args.forEach((value, index) => this.#record(argumentName(index), value, time));
    for (const [key, value] of Object.entries(kwargs)) this.#record(key, value, time);
  }

  #record(key: string, value: unknown, time: number | undefined): void {
    if (this.#keys !== undefined && !this.#keys.has(key)) return;
    const series = this.#series.get(key) ?? this.#findSeries(key, undefined);
    if (series !== undefined) this.#context.record(series, value, time);
  }

  #findSeries(key: string, before: Series | undefined): Series | undefined {
    if (before === undefined && this.#series.size >= RECORD_LIMITS.keys) {
      this.#context.noteOnce(
        this,
        `${
          formatSource(this.#source)
        } has more than ${RECORD_LIMITS.keys} different keys: others ` +
          "are not recorded",
      );
      return undefined;
    }
    const { service } = this.#source;
    const { notifications } = this.#link!.serviceAbout;
    const about = Object.hasOwn(notifications, key) ? notifications[key] : undefined;
    const series = this.#context.findSeries({
      service,
      // The readings of a polled attribute of that name must not end the gaps of this one.
      attribute: this.#context.isPolled(service, key) ? `${NOTIFICATION_MARK}${key}` : key,
      arguments: "",
      unit: about?.unit ?? "",
    }, { settings: this.#settings, about, since: this.#since, before });
    if (series !== undefined) this.#series.set(key, series);
    series?.up();
    return series;
  }
}
