/** Peers that connect from an address of their own: Linux has all of 127.0.0.0/8. */

import { createConnection } from "node:net";
import type { JsonObject } from "../../wire/message.ts";
import { Events } from "./events.ts";

/** A peer that connects over TCP from a given address. */
export class AddressedPeer implements Disposable {
  readonly #socket;
  readonly #lines = new Events<string>();

  /** Connects to a Manager without TLS. */
  constructor({ host, port }: { host: string; port: number }, localAddress: string) {
    this.#socket = createConnection({ host, port, localAddress });
    let rest = "";
    this.#socket.setEncoding("utf8");
    this.#socket.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#lines.add(line);
    });
    this.#socket.on("error", (error) => this.#lines.end(error.message));
    this.#socket.on("close", () => this.#lines.end("the connection has ended"));
  }

  /** The next message. */
  async read(): Promise<JsonObject> {
    return JSON.parse(await this.#lines.next(() => true));
  }

  /** Answers a prompt. */
  answer(result: unknown): void {
    this.#socket.write(`${JSON.stringify({ result, uid: "", error: false })}\n`);
  }

  /** For `using`: closes the connection. */
  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
