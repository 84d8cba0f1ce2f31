/**
 * A Manager whose lines are scripted by the test, for one device of this package. The device can
 * reconnect: later lines are then sent and received over its new connection.
 */

import { assertEquals } from "@std/assert";
import type { ConnectOptions } from "../../device/connect_options.ts";
import type { Client, Link } from "../../mod.ts";
import { WirePeer } from "../../testing.ts";
import type { JsonObject } from "../../wire/message.ts";
import { question, reply } from "./messages.ts";

/** The registry entry of a service in the reply to `link`. */
export const ENTRY = { attributes: {}, address: "lab-pc:1", language: "", os: "", max_clients: -1 };

/** Encodes a message as a line with its terminator. */
export type Style = (message: JsonObject) => string;

/** A connection of the device: written byte by byte, read line by line. */
interface Connection {
  socket: Deno.TcpConn;
  peer: WirePeer;
}

/** A scripted Manager for one device. */
export class ScriptedManager implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #style: Style;
  #connection: Promise<Connection>;
  #written: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** Listens on a free port of this computer, and accepts the first connection. */
  constructor(style: Style = (message) => JSON.stringify(message) + "\r\n") {
    this.#style = style;
    this.#connection = this.#accept();
    this.#connection.catch(() => {}); // no device has connected
  }

  /** The connect options for the device. */
  get connectOptions(): ConnectOptions & { host: string; port: number; disableTls: true } {
    const { port } = this.#listener.addr as Deno.NetAddr;
    return { host: "127.0.0.1", port, disableTls: true };
  }

  /** Sends a message, or text with its terminator. */
  send(line: JsonObject | string): Promise<void> {
    const text = typeof line === "string" ? line : this.#style(line);
    const written = this.#written.then(() => this.#write(text));
    this.#written = written.catch(() => {}); // the caller gets the error
    return written;
  }

  /** Sends a request to the device, as in the handshake. */
  sendRequest(attribute: string, ...args: string[]): Promise<void> {
    return this.send(question(attribute, ...args));
  }

  /** The next message of the device. */
  async receive(): Promise<JsonObject> {
    return await (await this.#connection).peer.read();
  }

  /** The text of the next line of the device, `undefined` if it has closed the connection. */
  async receiveText(): Promise<string | undefined> {
    return await (await this.#connection).peer.readText();
  }

  /** Accepts the device: requests its identity, and returns it. */
  async accept(): Promise<JsonObject> {
    await this.sendRequest("identity");
    return (await this.receive()).result as JsonObject;
  }

  /** Waits until the device connects again, and accepts it. */
  async acceptAgain(): Promise<JsonObject> {
    this.#connection = this.#accept();
    return await this.accept();
  }

  /** Replies to the next request of the device, which has to have this attribute. Returns the request. */
  async answer(attribute: string, members: JsonObject): Promise<JsonObject> {
    const request = await this.receive();
    assertEquals(request.attribute, attribute);
    await this.send(reply("c[lab-pc:1]", { uid: request.uid, ...members }));
    return request;
  }

  /** Links a Client with a service, which does not have to exist. */
  async grantLink(client: Client, name: string): Promise<Link> {
    const linking = client.link(name);
    const { args } = await this.answer("link", { requester: client.name, result: ENTRY });
    assertEquals(args, [name]);
    return await linking;
  }

  /** Ends the sending side. The device has to disconnect without another line. */
  async hangUp(): Promise<void> {
    await (await this.#connection).socket.closeWrite();
    assertEquals(await this.receiveText(), undefined);
    await this.close();
  }

  /** Closes the connection at once. The device can connect again. */
  async drop(): Promise<void> {
    await (await this.#connection).peer.close();
  }

  /** Closes the connection at once, and accepts no other. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** For `await using`: the same as {@linkcode ScriptedManager.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #accept(): Promise<Connection> {
    const socket = await this.#listener.accept();
    socket.setNoDelay();
    return { socket, peer: new WirePeer(socket) };
  }

  async #write(text: string): Promise<void> {
    const { socket } = await this.#connection;
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(await socket.write(bytes));
  }

  async #close(): Promise<void> {
    this.#listener.close();
    const connection = await this.#connection.catch(() => undefined); // no device has connected
    await connection?.peer.close();
  }
}
