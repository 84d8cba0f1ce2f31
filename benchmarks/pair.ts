/**
 * A client and a service with pre-written lines (`peer.ts`), in a process each, and what they
 * measure of the server between them.
 *
 * @module
 */

import type { Measured, Order } from "./peer.ts";
import { Program } from "./program.ts";
import type { Server } from "./setting.ts";

/** What was measured, and the server's CPU time for one request and its reply, in microseconds. */
export interface Observed extends Measured {
  /** `NaN` where it is not known. */
  cpu: number;
}

/** A client and a service. */
export class Pair implements AsyncDisposable {
  readonly #server: Server;
  readonly #client: Program;
  readonly #service: Program;

  private constructor(server: Server, client: Program, service: Program) {
    this.#server = server;
    this.#client = client;
    this.#service = service;
  }

  /** Connects both, the service first. */
  static async connect(server: Server): Promise<Pair> {
    const peer = { ...server.place, service: "Multimeter" };
    const service = Program.start("peer.ts", { ...peer, role: "service" });
    await service.hear();
    const client = Program.start("peer.ts", { ...peer, role: "client" });
    await client.hear();
    return new Pair(server, client, service);
  }

  /** Requests as fast as it can be done, times in milliseconds. */
  async measure(batch: number, warmUp: number, duration: number): Promise<Observed> {
    const { program } = this.#server;
    await this.#tell({ task: "measure", batch, warmUp, duration });
    await this.#client.hear();
    const before = program.cpu() ?? NaN;
    const measured = await this.#client.hear<Measured>();
    const cpu = ((program.cpu() ?? NaN) - before) * 1e6 / measured.requests;
    return { ...measured, cpu };
  }

  /**
   * Requests one thing at a time. All three processes are on one core for that: to wake up the
   * other core takes longer than to pass on a message, and how often it happens is chance.
   */
  async measureAlone(warmUp: number, duration: number): Promise<Observed> {
    const programs = [this.#server.program, this.#client, this.#service];
    const stayOn = (cores: string) => Promise.all(programs.map((program) => program.stayOn(cores)));
    await stayOn("0");
    const observed = await this.measure(1, warmUp, duration);
    await stayOn(`0-${navigator.hardwareConcurrency - 1}`);
    return observed;
  }

  /**
   * Requests one thing at a time, until the function that it gives is called.
   *
   * @param every How often, in milliseconds.
   */
  async probe(every: number): Promise<() => Promise<Measured>> {
    await this.#tell({ task: "probe", every });
    return async () => {
      await this.#client.tell({});
      return await this.#client.hear<Measured>();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    await this.#service[Symbol.asyncDispose]();
  }

  async #tell(order: Order): Promise<void> {
    await this.#client.tell({ ...order });
  }
}
