/**
 * The checker of a history: at most once, answered always, in order, and no lock without its client.
 *
 * It compares no times of different processes, but for locks of clients that are gone, where a margin
 * of seconds is meant.
 */

import { type Asked, type Event, nodeOfClient, nodeOfService, type Source } from "./history.ts";

/** How long after a fault everything has to be whole again, in milliseconds. */
export const RECOVERY = 10_000;
/** How long a lock may outlive its client, in milliseconds: five beats, and the time to be seen. */
export const ORPHANED_LOCK = 10_000;

/** The errors with which a call may be answered that the service has perhaps begun. */
const PERHAPS_RUN: ReadonlySet<string> = new Set(["ConnectionAbortedError", "CancelledError"]);

/** What a history says. */
export interface Verdict {
  /** Each is a sentence. */
  faults: string[];
  counts: {
    calls: number;
    answered: number;
    /** By the name of the error. */
    failed: Record<string, number>;
    /** Calls whose client was killed before the answer. */
    lost: number;
    runs: number;
    values: number;
    notifications: number;
    locked: number;
    recoveries: number;
    slowestRecovery: number;
  };
}

/** Checks a history. */
export function check(history: readonly Source[]): Verdict {
  return new Checker(history).verdict();
}

class Checker {
  readonly #history: readonly Source[];
  readonly #faults: string[] = [];
  readonly #asked = new Map<string, Asked & { source: string }>();
  readonly #counts: Verdict["counts"] = {
    calls: 0,
    answered: 0,
    failed: {},
    lost: 0,
    runs: 0,
    values: 0,
    notifications: 0,
    locked: 0,
    recoveries: 0,
    slowestRecovery: 0,
  };

  constructor(history: readonly Source[]) {
    this.#history = history;
  }

  verdict(): Verdict {
    this.#readCalls();
    const runs = this.#checkRuns();
    this.#checkOutcomes(runs);
    for (const source of this.#history) {
      this.#checkOrder(source);
      this.#checkLocks(source);
      this.#checkNotifications(source);
      this.#checkValues(source);
    }
    this.#checkHolders();
    this.#checkRecoveries();
    return { faults: this.#faults, counts: this.#counts };
  }

  #fault(sentence: string): void {
    this.#faults.push(sentence);
  }

  #events<K extends Event["kind"]>(...kinds: K[]): [Extract<Event, { kind: K }>, string][] {
    return this.#history.flatMap(({ name, events }) =>
      events.filter(({ kind }) => (kinds as string[]).includes(kind))
        .map((event): [Extract<Event, { kind: K }>, string] => [event as never, name])
    );
  }

  #readCalls(): void {
    for (const [event, source] of this.#events("asked")) {
      if (this.#asked.has(event.call)) this.#fault(`Two calls are ${event.call}`);
      this.#asked.set(event.call, { ...event, source });
      this.#counts.calls++;
    }
  }

  /** The calls that have run. No method runs twice, or without a call, or for somebody else. */
  #checkRuns(): ReadonlySet<string> {
    const runs = new Set<string>();
    for (const [{ call, client, service, requester }] of this.#events("ran")) {
      this.#counts.runs++;
      if (runs.has(call)) this.#fault(`${call} has run twice`);
      runs.add(call);
      const asked = this.#asked.get(call);
      if (asked === undefined) {
        this.#fault(`${call} has run, which nobody has called`);
      } else if (asked.client !== client || asked.service !== service) {
        this.#fault(`${call} has run as one of ${client} at ${service}`);
      }
      const node = nodeOfClient(client);
      const isLocal = node === nodeOfService(service);
      if (
        !requester.startsWith(`${client}[`) ||
        !requester.endsWith(isLocal ? "]" : `]@${node}`)
      ) this.#fault(`${call} of ${client} has run for ${requester}`);
    }
    return runs;
  }

  /** Each call is answered once, and says the truth about what has run. */
  #checkOutcomes(runs: ReadonlySet<string>): void {
    const settled = new Set<string>();
    for (const [event] of this.#events("answered", "failed")) {
      const { call } = event;
      if (settled.has(call)) this.#fault(`${call} was answered twice`);
      settled.add(call);
      if (!this.#asked.has(call)) this.#fault(`${call} was answered, which nobody has called`);
      if (event.kind === "failed") {
        const { error, message } = event;
        this.#counts.failed[error] = (this.#counts.failed[error] ?? 0) + 1;
        if (runs.has(call) && !PERHAPS_RUN.has(error)) {
          this.#fault(`${call} has run, but was refused: ${error}: ${message}`);
        }
      } else {
        this.#counts.answered++;
        if (!runs.has(call)) this.#fault(`${call} has a result, but has not run`);
        if (event.result !== call && typeof event.result !== "number") {
          this.#fault(`${call} was answered with ${JSON.stringify(event.result)}`);
        }
      }
    }
    const killed = new Set(this.#events("killed").map(([{ source }]) => source));
    for (const [call, { source }] of this.#asked) {
      if (settled.has(call)) continue;
      if (killed.has(source)) this.#counts.lost++;
      else this.#fault(`${call} was never answered`);
    }
  }

  /** At one service, the calls of a client run in the order in which they were made. */
  #checkOrder({ name, events }: Source): void {
    const last = new Map<string, Asked>();
    for (const event of events) {
      if (event.kind !== "ran" || event.isLate) continue;
      const asked = this.#asked.get(event.call);
      if (asked === undefined) continue;
      const key = `${event.client} ${event.service}`;
      const before = last.get(key);
      if (before !== undefined && before.order > asked.order) {
        this.#fault(`${asked.call} has run after ${before.call} at ${name}`);
      }
      last.set(key, asked);
    }
  }

  /** Between the calls of a client that holds a lock, no other client's call has run. */
  #checkLocks({ events }: Source): void {
    const locks = new Map<string, { first: number; last: number; client: string }>();
    const runs = events.filter((event) => event.kind === "ran");
    for (const [index, { lock, client }] of runs.entries()) {
      if (lock === undefined) continue;
      const known = locks.get(lock);
      if (known === undefined) locks.set(lock, { first: index, last: index, client });
      else known.last = index;
    }
    this.#counts.locked += locks.size;
    for (const [lock, { first, last, client }] of locks) {
      const { service } = runs[first];
      const stranger = runs.slice(first, last + 1)
        .find((run) => run.service === service && run.client !== client);
      if (stranger) this.#fault(`${stranger.call} has run within ${lock} of ${client}`);
    }
  }

  /** The notifications of a service arrive in order, and none is missing while nothing has changed. */
  #checkNotifications({ events }: Source): void {
    const last = new Map<string, number>();
    const changed = new Set<string>();
    for (const event of events) {
      if (event.kind === "changed") {
        for (const key of last.keys()) if (key.startsWith(`${event.client} `)) changed.add(key);
      }
      if (event.kind !== "notified") continue;
      this.#counts.notifications++;
      const { client, service, incarnation, number } = event;
      const key = `${client} ${service} ${incarnation}`;
      const before = last.get(key);
      const what = `notification ${number} of ${service} (${incarnation}) at ${client}`;
      if (before !== undefined && number <= before) this.#fault(`${what} came after ${before}`);
      if (before !== undefined && number > before + 1 && !changed.has(key)) {
        this.#fault(`${what} came right after ${before}`);
      }
      last.set(key, number);
      changed.delete(key);
    }
  }

  /** The values of a stream come in order, each once; its result is how many there were. */
  #checkValues({ events }: Source): void {
    const next = new Map<string, number>();
    for (const event of events) {
      if (event.kind === "value") {
        this.#counts.values++;
        const expected = next.get(event.call) ?? 0;
        if (event.value !== expected) {
          this.#fault(`${event.call} got value ${event.value} and not ${expected}`);
        }
        next.set(event.call, event.value + 1);
      }
      if (event.kind === "answered" && typeof event.result === "number") {
        const got = next.get(event.call) ?? 0;
        if (got !== event.result) {
          this.#fault(`${event.call} has ended after ${got} of ${event.result} values`);
        }
      }
    }
  }

  /** A lock that is seen is of a client that is there. */
  #checkHolders(): void {
    const gone = new Map<string, number>();
    for (const [{ client, at }] of this.#events("ended")) gone.set(client, at);
    for (const [{ source, at }] of this.#events("killed")) {
      for (const [{ client }, name] of this.#events("asked")) {
        if (name === source && !gone.has(client)) gone.set(client, at);
      }
    }
    for (const [{ service, clients, at }] of this.#events("holders")) {
      for (const holder of clients) {
        const client = holder.slice(0, holder.indexOf("["));
        const since = at - (gone.get(client) ?? Infinity);
        if (since > ORPHANED_LOCK) {
          this.#fault(`${service} is locked by ${holder}, gone for ${Math.round(since)} ms`);
        }
      }
    }
  }

  #checkRecoveries(): void {
    for (const [{ fault, took }] of this.#events("recovered")) {
      this.#counts.recoveries++;
      this.#counts.slowestRecovery = Math.max(this.#counts.slowestRecovery, took);
      if (took > RECOVERY) {
        this.#fault(`Not everything was whole again ${Math.round(took)} ms after ${fault}`);
      }
    }
  }
}
