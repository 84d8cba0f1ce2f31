/**
 * The Manager: listens, accepts connections, and routes messages between clients and services.
 *
 * One event loop serves all connections. Each connection has a loop of its own that reads a batch of
 * lines and gives them to the router. It waits for another peer only if the send queue of that peer
 * is full. Run as a program (`deno run -A manager.ts`), this module is the command line.
 *
 * ```ts ignore it runs until it is shut down
 * import { Manager } from "@msl/network/manager";
 *
 * const manager = await Manager.start({ authLogin: true });
 * Deno.addSignalListener("SIGTERM", () => manager.shutdown());
 * await manager.finished;
 * ```
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { Access } from "./manager/access.ts";
import type { Authentication } from "./manager/authentication.ts";
import type { PlainPasswordWarning } from "./manager/authentication_options.ts";
import type { PeerConnection } from "./net/peer_connection.ts";
import type { Database } from "./manager/database/database.ts";
import { forCaller } from "./base/caller.ts";
import { ConnectionAbortedError } from "./errors.ts";
import type { HostOptions, Hosts } from "./manager/hosts.ts";
import type { Identities } from "./wire/identities.ts";
import { KEPT_CONNECTIONS, type Limits, resolveLimits } from "./limits.ts";
import type { Listener } from "./net/listener.ts";
import { literal, logger } from "./base/log.ts";
import { DEFAULT_PORT } from "./wire/protocol.ts";
import type { LongLines } from "./manager/long_lines.ts";
import { databaseFile } from "./base/paths.ts";
import type { GatewayPlace, Gateways } from "./web/gateways.ts";
import type { JoinOptions } from "./cluster/join_options.ts";
import type { Join, Joined, JoinWith } from "./cluster/joined.ts";
import type { Retention } from "./manager/database/connections_table.ts";
import type { ConnectionRecords } from "./manager/connection_records.ts";
import type { ConnectionHandler } from "./manager/connection_handler.ts";
import type { Registry } from "./manager/registry.ts";
import type { Router } from "./manager/router.ts";
import type { Session } from "./manager/session.ts";
import type { Statistics } from "./manager/statistics.ts";
import type { ManagerStatus } from "./wire/status.ts";

/** How a Manager is started. The defaults are those of the Python software. */
export interface ManagerOptions {
  /**
   * The host name or address to listen on; of a name, every address that this computer has. Default:
   * all interfaces, IPv4 and IPv6.
   */
  host?: string;
  /** The port; 0 for any free port. Default: 1875. */
  port?: number;
  /** Use plain TCP instead of TLS. Default: false. */
  disableTls?: boolean;
  /**
   * The file of the certificate, in PEM, which may have the private key too. Created if it does not
   * exist. Default: `certs/<host>.crt` in the home folder, `certs/localhost.crt` without `host`.
   */
  certFile?: string;
  /**
   * The file of the private key, in PEM. Created if it does not exist. Default: `certFile` if that
   * has a key, else `keys/<host>.key` in the home folder, `keys/localhost.key` without `host`.
   *
   * With `keyFile` and without `certFile`, a certificate of another key is replaced; the old one is
   * kept as `.old`.
   */
  keyFile?: string;
  /**
   * The password of the private key, if that is encrypted. Default: prompted for at the terminal.
   */
  keyFilePassword?: string;
  /**
   * Accept only computers in the table of trusted host names. Default: false. At most one of
   * `authHostname`, `authLogin` and `authPassword` can be given.
   */
  authHostname?: boolean;
  /** Accept only users that log in with their name and password. Default: false. */
  authLogin?: boolean;
  /** Accept only peers that send this password. Default: no password is needed. */
  authPassword?: string;
  /**
   * The file of the SQLite database, or `":memory:"`. Created if it does not exist. Default:
   * `manager.sqlite3` in the home folder.
   */
  database?: string;
  /**
   * Which records of connections the database keeps: a number of them, an age with its unit, or both,
   * e.g. `100_000`, `"90d"` or `"100000,90d"`. Older ones are deleted; 0 records none. Default:
   * 1,000,000, of any age. Command line: `--keep-connections`.
   */
  keepConnections?: number | string;
  /** The limits that differ from the default ones. Times in milliseconds, sizes in bytes. */
  limits?: Partial<Limits>;
  /** How computers are named. Default: by the system and DNS. */
  hosts?: HostOptions;
  /**
   * Serve pages, and WebSockets for the Clients in them, on this port; `true` for port 1876, 0 for any
   * free port. With the certificate of the Manager, or without TLS as the Manager. Default: `false`.
   */
  web?: boolean | number;
  /**
   * Pages of other sites that may connect, e.g. `["https://lab.example.org"]`. The Manager refuses the
   * page of any other site: it would act with the rights of the user who opens it. Default: none.
   */
  webOrigin?: readonly string[];
  /**
   * The folder of the laboratory's own pages, which are served under `/lab/`. Default: `web` in the
   * home folder, if it exists.
   */
  webRoot?: string;
  /**
   * Serve the metrics on this port, and not on that of the pages; 0 for any free port. `/metrics` is
   * for programs of this computer and for users who log in, `/healthz` and `/readyz` are for everybody.
   * Default: on the port of the pages, if there are pages.
   */
  metrics?: number;
  /** Join other Managers over NATS: the clients of each one use the services of all. Default: no. */
  join?: JoinOptions;
}

/**
 * How long a statement waits while another program writes to the database, in milliseconds. The event
 * loop, and with it every peer, would wait for as long: what can wait tries again later instead.
 */
const BUSY_TIMEOUT = 0;

/** How long a shutdown answers requests that are still pending with errors, in milliseconds. */
const FAILING_TIME = 1_000;

/** What a Manager is made of, which is loaded when one starts. */
type Parts = typeof import("./manager/parts.ts");

/** What a start reads and opens before there is a Manager. */
interface Opened {
  parts: Parts;
  listeners: Listener[];
  database: Database;
  hosts: Hosts;
  limits: Limits;
  retention: Retention;
  authentication: Authentication;
  plainPasswords: PlainPasswordWarning;
  /** The ports for browsers and monitoring systems, if there are any. */
  gateways: Gateways | undefined;
  join: Join | undefined;
}

/** How often a shutdown checks whether all replies are sent, in milliseconds. */
const DRAIN_INTERVAL = 10;

const log = logger("manager");

/**
 * A running Manager.
 *
 * @example
 * ```ts
 * import { Manager } from "@msl/network";
 *
 * await using manager = await Manager.start({ port: 0, disableTls: true, database: ":memory:" });
 * console.log(`listening on port ${manager.port}`);
 * console.log(Object.keys(manager.identities().services)); // []
 * ```
 */
export class Manager implements AsyncDisposable {
  /** The name of the computer it runs on. */
  readonly hostname: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Whether connections are encrypted. */
  readonly tls: boolean;
  /** The port of the web pages; `undefined` if it serves none. */
  readonly webPort: number | undefined;
  /** The port of the metrics; `undefined` if it serves none. */
  readonly metricsPort: number | undefined;
  /** Its network name: `Manager[hostname:port]`. */
  readonly networkName: string;

  readonly #parts: Parts;
  readonly #listeners: Listener[];
  readonly #database: Database;
  readonly #limits: Limits;
  readonly #authentication: Authentication;
  readonly #connectionHandler: ConnectionHandler;
  readonly #records: ConnectionRecords;
  readonly #longLines: LongLines<PeerConnection>;
  readonly #registry: Registry<Session<PeerConnection>>;
  readonly #router: Router<PeerConnection>;
  /** The access lists, if users log in. */
  readonly #access: Access | undefined;
  readonly #statistics: Statistics;
  readonly #gateways: Gateways | undefined;
  /** Its part of the network of Managers that it is joined to, if it is. */
  readonly #joined: Joined | undefined;
  readonly #tasks = new Set<Promise<void>>();
  readonly #finished = Promise.withResolvers<void>();
  #shutdown: Promise<void> | undefined;
  /** Why the Manager had to shut down; `undefined` if it was asked to. */
  #failure: Error | undefined;
  /** When a shutdown stops waiting for replies. */
  #deadline = Infinity;

  private constructor(options: ManagerOptions, opened: Opened) {
    const { parts, listeners, database, hosts, limits, authentication, gateways } = opened;
    const { Access, ConnectionHandler, ConnectionRecords, LongLines, MonitoredManager } = parts;
    const { Registry, RequestHandlers, RequestSpans, Router, Statistics } = parts;
    this.#parts = parts;
    this.#listeners = listeners;
    this.#database = database;
    this.#limits = limits;
    this.#authentication = authentication;
    this.hostname = hosts.hostname;
    this.port = listeners[0].port;
    this.tls = !options.disableTls;
    this.networkName = `Manager[${this.hostname}:${this.port}]`;
    const access = authentication.method === "login" ? new Access(database) : undefined;
    this.#access = access;
    const records = this.#records = new ConnectionRecords(database.connections, opened.retention);
    const registry = this.#registry = new Registry<Session<PeerConnection>>(
      this.networkName,
      access,
      limits,
    );
    const handlers = new RequestHandlers({
      registry,
      limits,
      hostname: this.hostname,
      port: this.port,
      status: (requester) => this.#status(requester),
      database,
      password: options.authPassword,
      authHostname: options.authHostname ?? false,
      authLogin: options.authLogin ?? false,
      accessChanged: () => access?.refresh(),
      flushRecords: () => records.flush(),
      disconnect: (peer) => this.#router.sessions.disconnect(peer),
      shutdown: () => this.shutdown(),
    });
    const statistics = this.#statistics = new Statistics(undefined, limits.maxCountedServices);
    const { hostname: host, port } = this;
    const spans = parts.openTelemetry() &&
      new RequestSpans({ host, port, node: options.join?.node });
    const router = this.#router = new Router(registry, handlers, limits, statistics, spans);
    this.#longLines = new LongLines(router, limits);
    this.#connectionHandler = new ConnectionHandler({
      manager: this.networkName,
      tls: this.tls,
      limits,
      hosts,
      authentication,
      router,
      longLines: this.#longLines,
      records,
      statistics,
      onAdministratorLogin: (address) => opened.plainPasswords.administratorLogsIn(address),
    });
    access?.watch(() => router.sessions.revoke());
    this.#finished.promise.catch(() => {}); // for those who do not wait for it
    this.#gateways = gateways;
    this.webPort = gateways?.webPort;
    this.metricsPort = gateways?.metricsPort;
    gateways?.open({
      limits,
      monitoring: new MonitoredManager({
        users: database.users,
        statistics,
        maxNameLength: limits.maxNameLength,
        status: () => this.#status(null),
        attemptLogin: (address) => this.#connectionHandler.attemptLogin(address),
      }),
      serve: (socket) => this.#track(this.#connectionHandler.serve(socket)),
      onLost: (error) => this.#fail(error),
    });
    this.#joined = opened.join?.({
      manager: this.networkName,
      address: `${this.hostname}:${this.port}`,
      limits,
      registry,
      router,
      handlers,
      connectionHandler: this.#connectionHandler,
      longLines: this.#longLines,
      statistics,
      spans,
      track: (task) => void this.#track(task),
    });
    if (this.#joined !== undefined) router.join(this.#joined.sessions);
    for (const listener of listeners) this.#track(this.#accept(listener));
  }

  /**
   * Starts a Manager. It listens when the promise is fulfilled.
   *
   * @throws {ConfigurationError} If more than one authentication method is given; if the certificate,
   * the private key or the database cannot be read or created; if `authLogin` is given and there are
   * no users; or if the port is in use or may not be listened on.
   * @throws {RangeError} If a limit is out of its range.
   * @throws {ValueError} If `keepConnections` is not a number of records or an age; or if `join` has a
   * wrong name or address.
   *
   * @example
   * ```ts ignore it does not end
   * import { Manager } from "@msl/network";
   *
   * await using manager = await Manager.start({ port: 0 });
   * console.log(`listening on port ${manager.port}`);
   * await manager.finished;
   * ```
   */
  static start(options: ManagerOptions = {}): Promise<Manager> {
    return forCaller(() => Manager.#start(options));
  }

  static async #start(options: ManagerOptions): Promise<Manager> {
    const parts = await import("./manager/parts.ts");
    const { authenticationOf, checkAuthentication, Database, Hosts, listen } = parts;
    checkAuthentication(options);
    const plainPasswords = new parts.PlainPasswordWarning(options);
    const limits = resolveLimits(options.limits);
    const join = await joinOf(options);
    const retention = parts.parseRetention(String(options.keepConnections ?? KEPT_CONNECTIONS));
    const hosts = new Hosts(options.hosts);
    // First of all, so that a name that is mistyped makes no certificate.
    const { host, port = DEFAULT_PORT } = options;
    const addresses = host === undefined ? undefined : await hosts.addressesOf(host);
    const databasePath = options.database ?? databaseFile();
    const files = options.disableTls ? undefined : parts.credentialFiles(options);
    const credentials = files && await parts.loadCredentials(
      files,
      options.keyFilePassword,
      () => hosts.certificateNames(host),
    );
    if (credentials) {
      const certificate = { cert: credentials.cert, certFile: files.certFile, host };
      for (const warning of await parts.certificateWarnings(certificate, hosts)) {
        log.warn(literal(warning));
      }
    }
    using opened = new DisposableStack(); // closes all if it cannot start
    const database = opened.use(new Database(databasePath, hosts.trustedAtFirst(), BUSY_TIMEOUT));
    const certificate = files?.certFile;
    log.info(
      `Using the database {database} and ${
        certificate ? "the certificate {certificate}" : "no certificate"
      }`,
      { database: databasePath, ...(certificate ? { certificate } : {}) },
    );
    const authentication = authenticationOf(options, database, hosts, databasePath);
    const listeners = listen(addresses, port, credentials);
    opened.defer(() => listeners.forEach((listener) => listener.close()));
    const gateways = await gatewaysOf(options, { addresses, credentials, hosts });
    if (gateways !== undefined) opened.use(gateways);
    const manager = new Manager(options, {
      parts,
      listeners,
      database,
      hosts,
      limits,
      retention,
      authentication,
      plainPasswords,
      gateways,
      join,
    });
    opened.move();
    return manager;
  }

  /**
   * The identity of the Manager, with every connected client and service. Any peer may request it
   * with an `identity` request.
   */
  identities(): Identities {
    return this.#router.identities();
  }

  /**
   * The status of the Manager: links, locks, pending requests and traffic of each peer, and the
   * counters since the start. Any peer may request it with a `status` request. Its `requester` is
   * `null` here.
   */
  status(): ManagerStatus {
    return this.#status(null);
  }

  /**
   * Fulfilled when the Manager has shut down and its database is closed, or cannot be closed. Rejects
   * with a `ConnectionAbortedError` if it had to, since it could not accept connections any more;
   * nothing happens if nobody waits for it then.
   */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Whether it shuts down, or has shut down. */
  get isShuttingDown(): boolean {
    return this.#shutdown !== undefined;
  }

  /**
   * Shuts down: stops listening and rejects new requests, waits until the pending requests are
   * answered and the replies are sent, disconnects every peer, and closes the database. A request
   * that is not answered within `grace` fails with a `ConnectionAbortedError`, which is sent for up to
   * 1000 ms; then the end of the connection fails it. After that, each peer has up to 2000 ms more to
   * take what is queued for it.
   *
   * It may be called again: a shorter `grace` takes effect, a longer one does not.
   *
   * @param grace How long to wait for the replies, in milliseconds; 0 for not at all. Default: the
   * limit `grace`.
   * @returns Fulfilled when the Manager has shut down.
   *
   * @example
   * ```ts
   * import { Manager } from "@msl/network";
   *
   * const manager = await Manager.start({ port: 0, disableTls: true, database: ":memory:" });
   * await manager.shutdown(500); // pending requests have half a second
   * ```
   */
  shutdown(grace: number = this.#limits.grace): Promise<void> {
    this.#deadline = Math.min(this.#deadline, performance.now() + grace);
    return this.#shutdown ??= this.#end();
  }

  /**
   * Shuts down at once: waits neither for replies to pending requests, nor until queued messages are
   * sent.
   *
   * @returns Fulfilled when the Manager has shut down.
   */
  abort(): Promise<void> {
    const finished = this.shutdown(0);
    for (const connection of this.#connectionHandler.connections) connection.abort();
    return finished;
  }

  /** For `await using`: the same as {@linkcode Manager.shutdown}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /**
   * Accepts connections until the listener is closed. The listener is the one of `Deno.listen`, which
   * `net/listener.ts` calls, with TLS added.
   */
  async #accept(listener: Listener): Promise<void> {
    try {
      for await (const socket of listener) {
        // The socket may have been accepted while the listener was being closed.
        if (this.#shutdown !== undefined) await socket.close();
        else this.#track(this.#connectionHandler.serve(socket));
      }
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Ends a Manager that can accept nobody any more, so that whatever supervises it starts it again. */
  #fail(cause: Error): void {
    if (this.#shutdown !== undefined) return;
    this.#failure = new ConnectionAbortedError(
      `The Manager cannot accept connections any more: ${cause.message}`,
      { cause },
    );
    log.fatal("{error}", { error: this.#failure.message });
    this.shutdown();
  }

  #status(requester: string | null): ManagerStatus {
    return this.#parts.managerStatus({
      registry: this.#registry,
      statistics: this.#statistics,
      connections: this.#connectionHandler.connections,
      unidentified: this.#connectionHandler.unidentified,
      tls: this.tls,
      authentication: this.#authentication.method,
      web: this.#gateways?.status(this.hostname) ?? null,
      joined: this.#joined && {
        status: () => this.#joined!.status(),
        announced: () => this.#joined!.sessions.announced(),
      },
    }, requester);
  }

  /** Keeps a task until it ends, so that a shutdown can wait for it. */
  #track(task: Promise<void>): Promise<void> {
    this.#tasks.add(task);
    return task.finally(() => this.#tasks.delete(task));
  }

  /** Whether a request is pending, or a message is queued. */
  get #isBusy(): boolean {
    return this.#registry.pending.some || this.#joined?.sessions.hasPending ||
      this.#connectionHandler.connections.values().some(({ queued }) => queued > 0);
  }

  async #end(): Promise<void> {
    try {
      await this.#drain();
    } catch (error) {
      log.error("The Manager cannot shut down in order: {error}", {
        error: (error as Error).message,
      });
    }
    try {
      await this.#close();
    } finally {
      // Also if it cannot close, e.g. the database: nothing follows.
      if (this.#failure !== undefined) this.#finished.reject(this.#failure);
      else this.#finished.resolve();
    }
  }

  /** Rejects what comes, and waits until what has come is answered and sent. */
  async #drain(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    if (this.#gateways !== undefined) this.#track(this.#gateways.close());
    this.#connectionHandler.close();
    this.#registry.close();
    while (this.#isBusy && performance.now() < this.#deadline) await delay(DRAIN_INTERVAL);
    if (this.#isBusy) {
      log.warn("Some requests were not answered, or some replies not sent, in time (--grace)");
    }
    await this.#router.sessions.failPending(FAILING_TIME);
  }

  /** Closes all that is open. */
  async #close(): Promise<void> {
    const { connections } = this.#connectionHandler;
    await Promise.all(Array.from(connections, (connection) => connection.close()));
    await this.#joined?.sessions.close();
    this.#longLines[Symbol.dispose](); // else its checks go on, for seconds if gigabytes are held
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    await this.#joined?.close();
    this.#connectionHandler[Symbol.dispose]();
    this.#access?.[Symbol.dispose]();
    await this.#records.close();
    this.#database[Symbol.dispose]();
    const { contentOfTotals, totalsOf } = this.#parts;
    const { message, properties } = contentOfTotals(totalsOf(this.#statistics, connections));
    const uptime = Math.round(this.#statistics.uptime / 1_000);
    log.info(`In the {uptime} s since the start: ${message}`, { uptime, ...properties });
    log.info("{manager} shut down", { manager: this.networkName });
  }
}

/** The ports for browsers and monitoring systems; `undefined` if there are none. Loads the gateway. */
async function gatewaysOf(
  options: ManagerOptions,
  place: GatewayPlace,
): Promise<Gateways | undefined> {
  const { web = false, metrics } = options;
  if (web === false && metrics === undefined) return undefined;
  const { Gateways } = await import("./web/gateways.ts");
  return Gateways.listen(options, place);
}

/** How the Manager joins others; `undefined` if it does not. Loads what it needs for that. */
async function joinOf({ join }: ManagerOptions): Promise<Join | undefined> {
  if (join === undefined) return undefined;
  const joined = await import("./cluster/joined.ts");
  const joinedOtherwise = (join as JoinWith)[joined.JOIN_WITH];
  if (joinedOtherwise !== undefined) return joinedOtherwise;
  const { joinCluster } = await import("./cluster/cluster.ts");
  return joinCluster(join);
}

if (import.meta.main) {
  // Not awaited: cli/main.ts imports this module, which must have been evaluated by then.
  import("./cli/main.ts").then(({ main }) => main(Deno.args));
}
