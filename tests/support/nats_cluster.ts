/**
 * NATS servers that are clustered: each has routes to all others, through proxies of our own, so that
 * the route between two of them can be cut while both see the third.
 */

import { NatsServer } from "./nats_server.ts";
import { type Cut, TcpProxy } from "./tcp_proxy.ts";
import { until } from "./until.ts";

/** A server, and the proxy through which the others connect to it. */
interface Member extends AsyncDisposable {
  name: string;
  server: NatsServer;
  proxy: TcpProxy;
}

/** NATS servers that are clustered. */
export class NatsCluster implements AsyncDisposable {
  readonly #members: readonly Member[];

  private constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /** Starts them, and waits until they have found each other. */
  static async start(count: number): Promise<NatsCluster> {
    await using stack = new AsyncDisposableStack();
    const proxies = Array.from({ length: count }, (_, index) => {
      // Who connects says its name once it has read that of the other.
      const nameOf = (head: string) => /"server_name":"([^"]+)"/.exec(head)?.[1];
      return { name: `n${index}`, proxy: stack.use(new TcpProxy(nameOf)) };
    });
    const members = await Promise.all(proxies.map(async ({ name, proxy }) => {
      const others = proxies.filter((other) => other.proxy !== proxy);
      const routes = others.map(({ proxy }) => `nats://127.0.0.1:${proxy.port}`).join(",");
      const args = [
        ...["--server_name", name, "--cluster_name", "tests", "--no_advertise=true"],
        ...["--cluster", "nats://127.0.0.1:-1", "--cluster_advertise", `127.0.0.1:${proxy.port}`],
        ...(routes === "" ? [] : ["--routes", routes]),
      ];
      const server = stack.use(await NatsServer.start({ args }));
      proxy.target = Number(new URL(server.clusterUrl!).port);
      const dispose = async () => {
        await server[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
      };
      return { name, proxy, server, [Symbol.asyncDispose]: dispose };
    }));
    const cluster = new NatsCluster(members);
    for (let index = 1; index < count; index++) await cluster.joined(0, index);
    if (count > 2) await cluster.joined(1, 2);
    stack.move();
    return cluster;
  }

  /** A server. Its `restart()` is that of the cluster. */
  server(index: number): NatsServer {
    return this.#members[index].server;
  }

  /** Starts a server that was killed, at the same address for its clients. */
  async restart(index: number): Promise<void> {
    const { server, proxy } = this.#members[index];
    await server.restart();
    proxy.target = Number(new URL(server.clusterUrl!).port);
  }

  /** Cuts the route between two servers. */
  cut(one: number, other: number, how: Cut): void {
    this.#members[one].proxy.cut(this.#members[other].name, how);
    this.#members[other].proxy.cut(this.#members[one].name, how);
  }

  /** Lets the route between two servers pass again. */
  heal(one: number, other: number): void {
    this.#members[one].proxy.heal(this.#members[other].name);
    this.#members[other].proxy.heal(this.#members[one].name);
  }

  /** Waits until there is a route between two servers. */
  async joined(one: number, other: number): Promise<void> {
    const [a, b] = [this.#members[one], this.#members[other]];
    await until(
      `there is a route between ${a.name} and ${b.name}`,
      () => a.proxy.count(b.name) + b.proxy.count(a.name) > 0,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.#members) await member[Symbol.asyncDispose]();
  }
}
