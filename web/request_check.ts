/**
 * Which requests the gateway answers. It believes nothing that the HTTP parser lets through: a page of
 * another site, and a name that somebody has made to mean this computer (DNS rebinding), get nothing.
 *
 * @module
 */

import { isIP } from "node:net";

/** A request, as far as it is checked. */
export interface CheckedRequest {
  readonly method?: string;
  /** The target, e.g. `/ws`. */
  readonly url?: string;
  /** The headers as they were sent: names and values in turn. */
  readonly rawHeaders: readonly string[];
}

/** Who may ask, and by which names. */
export interface AllowedNames {
  /** The names of the Manager's computer, without a port. */
  readonly hosts: readonly string[];
  /** Origins of other pages that may connect, e.g. `"https://lab.example.org"`. */
  readonly origins: readonly string[];
  /** Whether the gateway uses TLS. */
  readonly tls: boolean;
}

/** A request that is refused: the status of HTTP, and the reason in words. */
export interface Refusal {
  readonly state: "refused";
  readonly status: number;
  readonly reason: string;
}

/** A request that is answered, with the path that it asks for, decoded. */
export type Checked = { readonly state: "allowed"; readonly path: string } | Refusal;

/** Checks a request. */
export function checkRequest(request: CheckedRequest, allowed: AllowedNames): Checked {
  const { method = "", url = "" } = request;
  if (method !== "GET" && method !== "HEAD") return refuse(405, "Only GET and HEAD are answered");
  if (valuesOf(request, "transfer-encoding").length > 0 || hasBody(request)) {
    return refuse(400, "The request must have no body");
  }
  const hosts = valuesOf(request, "host");
  if (hosts.length !== 1) return refuse(400, "The request must have one Host header");
  const host = hosts[0].toLowerCase();
  const name = nameOf(host);
  if (name === undefined) return refuse(400, "The Host header is not a host");
  if (!isOwnName(name, host, allowed)) {
    return refuse(421, `This Manager is not called ${name}. Allow it with --web-origin`);
  }
  const origins = valuesOf(request, "origin");
  if (origins.length > 1) return refuse(400, "The request has several Origin headers");
  if (origins.length === 1 && !isOwnOrigin(origins[0], host, allowed)) {
    return refuse(403, "A page of another site must not connect. Allow it with --web-origin");
  }
  const path = pathOf(url);
  return path === undefined
    ? refuse(400, "The address is not one of this Manager")
    : { state: "allowed", path };
}

/** The name or address that the Host header has, without a port; `undefined` unless there is one. */
export function hostOf(request: CheckedRequest): string | undefined {
  const hosts = valuesOf(request, "host");
  return hosts.length === 1 ? nameOf(hosts[0].toLowerCase()) : undefined;
}

/** The values of a header, one for each time that it was sent. */
export function valuesOf({ rawHeaders }: CheckedRequest, name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1].toLowerCase() === name);
}

function hasBody(request: CheckedRequest): boolean {
  return valuesOf(request, "content-length").some((length) => length.trim() !== "0");
}

/** The name or address in a Host header; `undefined` if it is none. */
function nameOf(host: string): string | undefined {
  const [, six, name] = /^(?:\[([\da-f:.]+)\]|([^\s/?#@\\:[\]]+))(?::\d{1,5})?$/.exec(host) ?? [];
  return six ?? name;
}

/**
 * Whether a Host header names this Manager. An address always does: only a name can be made to mean
 * another computer than the one that the page came from.
 */
function isOwnName(name: string, host: string, { hosts, origins }: AllowedNames): boolean {
  return isIP(name) !== 0 || name === "localhost" ||
    hosts.some((own) => own.toLowerCase() === name) ||
    origins.some((origin) => URL.canParse(origin) && new URL(origin).host === host);
}

/** Whether an Origin header is that of a page of this Manager, or of one that may connect. */
function isOwnOrigin(origin: string, host: string, { origins, tls }: AllowedNames): boolean {
  return origin === `${tls ? "https" : "http"}://${host}` || origins.includes(origin);
}

/** The path of a request, decoded, without its query; `undefined` if it is none, or leaves the root. */
function pathOf(target: string): string | undefined {
  const encoded = /^(\/[^\s?#\\]*)(\?[^\s#]*)?$/.exec(target)?.[1];
  if (encoded === undefined) return undefined;
  let path: string;
  try {
    path = decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f\\]/.test(path)) return undefined;
  return path.split("/").some((part) => part === "." || part === "..") ? undefined : path;
}

function refuse(status: number, reason: string): Refusal {
  return { state: "refused", status, reason };
}
