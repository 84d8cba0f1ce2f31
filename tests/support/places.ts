/**
 * Where the devices of a test are: at one Manager, or the services at one node and the clients at
 * another one, which a NATS server joins. The same test runs at both places, since a service of another
 * node works as a local one does.
 */

import type { ManagerOptions } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { NatsServer, noNats } from "./nats_server.ts";
import { until } from "./until.ts";

/** The node of the services, and that of the clients. */
const [HOME, OTHER] = ["a", "b"];

/** Where the devices of a test are. */
export interface Place {
  /** What it is called in the name of a test. */
  readonly name: string;
  /** Whether a test has to be left out here. */
  readonly isMissing: boolean;
  /** Starts the Managers. */
  open(options?: ManagerOptions): Promise<Site>;
}

/** The Managers of a place. */
export class Site implements AsyncDisposable {
  /** The Manager of the services. */
  readonly home: TestManager;
  /** The Manager of the clients, perhaps the same one. */
  readonly manager: TestManager;

  constructor(home: TestManager, manager = home) {
    this.home = home;
    this.manager = manager;
  }

  /** The name by which the clients know a service. */
  nameOf(service: string): string {
    return this.#isOne ? service : `${HOME}.${service}`;
  }

  /** The address of the page of the clients' Manager, which was started with `web`. */
  pageOf(hash = ""): string {
    return `https://localhost:${this.manager.manager.webPort}/${hash}`;
  }

  /** The network name by which the services know a client. */
  requesterOf(networkName: string): string {
    return this.#isOne ? networkName : `${networkName}@${OTHER}`;
  }

  /** Waits until the clients can link with a service that has started. */
  async knows(service: string): Promise<void> {
    const name = this.nameOf(service);
    await until(
      `the Manager knows ${name}`,
      () => name in this.manager.manager.identities().services,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.manager[Symbol.asyncDispose]();
    if (!this.#isOne) await this.home[Symbol.asyncDispose]();
  }

  get #isOne(): boolean {
    return this.home === this.manager;
  }
}

let server: Promise<NatsServer> | undefined;
let networks = 0;
Deno.test.afterAll(async () => {
  await (await server)?.[Symbol.asyncDispose]();
});

/** One Manager, with the options of the test. */
export const ONE_MANAGER: Place = {
  name: "",
  isMissing: false,
  open: async (options) => new Site(await TestManager.start(options)),
};

/** One Manager, over TLS and over TCP. */
const SECURE: Place = { ...ONE_MANAGER, name: "over TLS" };
const PLAIN: Place = {
  ...ONE_MANAGER,
  name: "over TCP",
  open: (options) => ONE_MANAGER.open({ ...options, disableTls: true }),
};

/** Two nodes of a network of their own. One NATS server serves all tests of a file. */
export const TWO_NODES: Place = {
  name: "over two nodes",
  isMissing: noNats,
  async open(options = {}) {
    const servers = [(await (server ??= NatsServer.start())).url];
    const network = `test${networks++}`;
    await using stack = new AsyncDisposableStack();
    const start = async (node: string) =>
      stack.use(await TestManager.start({ ...options, join: { node, servers, network } }));
    const [home, manager] = [await start(HOME), await start(OTHER)];
    stack.move();
    return new Site(home, manager);
  },
};

/** Where the tests run that also compare TLS with TCP. */
export const PLACES: readonly Place[] = [PLAIN, SECURE, TWO_NODES];

/** A test of a place. */
type PlaceTest = (place: Place) => Promise<void>;
type TestOptions = Pick<Deno.TestDefinition, "ignore" | "sanitizeOps" | "sanitizeResources">;

/** A test that runs at one Manager, and over two nodes. */
export function everywhere(name: string, test: PlaceTest, options?: TestOptions): void {
  for (const place of [ONE_MANAGER, TWO_NODES]) at(place, name, test, options);
}

/** A test that runs at a place. */
export function at(place: Place, name: string, test: PlaceTest, options: TestOptions = {}): void {
  // The NATS server outlives the test, and so do timers of its client's library.
  const isAlone = place !== TWO_NODES;
  const { ignore = false, sanitizeOps = isAlone, sanitizeResources = isAlone } = options;
  Deno.test({
    name: place.name === "" ? name : `${name}, ${place.name}`,
    ignore: ignore || place.isMissing,
    sanitizeOps,
    sanitizeResources,
    fn: () => test(place),
  });
}
