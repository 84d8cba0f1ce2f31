/**
 * Tools to test Clients and Services: a Manager on a free port with temporary files, a peer whose
 * lines the test writes and reads itself, and a listener whose connections are such peers, for a test
 * that sends the lines of a Manager.
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

import "./base/log_tape.ts";
import { delay } from "@std/async/delay";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { PeerConnection } from "./net/peer_connection.ts";
import type { ConnectOptions } from "./device/connect_options.ts";
import { dial } from "./net/dial.ts";
import { TimeoutError } from "./errors.ts";
import { LongLine } from "./wire/line.ts";
import { Manager, type ManagerOptions } from "./manager.ts";
import { terminalPrompt } from "./base/prompt.ts";
import { repr } from "./base/repr.ts";
import { checkTimeout, withTimeout } from "./base/with_timeout.ts";
import { decodeObject, type JsonObject } from "./wire/message.ts";

/** How long a test waits for a device, a connection or a line, in milliseconds. */
const DEFAULT_TIMEOUT = 30_000;
/** The longest line that a wire peer reads, in bytes. */
const LONGEST_LINE = 256 * 1024 * 1024;

/** How long a test waits. */
export interface TestWaitOptions {
  /**
   * The longest wait, in milliseconds; 0 for not waiting at all, `Infinity` for no limit.
   * Default: 30,000.
   */
  timeout?: number;
}

/**
 * A Manager on a free port of this computer. Its database is in memory; its key and its certificate
 * are temporary files, which are deleted with it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { connect } from "@msl/network";
 * import { TestManager } from "@msl/network/testing";
 *
 * await using manager = await TestManager.start({ authPassword: "secret" });
 * await using cxn = await connect({ ...manager.connectOptions, name: "tester" });
 * await manager.connected("tester");
 * assertEquals(Object.keys((await cxn.identities()).services), []);
 * ```
 */
export class TestManager implements AsyncDisposable {
  /** The Manager. */
  readonly manager: Manager;
  /** The options with which a Client or Service connects. */
  readonly connectOptions: ConnectOptions & { host: string; port: number };
  readonly #folder: string;

  private constructor(manager: Manager, folder: string, connectOptions: ConnectOptions) {
    this.manager = manager;
    this.#folder = folder;
    this.connectOptions = { ...connectOptions, host: "localhost", port: manager.port };
  }

  /**
   * Starts a Manager. It uses TLS unless `disableTls` is set.
   *
   * @param options Options of the Manager that replace those of the test: the host `localhost`, port
   * 0, the database `:memory:`, and a temporary key and certificate.
   * @throws {ConfigurationError} If a file, the database or the port cannot be used.
   * @throws {RangeError} If a limit is out of its range.
   */
  static async start(options: ManagerOptions = {}): Promise<TestManager> {
    const folder = await Deno.makeTempDir({ prefix: "msl-network-" });
    const certFile = join(folder, "test.crt");
    const keyFile = join(folder, "test.key");
    // A key on an elliptic curve is made in less than a millisecond, an RSA key in more than a second.
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
   * Waits until devices with these names are connected. A {@linkcode WirePeer} that has sent its
   * identity may not be registered yet.
   *
   * @param namesAndOptions The names; the last argument may be an object with the longest wait.
   * @throws {TimeoutError} If one of them is not connected within `timeout` milliseconds (default:
   * 30,000).
   * @throws {RangeError} If `timeout` is negative or `NaN`.
   *
   * @example
   * ```ts
   * import { assertRejects } from "@std/assert";
   * import { TimeoutError } from "@msl/network";
   * import { TestManager } from "@msl/network/testing";
   *
   * await using manager = await TestManager.start();
   * await assertRejects(() => manager.connected("Echo", { timeout: 50 }), TimeoutError, "'Echo'");
   * ```
   */
  async connected(
    ...namesAndOptions: string[] | [...names: string[], options: TestWaitOptions]
  ): Promise<void> {
    await this.#waitUntil(true, namesAndOptions);
  }

  /**
   * Waits until no device with one of these names is connected.
   *
   * @param namesAndOptions The names; the last argument may be an object with the longest wait.
   * @throws {TimeoutError} If one of them is still connected after `timeout` milliseconds (default:
   * 30,000).
   * @throws {RangeError} If `timeout` is negative or `NaN`.
   */
  async disconnected(
    ...namesAndOptions: string[] | [...names: string[], options: TestWaitOptions]
  ): Promise<void> {
    await this.#waitUntil(false, namesAndOptions);
  }

  /** For `await using`: shuts the Manager down without waiting for requests, and deletes its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.manager.shutdown(0);
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #waitUntil(
    isConnected: boolean,
    namesAndOptions: readonly (string | TestWaitOptions)[],
  ): Promise<void> {
    const names = namesAndOptions.filter((it) => typeof it === "string");
    const { timeout = DEFAULT_TIMEOUT } = namesAndOptions.find((it) => typeof it !== "string") ??
      {};
    checkTimeout("Cannot wait for devices", timeout, true);
    const deadline = performance.now() + timeout;
    for (;;) {
      const present = this.#names();
      const missing = names.filter((name) => present.has(name) !== isConnected);
      if (missing.length === 0) return;
      if (performance.now() >= deadline) {
        const list = (of: Iterable<string>) => Array.from(of, repr).join(", ") || "no device";
        throw new TimeoutError(
          isConnected
            ? `Not connected within ${timeout} ms: ${list(missing)} (connected: ${list(present)})`
            : `Still connected after ${timeout} ms: ${list(missing)}`,
        );
      }
      await delay(1);
    }
  }

  #names(): Set<string> {
    const { clients, services } = this.manager.identities();
    const clientNames = Object.values(clients).map((client) => client.name);
    return new Set([...Object.keys(services), ...clientNames]);
  }
}

/**
 * A peer whose lines the test writes and reads itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TestManager, WirePeer } from "@msl/network/testing";
 *
 * await using manager = await TestManager.start();
 * await using peer = await WirePeer.introduce(manager.connectOptions, {
 *   type: "client",
 *   name: "raw",
 *   language: "TypeScript",
 *   os: "any",
 * });
 * peer.send({ service: "Manager", attribute: "identity", args: [], kwargs: {}, uid: "1", error: false });
 * assertEquals((await peer.read()).uid, "1");
 * ```
 */
export class WirePeer implements AsyncDisposable {
  readonly #connection: PeerConnection;
  /** The port that the peer connects from. */
  readonly port: number;

  /** Makes a peer of a connected socket, which it closes in the end. */
  constructor(
    socket: Pick<Deno.Conn, "read" | "write" | "localAddr"> & { close(): void | Promise<void> },
  ) {
    this.#connection = new PeerConnection(socket);
    this.port = (socket.localAddr as Deno.NetAddr).port;
  }

  /**
   * Connects to a Manager without sending anything.
   *
   * @param options Where the Manager is. `certFile` is the certificate to trust, in PEM; default: that
   * of the host in the home folder.
   * @throws {ConnectError} If nothing listens there.
   * @throws {TlsMismatchError} If the Manager does not use TLS.
   * @throws {CertificateError} If the certificate is not trusted, or its file cannot be read.
   * @throws {TimeoutError} If a step takes more than 30 seconds.
   */
  static async connect(
    options: { host: string; port: number; disableTls?: boolean; certFile?: string },
  ): Promise<WirePeer> {
    const { host, port, disableTls, certFile } = options;
    const timeout = DEFAULT_TIMEOUT;
    return new WirePeer(
      await dial({ host, port, disableTls, certFile, timeout, prompt: terminalPrompt }),
    );
  }

  /**
   * Connects to a Manager, waits until it requests the identity, and sends it. A Manager that asks
   * for a password first is left to {@linkcode WirePeer.connect}.
   *
   * @param identity The identity, as an object of the wire.
   * @throws {TimeoutError} If the Manager sends nothing within 30 seconds.
   * @throws {Error} If the connection ends; and the errors of {@linkcode WirePeer.connect}.
   */
  static async introduce(
    options: { host: string; port: number; disableTls?: boolean; certFile?: string },
    identity: JsonObject,
  ): Promise<WirePeer> {
    const peer = await WirePeer.connect(options);
    await peer.read();
    peer.send({ result: identity, requester: null, uid: "", error: false });
    return peer;
  }

  /** Sends an object as JSON, or a text as it is, as one line. A newline is appended. */
  send(line: JsonObject | string): void {
    this.#connection.sendText(typeof line === "string" ? line : JSON.stringify(line));
  }

  /**
   * Sends bytes as one line. A newline is appended.
   *
   * @param parts The bytes, which are joined.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TestManager, WirePeer } from "@msl/network/testing";
   *
   * await using manager = await TestManager.start();
   * const identity = { type: "client", name: "raw", language: "TypeScript", os: "any" };
   * await using peer = await WirePeer.introduce(manager.connectOptions, identity);
   * const request = new TextEncoder().encode('{"service":"Manager","attribute":"identity","uid":"1');
   * peer.sendBytes(request, Uint8Array.of(0xff), new TextEncoder().encode('"}')); // not UTF-8
   * assertEquals((await peer.read()).error, true);
   * ```
   */
  sendBytes(...parts: Uint8Array[]): void {
    this.#connection.sendBytes(...parts);
  }

  /**
   * Sends the beginning of a line that never ends. The only calls that may follow are those of the
   * returned function, and `close()`.
   *
   * @returns A function that sends more of the line. Its promise is fulfilled with `false` if the
   * connection has ended.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TestManager, WirePeer } from "@msl/network/testing";
   *
   * await using manager = await TestManager.start();
   * await using peer = await WirePeer.connect(manager.connectOptions);
   * const sendMore = await peer.sendHalf('{"result": {"type": "cl');
   * assertEquals(await sendMore('ient", "name": '), true); // the Manager waits for the rest
   * ```
   */
  async sendHalf(text: string): Promise<(more: string) => Promise<boolean>> {
    const writer = await this.#connection.startLine();
    const send = async (more: string) =>
      await writer?.write(new TextEncoder().encode(more)) ?? false;
    await send(text);
    return send;
  }

  /**
   * Reads the text of the next line. Returns `undefined` at the end of the connection, and for a
   * line of more than 256 MiB.
   *
   * @throws {TimeoutError} If no line arrives within 30 seconds.
   */
  async readText(): Promise<string | undefined> {
    const line = await this.#connection.nextLine(DEFAULT_TIMEOUT);
    const whole = line instanceof LongLine ? await line.collect(LONGEST_LINE) : line;
    return whole && new TextDecoder().decode(whole);
  }

  /**
   * Reads the next line as an object.
   *
   * @throws {TimeoutError} If no line arrives within 30 seconds.
   * @throws {JSONDecodeError} If the line is not UTF-8, not JSON, or not an object.
   * @throws {Error} If the connection has ended, or the line has more than 256 MiB.
   */
  async read(): Promise<JsonObject> {
    const text = await this.readText();
    if (text === undefined) throw new Error("The connection has ended");
    return decodeObject(new TextEncoder().encode(text));
  }

  /** Closes the connection without sending anything. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  /** For `await using`: the same as {@linkcode WirePeer.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * A listener that passes each connection to the test, which plays the Manager.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { connect } from "@msl/network";
 * import { WireListener } from "@msl/network/testing";
 *
 * using listener = new WireListener();
 * const connecting = connect({ ...listener.connectOptions, name: "tester" });
 * await using manager = await listener.accept();
 * const requester = "Manager[lab-pc:1875]";
 * manager.send({ attribute: "identity", args: [], kwargs: {}, requester, uid: "", error: false });
 * const { result } = await manager.read();
 * assertEquals((result as { name: string }).name, "tester");
 * await using _cxn = await connecting;
 * ```
 */
export class WireListener implements Disposable {
  readonly #listener: Deno.TcpListener;
  /** The accepts that a time-out has ended. The next connections are theirs. */
  readonly #abandoned: Promise<Deno.TcpConn>[] = [];

  /** Listens on a free port of 127.0.0.1, without TLS. */
  constructor() {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  }

  /** The options with which a Client or Service connects. */
  get connectOptions(): ConnectOptions & { host: string; port: number; disableTls: true } {
    const { port } = this.#listener.addr;
    return { host: "127.0.0.1", port, disableTls: true };
  }

  /**
   * Waits for the next connection. A connection that comes after the time-out is given by the next
   * call.
   *
   * @throws {TimeoutError} If none comes within `timeout` milliseconds (default: 30,000).
   * @throws {RangeError} If `timeout` is negative or `NaN`.
   * @throws {Deno.errors.BadResource} If the listener is closed.
   */
  async accept({ timeout = DEFAULT_TIMEOUT }: TestWaitOptions = {}): Promise<WirePeer> {
    checkTimeout("Cannot accept a connection", timeout, true);
    const accepting = this.#abandoned.shift() ?? this.#listener.accept();
    const socket = await withTimeout(accepting, timeout, () => {
      this.#abandoned.push(accepting);
      const { hostname, port } = this.#listener.addr;
      throw new TimeoutError(`No device connected to ${hostname}:${port} within ${timeout} ms`);
    });
    return new WirePeer(socket);
  }

  /** For `using`: stops listening. Connections stay open. */
  [Symbol.dispose](): void {
    this.#listener.close();
    for (const accepting of this.#abandoned) {
      accepting.then((socket) => socket.close(), () => {}); // no call of the test has it
    }
  }
}
