/**
 * The Manager: accepts connections, lets peers in, and passes messages between them.
 *
 * One event loop serves everybody. Each connection has a loop of its own that reads a batch of
 * lines and hands them to the router; nothing in it waits for another peer, except for one whose
 * queue is full. Run as a program (`deno run -A manager.ts`) this module is the command line.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { Access } from "./manager/access.ts";
import type { Authentication } from "./manager/authentication.ts";
import type { Connection } from "./net/connection.ts";
import type { Database } from "./manager/database/database.ts";
import { ConfigurationError } from "./errors.ts";
import { type HostOptions, Hosts } from "./manager/hosts.ts";
import type { Identities } from "./wire/identities.ts";
import { type Limits, resolveLimits } from "./limits.ts";
import { listen, type Listener } from "./net/listener.ts";
import { logger } from "./base/log.ts";
import { DEFAULT_PORT } from "./wire/message.ts";
import { Passage } from "./manager/cut_through.ts";
import { certificateFile, databaseFile, keyFile } from "./base/paths.ts";
import { Reception } from "./manager/connection_handler.ts";
import { Registry } from "./manager/registry.ts";
import { RequestHandlers } from "./manager/request_handlers.ts";
import { Router, type Seat } from "./manager/router.ts";
import { Statistics } from "./manager/statistics.ts";
import { managerStatus, totalsOf } from "./manager/status.ts";
import type { ManagerStatus } from "./wire/status.ts";

/** How a Manager is started. Every option has the default that the Python software has. */
export interface ManagerOptions {
  /** The host name or address to listen on. Default: every interface, IPv4 and IPv6. */
  host?: string;
  /** The port; 0 takes a free one. Default: 1875. */
  port?: number;
  /** Speak plain TCP. Default: false. */
  disableTls?: boolean;
  /** The certificate, in PEM. Made where it does not exist. Default: `certs/localhost.crt`. */
  certFile?: string;
  /** The private key, in PEM. Made where it does not exist. Default: `keys/localhost.key`. */
  keyFile?: string;
  /** The password of the private key, if it is encrypted. Asked for at the terminal if missing. */
  keyFilePassword?: string;
  /** Let in only computers whose name is in the table of trusted host names. Default: false. */
  authHostname?: boolean;
  /** Let in only users who log in with their name and password. Default: false. */
  authLogin?: boolean;
  /** Let in only those who know this password. */
  authPassword?: string;
  /** The SQLite database, or `":memory:"`. Default: `manager.sqlite3` in the home folder. */
  database?: string;
  /** Limits other than the default ones. */
  limits?: Partial<Limits>;
  /** How computers are named. Default: as the system names them. */
  hosts?: HostOptions;
}

/**
 * How long a record of a connection may wait for another program that writes to the database, in
 * milliseconds. Everybody waits for as long, and a record is not worth more.
 */
const RECORD_PATIENCE = 100;

/** How often a shutdown looks whether everything is answered, in milliseconds. */
const DRAIN_INTERVAL = 10;

const PLAIN_PASSWORDS =
  "TLS is disabled: everybody on the network can read the passwords that are sent to this " +
  "Manager. Start it without --disable-tls";

const log = logger("manager");

/** A running Manager. */
export class Manager implements AsyncDisposable {
  /** The name of the computer it runs on. */
  readonly hostname: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Whether connections are encrypted. */
  readonly tls: boolean;
  /** How it calls itself in messages: `Manager[hostname:port]`. */
  readonly networkName: string;

  readonly #listeners: Listener[];
  readonly #database: Database;
  readonly #limits: Limits;
  readonly #authentication: Authentication;
  readonly #reception: Reception;
  readonly #registry: Registry<Seat<Connection>>;
  readonly #router: Router<Connection>;
  /** Who may use which service, if users log in. */
  readonly #access: Access | undefined;
  readonly #statistics = new Statistics();
  readonly #tasks = new Set<Promise<void>>();
  readonly #finished = Promise.withResolvers<void>();
  /** Whether it has been said that passwords can be read on the network. */
  #isWarned: boolean;
  #shutdown: Promise<void> | undefined;
  /** When a shutdown waits for answers no longer. */
  #deadline = Infinity;

  private constructor(
    listeners: Listener[],
    database: Database,
    hosts: Hosts,
    limits: Limits,
    options: ManagerOptions,
    access: Access | undefined,
  ) {
    this.#listeners = listeners;
    this.#database = database;
    this.#limits = limits;
    this.#authentication = authenticationOf(options, database, hosts);
    this.hostname = hosts.hostname;
    this.port = listeners[0].port;
    this.tls = !options.disableTls;
    this.#isWarned = sendsPlainPasswords(options);
    this.networkName = `Manager[${this.hostname}:${this.port}]`;
    this.#access = access;
    const registry = this.#registry = new Registry<Seat<Connection>>(this.networkName, access);
    const handlers = new RequestHandlers({
      registry,
      hostname: this.hostname,
      port: this.port,
      status: (requester) => this.#status(requester),
      database,
      password: options.authPassword,
      authHostname: options.authHostname ?? false,
      accessChanged: () => access?.refresh(),
      shutdown: () => this.shutdown(),
    });
    const statistics = this.#statistics;
    const router = this.#router = new Router(registry, handlers, limits, statistics);
    this.#reception = new Reception({
      manager: this.networkName,
      tls: this.tls,
      limits,
      hosts,
      authentication: this.#authentication,
      router,
      passage: new Passage(registry, router, limits, statistics),
      records: database.connections,
      statistics,
      onAdministrator: (address) => this.#warnOfPlainLogin(address),
    });
    access?.watch(() => router.withdraw());
    for (const listener of listeners) this.#track(this.#accept(listener));
  }

  /**
   * Starts a Manager. It listens when the promise is fulfilled.
   *
   * @throws {ConfigurationError} If a file, the database or the port cannot be used.
   * @throws {RangeError} If a limit is out of its range.
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
  static async start(options: ManagerOptions = {}): Promise<Manager> {
    checkAuthentication(options);
    if (sendsPlainPasswords(options)) log.warn(PLAIN_PASSWORDS);
    const limits = resolveLimits(options.limits);
    const hosts = new Hosts(options.hosts);
    const files = {
      certFile: options.certFile ?? certificateFile("localhost"),
      keyFile: options.keyFile ?? keyFile("localhost"),
      keyPassword: options.keyFilePassword,
    };
    const databasePath = options.database ?? databaseFile();
    // Now, so that a program that only connects to a Manager loads neither.
    const { loadCredentials } = await import("./net/credentials.ts");
    const { Database } = await import("./manager/database/database.ts");
    const credentials = options.disableTls
      ? undefined
      : await loadCredentials(files, hosts.aliases());
    const database = new Database(databasePath, hosts.aliases(), RECORD_PATIENCE);
    log.info("Using the database {database} and {certificate}", {
      database: databasePath,
      certificate: credentials ? `the certificate ${files.certFile}` : "no certificate",
    });
    try {
      if (options.authLogin && database.users.users().length === 0) {
        throw new ConfigurationError(
          `Cannot let users log in: there are none in ${databasePath}. ` +
            `Run the "user" command to add one: user add NAME --password WORD...`,
        );
      }
      const access = options.authLogin ? new Access(database.access) : undefined;
      if (!access) warnOfIdleLists(database);
      const listeners = listen(options.host, options.port ?? DEFAULT_PORT, credentials);
      return new Manager(listeners, database, hosts, limits, options, access);
    } catch (error) {
      database[Symbol.dispose]();
      throw error;
    }
  }

  /** Who is connected: what anyone may ask for with an `identity` request. */
  identities(): Identities {
    return this.#router.identities();
  }

  /** How it is: what anyone may ask for with a `status` request. */
  status(): ManagerStatus {
    return this.#status(null);
  }

  /** Settles when the Manager has shut down. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /**
   * Stops listening, lets the requests that are running be answered and refuses others, disconnects
   * every device, and closes the database.
   *
   * @param grace How long to wait for the answers, in milliseconds. Default: the limit `grace`.
   */
  shutdown(grace: number = this.#limits.grace): Promise<void> {
    this.#deadline = Math.min(this.#deadline, performance.now() + grace);
    return this.#shutdown ??= this.#end();
  }

  /** Shuts down and waits for nobody: neither for answers, nor for devices to take them. */
  abort(): Promise<void> {
    const finished = this.shutdown(0);
    for (const connection of this.#reception.connections) connection.abort();
    return finished;
  }

  /** For `await using`: the same as {@linkcode Manager.shutdown}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /** An administrator has sent a password without TLS. Said once, where it was not at the start. */
  #warnOfPlainLogin(address: string): void {
    if (this.tls || this.#isWarned) return;
    this.#isWarned = true;
    log.warn("{address} logs in as an administrator. " + PLAIN_PASSWORDS, { address });
  }

  async #accept(listener: Listener): Promise<void> {
    while (this.#shutdown === undefined) {
      try {
        for await (const socket of listener) {
          // One that was accepted while the listener was being closed.
          if (this.#shutdown !== undefined) await socket.close();
          else this.#track(this.#reception.serve(socket));
        }
        return; // the listener is closed
      } catch (error) {
        if (isOfOneConnection(error)) continue;
        // Out of descriptors, say. Those who are connected go on, and newcomers wait.
        log.error("Cannot accept a connection: {error}", { error: (error as Error).message });
        await delay(100);
      }
    }
  }

  #status(requester: string | null): ManagerStatus {
    return managerStatus({
      registry: this.#registry,
      statistics: this.#statistics,
      connections: this.#reception.connections,
      unidentified: this.#reception.unidentified,
      tls: this.tls,
      authentication: this.#authentication.method,
    }, requester);
  }

  /** Remembers a task, so that a shutdown can wait for it. */
  #track(task: Promise<void>): void {
    this.#tasks.add(task);
    task.finally(() => this.#tasks.delete(task));
  }

  /** Whether an answer is owed, or on its way out. */
  get #isBusy(): boolean {
    return this.#registry.owes ||
      this.#reception.connections.values().some(({ queued }) => queued > 0);
  }

  async #end(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    this.#reception.close();
    this.#registry.close();
    while (this.#isBusy && performance.now() < this.#deadline) await delay(DRAIN_INTERVAL);
    if (this.#isBusy) log.warn("Some answers were not given, or not taken, in time (--grace)");
    this.#router.abandon();
    const { connections } = this.#reception;
    await Promise.all(Array.from(connections, (connection) => connection.close()));
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    this.#reception[Symbol.dispose]();
    this.#access?.[Symbol.dispose]();
    this.#database[Symbol.dispose]();
    log.info("In the {uptime} s since the start: {totals}", {
      uptime: Math.round(this.#statistics.uptime / 1_000),
      totals: JSON.stringify(totalsOf(this.#statistics, connections)),
    });
    log.info("{manager} shut down", { manager: this.networkName });
    this.#finished.resolve();
  }
}

/** Whether an error of accepting is that of a peer that has left before it was accepted. */
function isOfOneConnection(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}

function checkAuthentication({ authHostname, authLogin, authPassword }: ManagerOptions): void {
  const methods = [authHostname === true, authLogin === true, authPassword !== undefined];
  if (methods.filter(Boolean).length <= 1) return;
  throw new ConfigurationError("Cannot specify multiple authentication methods");
}

/** Whether everybody who connects sends a password that can be read on the network. */
function sendsPlainPasswords({ disableTls, authLogin, authPassword }: ManagerOptions): boolean {
  return disableTls === true && (authLogin === true || authPassword !== undefined);
}

function warnOfIdleLists({ access }: Database): void {
  const services = [...access.lists().keys()];
  if (services.length === 0) return;
  log.warn(
    "Everybody may use every service, though there are lists of who may use {services}: they " +
      "need users who log in. Start the Manager with --auth-login",
    { services },
  );
}

function authenticationOf(
  { authHostname, authLogin, authPassword }: ManagerOptions,
  { hostnames, users }: Database,
  hosts: Hosts,
): Authentication {
  if (authHostname) return { method: "hostname", hostnames, hosts };
  if (authLogin) return { method: "login", users };
  if (authPassword !== undefined) return { method: "password", password: authPassword };
  return { method: "none" };
}

if (import.meta.main) {
  // Not awaited: cli.ts imports this module, which must have been evaluated by then.
  import("./cli/main.ts").then(({ main }) => main(Deno.args));
}
