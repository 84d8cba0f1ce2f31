/**
 * What the page does with one service: its link, the calls that were made, the notifications that have
 * come. It outlives the panel that shows it, so a call goes on while another service is looked at, and
 * its result is there afterwards.
 *
 * A link takes a place of a service that limits its clients, and keeps others from its exclusive lock.
 * So the page links while the panel is open, and ends the link when it is closed and no call runs. A
 * service that limits its clients is linked with when a person says so.
 *
 * @module
 */

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { isObject } from "../../wire/message.ts";
import type { Link } from "../client.ts";
import { Kwargs } from "../client.ts";
import { Call } from "./call.ts";
import type { Arguments, Texts } from "./inputs.ts";
import { SeriesSet } from "./series_set.ts";
import { reasonOf } from "./session.ts";

/** Where the link is. */
export type LinkState =
  /** There is none: nobody has asked for it yet, or it was ended. */
  | { readonly state: "none" }
  /** It is requested; the promise rejects when it is refused, or is not wanted any more. */
  | { readonly state: "linking"; readonly requested: Promise<Link> }
  | { readonly state: "linked"; readonly link: Link }
  /** The service, or the Manager, is away; the link is restored when it is back. */
  | { readonly state: "away"; readonly link: Link }
  /** The Manager does not allow it. */
  | { readonly state: "refused"; readonly reason: string };

/** A notification. */
export interface NotificationEntry {
  /** Counts from 1. */
  readonly number: number;
  /** When the reading was taken, in milliseconds since 1970: by the service, else when it has arrived. */
  readonly time: number;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** What a session needs of a Client. */
export interface LinkClient {
  link(name: string, options: { signal: AbortSignal }): PromiseLike<Link>;
}

/** How many notifications are kept. */
const KEPT = 200;

/** What the page does with one service. */
export class ServiceSession {
  readonly name: string;
  readonly #linkState = signal<LinkState>({ state: "none" });
  readonly #calls = signal<ReadonlyMap<string, Call>>(new Map());
  readonly #notifications = signal<readonly NotificationEntry[]>([]);
  /** The numbers in the notifications, as lines of a plot. */
  readonly readings: SeriesSet = new SeriesSet();
  readonly #client: () => LinkClient | undefined;
  readonly #opened = signal<ReadonlySet<string>>(new Set());
  readonly #lockProblem = signal<string | undefined>(undefined);
  /** What is typed in the form of each method. */
  readonly drafts: Map<string, Texts> = new Map();
  #count = 0;
  #isOpen = false;
  /** Cancels a request for a link that is not wanted any more. */
  #linking: AbortController | undefined;

  /** @param client The connected client; `undefined` while there is none. */
  constructor(name: string, client: () => LinkClient | undefined) {
    this.name = name;
    this.#client = client;
  }

  /** Where the link is. */
  get linkState(): ReadonlySignal<LinkState> {
    return this.#linkState;
  }

  /** Whether the lock can be taken now. */
  readonly isLinked: ReadonlySignal<boolean> = computed(() =>
    this.#linkState.value.state === "linked"
  );

  /** Whether a call can be made now. One that is made while the page links is sent when it is linked. */
  readonly canCall: ReadonlySignal<boolean> = computed(() =>
    this.isLinked.value || this.#linkState.value.state === "linking"
  );

  /** The last call of each attribute. */
  get calls(): ReadonlySignal<ReadonlyMap<string, Call>> {
    return this.#calls;
  }

  /** The methods whose forms are open. */
  get opened(): ReadonlySignal<ReadonlySet<string>> {
    return this.#opened;
  }

  /** Opens or closes the form of a method. */
  toggle(attribute: string, isOpen: boolean): void {
    if (this.#opened.peek().has(attribute) === isOpen) return;
    const opened = new Set(this.#opened.peek());
    if (isOpen) opened.add(attribute);
    else opened.delete(attribute);
    this.#opened.value = opened;
  }

  /** Why a lock was not taken, or was lost; `undefined` if there is no such problem. */
  get lockProblem(): ReadonlySignal<string | undefined> {
    return this.#lockProblem;
  }

  /** Takes the lock. Never rejects. @param isShared Whether other linked clients may take it too. */
  async lock(isShared: boolean): Promise<void> {
    await this.#changeLock((link) => link.acquireLock({ shared: isShared }));
  }

  /** Gives the lock back. Never rejects. */
  async unlock(): Promise<void> {
    await this.#changeLock((link) => link.releaseLock());
  }

  /** The lock could not be restored. */
  lockLost(reason: string): void {
    this.#lockProblem.value = `The lock is lost. ${reason}`;
  }

  async #changeLock(change: (link: Link) => PromiseLike<unknown>): Promise<void> {
    const { value } = this.#linkState;
    if (value.state !== "linked") return;
    this.#lockProblem.value = undefined;
    try {
      await change(value.link);
    } catch (error) {
      this.#lockProblem.value = reasonOf(error);
    }
  }

  /** The last notifications, the newest first. */
  get notifications(): ReadonlySignal<readonly NotificationEntry[]> {
    return this.#notifications;
  }

  /** The panel is open, or its service is back. @param isFree Whether to link at once. */
  open(isFree: boolean): void {
    this.#isOpen = true;
    if (isFree) this.link();
  }

  /** The panel is closed. */
  close(): void {
    this.#isOpen = false;
    this.#endIfIdle();
  }

  /** Links with the service. Never rejects. */
  async link(): Promise<void> {
    const client = this.#client();
    const { state } = this.#linkState.value;
    if (client === undefined || (state !== "none" && state !== "refused")) return;
    const { signal } = this.#linking = new AbortController();
    const requested = this.#request(client, signal);
    this.#linkState.value = { state: "linking", requested };
    try {
      await requested;
    } catch (error) {
      if (signal.aborted) return;
      this.#linkState.value = { state: "refused", reason: reasonOf(error) };
    }
  }

  /** Requests a link; one that comes after the signal is ended. */
  async #request(client: LinkClient, signal: AbortSignal): Promise<Link> {
    const link = await client.link(this.name, { signal });
    if (signal.aborted) {
      await link.unlink();
      throw signal.reason;
    }
    link.notificationHandler = (...args) => this.#notified(args, link);
    this.#linkState.value = { state: "linked", link };
    return link;
  }

  /** Ends the link. */
  async unlink(): Promise<void> {
    this.#linking?.abort(new Error("The page is not linked any more"));
    this.readings.gap(Date.now());
    const { value } = this.#linkState;
    const link = "link" in value ? value.link : undefined;
    this.#linkState.value = { state: "none" };
    await link?.unlink().catch(() => {}); // it has ended with the connection
  }

  /** The service has disconnected, or the connection is away. */
  away(): void {
    const { value } = this.#linkState;
    if (value.state === "linked") {
      this.#linkState.value = { state: "away", link: value.link };
      this.readings.gap(Date.now());
    } else if (value.state === "linking" || value.state === "refused") {
      this.#linking?.abort(new Error("The service, or the Manager, is away"));
      this.#linkState.value = { state: "none" };
    }
  }

  /** The Client has restored the link. */
  restored(): void {
    const { value } = this.#linkState;
    if (value.state === "away") this.#linkState.value = { state: "linked", link: value.link };
  }

  /** The connection has ended for good, and every link with it. */
  ended(): void {
    this.#linking?.abort(new Error("The connection has ended"));
    this.readings.gap(Date.now());
    this.#linkState.value = { state: "none" };
  }

  /** Calls a method, or reads a property. Does nothing if there is no link, and none is requested. */
  call(attribute: string, given: Arguments = { args: [], kwargs: {} }): void {
    const { value } = this.#linkState;
    const link = value.state === "linked"
      ? value.link
      : value.state === "linking"
      ? value.requested
      : undefined;
    if (link === undefined) return;
    const call = new Call(link, attribute, given, this.#calls.value.get(attribute));
    this.#calls.value = new Map(this.#calls.value).set(attribute, call);
    call.state.subscribe(({ state }) => {
      if (state !== "running") this.#endIfIdle();
    });
  }

  #endIfIdle(): void {
    const runs = [...this.#calls.value.values()].some((call) =>
      call.state.value.state === "running"
    );
    if (!this.#isOpen && !runs && this.#linkState.value.state !== "none") this.unlink();
  }

  #notified(given: readonly unknown[], { notificationTime, serviceAbout }: Link): void {
    const last = given.at(-1);
    const kwargs = last instanceof Kwargs ? last.named : {};
    const args = last instanceof Kwargs ? given.slice(0, -1) : given;
    const time = notificationTime ?? Date.now();
    const entry = { number: ++this.#count, time, args, kwargs };
    this.#notifications.value = [entry, ...this.#notifications.value].slice(0, KEPT);
    for (const [label, value] of labelled(args)) this.readings.add(label, time, value);
    for (const [name, value] of Object.entries(kwargs)) {
      const { notifications } = serviceAbout;
      const about = Object.hasOwn(notifications, name) ? notifications[name] : undefined;
      this.readings.add(name, time, value, about);
    }
  }
}

/** The longest text that is taken for the name of an event. */
const LONGEST_NAME = 40;

/** The arguments of a notification with what their lines are called. Often the first one is a name. */
function labelled(args: readonly unknown[]): [label: string, value: unknown][] {
  const [first, ...others] = args;
  const isNamed = typeof first === "string" && first.length <= LONGEST_NAME && others.length > 0;
  const values = isNamed ? others : args;
  if (values.length === 1) {
    const label = isNamed ? first : isObject(first) ? "" : "value";
    return [[label, values[0]]];
  }
  return values.map((value, index) => [`${isNamed ? first : "value"}[${index}]`, value]);
}
