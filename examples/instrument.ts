/**
 * A driver for an instrument with SCPI over TCP. It sends one command or query at a time, with a
 * time-out, and reads the error queue of the instrument after each. It connects when it has something
 * to send, and again after the connection was lost.
 *
 * @module
 */

import { ConnectError, ConnectionAbortedError, TimeoutError, ValueError } from "@msl/network";
import { deadline } from "@std/async/deadline";
import { TextLineStream } from "@std/streams/text-line-stream";

/** The address of an instrument, and its time-out. */
export interface InstrumentOptions {
  /** Its address. Default: 127.0.0.1. */
  hostname?: string;
  /** The port. Default: 5025, which instruments use for SCPI. */
  port?: number;
  /** The time-out to connect and to answer, in milliseconds. Default: 3,000. */
  timeout?: number;
}

interface OpenConnection {
  lines: ReadableStreamDefaultReader<string>;
  writer: WritableStreamDefaultWriter<Uint8Array>;
}

/** An instrument. */
export class Instrument implements AsyncDisposable {
  readonly #hostname: string;
  readonly #port: number;
  readonly #timeout: number;
  /** Fulfilled when all earlier exchanges have ended. */
  #idle: Promise<unknown> = Promise.resolve();
  #connection: OpenConnection | undefined;

  constructor({ hostname = "127.0.0.1", port = 5025, timeout = 3_000 }: InstrumentOptions = {}) {
    this.#hostname = hostname;
    this.#port = port;
    this.#timeout = timeout;
  }

  /** Whether a connection is open. */
  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /**
   * Sends commands without a query.
   *
   * @throws {ValueError} If the instrument does not accept them.
   * @throws {ConnectError} If it cannot be reached.
   * @throws {ConnectionAbortedError} If the connection ends before it has answered.
   * @throws {TimeoutError} If it does not answer in time.
   */
  async send(commands: string): Promise<void> {
    await this.#inTurn(commands, 0, this.#timeout);
  }

  /**
   * Sends commands of which one is a query.
   *
   * @param duration How long the measurement takes, in milliseconds. It is added to the time-out.
   * @returns The answer.
   * @throws {ValueError} If the instrument does not accept them.
   * @throws {ConnectError} If it cannot be reached.
   * @throws {ConnectionAbortedError} If the connection ends before it has answered.
   * @throws {TimeoutError} If it does not answer in time.
   */
  async query(commands: string, duration = 0): Promise<string> {
    const [answer] = await this.#inTurn(commands, 1, this.#timeout + duration);
    return answer;
  }

  /** Waits for the exchanges to end, and closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#idle;
    this.#close();
  }

  /** Starts an exchange when all earlier ones have ended. */
  #inTurn(commands: string, answers: 0 | 1, timeout: number): Promise<string[]> {
    const outcome = this.#idle.then(() => this.#exchange(commands, answers, timeout));
    this.#idle = outcome.catch(() => {});
    return outcome;
  }

  async #exchange(commands: string, answers: 0 | 1, timeout: number): Promise<string[]> {
    try {
      const opened = this.#connection ?? await this.#connect();
      return await deadline(exchange(opened, commands, answers), timeout);
    } catch (error) {
      if (error instanceof ValueError) throw error;
      // A late answer must not be read as the answer to the next query.
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

  async #connect(): Promise<OpenConnection> {
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
    const opened = { lines, writer: connection.writable.getWriter() };
    this.#connection = opened;
    lines.closed.catch(() => {}).then(() => {
      if (this.#connection === opened) this.#close();
    });
    // Clears the errors that earlier connections have caused.
    await opened.writer.write(new TextEncoder().encode("*CLS\n"));
    return opened;
  }

  #close(): void {
    const opened = this.#connection;
    this.#connection = undefined;
    if (opened === undefined) return;
    opened.lines.cancel().catch(() => {});
    opened.writer.abort().catch(() => {});
  }
}

/** Sends commands, and reads their answers and then the whole error queue. */
async function exchange(
  { lines, writer }: OpenConnection,
  commands: string,
  answers: 0 | 1,
): Promise<string[]> {
  const send = (text: string) => writer.write(new TextEncoder().encode(`${text}\n`));
  const read = async () => {
    const { value, done } = await lines.read();
    if (done) throw new Error("it went away before it had answered");
    return value;
  };
  // A query that is rejected has no answer. So the error query is sent at once, and its answer is
  // recognized by its form.
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
