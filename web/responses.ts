/**
 * How the gateway answers over HTTP: security headers, texts, and files that a slow reader does not
 * keep open for ever. Each connection gets one answer.
 *
 * @module
 */

import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Yielder } from "../base/pause.ts";
import { startTimer } from "../base/timer.ts";
import type { StaticFile } from "./static_files.ts";

/** What a page may do, by the address that it has. */
const POLICIES = {
  /** Our own page: nothing but what the gateway serves, and no text that becomes a script. */
  own: "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'none'",
  /** A page of the laboratory, which has its scripts in it. */
  lab: "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline'; " +
    "style-src 'self' 'unsafe-inline'; connect-src 'self'; base-uri 'self'; object-src 'none'; " +
    "frame-ancestors 'self'",
} as const;

/** The size of the pieces in which a file is sent, in bytes. */
const PIECE_SIZE = 64 * 1024;

/** How long the answer to what is no request may take, in milliseconds. */
const REFUSAL_TIME = 1_000;

/** The headers that every answer has. */
function securityHeaders(policy: keyof typeof POLICIES): Record<string, string> {
  return {
    "connection": "close",
    "cache-control": "no-cache",
    "content-security-policy": POLICIES[policy],
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": policy === "own" ? "DENY" : "SAMEORIGIN",
  };
}

/** Writes the headers of an answer. */
function writeHead(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | number>,
  policy: keyof typeof POLICIES = "own",
): void {
  response.writeHead(status, { ...securityHeaders(policy), ...headers });
}

/** Answers on a connection whose request the HTTP server has not given, and closes it. */
export function refuse(
  stream: Duplex,
  status: number,
  reason: string,
  headers: Record<string, string> = {},
): void {
  const { bytes, type } = textContent(reason);
  const all = {
    ...securityHeaders("own"),
    ...headers,
    "content-type": type,
    "content-length": String(bytes.length),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, "", ""];
  const timer = setTimeout(() => stream.destroy(), REFUSAL_TIME);
  stream.once("close", () => clearTimeout(timer));
  stream.write(head.join("\r\n"));
  stream.end(bytes, () => stream.destroy());
}

/** A short content, with its media type. */
export interface Content {
  bytes: Uint8Array;
  type: string;
  headers?: Record<string, string>;
}

/** A text for a person. */
export function textContent(text: string, headers: Record<string, string> = {}): Content {
  return { bytes: new TextEncoder().encode(text), type: "text/plain; charset=UTF-8", headers };
}

/**
 * Answers with a short content; with its headers alone if the method is HEAD.
 *
 * @param stallTimeout When a reader that takes nothing is disconnected, in milliseconds.
 */
export function send(
  response: ServerResponse,
  stallTimeout: number,
  status: number,
  { bytes, type, headers = {} }: Content,
): Promise<void> {
  // That the browser has it already is said without a content, so without its length.
  const described: Record<string, string | number> = status === 304
    ? {}
    : { "content-type": type, "content-length": bytes.length };
  writeHead(response, status, { ...headers, ...described });
  return end(response, stallTimeout, response.req.method === "HEAD" ? undefined : bytes);
}

/**
 * Answers with a file.
 *
 * @param stallTimeout When a reader that takes nothing is disconnected, in milliseconds.
 * @param yielder Says when to yield to the event loop: a fast reader of a large file takes it for
 * seconds.
 */
export async function sendFile(
  response: ServerResponse,
  stallTimeout: number,
  file: StaticFile,
  yielder: Yielder,
): Promise<void> {
  writeHead(response, 200, { "content-type": file.type, "content-length": file.size }, "lab");
  const buffer = new Uint8Array(PIECE_SIZE);
  let left = response.req.method === "HEAD" ? 0 : file.size;
  while (left > 0 && !response.destroyed) {
    const size = await file.read(buffer.subarray(0, Math.min(left, PIECE_SIZE))) ?? 0;
    if (size === 0) return void response.req.socket.destroy(); // it has become shorter
    left -= size;
    const isTaken = response.write(buffer.slice(0, size));
    if (!isTaken) await next("drain", response, stallTimeout);
    if (yielder.isDue) await yielder.pause();
  }
  await end(response, stallTimeout);
}

/** Ends an answer, waits until it is sent, and closes the connection. */
async function end(
  response: ServerResponse,
  stallTimeout: number,
  bytes?: Uint8Array,
): Promise<void> {
  const finished = next("finish", response, stallTimeout);
  response.end(bytes);
  await finished;
  const { socket } = response.req; // the server leaves one open that is no socket of Node (Deno 2.9)
  socket.end(() => socket.destroy());
}

/** Waits for an event, or the end of the connection. A peer that takes nothing is disconnected. */
async function next(
  event: "drain" | "finish",
  response: ServerResponse,
  stallTimeout: number,
): Promise<void> {
  const { socket } = response.req;
  if (socket.destroyed) return; // no event would follow
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once(event, resolve);
  socket.once("close", resolve);
  const timer = startTimer(() => socket.destroy(), stallTimeout);
  await promise;
  clearTimeout(timer);
  response.off(event, resolve);
  socket.off("close", resolve);
}
