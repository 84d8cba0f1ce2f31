/**
 * A client and a service with pre-written lines (`peer.ts`), each in a process of its own, and the
 * figures of the server between them.
 *
 * @module
 */

import type { Command, Measured } from "./peer.ts";
import { Program } from "./program.ts";
import type { Server } from "./setting.ts";
import type { Address } from "./wire.ts";

/** The figures of a client, and the server's CPU time for a request and its reply, in microseconds. */
export interface Observed extends Measured {
  /** `NaN` if it is not known. */
  cpu: number;
}

/** The name of the service. */
export const MULTIMETER = "Multimeter";

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

  /**
   * Connects both, the service first.
   *
   * @param address Where the client connects. Default: as the service.
   */
  static async connect(server: Server, address = server.address): Promise<Pair> {
    const service = await Pair.startService(server);
    return await Pair.connectTo(service, MULTIMETER, server, address);
  }

  /** Connects the service alone. */
  static async startService(server: Server): Promise<Program> {
    const peer = { ...server.address, service: MULTIMETER };
    const service = Program.start("peer.ts", { ...peer, role: "service" });
    await service.receive();
    return service;
  }

  /**
   * Connects a client with a service that is connected.
   *
   * @param name The name by which the client knows the service.
   */
  static async connectTo(
    service: Program,
    name: string,
    server: Server,
    address: Address,
  ): Promise<Pair> {
    const client = Program.start("peer.ts", { ...address, service: name, role: "client" });
    await client.receive();
    return new Pair(server, client, service);
  }

  /** Sends requests as fast as possible, times in milliseconds. */
  async measure(batch: number, warmUp: number, duration: number): Promise<Observed> {
    const { program } = this.#server;
    await this.#send({ task: "measure", batch, warmUp, duration });
    await this.#client.receive();
    const before = program.cpu() ?? NaN;
    const measured = await this.#client.receive<Measured>();
    const cpu = ((program.cpu() ?? NaN) - before) * 1e6 / measured.requests;
    return { ...measured, cpu };
  }

  /**
   * Sends one request at a time. All three processes are pinned to one core for that: waking up the
   * other core takes longer than forwarding a message, and how often it happens is random.
   */
  async measureAlone(warmUp: number, duration: number): Promise<Observed> {
    const programs = [this.#server.program, this.#client, this.#service];
    const pinTo = (cores: string) => Promise.all(programs.map((program) => program.pinTo(cores)));
    await pinTo("0");
    const observed = await this.measure(1, warmUp, duration);
    await pinTo(`0-${navigator.hardwareConcurrency - 1}`);
    return observed;
  }

  /**
   * Sends one request at a time, until the returned function is called.
   *
   * @param every The interval, in milliseconds.
   */
  async probe(every: number): Promise<() => Promise<Measured>> {
    await this.#send({ task: "probe", every });
    return async () => {
      await this.#client.send({});
      return await this.#client.receive<Measured>();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    await this.#service[Symbol.asyncDispose]();
  }

  async #send(command: Command): Promise<void> {
    await this.#client.send({ ...command });
  }
}
