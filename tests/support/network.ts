/** A Manager without sockets, whose devices have sinks that record lines. */

import { assertEquals } from "@std/assert";
import { Access } from "../../manager/access.ts";
import type { LoginAttempt } from "../../manager/login_throttle.ts";
import type { SessionUser } from "../../manager/database/users_table.ts";
import { Database } from "../../manager/database/database.ts";
import { LIMITS } from "../../limits.ts";
import { Holder } from "../../base/budget.ts";
import type { HeldLine } from "../../wire/held_line.ts";
import { decodeMessage, type ErrorReply, type JsonObject } from "../../wire/message.ts";
import type { Client, Peer, Service } from "../../manager/peer.ts";
import { Registry } from "../../manager/registry.ts";
import { RequestHandlers } from "../../manager/request_handlers.ts";
import type { RequestSpans } from "../../manager/request_spans.ts";
import { Router } from "../../manager/router.ts";
import type { Admission, LineSink, Session } from "../../manager/session.ts";
import { Statistics } from "../../manager/statistics.ts";
import { asClient, asService, clientOf, MANAGER_NAME, serviceOf } from "./devices.ts";
import { request as requestOf } from "./messages.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A sink that records its lines. */
export class FakeSink implements LineSink {
  lines: string[] = [];
  isClosed = false;
  /** Tests count bytes of held lines for it, as if they were not read. */
  holder = Holder.one();
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

  sendHeld(line: HeldLine, count: number, ending: Uint8Array): void {
    this.sendBytes(line.bytes.subarray(0, count), ending);
  }

  sendHeldOrDrop(line: HeldLine): void {
    this.sendBytes(line.bytes);
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  /** Returns the recorded lines and clears them. */
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

/** A login attempt without a throttle. */
const allow: LoginAttempt = async (check) => await check();

/** A device of the network. */
export type Device = { peer: Peer<Session<FakeSink>>; sink: FakeSink };

/** A Manager without sockets, with a few devices. */
export class Network implements Disposable {
  /** The time of the clock by which calls are timed, in milliseconds. */
  clock = 0;
  readonly statistics = new Statistics(() => this.clock);
  readonly database = new Database(":memory:", []);
  readonly access = new Access(this.database);
  readonly registry = new Registry<Session<FakeSink>>(MANAGER_NAME, this.access);
  readonly handlers = new RequestHandlers<Session<FakeSink>>({
    registry: this.registry,
    limits: LIMITS,
    hostname: "lab-pc",
    port: 1875,
    status: () => null,
    database: this.database,
    accessChanged: () => {
      this.access.refresh();
      this.router.sessions.revoke();
    },
    disconnect: (peer) => this.router.sessions.disconnect(peer),
    password: undefined,
    authHostname: false,
    authLogin: false,
    shutdown: () => Promise.resolve(),
  });
  readonly router: Router<FakeSink>;
  readonly devices: Device[] = [];

  /** @param spans Traces the requests. Default: they are not traced. */
  constructor(spans?: RequestSpans) {
    this.router = new Router(this.registry, this.handlers, LIMITS, this.statistics, spans);
  }

  client(
    name: string,
    user?: SessionUser,
    { attemptLogin = allow, extensions = [] }: Partial<Admission> & { extensions?: string[] } = {},
  ): Device & { peer: Client<Session<FakeSink>> } {
    const sink = new FakeSink();
    const identity = clientOf(name, { address: `lab-pc:${this.devices.length}`, extensions });
    const peer = asClient(this.router.sessions.register(identity, sink, { attemptLogin, user }));
    this.devices.push({ peer, sink });
    return { peer, sink };
  }

  service(
    name: string,
    maxClients = -1,
    extensions: string[] = [],
    user?: SessionUser,
  ): Device & { peer: Service<Session<FakeSink>> } {
    const sink = new FakeSink();
    const address = `lab-pc:${this.devices.length}`;
    const identity = serviceOf(name, { address, extensions, maxClients, streams: ["echo"] });
    const peer = asService(
      this.router.sessions.register(identity, sink, { attemptLogin: allow, user }),
    );
    this.devices.push({ peer, sink });
    return { peer, sink };
  }

  /** Sends a line from a device. Returns the sink that the line was forwarded to. */
  send(device: Device, line: string | Uint8Array | JsonObject): FakeSink | undefined {
    const bytes = line instanceof Uint8Array
      ? line
      : encoder.encode(typeof line === "string" ? line : JSON.stringify(line));
    return this.router.receive(device.peer, bytes);
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
  }

  /** Asserts that no device was sent a line, except for those given. */
  expectSilence(...except: Device[]): void {
    for (const { peer, sink } of this.devices) {
      if (except.some((one) => one.sink === sink)) continue;
      assertEquals(sink.lines, [], `${peer.networkName} was sent something`);
    }
  }
}

/** Two clients and two services. */
export function laboratory() {
  const network = new Network();
  return {
    network,
    a: network.client("a"),
    b: network.client("b"),
    echo: network.service("Echo"),
    lab: network.service("Lab"),
  };
}

/** A request to the service `Echo` of the laboratory. */
export function request(members: JsonObject = {}): JsonObject {
  return requestOf("Echo", "echo", [1], { kwargs: { n: 2 }, ...members });
}

/** The only line that a device was sent, as an object. */
export function only(device: Device): JsonObject {
  const lines = device.sink.take();
  assertEquals(lines.length, 1, `${device.peer.networkName} was sent ${lines.length} lines`);
  return JSON.parse(lines[0]);
}

/** The only line that a device was sent, which is an error. */
export function onlyError(device: Device): ErrorReply {
  const lines = device.sink.take();
  assertEquals(lines.length, 1, `${device.peer.networkName} was sent ${lines.length} lines`);
  const message = decodeMessage(encoder.encode(lines[0]));
  if (message.kind !== "error") throw new Error(`not an error: ${lines[0]}`);
  assertEquals(message.requester, device.peer.networkName);
  return message;
}
