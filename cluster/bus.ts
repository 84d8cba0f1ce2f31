/**
 * The bus: NATS as joined Managers see it. Messages go to all who are subscribed to their subject,
 * and none is kept: one that nobody receives is lost, as is one that is sent while a connection breaks.
 *
 * `nats_bus.ts` is the real one. Who may lose nothing numbers its messages (`trunk.ts`).
 *
 * @module
 */

/** A message of the bus. */
export interface BusMessage {
  /** The subject to which it was published. */
  readonly subject: string;
  /** The subject to which an answer goes; empty or absent if none is expected. */
  readonly reply?: string;
  /** The content. It does not change; a part of it keeps the memory of the whole. */
  readonly data: Uint8Array;
}

/** Whether a bus is connected with a server. Times are those of `Date.now()`, in milliseconds. */
export type BusState =
  | { state: "connected"; since: number; server: string }
  | { state: "disconnected"; since: number; cause: string | undefined }
  | { state: "closed" };

/** A subject that the server does not let this node publish or subscribe to. */
export class RefusedSubject extends Error {
  readonly operation: "publish" | "subscription";
  readonly subject: string;

  constructor(message: string, operation: "publish" | "subscription", subject: string) {
    super(message);
    this.operation = operation;
    this.subject = subject;
  }
}

/** A connection with NATS, which connects again by itself. */
export interface Bus {
  /** Whether it is connected. */
  readonly state: BusState;
  /** Whether it is connected: whether messages are published. */
  readonly isConnected: boolean;
  /** The longest message that the server accepts, in bytes. */
  readonly maxPayload: number;
  /**
   * Publishes a message. False, and nothing happens, if the bus is not connected. True does not mean
   * that it arrives.
   *
   * @param bytes They must not change until the microtasks that are queued by now have run.
   * @param reply The subject for an answer. Default: none.
   * @throws {Error} If the message is longer than `maxPayload`.
   */
  publish(subject: string, bytes: Uint8Array, reply?: string): boolean;
  /**
   * Calls a function for each message whose subject matches. Subscriptions are made again after the
   * bus has connected again.
   *
   * @param subject `*` stands for one word of it, and `>` at the end for the rest.
   * @param receive It must not throw.
   * @returns Ends the subscription.
   */
  subscribe(subject: string, receive: (message: BusMessage) => void): () => void;
  /**
   * Whether anybody is subscribed to a subject, as far as the server knows. They receive an empty
   * message, which means nothing.
   *
   * @throws {ConnectionAbortedError} If the bus is not connected, or not any more.
   */
  hasSubscriber(subject: string): Promise<boolean>;
  /**
   * Finds out whether the server lets this node subscribe and publish to subjects, and makes the
   * subscriptions again that it has refused. Who publishes sends empty messages, which mean nothing.
   * What is refused is a problem of the bus (`RefusedSubject`) before this is fulfilled.
   *
   * @throws {ConnectionAbortedError} If the bus is not connected, or not any more.
   */
  tryOut(subscriptions: readonly string[], publications: readonly string[]): Promise<void>;
  /**
   * Calls a function when the state has changed.
   *
   * @returns Ends that.
   */
  watch(changed: (state: BusState) => void): () => void;
  /** Sends what was published, for a second at most, and closes the connection. */
  close(): Promise<void>;
}
