/**
 * The gateways of a Manager: one for pages, and one for a monitoring system if that has a port of its
 * own. This module opens their ports, and says what each one serves and to whom.
 *
 * @module
 */

import { webFolder } from "../base/paths.ts";
import type { Limits } from "../limits.ts";
import type { Hosts } from "../manager/hosts.ts";
import type { MonitoringSource } from "../manager/monitoring_source.ts";
import type { Credentials } from "../net/credentials.ts";
import { listen, type Listener, type Socket } from "../net/listener.ts";
import { DEFAULT_WEB_PORT } from "../wire/protocol.ts";
import type { WebStatus } from "../wire/status.ts";
import { checkBrowserKey, hostNames } from "./certificate_check.ts";
import { Gateway } from "./gateway.ts";
import type { AllowedNames } from "./request_check.ts";

/** What a user says about the ports. */
export interface GatewayPorts {
  /** The port of the pages; `true` for the default one, `false` for none. */
  web?: boolean | number;
  /** Pages of other sites that may connect. */
  webOrigin?: readonly string[];
  /** The folder of the laboratory's own pages. Default: `web` in the home folder. */
  webRoot?: string;
  /** The port of the metrics. Default: that of the pages. */
  metrics?: number;
  /** The host that the Manager listens on. Default: every one. */
  host?: string;
}

/** Where the Manager listens, and as whom. */
export interface GatewayPlace {
  /** The addresses of the host. Default: all of this computer. */
  addresses: readonly string[] | undefined;
  /** `undefined` for no TLS. */
  credentials: Credentials | undefined;
  hosts: Pick<Hosts, "certificateNames">;
}

/** What the gateways need of a running Manager. */
export interface GatewayParts {
  limits: Limits;
  monitoring: MonitoringSource;
  /** Is given each WebSocket as an accepted connection. Settles when that has ended. */
  serve: (socket: Socket) => Promise<void>;
  /** Called if a listener is lost. */
  onLost: (error: Error) => void;
}

/** A port, and who may ask there. */
interface Port {
  listeners: Listener[];
  allowed: AllowedNames;
}

/** The gateways of a Manager, whose ports are open. */
export class Gateways implements Disposable {
  readonly #root: string | undefined;
  readonly #pages: Port | undefined;
  /** The port of the metrics alone. */
  readonly #metrics: Port | undefined;
  #open: { pages: Gateway | undefined; metrics: Gateway | undefined } | undefined;

  private constructor(
    root: string | undefined,
    pages: Port | undefined,
    metrics: Port | undefined,
  ) {
    this.#root = root;
    this.#pages = pages;
    this.#metrics = metrics;
  }

  /**
   * Opens the ports.
   *
   * @throws {ConfigurationError} If browsers do not accept the key of the certificate; or if a port is
   * in use or may not be listened on.
   */
  static async listen(options: GatewayPorts, place: GatewayPlace): Promise<Gateways> {
    const { web = false, webOrigin = [], metrics, host } = options;
    const { addresses, credentials, hosts } = place;
    const names = await hosts.certificateNames(host);
    const shown = credentials ? hostNames(credentials.cert) : [];
    const open = (port: number, option: string, origins: readonly string[]): Port => ({
      listeners: listen(addresses, port, credentials, { option }),
      allowed: { hosts: [...names, ...shown], origins, tls: credentials !== undefined },
    });
    if (web !== false && credentials) checkBrowserKey(credentials.cert);
    const pages = web === false
      ? undefined
      : open(web === true ? DEFAULT_WEB_PORT : web, "--web", webOrigin);
    try {
      // No page of another site has a business there.
      const scraped = metrics === undefined ? undefined : open(metrics, "--metrics", []);
      return new Gateways(options.webRoot, pages, scraped);
    } catch (error) {
      close(pages);
      throw error;
    }
  }

  /** The port of the pages; `undefined` if there are none. */
  get webPort(): number | undefined {
    return this.#pages?.listeners[0].port;
  }

  /** The port of the metrics. */
  get metricsPort(): number | undefined {
    return (this.#metrics ?? this.#pages)?.listeners[0].port;
  }

  /** Serves what comes to the ports, until it is closed. */
  open({ limits, monitoring, serve, onLost }: GatewayParts): void {
    const common = { limits, monitoring, onLost };
    this.#open = {
      pages: this.#pages && new Gateway({
        ...this.#pages,
        ...common,
        pages: { root: this.#root ?? webFolder(), serve },
        monitored: new Set(["/healthz", "/readyz", ...this.#metrics ? [] : ["/metrics"] as const]),
      }),
      metrics: this.#metrics && new Gateway({
        ...this.#metrics,
        ...common,
        pages: undefined,
        monitored: new Set(["/healthz", "/readyz", "/metrics"]),
      }),
    };
  }

  /** The address and the counts of the pages, for the status; `null` if there are none. */
  status(hostname: string): WebStatus | null {
    return this.#open?.pages?.status(hostname) ?? null;
  }

  /** Stops listening, and ends what is no WebSocket. Settles when all has ended. */
  async close(): Promise<void> {
    await Promise.all([this.#open?.pages?.close(), this.#open?.metrics?.close()]);
  }

  /** Gives the ports back, if nothing was served yet. */
  [Symbol.dispose](): void {
    close(this.#pages);
    close(this.#metrics);
  }
}

function close(port: Port | undefined): void {
  for (const listener of port?.listeners ?? []) listener.close();
}
