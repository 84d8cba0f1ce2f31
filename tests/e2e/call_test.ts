/** The `call` command: a method of a Service from a shell. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { connect, NdArray, Service } from "../../mod.ts";
import { atColourTerminal, commandToHead, CTRL_C, piped } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { readNpy } from "../support/npy.ts";
import { denoCommand, succeed } from "../support/process.ts";
import { BasicMath, Shell } from "../support/shell.ts";
import { ROOT } from "../support/source_tree.ts";
import { everywhere } from "../support/places.ts";
import { posixTest } from "../support/posix.ts";
import { until } from "../support/until.ts";

Deno.test("call prints the result: JSON, and a text as it is", async () => {
  await using shell = await Shell.open();
  const cases: [stdout: string, ...args: string[]][] = [
    ["3", "add", "1", "2"],
    ["-3.5", "add", "-1", "y=-2.5"],
    ["3.5", "pi"],
    ["[-Infinity]", "echo", "-Infinity"],
    ["null", "nothing"],
    [
      '["1","x=1","-","volt",[1,{"a":null}],NaN]',
      "echo",
      ...['"1"', "'x=1'", "'-'", "volt", '[1, {"a": null}]', "NaN"],
    ],
    ["two\nlines", "say", "two\nlines"],
    ['"two\\nlines"', "say", "two\nlines", "--json"],
    ["-volt", "say", "--", "-volt"],
  ];
  await Promise.all(cases.map(async ([stdout, ...args]) => {
    assertEquals(await shell.output("call", "BasicMath", ...args), `${stdout}\n`);
  }));
  await shell.manager.disconnected("call");
  assertEquals(shell.links(), 0);
});

Deno.test("an error of call is one line on stderr, and exit code 1", async () => {
  await using shell = await Shell.open();
  const cases: [expected: RegExp, ...args: string[]][] = [
    [/^RangeError: too \\u\{1b\}\[31mhot$/, "BasicMath", "fail"],
    [
      /^AttributeError: 'BasicMath' object has no attribute 'no'\. It has 'add', .*'wait'$/,
      "BasicMath",
      "no",
    ],
    [/^TypeError: BasicMath.add\(\) missing 1 required/, "BasicMath", "add", "1"],
    [/^Cannot link with 'Nothing': no such .* are: 'BasicMath'$/, "Nothing", "add"],
    [/^Cannot call: x is given twice$/, "BasicMath", "add", "x=1", "x=2"],
    [/was not done within 3000 ms$/, "BasicMath", "wait", "--timeout", "3s"],
    [/^Cannot read the standard input twice/, "BasicMath", "echo", "-", "x=-"],
    [/^Cannot read the standard input twice/, "BasicMath", "echo", "-", "--each"],
  ];
  await Promise.all(cases.map(async ([expected, ...args]) => {
    const outcome = await shell.outcome("call", ...args);
    assertEquals([outcome.code, outcome.stdout], [1, ""]);
    assertMatch(outcome.stderr.trimEnd(), expected);
  }));
});

class Camera extends Service {
  wave(length: number): Float32Array {
    return Float32Array.from({ length }, (_, index) => index / 2);
  }
  picture(): NdArray {
    return new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  }
  label(): string {
    return "camera";
  }
  *pictures(): Generator<Uint8Array | Float64Array> {
    yield Uint8Array.of(1, 2);
    yield Float64Array.of(3); // of another type
  }
}

Deno.test("call --out writes an array as a file of NumPy, and says what is none", async () => {
  await using shell = await Shell.open();
  await using camera = new Camera();
  await camera.start(shell.manager.connectOptions);
  await using folder = await temporaryFolder();
  const file = join(folder.path, "trace.npy");
  const out = (...args: string[]) => shell.outcome("call", "Camera", ...args, "--out", file);
  const names = () => Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort();

  const long = await out("wave", "100000");
  assertEquals([long.code, long.stderr], [0, ""]);
  assertMatch(long.stdout, /^array\(100000 <f4, min 0, max 49999.5: .*\)\n$/);
  const read = readNpy(await Deno.readFile(file));
  assertEquals([read.descr, read.shape], ["<f4", [100_000]]);
  assertEquals(read.data.toBase64(), new Uint8Array(camera.wave(100_000).buffer).toBase64());

  const picture = await out("picture");
  assertEquals(picture.code, 0);
  const { descr, shape, data } = readNpy(await Deno.readFile(file)); // it was replaced
  assertEquals([descr, shape], ["<u2", [2, 3]]);
  assertEquals([...data], [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]);
  assertEquals(names(), ["trace.npy"]);

  const none = await out("label");
  assertEquals([none.code, none.stdout], [1, '"camera"\n'], "what was measured is not lost");
  assertMatch(none.stderr, /^The result is no array of numbers/);
  assertEquals(readNpy(await Deno.readFile(file)).shape, [2, 3]); // it is as it was
  assertEquals(names(), ["trace.npy"]);

  for (const first of [1, 3]) { // a second call replaces no file of the first one
    assertEquals((await out("pictures")).code, 0);
    const last = [first, first + 1].map((number) => `trace-00000${number}.npy`);
    const read = last.map((name) => readNpy(Deno.readFileSync(join(folder.path, name))));
    assertEquals(read.map(({ descr, shape }) => [descr, shape]), [["|u1", [2]], ["<f8", [1]]]);
  }
  assertEquals(names().length, 5);

  const misnamed = await shell.outcome("call", "Camera", "picture", "--out", "trace.csv");
  assertEquals([misnamed.code, misnamed.stdout], [1, ""]);
  assertMatch(misnamed.stderr, /^Cannot write trace.csv: its name must end in .npy/);
});

posixTest(
  "call --out does not call what it cannot write, and loses nothing if it cannot later",
  async () => {
    let count = 0;
    class Counter extends Service {
      scan(folder: string): number[] {
        count++;
        if (folder !== "") Deno.removeSync(folder, { recursive: true });
        return Array.from({ length: 20 }, (_, index) => index);
      }
    }
    await using shell = await Shell.open();
    await using counter = new Counter();
    await counter.start(shell.manager.connectOptions);
    await using folder = await temporaryFolder();
    const path = (name: string) => join(folder.path, name);
    const out = (file: string, removed = "") =>
      shell.outcome("call", "Counter", "scan", "--out", file, "--", `'${removed}'`);
    Deno.mkdirSync(path("folder.npy"));
    Deno.writeTextFileSync(path("file"), "");
    await succeed(new Deno.Command("mkfifo", { args: [path("pipe.npy")] }));
    for (const name of ["folder.npy", "pipe.npy", "nowhere/x.npy", "file/x.npy"]) {
      const { code, stdout, stderr } = await out(path(name));
      assertEquals([code, stdout, count], [1, "", 0], name);
      assert(stderr.startsWith(`Cannot write ${path(name)}: `), stderr);
    }
    Deno.mkdirSync(path("removed"));
    const lost = await out(path("removed/x.npy"), path("removed"));
    assertEquals([lost.code, count], [1, 1]);
    assertEquals(JSON.parse(lost.stdout), Array.from({ length: 20 }, (_, index) => index));

    // A link is replaced: nobody makes another file be overwritten. A file keeps its mode.
    Deno.writeTextFileSync(path("other"), "mine");
    Deno.symlinkSync(path("other"), path("link.npy"));
    Deno.writeTextFileSync(path("shared.npy"), "");
    Deno.chmodSync(path("shared.npy"), 0o664);
    for (const name of ["link.npy", "shared.npy", "new.npy"]) {
      assertEquals((await out(path(name))).code, 0);
      assertEquals(readNpy(Deno.readFileSync(path(name))).shape, [20]);
    }
    assertEquals(Deno.readTextFileSync(path("other")), "mine");
    const modes = ["link.npy", "shared.npy", "new.npy"].map((name) =>
      Deno.lstatSync(path(name)).mode! & 0o777
    );
    assertEquals(modes, [0o600, 0o664, 0o600]);
    const names = Array.from(Deno.readDirSync(folder.path), ({ name }) => name);
    assertEquals(names.filter((name) => name.endsWith(".tmp")), []);
  },
);

posixTest("call takes an argument of any size from stdin", async () => {
  await using shell = await Shell.open();
  const input = async (text: string, ...args: string[]) => {
    const { stdout } = await piped(shell.home, text, ...shell.args("call", "BasicMath", ...args));
    return stdout;
  };
  const large = JSON.stringify(Array.from({ length: 400_000 }, (_, index) => index));
  assertEquals(await input(`${large}\n`, "echo", "-"), `[${large}]\n`);
  assertEquals(await input("two\nlines\n", "say", "text=-"), "two\nlines\n");
  assertEquals(await input("'1'", "say", "-", "--json"), "\"'1'\"\n");
  assertEquals(await input("1", "echo", "-", "a-b=-"), '[1,"a-b=-"]\n');
});

posixTest("call --each calls once for each line of stdin, until the first error", async () => {
  await using shell = await Shell.open();
  const each = (text: string, ...args: string[]) =>
    piped(shell.home, text, ...shell.args("call", "--each", "BasicMath", ...args));
  assertEquals(await each("1\n2\ny=3", "add", "10"), {
    code: 0,
    stdout: "11\n12\n13\n",
    stderr: "",
  });
  const lines = await each("1 [2, 3]\n'1'\n\"x\n4\n", "echo");
  assertEquals([lines.code, lines.stdout], [1, '[1,[2,3]]\n["1"]\n']);
  assertMatch(lines.stderr, /^Line 3 of the standard input: .* the quote is not closed/);
  const failed = await each("1 2\nz=3\n4 5\n", "add");
  assertEquals([failed.code, failed.stdout], [1, "3\n"]);
  assertMatch(failed.stderr, /^Line 2 of the standard input: TypeError: /);
});

everywhere(
  "each value of a stream is a line, until the stream ends or stdout is closed",
  async (place) => {
    if (Deno.build.os === "windows") return; // it has no head
    await using shell = await Shell.open(new BasicMath(), place);
    const name = shell.site.nameOf("BasicMath");
    assertEquals(await shell.output("call", name, "count", "3"), "1\n2\n3\n");
    const failed = await shell.outcome("call", name, "count", "13");
    assertEquals([failed.code, failed.stderr], [1, "RangeError: unlucky\n"]);
    assertMatch(failed.stdout, /\n12\n13\n$/);
    const endless = shell.args("call", name, "count", "100");
    assertEquals(await succeed(commandToHead(shell.home, ...endless)), "1\n");
    await shell.manager.disconnected("call");
    await until("the link has ended at the node of the service too", () => shell.links() === 0);
  },
);

Deno.test("call is rejected by a Service with max_clients links, and unlinks after its own call", async () => {
  await using shell = await Shell.open(new BasicMath(1));
  await using client = await connect(shell.manager.connectOptions);
  const link = await client.link("BasicMath");
  const { code, stderr } = await shell.outcome("call", "BasicMath", "add", "1", "2");
  assertEquals(code, 1);
  assertMatch(stderr, /^PermissionError: The maximum number of Clients/);
  await link.unlink();
  for (const x of ["1", "2"]) {
    assertEquals(await shell.output("call", "BasicMath", "add", x, "0"), `${x}\n`);
    await shell.manager.disconnected("call");
    assertEquals(shell.links(), 0);
  }
});

Deno.test("the connect options of call can be environment variables", async () => {
  await using shell = await Shell.open();
  const { host, port } = shell.manager.connectOptions;
  const words = ["manager.ts", "call", "--disable-tls", "BasicMath", "add", "1", "2"];
  const env = { MSL_NETWORK_HOST: host, MSL_NETWORK_PORT: String(port) };
  const call = denoCommand(["run", "-A", ...words], { home: shell.home, cwd: ROOT, env });
  assertEquals(await succeed(call), "3\n");
});

posixTest(
  "a slow call shows its progress line at a terminal, and Ctrl+C restores the terminal",
  async () => {
    await using shell = await Shell.open();
    const { code, shown } = await atColourTerminal(
      shell.home,
      // The handler of Ctrl+C is set once the progress line has changed.
      [["Waiting for wait of BasicMath", "\t"], ["Waiting for wait of BasicMath", CTRL_C]],
      ...shell.args("call", "BasicMath", "wait"),
    );
    assertEquals(code, 130);
    assert(shown.includes("\x1b[?25l"), "the cursor was never hidden");
    assert(shown.slice(shown.lastIndexOf("Waiting")).includes("\x1b[?25h"), "the cursor is hidden");
  },
);

posixTest("control characters in a result are not written to a terminal", async () => {
  await using shell = await Shell.open();
  const args = shell.args("call", "BasicMath");
  const say = ["say", "\u001b[31mred"];
  const { shown } = await atColourTerminal(shell.home, [], ...args, ...say);
  assertMatch(shown, /\\u\{1b\}\[31mred$/m); // perhaps after a spinner
  const json = await atColourTerminal(shell.home, [], ...args, ...say, "--json");
  assertMatch(json.shown, /"\\u001b\[31mred"$/m);
});
