/** A Manager without sockets, whose devices are lists of lines. */

import { assertEquals } from "@std/assert";
import { Access } from "../../manager/access.ts";
import { Administration } from "../../manager/administration.ts";
import type { Judge } from "../../manager/login_throttle.ts";
import { Database } from "../../manager/database/database.ts";
import { Desk } from "../../manager/desk.ts";
import { LIMITS } from "../../limits.ts";
import type { JsonObject } from "../../wire/message.ts";
import { type Client, type Peer, Registry, type Service } from "../../manager/registry.ts";
import { type Admission, type Outlet, Router, type Seat } from "../../manager/router.ts";
import { Statistics } from "../../manager/statistics.ts";
import { asClient, asService, clientOf, MANAGER_NAME, serviceOf } from "./devices.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An outlet that keeps the lines that it is given. */
export class FakeOutlet implements Outlet {
  lines: string[] = [];
  isClosed = false;
  #arrival = Promise.withResolvers<void>();

  sendText(line: string): void {
    this.lines.push(line);
    this.#arrival.resolve();
  }

  sendBytes(...parts: readonly Uint8Array[]): void {
    this.sendText(parts.map((part) => decoder.decode(part)).join(""));
  }

  sendSpliced(line: Uint8Array, index: number, ending: Uint8Array): void {
    this.sendBytes(line.subarray(0, index), ending);
  }

  sendOrDrop(...parts: readonly Uint8Array[]): void {
    this.sendBytes(...parts);
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  /** The lines since the last time that this was called. */
  take(): string[] {
    const lines = this.lines;
    this.lines = [];
    return lines;
  }

  /** The next line, as an object. */
  async next(): Promise<JsonObject> {
    while (this.lines.length === 0) {
      this.#arrival = Promise.withResolvers();
      await this.#arrival.promise;
    }
    return JSON.parse(this.lines.shift()!);
  }
}

/** Judges an attempt to log in at once, however many there were. */
const allow: Judge = async (check) => await check();

/** A device of the network. */
export type Device = { peer: Peer<Seat<FakeOutlet>>; outlet: FakeOutlet };

/** A Manager without sockets, with a few devices. */
export class Network implements Disposable {
  readonly statistics = new Statistics();
  readonly database = new Database(":memory:", []);
  readonly access = new Access(this.database.access);
  readonly registry = new Registry<Seat<FakeOutlet>>(MANAGER_NAME, this.access);
  readonly desk = new Desk(this.registry, { hostname: "lab-pc", port: 1875 }, () => null);
  readonly administration = new Administration({
    registry: this.registry,
    desk: this.desk,
    database: this.database,
    password: undefined,
    authHostname: false,
    shutdown: () => Promise.resolve(),
  });
  readonly router = new Router<FakeOutlet>(
    this.registry,
    this.desk,
    this.administration,
    LIMITS,
    this.statistics,
  );
  readonly devices: Device[] = [];

  client(
    name: string,
    username?: string,
    { judge = allow, extensions = [] }: Partial<Admission> & { extensions?: string[] } = {},
  ): Device & { peer: Client<Seat<FakeOutlet>> } {
    const outlet = new FakeOutlet();
    const newcomer = clientOf(name, { address: `lab-pc:${this.devices.length}`, extensions });
    const peer = asClient(this.router.admit(newcomer, outlet, { judge, username }));
    this.devices.push({ peer, outlet });
    return { peer, outlet };
  }

  service(
    name: string,
    maxClients = -1,
    extensions: string[] = [],
  ): Device & { peer: Service<Seat<FakeOutlet>> } {
    const outlet = new FakeOutlet();
    const address = `lab-pc:${this.devices.length}`;
    const newcomer = serviceOf(name, { address, extensions, maxClients, streams: ["echo"] });
    const peer = asService(this.router.admit(newcomer, outlet, { judge: allow }));
    this.devices.push({ peer, outlet });
    return { peer, outlet };
  }

  /** Has a device send a line; gives the outlet that it fed. */
  send(device: Device, line: string | Uint8Array | JsonObject): FakeOutlet | undefined {
    const bytes = line instanceof Uint8Array
      ? line
      : encoder.encode(typeof line === "string" ? line : JSON.stringify(line));
    return this.router.receive(device.peer, bytes);
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
  }

  /** That no device was sent anything, but for those given. */
  expectSilence(...except: Device[]): void {
    for (const { peer, outlet } of this.devices) {
      if (except.some((one) => one.outlet === outlet)) continue;
      assertEquals(outlet.lines, [], `${peer.networkName} was sent something`);
    }
  }
}
