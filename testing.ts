/**
 * What tests of Clients and Services need: a disposable Manager on a free port, and peers that
 * speak the wire line by line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { connect, Service } from "@msl/network";
 * import { TestManager } from "@msl/network/testing";
 *
 * class Echo extends Service {
 *   echo(text: string): string {
 *     return text;
 *   }
 * }
 *
 * await using manager = await TestManager.start();
 * await using service = new Echo();
 * await service.start(manager.connectOptions);
 * await using cxn = await connect(manager.connectOptions);
 * const echo = await cxn.link<Echo>("Echo");
 * assertEquals(await echo.echo("hello"), "hello");
 * ```
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { Connection } from "./net/connection.ts";
import type { ConnectOptions } from "./device/device.ts";
import { LongLine } from "./wire/line.ts";
import { Manager, type ManagerOptions } from "./manager.ts";
import { decodeObject, type JsonObject } from "./wire/message.ts";

/** How long a wire peer waits for a line before it gives up, in milliseconds. */
const PATIENCE = 10_000;
/** How long a line may be that a wire peer reads, in bytes. */
const LONGEST_LINE = 256 * 1024 * 1024;

/** A Manager on a free port of this computer, with files of its own. */
export class TestManager implements AsyncDisposable {
  /** The Manager. */
  readonly manager: Manager;
  /** What a Client or Service connects with. */
  readonly connectOptions: ConnectOptions & { host: string; port: number };
  readonly #folder: string;

  private constructor(manager: Manager, folder: string, connectOptions: ConnectOptions) {
    this.manager = manager;
    this.#folder = folder;
    this.connectOptions = { ...connectOptions, host: "localhost", port: manager.port };
  }

  /** Starts a Manager, with TLS unless `disableTls` is set. */
  static async start(options: ManagerOptions = {}): Promise<TestManager> {
    const folder = await Deno.makeTempDir({ prefix: "msl-network-" });
    const certFile = join(folder, "test.crt");
    const keyFile = join(folder, "test.key");
    // An elliptic curve key is made in no time.
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "sec1", format: "pem" }).toString();
    await Deno.writeTextFile(keyFile, pem, { mode: 0o600 });
    try {
      const manager = await Manager.start({
        host: "localhost",
        port: 0,
        database: ":memory:",
        certFile,
        keyFile,
        ...options,
      });
      const { disableTls } = options;
      return new TestManager(manager, folder, {
        disableTls,
        certFile: options.certFile ?? certFile,
        passwordManager: options.authPassword,
      });
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  /**
   * Waits until devices of these names are connected: the Manager does not tell a device that it
   * is, so a peer that was introduced may still be on its way.
   */
  async connected(...names: string[]): Promise<void> {
    while (!names.every((name) => this.#names().has(name))) await delay(1);
  }

  /** Waits until no device of these names is connected any more. */
  async disconnected(...names: string[]): Promise<void> {
    while (names.some((name) => this.#names().has(name))) await delay(1);
  }

  /** Shuts the Manager down, without waiting for answers, and removes its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.manager.shutdown(0);
    await Deno.remove(this.#folder, { recursive: true });
  }

  #names(): Set<string> {
    const { clients, services } = this.manager.identities();
    const clientNames = Object.values(clients).map((client) => client.name);
    return new Set([...Object.keys(services), ...clientNames]);
  }
}

/** A peer whose every line is written and read by the test. */
export class WirePeer implements AsyncDisposable {
  readonly #connection: Connection;
  /** The port that it connects from. */
  readonly port: number;

  /** Takes over a socket. */
  constructor(socket: Deno.Conn) {
    this.#connection = new Connection(socket);
    this.port = (socket.localAddr as Deno.NetAddr).port;
  }

  /** Connects to a Manager, and says nothing. */
  static async connect(
    options: { host: string; port: number; disableTls?: boolean; certFile?: string },
  ): Promise<WirePeer> {
    const { host: hostname, port, disableTls, certFile } = options;
    const socket = await Deno.connect({ hostname, port });
    socket.setNoDelay(true);
    if (disableTls) return new WirePeer(socket);
    const caCerts = certFile === undefined ? [] : [await Deno.readTextFile(certFile)];
    return new WirePeer(await Deno.startTls(socket, { hostname, caCerts }));
  }

  /** Connects, waits for the Manager's question, and says who it is. */
  static async introduce(
    options: { host: string; port: number; disableTls?: boolean; certFile?: string },
    identity: JsonObject,
  ): Promise<WirePeer> {
    const peer = await WirePeer.connect(options);
    await peer.read();
    peer.send({ result: identity, requester: null, uid: "", error: false });
    return peer;
  }

  /** Sends an object as one line, or text as it is. */
  send(line: JsonObject | string): void {
    this.#connection.sendText(typeof line === "string" ? line : JSON.stringify(line));
  }

  /** Sends bytes as one line. */
  sendBytes(...parts: Uint8Array[]): void {
    this.#connection.sendBytes(...parts);
  }

  /**
   * Sends the beginning of a line, whose end never comes: all that can follow is more of it, and
   * `close()`.
   *
   * @returns Sends more of the line; false if the connection has ended.
   */
  async sendHalf(text: string): Promise<(more: string) => Promise<boolean>> {
    const writer = await this.#connection.startLine();
    const send = async (more: string) =>
      await writer?.write(new TextEncoder().encode(more)) ?? false;
    await send(text);
    return send;
  }

  /**
   * The text of the next line, `undefined` at the end of the connection.
   *
   * @throws {TimeoutError} If none comes within 10 seconds.
   */
  async readText(): Promise<string | undefined> {
    const line = await this.#connection.nextLine(PATIENCE);
    const whole = line instanceof LongLine ? await line.collect(LONGEST_LINE) : line;
    return whole && new TextDecoder().decode(whole);
  }

  /**
   * The next line as an object.
   *
   * @throws {Error} If the connection has ended, or the line is not an object.
   */
  async read(): Promise<JsonObject> {
    const text = await this.readText();
    if (text === undefined) throw new Error("The connection has ended");
    return decodeObject(new TextEncoder().encode(text));
  }

  /** Closes the connection, and says nothing. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  /** For `await using`: the same as {@linkcode WirePeer.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A listener that hands each connection to the test: a Manager whose every line is scripted. */
export class WireListener implements Disposable {
  readonly #listener: Deno.Listener;

  /** Listens on a free port of this computer, without TLS. */
  constructor() {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  }

  /** What a Client or Service connects with. */
  get connectOptions(): ConnectOptions & { host: string; port: number; disableTls: true } {
    const { port } = this.#listener.addr as Deno.NetAddr;
    return { host: "127.0.0.1", port, disableTls: true };
  }

  /** The next connection. */
  async accept(): Promise<WirePeer> {
    return new WirePeer(await this.#listener.accept());
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    this.#listener.close();
  }
}
