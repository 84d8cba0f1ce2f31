/**
 * The configuration file of a recorder: JSON with comments. `config_schema.ts` has the same for editors.
 *
 * @module
 */

import { parse as parseJsonc } from "@std/jsonc/parse";
import { dirname, isAbsolute, join } from "node:path";
import { listNames, suggestName } from "../base/suggestion.ts";
import { parseDuration } from "../base/units.ts";
import { ConfigurationError, ValueError } from "../errors.ts";
import { isObject, type JsonObject } from "../wire/message.ts";
import { type AlarmSettings, readAlarmSettings } from "./alarm_settings.ts";
import type { ConfiguredSource } from "./recorder.ts";
import { parseSource } from "./source.ts";

/** What a configuration says. What it leaves out is the default of the command line. */
export interface RecorderConfig {
  /** The file to record to. */
  readonly to?: string;
  /** The sources, in order. */
  readonly sources: readonly ConfiguredSource[];
  /** In milliseconds. */
  readonly every?: number;
  readonly deadband?: number;
  readonly onChange?: boolean;
  readonly arrays?: boolean;
  /** In milliseconds. */
  readonly keep?: number;
  readonly sync?: "normal" | "full";
  /** The name of the service of its history, or `true` for `Recorder`. */
  readonly serve?: string | boolean;
  /** The program that is run for each alarm. */
  readonly onAlarm?: string;
}

/** The standard output in the place of a file. */
const STANDARD_OUTPUT = "-";

/** The keys of a configuration. */
const KEYS = [
  "$schema",
  "to",
  "sources",
  "every",
  "deadband",
  "onChange",
  "arrays",
  "keep",
  "sync",
  "serve",
  "onAlarm",
];
const ATTRIBUTE_KEYS = [
  "service",
  "attribute",
  "args",
  "kwargs",
  "every",
  "deadband",
  "onChange",
  "limits",
];
const NOTIFICATION_KEYS = ["service", "notifications", "deadband", "onChange", "limits"];

/**
 * Reads a configuration. A relative path in it is relative to its folder.
 *
 * @throws {ConfigurationError} If the file cannot be read or used. The message names the place.
 */
export function readConfig(file: string): RecorderConfig {
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new ConfigurationError(`Cannot read the configuration ${file}: ${reason}`, { cause });
  }
  let config: unknown;
  try {
    config = parseJsonc(text);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new ConfigurationError(`Cannot read the configuration ${file}: ${reason}`, { cause });
  }
  return toConfig(config, file);
}

/** The same with a value that was parsed already. */
export function toConfig(value: unknown, file: string): RecorderConfig {
  const config = new Place(value, file).object(KEYS);
  const beside = (path: string | undefined) =>
    path === undefined || path === STANDARD_OUTPUT || isAbsolute(path)
      ? path
      : join(dirname(file), path);
  return withoutAbsent({
    to: beside(config.member("to")?.text()),
    sources: config.member("sources")?.items().map(toSource) ?? [],
    every: config.member("every")?.duration(),
    deadband: config.member("deadband")?.deadband(),
    onChange: config.member("onChange")?.boolean(),
    arrays: config.member("arrays")?.boolean(),
    keep: config.member("keep")?.duration(),
    sync: config.member("sync")?.choice(["normal", "full"]),
    serve: config.member("serve")?.nameOrSwitch(),
    onAlarm: beside(config.member("onAlarm")?.text()),
  });
}

function toSource(place: Place): ConfiguredSource {
  if (typeof place.value === "string") return place.source();
  const isOfNotifications = isObject(place.value) && "notifications" in place.value;
  const source = place.object(isOfNotifications ? NOTIFICATION_KEYS : ATTRIBUTE_KEYS);
  const service = source.required("service").name();
  const selection = withoutAbsent({
    deadband: source.member("deadband")?.deadband(),
    onChange: source.member("onChange")?.boolean(),
    limits: source.member("limits")?.limits(),
  });
  if (isOfNotifications) {
    const keys = source.required("notifications").keys();
    return { kind: "notifications", service, keys, ...selection };
  }
  return {
    kind: "attribute",
    service,
    attribute: source.required("attribute").name(),
    args: source.member("args")?.items().map(({ value }) => value) ?? [],
    kwargs: source.member("kwargs")?.anyObject() ?? {},
    every: source.member("every")?.duration(),
    ...selection,
  };
}

/** Without the keys whose values are `undefined`, which must not replace a default. */
function withoutAbsent<T extends object>(object: T): T {
  return Object.fromEntries(
    Object.entries(object).filter(([_, value]) => value !== undefined),
  ) as T;
}

/** A value in the configuration, and where it is. */
class Place {
  readonly value: unknown;
  readonly #file: string;
  /** The keys that lead to it; empty for the whole. */
  readonly #path: string;

  constructor(value: unknown, file: string, path = "") {
    this.value = value;
    this.#file = file;
    this.#path = path;
  }

  get #where(): string {
    return this.#path === "" ? this.#file : `${this.#file}: ${this.#path}`;
  }

  /** An object that has only these keys. */
  object(keys: readonly string[]): Place {
    const unknown = Object.keys(this.anyObject()).find((key) => !keys.includes(key));
    if (unknown === undefined) return this;
    const meant = suggestName(unknown, keys);
    throw new ConfigurationError(
      `Cannot use ${this.#at(unknown).#where}: there is no such key. ${meant && `${meant} `}` +
        `Those are ${listNames(keys)}`,
    );
  }

  anyObject(): JsonObject {
    return isObject(this.value) ? this.value : this.#fail("an object");
  }

  member(key: string): Place | undefined {
    const object = this.anyObject();
    return Object.hasOwn(object, key) ? this.#at(key) : undefined;
  }

  required(key: string): Place {
    const member = this.member(key);
    if (member !== undefined) return member;
    throw new ConfigurationError(`Cannot use ${this.#where}: it has no ${key}`);
  }

  items(): Place[] {
    if (!Array.isArray(this.value)) this.#fail("an array");
    return this.value.map((item, index) => new Place(item, this.#file, `${this.#path}[${index}]`));
  }

  text(): string {
    return typeof this.value === "string" && this.value !== ""
      ? this.value
      : this.#fail("text that is not empty");
  }

  name(): string {
    return typeof this.value === "string" && this.value !== "" ? this.value : this.#fail("a name");
  }

  nameOrSwitch(): string | boolean {
    return typeof this.value === "boolean" ? this.value : this.name();
  }

  boolean(): boolean {
    return typeof this.value === "boolean" ? this.value : this.#fail("true or false");
  }

  deadband(): number {
    const { value } = this;
    return typeof value === "number" && value >= 0 ? value : this.#fail("a number of at least 0");
  }

  choice<T extends string>(choices: readonly T[]): T {
    const found = choices.find((choice) => choice === this.value);
    return found ?? this.#fail(choices.map((choice) => JSON.stringify(choice)).join(" or "));
  }

  /** A duration as text: a number could be seconds or milliseconds. */
  duration(): number {
    const expected = 'a duration such as "500ms", "10s" or "90d"';
    if (typeof this.value !== "string") this.#fail(expected);
    let duration: number;
    try {
      duration = parseDuration(this.value as string);
    } catch {
      return this.#fail(expected);
    }
    return duration >= 1 ? duration : this.#fail("at least 1ms");
  }

  /** The keys of notifications; `undefined` for all. */
  keys(): string[] | undefined {
    if (this.value === true) return undefined;
    if (!Array.isArray(this.value) || this.value.length === 0) {
      this.#fail("true, or an array of keys");
    }
    const keys = this.items().map((item) => item.name());
    if (new Set(keys).size < keys.length) this.#fail("an array of different keys");
    return keys;
  }

  /** A source as it is typed on the command line. */
  source(): ConfiguredSource {
    try {
      return parseSource(this.value as string);
    } catch (cause) {
      if (!(cause instanceof ValueError)) throw cause;
      throw new ConfigurationError(`Cannot use ${this.#where}: ${cause.message}`, { cause });
    }
  }

  limits(): AlarmSettings {
    return readAlarmSettings(this.value, this.#where);
  }

  #at(key: string): Place {
    const path = this.#path === "" ? key : `${this.#path}.${key}`;
    return new Place((this.value as JsonObject)[key], this.#file, path);
  }

  #fail(expected: string): never {
    throw new ConfigurationError(
      `Cannot use ${this.#where}: it must be ${expected}, not ${JSON.stringify(this.value)}`,
    );
  }
}
