/**
 * NATS servers that are clustered, each on a computer of its own: what cuts the route between two of
 * them is the network itself. Without computers, `nats_cluster.ts` has proxies for that.
 */

import { NatsServer } from "../../support/nats_server.ts";
import type { Computer } from "./namespaces.ts";

/** Where they listen for clients, and for each other. */
const [PORT, ROUTES] = [4222, 6222];

/** NATS servers that are clustered. */
export class SeparateNats implements AsyncDisposable {
  readonly #computers: readonly Computer[];
  readonly #servers: readonly NatsServer[];

  private constructor(computers: readonly Computer[], servers: readonly NatsServer[]) {
    this.#computers = computers;
    this.#servers = servers;
  }

  /** Starts one on each computer. */
  static async start(computers: readonly Computer[]): Promise<SeparateNats> {
    await using stack = new AsyncDisposableStack();
    const servers = await Promise.all(computers.map(async ({ name, address, within }) => {
      const routes = computers.filter((other) => other.address !== address)
        .map((other) => `nats://${other.address}:${ROUTES}`);
      const args = [
        ...["--server_name", name, "--cluster_name", "tests"],
        ...["--cluster", `nats://${address}:${ROUTES}`, "--routes", routes.join(",")],
      ];
      return stack.use(await NatsServer.start({ args, host: address, port: PORT, within }));
    }));
    stack.move();
    return new SeparateNats(computers, servers);
  }

  /** A server. */
  server(index: number): NatsServer {
    return this.#servers[index];
  }

  /** Starts a server that was killed, at the same address. */
  restart(index: number): Promise<void> {
    return this.#servers[index].restart();
  }

  /** Cuts the route between two servers: what each sends to the other one is lost. */
  async cut(one: number, other: number): Promise<void> {
    await this.#computers[one].lose(this.#computers[other]);
    await this.#computers[other].lose(this.#computers[one]);
  }

  /** Lets the route between two servers pass again. */
  async heal(one: number, other: number): Promise<void> {
    await this.#computers[one].find(this.#computers[other]);
    await this.#computers[other].find(this.#computers[one]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()));
  }
}
