/** Requests typed at a terminal, through `openssl s_client` over TLS or a plain TCP connection. */

import { assertEquals, assertMatch } from "@std/assert";
import { Service } from "../../mod.ts";
import type { JsonObject } from "../../mod.ts";
import type { TestManager } from "../../testing.ts";
import { Laboratory } from "../support/laboratory.ts";
import { PYTHON_USER } from "../support/python_users.ts";
import { Lab } from "../support/services.ts";
import { posixTest } from "../support/posix.ts";

class StringEditor extends Service {
  constructor() {
    super({ name: "String Editor" });
  }

  echo(...args: unknown[]): unknown[] {
    return args;
  }
}

/** A terminal program, with typed lines in and printed lines out. */
class Terminal implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, ...args: string[]) {
    this.#child = new Deno.Command(command, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = linesOf(this.#child.stdout);
  }

  /** A terminal that is connected over TLS, and verifies the certificate. */
  static secure({ connectOptions }: TestManager): Terminal {
    const { host, port, certFile } = connectOptions;
    return new Terminal(
      "openssl",
      "s_client",
      "-quiet",
      "-verify_quiet",
      "-verify_return_error",
      "-connect",
      `${host}:${port}`,
      "-CAfile",
      certFile!,
    );
  }

  async type(line: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
  }

  /** The next message that is shown; `undefined` when the connection has ended. */
  async read(): Promise<JsonObject | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : JSON.parse(value);
  }

  /** Types a line and returns the Manager's reply. */
  async ask(line: string): Promise<unknown> {
    await this.type(line);
    const answer = await this.read();
    return answer?.error ? answer.message : answer?.attribute ?? answer?.result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {}); // if the program has ended
    try {
      this.#child.kill();
    } catch {
      // It has ended already.
    }
    while (!(await this.#lines.next()).done);
    await this.#child.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

posixTest("Services are called from a terminal over TLS", async () => {
  await using laboratory = await Laboratory.open({});
  await using lab = new Lab();
  await lab.start(laboratory.manager.connectOptions);
  await using editor = new StringEditor();
  await editor.start(laboratory.manager.connectOptions);
  await using terminal = Terminal.secure(laboratory.manager);
  assertEquals((await terminal.read())?.attribute, "identity");
  await terminal.type("client A Person");
  const identity = await terminal.ask("identity") as JsonObject;
  assertMatch(Object.keys(identity.clients as JsonObject)[0], /^A Person\[/);
  assertEquals(identity.port, laboratory.manager.manager.port);
  assertEquals((await terminal.ask("link Lab") as JsonObject).max_clients, -1);
  assertEquals(await terminal.ask("Lab add 4 10"), 14);
  assertEquals(await terminal.ask("Lab add x=4 y=10"), 14);
  assertEquals(await terminal.ask("Lab pi"), 3.5);
  assertEquals(
    await terminal.ask(`"String Editor" echo 1 'two words' [1, none] TRUE`),
    [1, "two words", [1, null], true],
  );
  assertEquals(
    await terminal.ask("Lab add 1"),
    "TypeError: Lab.add() missing 1 required positional argument: 'y'",
  );
  assertMatch(String(await terminal.ask("Lab")), /^JSONDecodeError: /);
  assertMatch(String(await terminal.ask("")), /^JSONDecodeError: /);
  assertMatch(String(await terminal.ask('Lab add "1')), /^JSONDecodeError: .* quote/);
  const json =
    '{"service":"Lab","attribute":"add","args":[1,2],"kwargs":{},"uid":"7","error":false}';
  assertEquals(await terminal.ask(json), 3);
  await terminal.type("exit");
  assertEquals(await terminal.read(), undefined);
});

posixTest("a terminal logs in, and is prompted again for an administrator's login", async () => {
  await using laboratory = await Laboratory.open({ authLogin: true }, PYTHON_USER);
  await laboratory.database.users.insert("admin", "12345", true);
  await using terminal = Terminal.secure(laboratory.manager);
  assertEquals((await terminal.read())?.attribute, "username");
  assertEquals(await terminal.ask("j.doe"), "password");
  assertEquals(await terminal.ask("a good password"), "identity");
  await terminal.type("client");
  assertEquals(await terminal.ask("Manager users_table.usernames"), "username");
  assertEquals(await terminal.ask("admin"), "password");
  assertEquals(await terminal.ask("12345"), ["j.doe", "admin"]); // a password can look like JSON
  await terminal.type("Manager shutdown_manager");
  assertEquals(await terminal.read(), undefined);
  await laboratory.manager.manager.finished;
});

posixTest(
  "a terminal user that is not on the access list gets an error, and sees the Service in the identity",
  async () => {
    await using laboratory = await Laboratory.open({ authLogin: true }, PYTHON_USER);
    await laboratory.database.users.insert("admin", "12345", true);
    await using lab = new Lab();
    const user = { username: "j.doe", password: "a good password" };
    await lab.start({ ...laboratory.manager.connectOptions, ...user });
    await using terminal = Terminal.secure(laboratory.manager);
    assertEquals((await terminal.read())?.attribute, "username");
    assertEquals(await terminal.ask("admin"), "password");
    assertEquals(await terminal.ask("12345"), "identity");
    await terminal.type("client");
    assertEquals(await terminal.ask("Lab add 1 2"), 3);
    assertEquals(await terminal.ask("Manager access_table.allow Lab j.doe"), null);
    const refused = "PermissionError: 'admin' may not use the 'Lab' service";
    assertEquals(await terminal.ask("Lab add 1 2"), refused);
    assertEquals(await terminal.ask("link Lab"), refused);
    const { services } = await terminal.ask("identity") as { services: JsonObject };
    assertEquals(Object.keys(services), ["Lab"]);
  },
);

posixTest("a wrong typed password ends the connection with the reason", async () => {
  await using laboratory = await Laboratory.open({ authPassword: "abc 123" });
  for (
    const [password, answer] of [["abc 124", "ValueError: Wrong Manager password"], [
      "abc 123",
      "identity",
    ]]
  ) {
    await using terminal = Terminal.secure(laboratory.manager);
    assertEquals((await terminal.read())?.attribute, "password");
    assertEquals(await terminal.ask(password), answer);
  }
});
