/** A proxy of TCP connections that can be cut: with an end that both sides see, or without one. */

import { delay } from "@std/async/delay";

/** How connections are cut: both sides see their end, or nothing passes any more. */
export type Cut = "close" | "freeze";

interface Passage {
  incoming: Deno.TcpConn;
  outgoing: Deno.TcpConn;
  /** Who has connected, once that is known. */
  from: string | undefined;
  /** The first bytes of who has connected. */
  head: string;
}

/** The longest beginning of a connection in which the name of who connects is looked for. */
const LONGEST_HEAD = 64 * 1024;

const decoder = new TextDecoder();

/** Listens on a free port until it is disposed of, and connects to one server. */
export class TcpProxy implements AsyncDisposable {
  /** The port of the server; connections before it is known are closed. */
  target: number | undefined;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #nameOf: (head: string) => string | undefined;
  readonly #passages = new Set<Passage>();
  readonly #cuts = new Map<string, { how: Cut; healed: PromiseWithResolvers<void> }>();
  readonly #running: Promise<void>;

  /** @param nameOf Who has connected, from its first bytes; `undefined` while these do not say it. */
  constructor(nameOf: (head: string) => string | undefined = () => "") {
    this.#nameOf = nameOf;
    this.#running = this.#accept();
  }

  /** The port on which it listens. */
  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** Cuts the connections of one peer, also those to come, until they are healed. */
  cut(from: string, how: Cut): void {
    this.#cuts.set(from, { how, healed: Promise.withResolvers() });
    if (how === "freeze") return;
    for (const passage of this.#passages) if (passage.from === from) close(passage);
  }

  /** Lets the connections of a peer pass again. */
  heal(from: string): void {
    this.#cuts.get(from)?.healed.resolve();
    this.#cuts.delete(from);
  }

  /** How many connections of a peer there are. */
  count(from: string): number {
    return [...this.#passages].filter((passage) => passage.from === from).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const passage of this.#passages) close(passage);
    for (const from of [...this.#cuts.keys()]) this.heal(from);
    await this.#running;
  }

  async #accept(): Promise<void> {
    const open = new Set<Promise<void>>();
    try {
      for await (const incoming of this.#listener) {
        const passing = this.#pass(incoming).finally(() => open.delete(passing));
        open.add(passing);
      }
    } finally {
      await Promise.all(open);
    }
  }

  async #pass(incoming: Deno.TcpConn): Promise<void> {
    let outgoing: Deno.TcpConn;
    try {
      if (this.target === undefined) throw new Error("no target");
      outgoing = await Deno.connect({ hostname: "127.0.0.1", port: this.target });
    } catch {
      return incoming.close(); // the server is not there at the moment
    }
    incoming.setNoDelay(true);
    outgoing.setNoDelay(true);
    const passage: Passage = { incoming, outgoing, from: this.#nameOf(""), head: "" };
    this.#passages.add(passage);
    await Promise.all([this.#copy(passage, true), this.#copy(passage, false)]);
    this.#passages.delete(passage);
  }

  async #copy(passage: Passage, isForward: boolean): Promise<void> {
    const [source, sink] = isForward
      ? [passage.incoming, passage.outgoing]
      : [passage.outgoing, passage.incoming];
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const size = await source.read(buffer);
        if (size === null) break;
        const bytes = buffer.subarray(0, size);
        if (isForward) this.#recognise(passage, bytes);
        while (await this.#isHeld(passage));
        for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await sink.write(rest));
      }
    } catch {
      // One of the two has ended.
    }
    close(passage);
  }

  #recognise(passage: Passage, bytes: Uint8Array): void {
    if (passage.from !== undefined || passage.head.length > LONGEST_HEAD) return;
    passage.head += decoder.decode(bytes);
    passage.from = this.#nameOf(passage.head);
  }

  /** Waits while the connection is cut. Throws if it has to end. */
  async #isHeld({ from }: Passage): Promise<boolean> {
    const cut = from === undefined ? undefined : this.#cuts.get(from);
    if (cut === undefined) return false;
    if (cut.how === "close") throw new Error("cut");
    await cut.healed.promise;
    await delay(0);
    return true;
  }
}

function close({ incoming, outgoing }: Passage): void {
  for (const connection of [incoming, outgoing]) {
    try {
      connection.close();
    } catch {
      // It is closed already.
    }
  }
}
