/** A reverse proxy as a laboratory may have one: it shows a server below a path, at another origin. */

/** What the proxy changes in a request. */
export interface ProxyOptions {
  /** The path that is removed, e.g. `"/network"`. */
  path: string;
  /** The header `Host` for the server; `undefined` to pass that of the browser. */
  host?: string;
}

/** Listens on a free port until it is disposed of. It has to be told the server before it is asked. */
export class PathProxy implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Disposable>();
  readonly #options: ProxyOptions;
  #server: { port: number; cert: string } | undefined;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#accept();
  }

  /** The origin that a browser sees. */
  get origin(): string {
    return `http://localhost:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  /** Passes requests on to a server on this computer, with this certificate in PEM. */
  forwardTo(port: number, cert: string): void {
    this.#server = { port, cert };
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.#open) connection[Symbol.dispose]();
  }

  async #accept(): Promise<void> {
    try {
      for await (const browser of this.#listener) this.#serve(browser).catch(() => {});
    } catch {
      // It was closed.
    }
  }

  /** Rewrites the head of the first request, and passes everything else on as it is. */
  async #serve(browser: Deno.TcpConn): Promise<void> {
    const { port, cert } = this.#server!;
    const server = await Deno.connectTls({ hostname: "localhost", port, caCerts: [cert] });
    const both = { [Symbol.dispose]: () => [browser, server].forEach(close) };
    this.#open.add(both);
    try {
      const buffer = new Uint8Array(16 * 1024);
      let head = "";
      while (!head.includes("\r\n\r\n")) {
        const size = await browser.read(buffer);
        if (size === null) return;
        head += new TextDecoder().decode(buffer.subarray(0, size));
      }
      const writer = server.writable.getWriter();
      await writer.write(new TextEncoder().encode(this.#rewrite(head)));
      writer.releaseLock();
      await Promise.race([
        browser.readable.pipeTo(server.writable),
        server.readable.pipeTo(browser.writable),
      ]);
    } finally {
      both[Symbol.dispose]();
      this.#open.delete(both);
    }
  }

  #rewrite(head: string): string {
    const { path, host } = this.#options;
    const moved = head.replace(` ${path}/`, " /");
    return host === undefined ? moved : moved.replace(/^Host: .*$/im, `Host: ${host}`);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Its stream has closed it.
  }
}
