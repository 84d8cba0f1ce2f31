/**
 * One call of a method, or one read of a property, as the page shows it: running with its progress,
 * then a result, an error, or cancelled. The values of a stream arrive one by one,
 * and are kept as lines of a plot.
 *
 * @module
 */

import { type ReadonlySignal, signal } from "@preact/signals";
import type { CallOptions, Future, ServiceAbout } from "../client.ts";
import { CancelledError, RemoteError, Stream } from "../client.ts";
import type { Arguments } from "./inputs.ts";
import { type LineAbout, SeriesSet } from "./series_set.ts";

/** Why a call has failed. */
export interface CallFailure {
  /** The class of the error, e.g. `"ValueError"`. */
  readonly name: string;
  readonly text: string;
  /** How to mend it; empty if nobody knows. */
  readonly hint: string;
  /** The lines of the traceback on the computer of the service. Often empty. */
  readonly traceback: readonly string[];
}

/** Where a call is. */
export type CallState =
  | { readonly state: "running" }
  | { readonly state: "done"; readonly value: unknown }
  | { readonly state: "failed"; readonly failure: CallFailure }
  | { readonly state: "cancelled" };

/** How far large arguments, or a large result, have come, in bytes. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly direction: "sent" | "received";
}

/** What a call needs of a Link. */
export interface Callable {
  readonly serviceAbout: Pick<ServiceAbout, "attributes">;
  request(attribute: string, options: Partial<Arguments> & CallOptions): Future<unknown>;
}

/** A call. */
export class Call {
  readonly #state = signal<CallState>({ state: "running" });
  readonly #progress = signal<Progress | undefined>(undefined);
  readonly #count = signal<number | undefined>(undefined);
  #future: Future<unknown> | undefined;
  readonly #attribute: string;
  readonly #given: Arguments;
  /** The numbers of a stream, as lines of a plot. */
  readonly values: SeriesSet = new SeriesSet();
  /** The last result before this call; `undefined` if there is none. */
  readonly old: { readonly value: unknown } | undefined;
  /** When it was made, in milliseconds since 1970. */
  readonly startedAt: number = Date.now();
  #endedAt: number | undefined;
  /** When the reading was taken, in milliseconds since 1970, if the service says it. */
  #time: number | undefined;

  /**
   * Sends the request at once, or when the link is there.
   *
   * @param before The call before this one. Its result is shown, grey, until there is another one.
   */
  constructor(
    link: Callable | Promise<Callable>,
    attribute: string,
    given: Arguments,
    before?: Call,
  ) {
    this.old = before?.result;
    this.#attribute = attribute;
    this.#given = given;
    if (link instanceof Promise) {
      link.then((one) => this.#send(one), (error) => this.#fail(error));
    } else this.#send(link);
  }

  /** Where it is. */
  get state(): ReadonlySignal<CallState> {
    return this.#state;
  }

  /** The last result, perhaps that of a call before; `undefined` if there is none, or of a stream. */
  get result(): { readonly value: unknown } | undefined {
    const state = this.#state.value;
    if (state.state === "running") return this.old;
    return state.state === "done" && this.#count.value === undefined ? state : undefined;
  }

  /** How far a large value has come; `undefined` if there is none. */
  get progress(): ReadonlySignal<Progress | undefined> {
    return this.#progress;
  }

  /** How many values of a stream have come; `undefined` for any other result. */
  get count(): ReadonlySignal<number | undefined> {
    return this.#count;
  }

  /** How long it took, in milliseconds; `undefined` while it runs. */
  get duration(): number | undefined {
    return this.#endedAt === undefined ? undefined : this.#endedAt - this.startedAt;
  }

  /** When the reading was taken, in milliseconds since 1970; `undefined` if the service does not say it. */
  get time(): number | undefined {
    return this.#time;
  }

  /** Cancels it. A service of this package ends its method. */
  cancel(): void {
    if (this.#future === undefined) this.#end({ state: "cancelled" });
    else this.#future.cancel();
  }

  #send(link: Callable): void {
    if (this.#state.peek().state !== "running") return; // it was cancelled before
    const options: CallOptions = {
      time: true,
      onProgress: (done, total, direction) => {
        this.#progress.value = { done, total, direction };
      },
    };
    try {
      this.#future = link.request(this.#attribute, { ...this.#given, ...options });
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#future instanceof Stream) {
      const { attributes } = link.serviceAbout;
      const isKnown = Object.hasOwn(attributes, this.#attribute);
      this.#readStream(this.#future, isKnown ? attributes[this.#attribute].result : undefined);
    } else this.#read(this.#future);
  }

  async #read(future: Future<unknown>): Promise<void> {
    try {
      const value = await future;
      this.#time = future.time;
      this.#end({ state: "done", value });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #readStream(stream: Stream<unknown>, about: LineAbout | undefined): Promise<void> {
    this.#count.value = 0;
    let count = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      this.#count.value = count;
    };
    try {
      for await (const value of stream) {
        count++;
        this.values.add(this.#attribute, stream.time ?? Date.now(), value, about);
        timer ??= setTimeout(show, INTERVAL);
      }
      this.#end({ state: "done", value: null });
    } catch (error) {
      this.values.gap(Date.now());
      this.#fail(error);
    } finally {
      clearTimeout(timer);
      show();
    }
  }

  #fail(error: unknown): void {
    this.#end(
      error instanceof CancelledError
        ? { state: "cancelled" }
        : { state: "failed", failure: failureOf(error) },
    );
  }

  #end(state: CallState): void {
    if (this.#state.peek().state !== "running") return; // it was cancelled before it was sent
    this.#endedAt = Date.now();
    this.#progress.value = undefined;
    this.#state.value = state;
  }
}

/** The texts of a stream change no more often, in milliseconds: more is not read. Its plot does. */
const INTERVAL = 250;

/** What a person is told of an error. */
function failureOf(error: unknown): CallFailure {
  if (error instanceof RemoteError) {
    const { remoteName, remoteMessage, hint, traceback } = error;
    const text = remoteName === "" ? remoteMessage : remoteMessage.slice(remoteName.length + 2);
    return { name: remoteName || "Error", text, hint, traceback };
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, text: message, hint: "", traceback: [] };
}
