/**
 * The WebSockets of the npm package `ws`, as far as the gateway uses them. The package has no types,
 * and `@types/ws` brings those of Node, which change what a `ReadableStream` is in every module.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer as Server } from "ws";
import { MAX_WEB_FRAGMENTS } from "../limits.ts";

/** A WebSocket at the server. */
export interface ServerWebSocket {
  readonly readyState: number;
  readonly CLOSED: number;
  on(event: "message", listener: (bytes: Uint8Array, isBinary: boolean) => void): void;
  on(event: "ping" | "pong", listener: (content: Uint8Array) => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "close", listener: () => void): void;
  /** Sends a binary message. The bytes must not change until `sent` is called. */
  send(bytes: Uint8Array, sent: (error?: Error) => void): void;
  /** Answers a ping. */
  pong(content: Uint8Array, isMasked: boolean, sent: (error?: Error) => void): void;
  /** Stops reading the connection, and goes on. */
  pause(): void;
  resume(): void;
  /** Begins the closing handshake. */
  close(code: number, reason?: string): void;
  /** Closes the connection at once. */
  terminate(): void;
}

/** Upgrades connections of an HTTP server. */
export interface WebSocketServer {
  handleUpgrade(
    request: IncomingMessage,
    stream: Duplex,
    head: Uint8Array,
    opened: (webSocket: ServerWebSocket) => void,
  ): void;
  /** A handshake that is not that of a WebSocket, which the listener answers. */
  on(event: "wsClientError", listener: (error: Error, stream: Duplex) => void): void;
}

/** Makes a server for WebSockets with one subprotocol, and messages of up to `maxSize` bytes. */
export function webSocketServer(subprotocol: string, maxSize: number): WebSocketServer {
  return new Server({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false, // a bomb of zeros would be 1,000 times as large
    maxPayload: maxSize,
    maxFragments: MAX_WEB_FRAGMENTS,
    maxBufferedChunks: MAX_WEB_FRAGMENTS,
    autoPong: false, // `frame_socket.ts` answers pings, and bounds how many answers are queued
    handleProtocols: (offered: Set<string>) => offered.has(subprotocol) && subprotocol,
  });
}
