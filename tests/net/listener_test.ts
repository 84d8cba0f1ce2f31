import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { connect, ConnectionAbortedError, Manager } from "../../mod.ts";
import { ConfigurationError, TlsMismatchError } from "../../errors.ts";
import { type Bind, isListenerLost, listen } from "../../net/listener.ts";
import { entriesOf, temporaryFolder } from "../support/folder.ts";
import { inTime } from "../support/until.ts";

const PLAIN = { host: "127.0.0.1", port: 0, disableTls: true, database: ":memory:" };

/** A listener of the system that fails in the ways that it is told to, one for each connection. */
function failing(
  listener: Deno.TcpListener,
  failures: ((socket: Deno.TcpConn) => Deno.TcpConn)[],
): Deno.TcpListener {
  return new Proxy(listener, {
    get(target, key) {
      if (key === "accept") {
        return async () => {
          const socket = await target.accept();
          const fail = failures.shift();
          return fail ? fail(socket) : socket;
        };
      }
      if (key === Symbol.asyncIterator) {
        return async function* (this: Deno.TcpListener) {
          try {
            for (;;) yield await this.accept();
          } finally {
            target.close(); // as the iterator of the runtime does
          }
        };
      }
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** `Deno.listen` gives listeners that fail in these ways, until it is disposed of. */
function failingListen(failures: ((socket: Deno.TcpConn) => Deno.TcpConn)[]): Disposable {
  const original = Deno.listen;
  const replace = (listen: unknown) => Object.assign(Deno, { listen });
  replace((options: Deno.TcpListenOptions) => failing(original(options), failures));
  return { [Symbol.dispose]: () => void replace(original) };
}

/** A socket whose options cannot be set, since its peer is gone. */
function gone(socket: Deno.TcpConn): Deno.TcpConn {
  socket.setNoDelay = () => {
    throw new Deno.errors.NotConnected("Invalid argument (os error 22)");
  };
  return socket;
}

/** A system without free descriptors. */
function exhausted(socket: Deno.TcpConn): never {
  socket.close();
  throw Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" });
}

/** A descriptor that is no listening socket any more. */
function lost(socket: Deno.TcpConn): never {
  socket.close();
  throw new Deno.errors.BadResource("Listener has been closed");
}

Deno.test("a Manager goes on to accept after a socket that is gone, and without free descriptors", async () => {
  using _listen = failingListen([gone, exhausted, gone]);
  await using manager = await Manager.start(PLAIN);
  const options = { host: "127.0.0.1", port: manager.port, disableTls: true };
  for (let number = 0; number < 3; number++) {
    await assertRejects(() => connect(options), TlsMismatchError, "closed the connection");
  }
  await using cxn = await connect(options);
  assertEquals(cxn.isConnected(), true);
});

Deno.test("a Manager that can accept nobody any more ends with an error", async () => {
  using _listen = failingListen([lost]);
  const manager = await Manager.start(PLAIN);
  const options = { host: "127.0.0.1", port: manager.port, disableTls: true };
  await assertRejects(() => connect(options));
  const error = await assertRejects(
    () => inTime("the Manager has ended", manager.finished),
    ConnectionAbortedError,
    "The Manager cannot accept connections any more: Listener has been closed",
  );
  assertInstanceOf(error.cause, Deno.errors.BadResource);
  await manager.shutdown();
});

Deno.test("the errors of a listener that is lost are told from those that pass", () => {
  const withCode = (code: string) => Object.assign(new Error(code), { code });
  assertEquals(["EBADF", "EINVAL", "ENOTSOCK"].map(withCode).map(isListenerLost), [
    true,
    true,
    true,
  ]);
  assertEquals(["EMFILE", "ENFILE", "ENOMEM"].map(withCode).map(isListenerLost), [
    false,
    false,
    false,
  ]);
});

/** The system's listeners, without sockets: what was bound, and which addresses it has. */
class System {
  readonly bound: string[] = [];
  readonly #taken: Set<string>;
  readonly #missing: Set<string>;
  readonly #isDualStack: boolean;

  constructor(
    { taken = [], missing = [], isDualStack = true }: {
      taken?: string[];
      missing?: string[];
      isDualStack?: boolean;
    } = {},
  ) {
    this.#taken = new Set(taken);
    this.#missing = new Set(missing);
    this.#isDualStack = isDualStack;
  }

  bind: Bind = ({ hostname, port: given }) => {
    const port = given || 50_000;
    const place = `${hostname} ${port}`;
    if (this.#missing.has(hostname)) throw new Deno.errors.AddrNotAvailable("no such address");
    const hasBoth = this.#isDualStack && this.bound.includes(`:: ${port}`);
    if (this.#taken.has(place) || hasBoth) throw new Deno.errors.AddrInUse("in use");
    this.bound.push(place);
    const close = () => void this.bound.splice(this.bound.indexOf(place), 1);
    const addr = { transport: "tcp", hostname, port };
    return { addr, close, [Symbol.dispose]: close } as unknown as Deno.TcpListener;
  };

  listen(addresses: string[] | undefined, port: number): string[] {
    return listen(addresses, port, undefined, { bind: this.bind }).map(({ port }) => `${port}`);
  }
}

Deno.test("every address of a name is listened on, on one port", () => {
  const system = new System();
  assertEquals(system.listen(["10.0.0.5", "fd00::5"], 0), ["50000", "50000"]);
  assertEquals(system.bound, ["10.0.0.5 50000", "fd00::5 50000"]);
});

Deno.test("one address that is taken is an error, and the others are free again", () => {
  const system = new System({ taken: ["fd00::5 1875"] });
  assertThrows(
    () => system.listen(["10.0.0.5", "fd00::5"], 1875),
    ConfigurationError,
    "Cannot listen on fd00::5:1875: the port is already in use",
  );
  assertEquals(system.bound, []);
});

Deno.test("an address that this computer does not have is left out, unless it is the only one", () => {
  const system = new System({ missing: ["fd00::5"] });
  system.listen(["fd00::5", "10.0.0.5"], 1875);
  assertEquals(system.bound, ["10.0.0.5 1875"]);
  assertThrows(() => system.listen(["fd00::5"], 1875), ConfigurationError, "no such address");
});

Deno.test("every interface is :: where that takes IPv4 too, else both, else IPv4 alone", () => {
  for (
    const [options, expected] of [
      [{}, [":: 1875"]],
      [{ isDualStack: false }, [":: 1875", "0.0.0.0 1875"]],
      [{ missing: ["::"] }, ["0.0.0.0 1875"]],
    ] as const
  ) {
    const system = new System({
      ...options,
      missing: [...("missing" in options ? options.missing : [])],
    });
    system.listen(undefined, 1875);
    assertEquals(system.bound, [...expected]);
  }
});

Deno.test("an IPv4 port that is taken is an error where :: takes IPv6 alone", () => {
  const system = new System({ isDualStack: false, taken: ["0.0.0.0 1875"] });
  assertThrows(
    () => system.listen(undefined, 1875),
    ConfigurationError,
    "Cannot listen on *:1875: the port is already in use",
  );
  assertEquals(system.bound, []);
});

Deno.test("a Manager listens on all addresses of its host name", async () => {
  const forward = (name: string) =>
    name === "two.lab"
      ? Promise.resolve(["127.0.0.1", "::1"])
      : Promise.reject(new Error("unknown"));
  await using manager = await Manager.start({ ...PLAIN, host: "two.lab", hosts: { forward } });
  for (const host of ["127.0.0.1", "::1"]) {
    await using cxn = await connect({ host, port: manager.port, disableTls: true });
    assertEquals(cxn.isConnected(), true);
  }
  await assertRejects(
    () => Manager.start({ ...PLAIN, host: "none.lab", hosts: { forward } }),
    ConfigurationError,
    "Cannot listen on none.lab: the name has no address (unknown)",
  );
});

Deno.test("a host that is neither a name nor an address is an error, and no certificate is made for it", async () => {
  await using folder = await temporaryFolder();
  const files = { keyFile: folder.join("x.key"), certFile: folder.join("x.crt") };
  const forward = () => Promise.resolve([]); // what the system says of an empty name
  const hosts = ["", " ", "127.0.0.1:1875", "lab-pc:1875", "[::1]", "http://lab-pc", "none.lab"];
  for (const host of hosts) {
    await assertRejects(
      () => Manager.start({ ...PLAIN, disableTls: false, ...files, host, hosts: { forward } }),
      ConfigurationError,
      "Cannot listen on",
    );
  }
  assertEquals(entriesOf(folder.path), []);
});
