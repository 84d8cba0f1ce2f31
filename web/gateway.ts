/**
 * The gateway: serves pages, and WebSockets over which a page is a device like any other. It decides
 * who may ask over HTTP (`request_check.ts`), and what is served. What a WebSocket sends goes through
 * the handshake, users, lists, locks and limits of the Manager.
 *
 * The HTTP server of Node parses requests. What it does not do is done here: it bounds neither the
 * connections nor how long one may take to say what it wants (Deno 2.9).
 *
 * @module
 */

import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";
import { startTimer } from "../base/timer.ts";
import { logger } from "../base/log.ts";
import type { Limits } from "../limits.ts";
import { AdmissionLimiter } from "../manager/admission_limiter.ts";
import { blockOf } from "../manager/known_origins.ts";
import type { Listener, Socket } from "../net/listener.ts";
import { answerWith, assetAt } from "./assets.ts";
import { frameSocket } from "./frame_socket.ts";
import { type AllowedNames, checkRequest } from "./request_check.ts";
import { send, sendFile, textContent } from "./responses.ts";
import { socketStream } from "./socket_stream.ts";
import { type Found, openFile } from "./static_files.ts";
import { pageAddress } from "./page_address.ts";
import { SOCKET_PATH, SUBPROTOCOL } from "./subprotocol.ts";
import { type WebSocketServer, webSocketServer } from "./web_socket_server.ts";
import { type WebRefusal, WebStatistics } from "./web_statistics.ts";
import type { WebStatus } from "../wire/status.ts";

/** What a gateway depends on. */
export interface GatewayOptions {
  listeners: readonly Listener[];
  limits: Limits;
  allowed: AllowedNames;
  /** The folder of the laboratory's own pages; `undefined` for none. */
  root: string | undefined;
  /** The Manager is given each WebSocket as an accepted connection. Settles when that has ended. */
  serve: (socket: Socket) => Promise<void>;
  /** Called if a listener is lost. */
  onLost: (error: Error) => void;
}

/** The longest headers of a request, in bytes. */
const MAX_HEADERS = 16 * 1024;
/** The prefix of the laboratory's own pages. */
const LAB = "/lab/";

const log = logger("web");

/** Serves pages and WebSockets. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #server: Server;
  readonly #webSockets: WebSocketServer;
  readonly #admissionLimiter: AdmissionLimiter;
  readonly #statistics = new WebStatistics();
  /** The connections that are no WebSockets yet. */
  readonly #open = new Map<Duplex, Visit>();
  /** The same connections, and their answers, until they have ended. */
  readonly #tasks = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const { limits } = options;
    this.#admissionLimiter = new AdmissionLimiter(limits.maxPending);
    this.#webSockets = webSocketServer(SUBPROTOCOL, limits.maxWebMessage);
    this.#server = createServer({ maxHeaderSize: MAX_HEADERS });
    this.#server.on("request", (request, response) => {
      this.#track(this.#answer(request, response));
    });
    this.#server.on("upgrade", (request, stream, head) => this.#upgrade(request, stream, head));
    this.#server.on("clientError", (_error, stream) => {
      this.#refuse(stream, 400, "This is not a request of HTTP");
    });
    for (const listener of options.listeners) this.#accept(listener);
  }

  /** Its address and counts, for the status of the Manager with that host name. */
  status(hostname: string): WebStatus {
    const [{ port }] = this.#options.listeners;
    const address = pageAddress(hostname, port, this.#options.allowed.tls);
    return { address, ...this.#statistics.counts };
  }

  /**
   * Stops listening, and ends what is no WebSocket. The Manager closes its WebSockets.
   *
   * @returns Settles when all has ended.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const listener of this.#options.listeners) listener.close();
    for (const stream of this.#open.keys()) stream.destroy();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  #track(task: Promise<void>): void {
    this.#tasks.add(task);
    task.finally(() => this.#tasks.delete(task));
  }

  async #accept(listener: Listener): Promise<void> {
    try {
      for await (const socket of listener) {
        // The socket may have been accepted while the listener was being closed.
        if (this.#isClosed) await socket.close();
        else this.#receive(socket);
      }
    } catch (error) {
      this.#options.onLost(error as Error);
    }
  }

  /** Serves one accepted connection until it has its answer or is a WebSocket. */
  async #receive(socket: Socket): Promise<void> {
    const { remote } = socket;
    const stream = socketStream(socket);
    const drop = (reason: WebRefusal) => {
      this.#statistics.addRefusal(reason);
      stream.destroy();
    };
    const slot = this.#admissionLimiter.acquire(
      blockOf(remote.hostname),
      () => drop("too_many_pending"),
    );
    if (slot === undefined) {
      log.warn(
        "{address}:{port} was rejected: too many connections wait for an answer " +
          "(--max-pending)",
        { address: remote.hostname, port: remote.port },
      );
      return drop("too_many_pending");
    }
    const { handshakeTimeout } = this.#options.limits;
    const timer = startTimer(() => drop("no_request_in_time"), handshakeTimeout);
    const left = Promise.withResolvers<void>();
    this.#track(left.promise);
    const visit: Visit = {
      remote,
      leave: () => {
        clearTimeout(timer);
        slot.release();
        this.#open.delete(stream);
        left.resolve();
      },
      isAsked: () => clearTimeout(timer),
    };
    this.#open.set(stream, visit);
    stream.once("close", visit.leave);
    try {
      await socket.secure();
      this.#server.emit("connection", stream);
    } catch {
      if (!stream.destroyed) drop("no_tls"); // e.g. a browser that does not trust the certificate
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#open.get(request.socket as Duplex)?.isAsked();
    try {
      await this.#respond(request, response);
      this.#statistics.addAnswer(response.statusCode);
    } catch (error) {
      log.error("Cannot answer a request for a page: {error}", { error: (error as Error).message });
      response.destroy();
    }
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { allowed, root, limits: { stallTimeout } } = this.#options;
    const say = (status: number, text: string, headers?: Record<string, string>) =>
      send(response, stallTimeout, status, textContent(text, headers));
    const checked = checkRequest(request, allowed);
    if (checked.state === "refused") return await say(checked.status, checked.reason);
    const { path } = checked;
    if (path === "/healthz") return await say(200, "ok");
    if (path === SOCKET_PATH) {
      return await say(426, "This is the address of the WebSocket", { upgrade: "websocket" });
    }
    const asset = await assetAt(path);
    if (asset !== undefined) {
      const { status, content } = answerWith(asset, request.headers);
      return await send(response, stallTimeout, status, content);
    }
    if (root !== undefined && `${path}/`.startsWith(LAB)) {
      const found: Found = `${path}/` === LAB
        ? { state: "folder" }
        : await openFile(root, path.slice(LAB.length));
      if (found.state === "folder") {
        const location = `${path.split("/").map(encodeURIComponent).join("/")}/`;
        return await say(301, "This is a folder", { location });
      }
      if (found.state === "file") {
        using file = found;
        return await sendFile(response, stallTimeout, file);
      }
    }
    await say(404, "There is no such page");
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Uint8Array): void {
    const visit = this.#open.get(stream);
    if (visit === undefined) return void stream.destroy();
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      const { status, reason } = refusal;
      log.warn("{address} was refused a WebSocket: {reason}", {
        address: visit.remote.hostname,
        reason,
      });
      return this.#refuse(stream, status, reason);
    }
    this.#webSockets.handleUpgrade(request, stream, head, (webSocket) => {
      visit.leave();
      this.#statistics.addWebSocket(this.#options.serve(frameSocket(webSocket, visit.remote)));
    });
  }

  #refuse(stream: Duplex, status: number, reason: string): void {
    this.#statistics.addAnswer(status);
    refuse(stream, status, reason);
  }

  #refusalOf(request: IncomingMessage): { status: number; reason: string } | undefined {
    const checked = checkRequest(request, this.#options.allowed);
    if (checked.state === "refused") return checked;
    if (checked.path !== SOCKET_PATH) return { status: 404, reason: "There is no WebSocket here" };
    const offered = String(request.headers["sec-websocket-protocol"] ?? "").split(/\s*,\s*/);
    if (!offered.includes(SUBPROTOCOL)) {
      return { status: 400, reason: `The subprotocol must be ${SUBPROTOCOL}` };
    }
  }
}

/** Refuses what the HTTP server has not answered, and closes the connection. */
function refuse(stream: Duplex, status: number, reason: string): void {
  const { length } = new TextEncoder().encode(reason);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "connection: close",
    "content-type: text/plain; charset=UTF-8",
    `content-length: ${length}`,
  ];
  stream.end(`${head.join("\r\n")}\r\n\r\n${reason}`, () => stream.destroy());
}

/** A connection to the gateway that has no answer yet. */
interface Visit {
  readonly remote: Socket["remote"];
  /** The request has come: from now on the answer takes as long as it takes. */
  isAsked(): void;
  /** The connection has ended, or belongs to the Manager. */
  leave(): void;
}
