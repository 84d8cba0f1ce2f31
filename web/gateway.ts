/**
 * The gateway: serves pages, WebSockets over which a page is a device like any other, and what a
 * monitoring system asks for (`monitoring.ts`); or on a port of its own the latter alone. It decides
 * who may ask over HTTP (`request_check.ts`), and what is served. What a WebSocket sends goes through
 * the handshake, users, lists, locks and limits of the Manager.
 *
 * The HTTP server of Node parses requests. What it does not do is done here: it bounds neither the
 * connections nor how long one may take to say what it wants (Deno 2.9).
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket as NodeSocket } from "node:net";
import type { Duplex } from "node:stream";
import { startTimer } from "../base/timer.ts";
import { logger } from "../base/log.ts";
import { type Limits, MAX_REQUEST_HEADERS } from "../limits.ts";
import { Yielder } from "../base/pause.ts";
import { AdmissionLimiter } from "../manager/admission_limiter.ts";
import { blockOf } from "../manager/known_origins.ts";
import type { MonitoringSource } from "../manager/monitoring_source.ts";
import type { Listener, Socket } from "../net/listener.ts";
import { answerWith, assetAt } from "./assets.ts";
import { frameSocket } from "./frame_socket.ts";
import { answerMonitoring, type Monitored } from "./monitoring.ts";
import { type AllowedNames, checkRequest } from "./request_check.ts";
import { refuse, send, sendFile, textContent } from "./responses.ts";
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
  /** What is served for browsers; `undefined` for nothing. */
  pages: Pages | undefined;
  /** What a monitoring system is answered from. */
  monitoring: MonitoringSource;
  /** The paths that it may ask for. */
  monitored: ReadonlySet<Monitored>;
  /** Called if a listener is lost. */
  onLost: (error: Error) => void;
}

/** What a gateway serves for browsers. */
export interface Pages {
  /** The folder of the laboratory's own pages; `undefined` for none. */
  root: string | undefined;
  /** The Manager is given each WebSocket as an accepted connection. Settles when that has ended. */
  serve: (socket: Socket) => Promise<void>;
}

/** How long the peers that send without a break are served between two pauses, in milliseconds. */
const SLICE = 2;
/** The version of the WebSocket protocol. Older ones have the origin in another header. */
const WEB_SOCKET_VERSION = "13";
/** The prefix of the laboratory's own pages. */
const LAB = "/lab/";

const log = logger("web");

/** Serves pages and WebSockets. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #server: Server;
  readonly #webSockets: WebSocketServer;
  readonly #admissionLimiter: AdmissionLimiter;
  readonly #yielder = new Yielder(SLICE);
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
    this.#webSockets.on(
      "wsClientError",
      ({ message }, stream) => this.#refuse(stream, 400, message),
    );
    this.#server = this.#createServer();
    for (const listener of options.listeners) this.#accept(listener);
  }

  #createServer(): Server {
    // A request without a Host would be answered by the server itself, and the next one by us.
    const server = createServer({ maxHeaderSize: MAX_REQUEST_HEADERS, requireHostHeader: false });
    server.maxHeadersCount = 0; // else what comes after 2,000 of them would not be seen
    // What is expected of us is to go on: the answer says whether the request is one that we answer.
    for (const event of ["request", "checkContinue", "checkExpectation"]) {
      server.on(event, (request: IncomingMessage, response: ServerResponse) => {
        if (this.#begin(request.socket)) this.#track(this.#answer(request, response));
      });
    }
    server.on("connect", (_request, stream) => {
      if (this.#begin(stream)) this.#refuse(stream, 405, "Only GET and HEAD are answered");
    });
    server.on("clientError", (error, stream) => {
      if (stream.destroyed || !this.#begin(stream)) return; // e.g. it was reset
      const isLong = "code" in error && error.code === "HPE_HEADER_OVERFLOW";
      const [status, reason] = isLong
        ? [431, `The headers have more than ${MAX_REQUEST_HEADERS} bytes`]
        : [400, "This is not a request of HTTP"];
      this.#refuse(stream, status, reason);
    });
    server.on("upgrade", (request, stream, head) => {
      if (this.#begin(stream)) this.#upgrade(request, stream, head);
    });
    return server;
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
    const stream = socketStream(socket, this.#yielder);
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
    let isSecure = false;
    const timer = startTimer(() => {
      if (!isSecure || !this.#begin(stream)) return drop("no_tls_in_time");
      this.#refuse(stream, 408, "No request has come in time (--handshake-timeout)");
    }, this.#options.limits.handshakeTimeout);
    const left = Promise.withResolvers<void>();
    this.#track(left.promise);
    const visit: Visit = {
      remote,
      isBegun: false,
      begin: () => clearTimeout(timer),
      stopReading: () => stream.stopReading(),
      leave: () => {
        clearTimeout(timer);
        slot.release();
        this.#open.delete(stream);
        left.resolve();
      },
    };
    this.#open.set(stream, visit);
    stream.once("close", visit.leave);
    try {
      await socket.secure();
      isSecure = true;
      this.#server.emit("connection", stream);
    } catch {
      if (!stream.destroyed) drop("no_tls"); // e.g. a browser that does not trust the certificate
    }
  }

  /**
   * A connection has asked for something. False if it has before, or has left: there is one answer,
   * and nothing that follows is smuggled in.
   */
  #begin(stream: Duplex): boolean {
    const visit = this.#open.get(stream);
    if (visit === undefined || visit.isBegun) return false;
    visit.isBegun = true;
    visit.begin();
    return true;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#open.get(request.socket)?.stopReading();
    try {
      await this.#respond(request, response);
      this.#statistics.addAnswer(response.statusCode);
    } catch (error) {
      log.error("Cannot answer a request for a page: {error}", { error: (error as Error).message });
      response.destroy();
    }
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { allowed, pages, monitoring, monitored, limits: { stallTimeout } } = this.#options;
    const say = (status: number, text: string, headers?: Record<string, string>) =>
      send(response, stallTimeout, status, textContent(text, headers));
    const checked = checkRequest(request, allowed);
    if (checked.state === "refused") return await say(checked.status, checked.reason);
    const { path } = checked;
    if (isIn(monitored, path)) {
      const visit = this.#open.get(request.socket);
      if (visit === undefined) return; // it has left
      const { status, content } = await answerMonitoring(
        monitoring,
        path,
        request,
        visit.remote,
        allowed,
      );
      return await send(response, stallTimeout, status, content);
    }
    if (pages === undefined) return await say(404, "There are no pages at this port");
    const { root } = pages;
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
        // Relative, since a proxy may show these pages below another path.
        const location = `${encodeURIComponent(path.split("/").at(-1)!)}/`;
        return await say(301, "This is a folder", { location });
      }
      if (found.state === "file") {
        using file = found;
        return await sendFile(response, stallTimeout, file, this.#yielder);
      }
    }
    await say(404, "There is no such page");
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Uint8Array): void {
    const visit = this.#open.get(stream)!;
    if (request.headers.upgrade?.toLowerCase() !== "websocket") {
      // A program that would also speak e.g. HTTP/2 gets its answer in this protocol.
      const response = new ServerResponse(request);
      response.assignSocket(stream as NodeSocket);
      return this.#track(this.#answer(request, response));
    }
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      const { status, reason, headers } = refusal;
      log.warn("{address} was refused a WebSocket: {reason}", {
        address: visit.remote.hostname,
        reason,
      });
      return this.#refuse(stream, status, reason, headers);
    }
    this.#webSockets.handleUpgrade(request, stream, head, (webSocket) => {
      visit.leave();
      const { serve } = this.#options.pages!;
      this.#statistics.addWebSocket(serve(frameSocket(webSocket, visit.remote)));
    });
  }

  #refuse(
    stream: Duplex,
    status: number,
    reason: string,
    headers?: Record<string, string>,
  ): void {
    this.#open.get(stream)?.stopReading();
    this.#statistics.addAnswer(status);
    refuse(stream, status, reason, headers);
  }

  #refusalOf(
    request: IncomingMessage,
  ): { status: number; reason: string; headers?: Record<string, string> } | undefined {
    const checked = checkRequest(request, this.#options.allowed);
    if (checked.state === "refused") return checked;
    if (checked.path !== SOCKET_PATH || this.#options.pages === undefined) {
      return { status: 404, reason: "There is no WebSocket here" };
    }
    if (request.headers["sec-websocket-version"] !== WEB_SOCKET_VERSION) {
      const reason = `The version of the WebSocket must be ${WEB_SOCKET_VERSION}`;
      return { status: 426, reason, headers: { "sec-websocket-version": WEB_SOCKET_VERSION } };
    }
    const offered = String(request.headers["sec-websocket-protocol"] ?? "").split(/\s*,\s*/);
    if (!offered.includes(SUBPROTOCOL)) {
      return { status: 400, reason: `The subprotocol must be ${SUBPROTOCOL}` };
    }
  }
}

function isIn(paths: ReadonlySet<Monitored>, path: string): path is Monitored {
  return paths.has(path as Monitored);
}

/** A connection to the gateway that is no WebSocket yet. */
interface Visit {
  readonly remote: Socket["remote"];
  /** Whether it has asked for something. */
  isBegun: boolean;
  /** It has asked: from now on the answer takes as long as it takes. */
  begin(): void;
  /** It gets its answer: the HTTP server would collect what follows, as long as that takes. */
  stopReading(): void;
  /** The connection has ended, or belongs to the Manager. */
  leave(): void;
}
