/**
 * What a monitoring system asks for: the metrics, and whether the Manager lives and is ready.
 *
 * Metrics are for programs of this computer, and for users who log in with the Basic authentication of
 * HTTP, like any login: throttled, by address and by user. They name services and say how much is done
 * with them, which is not for everybody who can reach a port.
 *
 * @module
 */

import type { Socket } from "../net/listener.ts";
import { ConnectionAbortedError, NetworkError, PermissionError } from "../errors.ts";
import { logger } from "../base/log.ts";
import { EXPOSITION_TYPE } from "../manager/exposition.ts";
import type { MonitoringSource } from "../manager/monitoring_source.ts";
import { type AllowedNames, type CheckedRequest, hostOf, valuesOf } from "./request_check.ts";
import { type Content, textContent } from "./responses.ts";

/** A request whose Host and Origin are checked. */
export interface MonitoringRequest extends CheckedRequest {
  readonly httpVersion: string;
}

/** An answer. */
interface Answer {
  status: number;
  content: Content;
}

const log = logger("web");

/** What is asked for, or not at all: the metrics may have a port of their own. */
export type Monitored = "/healthz" | "/readyz" | "/metrics";

/**
 * The answer to a request for one of the paths.
 *
 * @param remote Where the request comes from.
 */
export async function answerMonitoring(
  source: MonitoringSource,
  path: Monitored,
  request: MonitoringRequest,
  remote: Socket["remote"],
  allowed: AllowedNames,
): Promise<Answer> {
  if (path === "/healthz") return say(200, "ok");
  if (path === "/readyz") return await readiness(source);
  const refusal = isOwnComputer(request, remote.hostname, allowed)
    ? undefined
    : await refusalOf(source, request, remote.hostname, allowed);
  if (refusal !== undefined) return refusal;
  const bytes = new TextEncoder().encode(source.metrics());
  return { status: 200, content: { bytes, type: EXPOSITION_TYPE } };
}

/** Those that were not ready at the last question: that is logged once, since anybody may ask. */
const unready = new WeakSet<MonitoringSource>();

async function readiness(source: MonitoringSource): Promise<Answer> {
  try {
    await source.checkReady();
    if (unready.delete(source)) log.info("The Manager is ready again");
    return say(200, "ok");
  } catch (error) {
    if (!unready.has(source)) {
      log.warn("The Manager is not ready: {error}", { error: (error as Error).message });
    }
    unready.add(source);
    // Without the path of the database: anybody may ask.
    return say(503, "The database cannot be read");
  }
}

/** Names of headers that proxies add. */
const FORWARDED = /^(forwarded|via|x-(forwarded|original|real|client|cluster|envoy)-.*)$/;

/**
 * Whether a program of this computer asks, for itself. Everybody who comes through a proxy on this
 * computer has its address too. So the request must look like one that no proxy has forwarded: it
 * names loopback, and has no header of a proxy. One for WebSockets often asks each time for an upgrade,
 * which nobody wants who asks for metrics. Where pages of other origins may connect
 * (`--web-origin`) there probably is a proxy, which might let any Host through: there everybody logs in.
 */
function isOwnComputer(
  request: MonitoringRequest,
  address: string,
  { origins }: AllowedNames,
): boolean {
  const host = hostOf(request);
  return isLoopback(address) && host !== undefined && (host === "localhost" || isLoopback(host)) &&
    origins.length === 0 && request.httpVersion === "1.1" &&
    !valuesOf(request, "connection").some((value) => /upgrade/i.test(value)) &&
    !request.rawHeaders.some((name, at) => at % 2 === 0 && FORWARDED.test(name.toLowerCase()));
}

function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/i.test(address);
}

/** Why the metrics are not for this peer; `undefined` if a user has logged in. */
async function refusalOf(
  source: MonitoringSource,
  request: CheckedRequest,
  address: string,
  { tls }: AllowedNames,
): Promise<Answer | undefined> {
  if (!tls && !isLoopback(address)) {
    return say(403, "Passwords could be read: start the Manager without --disable-tls");
  }
  const login = loginOf(request);
  if (login === undefined) return unauthorized("The metrics are for users of the Manager");
  try {
    if (await source.logIn(address, login.username, login.password)) return undefined;
  } catch (error) {
    if (error instanceof PermissionError) return say(429, error.message);
    if (error instanceof ConnectionAbortedError) return say(503, error.message);
    if (!(error instanceof NetworkError)) throw error;
    log.error("Cannot log a user in for the metrics: {error}", { error: error.message });
    return say(503, "The Manager cannot let anybody in now");
  }
  log.warn("{address} failed to log in for the metrics", { address });
  return unauthorized("The name or the password is wrong");
}

/** The name and the password of Basic authentication; `undefined` if there are none. */
function loginOf(request: CheckedRequest): { username: string; password: string } | undefined {
  const values = valuesOf(request, "authorization");
  const [, encoded] = values.length === 1 ? /^Basic +(\S+)$/i.exec(values[0]) ?? [] : [];
  if (encoded === undefined) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(encoded));
  } catch {
    return undefined;
  }
  const end = text.indexOf(":");
  if (end === -1) return undefined;
  return { username: text.slice(0, end), password: text.slice(end + 1) };
}

function unauthorized(reason: string): Answer {
  return say(401, reason, { "www-authenticate": 'Basic realm="MSL-Network", charset="UTF-8"' });
}

function say(status: number, text: string, headers?: Record<string, string>): Answer {
  return { status, content: textContent(text, headers) };
}
