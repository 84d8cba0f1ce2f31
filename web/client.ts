/**
 * The Client over a WebSocket. `mod.ts` exports it as `@msl/network/web`, and a Manager serves it as
 * `/client.js`, so that a page needs no tool to build it:
 *
 * ```html
 * <output></output>
 * <script type="module">
 *   import { connect } from "/client.js";
 *   const cxn = await connect({ reconnect: true });
 *   const dmm = await cxn.link("DigitalMultimeter");
 *   document.querySelector("output").textContent = await dmm.measure();
 * </script>
 * ```
 *
 * @module
 */

import { type Client, type CommonClientOptions, openClient } from "../client/client.ts";
import { resolveDeviceOptions } from "../device/device_options.ts";
import { ConfigurationError } from "../errors.ts";
import "../base/log_tape.ts";
import type { Prompt } from "../base/prompt.ts";
import { traceMembers } from "../base/trace_context.ts";
import { browserName, browserSystem } from "./browser.ts";
import { SOCKET_PATH } from "./subprotocol.ts";
import { openWebSocket, type WebSocketClass } from "./web_socket.ts";

export * from "../client/exports.ts";
export type { WebSocketClass } from "./web_socket.ts";

/** How a Client connects over a WebSocket. */
export interface WebClientOptions extends CommonClientOptions {
  /**
   * The address of the Manager, as its ready line shows it, e.g. `"https://lab-pc:1876"`. Its path, if
   * it has one, is the folder of a proxy. Default: that of the page.
   */
  url?: string | URL;
  /**
   * Another class in the place of the global `WebSocket`, e.g. that of the npm package `ws`, which can
   * be told to trust a certificate. Default: the global one.
   */
  WebSocket?: WebSocketClass;
}

/**
 * Connects to a Manager over a WebSocket.
 *
 * A page that sends messages faster than the Manager reads them is not slowed down by the browser:
 * await the calls.
 *
 * @throws {ConfigurationError} If there is no address, or it is not one; if there is no class
 * `WebSocket`; if a username or password is missing, and there is no `prompt`.
 * @throws {RangeError} If an option is out of its range.
 * @throws {ConnectError} If the Manager cannot be reached. A browser does not say why.
 * @throws {RemoteError} If the Manager rejects the Client, e.g. for a wrong password.
 * @throws {ConnectionAbortedError} If the Manager closes the connection during the handshake.
 * @throws {TimeoutError} If the Manager does not answer within `timeout`.
 * @throws The reason of `signal`, if that is aborted.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect } from "@msl/network/web";
 *
 * await using cxn = await connect({ url: "https://lab-pc:1876", reconnect: true });
 * const bm = await cxn.link("BasicMath");
 * console.log(await bm.add(1, 2));
 * ```
 */
export function connect(options: WebClientOptions = {}): Promise<Client> {
  return openClient(options, () => resolveOptions(options));
}

/** Fills in the defaults. */
function resolveOptions(options: WebClientOptions): ReturnType<Parameters<typeof openClient>[1]> {
  const { WebSocket: Class = globalThis.WebSocket, prompt = noPrompt } = options;
  if (Class === undefined) {
    throw new ConfigurationError(
      "Cannot connect: this runtime has no WebSocket. Give a class as the option WebSocket",
    );
  }
  const url = socketUrl(options.url);
  const resolved = resolveDeviceOptions(options);
  const { timeout } = resolved;
  return {
    ...resolved,
    dialer: {
      dial: ({ signal }) => openWebSocket(url.href, Class, { timeout, signal }),
      explainSilence: (error) => error,
    },
    host: url.hostname,
    port: Number(url.port || (url.protocol === "wss:" ? 443 : 80)),
    prompt,
    trace: traceMembers,
    language: `TypeScript (${browserName()})`,
    os: browserSystem(),
  };
}

/** The schemes of a Manager's address, and those of its WebSocket. */
const SCHEMES = new Map([
  ["https:", "wss:"],
  ["wss:", "wss:"],
  ["http:", "ws:"],
  ["ws:", "ws:"],
]);

/** The address of the WebSocket. */
function socketUrl(given: string | URL | undefined): URL {
  const text = String(given ?? globalThis.location?.origin ?? "");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = SCHEMES.get(url?.protocol ?? "");
  if (url === undefined || scheme === undefined) {
    throw new ConfigurationError(
      `Cannot connect: give the address of the Manager as the option url, e.g. "https://lab-pc:1876"` +
        (text === "" ? "" : `, got ${JSON.stringify(text)}`),
    );
  }
  url.protocol = scheme;
  url.pathname = url.pathname.replace(/\/$/, "") + SOCKET_PATH;
  url.search = url.hash = "";
  return url;
}

/** A page has a form of its own: it gives what that has returned as the options. */
const noPrompt: Prompt = {
  text: missing,
  secret: missing,
  confirm: missing,
};

function missing(question: string): never {
  throw new ConfigurationError(
    `Cannot connect: the Manager asks "${question}". Give the answer as an option`,
  );
}
