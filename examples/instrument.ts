/**
 * An instrument that speaks SCPI over TCP, as a program sees it: asked one thing at a time, with a
 * limit on how long it may take, and asked for its errors each time. The connection is opened when
 * it is needed, and again when the instrument was away.
 *
 * @module
 */

import { ConnectError, ConnectionAbortedError, TimeoutError, ValueError } from "@msl/network";
import { deadline } from "@std/async/deadline";
import { TextLineStream } from "@std/streams/text-line-stream";

/** Where an instrument is, and how patient to be with it. */
export interface InstrumentOptions {
  /** Its address. Default: 127.0.0.1. */
  hostname?: string;
  /** The port. Default: 5025, which instruments use for SCPI. */
  port?: number;
  /** How long it may take to connect or to answer, in milliseconds. Default: 3,000. */
  timeout?: number;
}

interface Conversation {
  lines: ReadableStreamDefaultReader<string>;
  writer: WritableStreamDefaultWriter<Uint8Array>;
}

/** An instrument. */
export class Instrument implements AsyncDisposable {
  readonly #hostname: string;
  readonly #port: number;
  readonly #timeout: number;
  /** Settled when the instrument has nothing to do. */
  #idle: Promise<unknown> = Promise.resolve();
  #conversation: Conversation | undefined;

  constructor({ hostname = "127.0.0.1", port = 5025, timeout = 3_000 }: InstrumentOptions = {}) {
    this.#hostname = hostname;
    this.#port = port;
    this.#timeout = timeout;
  }

  /** Whether it was there when it was last heard of. */
  get isConnected(): boolean {
    return this.#conversation !== undefined;
  }

  /**
   * Sends commands that answer nothing.
   *
   * @throws As {@linkcode Instrument.query} does.
   */
  async send(commands: string): Promise<void> {
    await this.#inTurn(commands, 0, this.#timeout);
  }

  /**
   * Sends commands of which one is a query.
   *
   * @param duration How long it takes to find the answer, in milliseconds: that much more patience.
   * @returns The answer.
   * @throws {ValueError} If the instrument does not accept them.
   * @throws {ConnectError} If it cannot be reached.
   * @throws {ConnectionAbortedError} If it goes away before it has answered.
   * @throws {TimeoutError} If it does not answer in time.
   */
  async query(commands: string, duration = 0): Promise<string> {
    const [answer] = await this.#inTurn(commands, 1, this.#timeout + duration);
    return answer;
  }

  /** Lets what was asked be answered, and closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#idle;
    this.#close();
  }

  /** Talks to the instrument when everything that was asked before is answered. */
  #inTurn(commands: string, answers: 0 | 1, timeout: number): Promise<string[]> {
    const outcome = this.#idle.then(() => this.#talk(commands, answers, timeout));
    this.#idle = outcome.catch(() => {});
    return outcome;
  }

  async #talk(commands: string, answers: 0 | 1, timeout: number): Promise<string[]> {
    try {
      const conversation = this.#conversation ?? await this.#connect();
      return await deadline(exchange(conversation, commands, answers), timeout);
    } catch (error) {
      if (error instanceof ValueError) throw error;
      // An answer that comes too late must not be taken for the answer to what is asked next.
      this.#close();
      if (error instanceof ConnectError) throw error;
      const failed = `Cannot ask the instrument at ${this.#hostname}:${this.#port}`;
      if (error instanceof DOMException && error.name === "TimeoutError") {
        throw new TimeoutError(`${failed}: it has not answered ${commands} within ${timeout} ms`);
      }
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConnectionAbortedError(`${failed}, ${commands}: ${reason}`, { cause: error });
    }
  }

  async #connect(): Promise<Conversation> {
    const [hostname, port, timeout] = [this.#hostname, this.#port, this.#timeout];
    const signal = AbortSignal.timeout(timeout);
    let connection: Deno.TcpConn;
    try {
      connection = await Deno.connect({ hostname, port, signal });
    } catch (error) {
      const reason = signal.aborted ? `no answer within ${timeout} ms` : (error as Error).message;
      throw new ConnectError(
        `Cannot reach the instrument at ${hostname}:${port}: ${reason}. Is it switched on?`,
        { cause: error },
      );
    }
    connection.setNoDelay();
    const text: ReadableStream<string> = connection.readable
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    const lines = text.getReader();
    const conversation = { lines, writer: connection.writable.getWriter() };
    this.#conversation = conversation;
    lines.closed.catch(() => {}).then(() => {
      if (this.#conversation === conversation) this.#close();
    });
    // What went wrong before, maybe for somebody else, is not our fault.
    await conversation.writer.write(new TextEncoder().encode("*CLS\n"));
    return conversation;
  }

  #close(): void {
    const conversation = this.#conversation;
    this.#conversation = undefined;
    if (conversation === undefined) return;
    conversation.lines.cancel().catch(() => {});
    conversation.writer.abort().catch(() => {});
  }
}

/** Sends commands and reads what they answer, then everything that is in the queue of errors. */
async function exchange(
  { lines, writer }: Conversation,
  commands: string,
  answers: 0 | 1,
): Promise<string[]> {
  const send = (text: string) => writer.write(new TextEncoder().encode(`${text}\n`));
  const read = async () => {
    const { value, done } = await lines.read();
    if (done) throw new Error("it went away before it had answered");
    return value;
  };
  // A query that is refused answers nothing. So the errors are asked for at once, and their answer
  // is known by its form.
  await send(`${commands}\nSYST:ERR?`);
  const answered: string[] = [];
  const errors: string[] = [];
  for (;;) {
    const line = await read();
    const number = /^([+-]?\d+),"/.exec(line)?.[1];
    if (number === undefined) answered.push(line);
    else if (Number(number) === 0) break;
    else {
      errors.push(line);
      await send("SYST:ERR?");
    }
  }
  if (errors.length > 0) {
    throw new ValueError(`The instrument does not accept ${commands}: ${errors.join(", ")}`);
  }
  if (answered.length !== answers) {
    throw new Error(`it has answered ${answered.length} times, not ${answers}`);
  }
  return answered;
}
