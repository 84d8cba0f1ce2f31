/**
 * The options of `start` are parsed by commander for the command line, and by `parseOptions` for a
 * program that calls `parseStartOptions`. The same arguments have the same outcome in both.
 */

import { assert, assertEquals } from "@std/assert";
import { CommanderError } from "commander";
import { fileURLToPath } from "node:url";
import { RedactingCommand } from "../../cli/command.ts";
import { addStartOptions } from "../../cli/commands/start.ts";
import { LIMIT_OPTIONS } from "../../program/limit_options.ts";
import { formatHelp, parseOptions, type ParseOutcome } from "../../program/option.ts";
import { GENERAL_OPTIONS } from "../../program/start_options.ts";
import { command } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { anyWord } from "../support/option_words.ts";
import fc from "../support/properties.ts";

const SPECS = [...GENERAL_OPTIONS, ...LIMIT_OPTIONS];

/** What commander makes of arguments, without the names that it suggests for a mistyped one. */
function parseWithCommander(args: readonly string[]): ParseOutcome {
  let message = "";
  const script = addStartOptions(new RedactingCommand("script"))
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: (text) => message += text });
  try {
    script.parse(args, { from: "user" });
    return { state: "parsed", values: script.opts() };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { state: "help" };
    return { state: "rejected", message: message.replace(/^error: /, "").replace(/\n$/, "") };
  }
}

function assertSame(args: readonly string[]): ParseOutcome {
  const outcome = parseOptions(SPECS, args);
  assertEquals(outcome, parseWithCommander(args), `for ${JSON.stringify(args)}`);
  return outcome;
}

/** The defaults, and what else is parsed. */
function values(others: Record<string, unknown> = {}): Record<string, unknown> {
  return { port: 1875, logLevel: "info", ...others };
}

const PARSED: readonly [args: string[], others: Record<string, unknown>][] = [
  [[], {}],
  [["--"], {}],
  [["--port=0"], { port: 0 }],
  [["--port", "0"], { port: 0 }],
  [["-p", "0"], { port: 0 }],
  [["-p0"], { port: 0 }],
  [["-p", "1", "--port", "2", "-p3"], { port: 3 }],
  [["--disable-tls", "--disable-tls", "--auth-login"], { disableTls: true, authLogin: true }],
  [["--join=nats://h,nats://k", "--join", "tls://m:1"], {
    join: ["nats://h:4222", "nats://k:4222", "tls://m:1"],
  }],
  [["--join-allow=b:X,Y", "--join-allow", "c"], { joinAllow: ["b:X,Y", "c"] }],
  [["-P"], { authPassword: true }],
  [["-P", "-p", "0"], { authPassword: true, port: 0 }],
  [["-P", "--"], { authPassword: true }],
  [["-Psecret"], { authPassword: ["secret"] }],
  [["-P=secret"], { authPassword: ["=secret"] }],
  [["-P-secret"], { authPassword: ["-secret"] }],
  [["-P", "two words"], { authPassword: ["two words"] }],
  [["-P", "two", "words", "--port=0"], { authPassword: ["two", "words"], port: 0 }],
  [["-P", "one", "-D", "two", "-P", "three"], {
    authPassword: ["one", "three"],
    keyFilePassword: ["two"],
  }],
  [["-P", "one", "-P"], { authPassword: true }],
  [["-P", "-P", "one"], { authPassword: ["one"] }],
  [["-P", "one", "--auth-password=two"], { authPassword: ["one", "two"] }],
  [["-P", "-5", "-.5e3", "-"], { authPassword: ["-5", "-.5e3", "-"] }],
  [["-P", ""], { authPassword: [""] }],
  [["--auth-password="], { authPassword: [""] }],
  [["--auth-password=-x=y"], { authPassword: ["-x=y"] }],
  [["-dfile", "-c", "a file"], { database: "file", certFile: "a file" }],
  [["-d=file"], { database: "=file" }],
  [["-d", "-file"], { database: "-file" }],
  [["-d", "--port=0"], { database: "--port=0" }],
  [["-d", "--"], { database: "--" }],
  [["-d", "--help"], { database: "--help" }],
  [["--database=-file=1"], { database: "-file=1" }],
  [["--host="], { host: "" }],
  [["--host", ""], { host: "" }],
  [["-G", "10", "--log-format", "json"], { logLevel: "10", logFormat: "json" }],
  [["--grace=1.5min", "--queue-size", "64KiB"], { grace: 90_000, queueSize: 65_536 }],
  [["--grace", "0", "--log-age=2 d", "--log-files", "0"], {
    grace: 0,
    logAge: 172_800_000,
    logFiles: 0,
  }],
];

Deno.test("both parsers parse the same arguments to the same options", () => {
  for (const [args, others] of PARSED) {
    assertEquals(assertSame(args), { state: "parsed", values: values(others) });
  }
});

const PORT = "option '-p, --port <number>' is invalid. It must be an integer from 0 to 65535.";
const HYPHEN = "unknown option. " +
  "A password that begins with a hyphen goes in one piece: --password=-...";

const REJECTED: readonly [args: string[], message: string][] = [
  [["--bogus"], "unknown option '--bogus'"],
  [["--bogus=hunter2"], "unknown option '--bogus'"],
  [["-x"], "unknown option '-x'"],
  [["--help=hunter2"], "unknown option '--help'"],
  [["-h2"], HYPHEN],
  [["-P", "-hunter2"], HYPHEN],
  [["-P", "--hunter2"], HYPHEN],
  [["-P", "--hunter\n2"], HYPHEN],
  [["-P", "--x'\nhunter2"], HYPHEN],
  [["--disable-tls=hunter2"], "unknown option '--disable-tls'"],
  [["--port"], "option '-p, --port <number>' argument missing"],
  [["-d"], "option '-d, --database <file>' argument missing"],
  [["--node", "--join", "nats://h"], "option '--node <name>' argument missing"],
  [["--node=--join"], "option '--node <name>' argument missing"],
  [["-d", "-P", "hunter2"], "option '-d, --database <file>' argument missing"],
  [["--metrics", "--port", "1"], "option '--metrics <port>' argument missing"],
  [["-p", "hunter2"], PORT],
  [["-phunter2"], PORT],
  [["--port="], PORT],
  [["--port=65536"], PORT],
  [["--port=-1"], PORT],
  [["--port", "-P", "--bogus"], "option '-p, --port <number>' argument missing"],
  [["--bogus", "--port=x", "--help"], PORT],
  [
    ["--grace=soon"],
    "option '--grace <duration>' argument 'soon' is invalid. " +
    'Expected a duration such as 10, 10s, 500ms, 5min, 2h or 7d, got "soon"',
  ],
  [
    ["--log-files=1.5"],
    "option '--log-files <number>' argument '1.5' is invalid. Expected a whole number, got \"1.5\"",
  ],
  [
    ["--queue-size", "0"],
    "option '--queue-size <size>' argument '0' is invalid. Cannot use the limit queueHigh: " +
    "it must be a number from 1 to 9007199254740991, got 0",
  ],
  [
    ["--log-format", "xml"],
    "option '--log-format <format>' argument 'xml' is invalid. Allowed choices are text, json.",
  ],
  [["hunter2"], "too many arguments. Expected 0 arguments but got 1."],
  [["-5"], "too many arguments. Expected 0 arguments but got 1."],
  [["-"], "too many arguments. Expected 0 arguments but got 1."],
  [["a", "--", "--bogus", "--help"], "too many arguments. Expected 0 arguments but got 3."],
  [["-P", "a", "--", "hunter2"], "too many arguments. Expected 0 arguments but got 1."],
  [["--auth-password=two", "hunter2"], "too many arguments. Expected 0 arguments but got 1."],
  [["hunter2", "--bogus"], "unknown option '--bogus'"],
];

Deno.test("both parsers reject the same arguments with the same message, which has no password", () => {
  for (const [args, message] of REJECTED) {
    assertEquals(assertSame(args), { state: "rejected", message });
    assert(!/hunter/.test(message), message);
  }
});

Deno.test("both parsers show the help, unless a value before it is wrong", () => {
  const cases = [["--help"], ["-h"], ["--bogus", "-h"], ["-P", "--help"], ["word", "--help"], [
    "--bogus",
    "--",
    "--help",
  ]];
  for (const args of cases) assertEquals(assertSame(args), { state: "help" });
});

Deno.test("the help names every option, its value and its default", () => {
  const lines = formatHelp(SPECS);
  for (const { flag, short, placeholder, description } of SPECS) {
    const line = lines.find((line) => line.includes(` ${flag} `));
    for (const part of [short ?? "", placeholder ?? "", description]) {
      assert(line?.includes(part), `${flag}: ${line}`);
    }
  }
  assert(lines.some((line) => line.includes("--port") && line.endsWith("(default: 1875)")));
  assert(lines.some((line) => line.includes("-h, --help")));
});

Deno.test("both parsers have the same outcome for any arguments", () => {
  const word = anyWord(SPECS, [
    ...["", "-", "--", "0", "-5", "-1e3", "10s", "1 KiB", "1.5min", "json", "secret"],
    ...["--help", "-h", "--bogus", "-x", "-Infinity", "--bogus=1", "-5x", "__proto__"],
  ]);
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (args) => void assertSame(args)),
    { numRuns: 2_000 },
  );
});

Deno.test("a script and start end with the same message on standard error and the same exit code", async () => {
  await using home = await temporaryFolder();
  const module = JSON.stringify(import.meta.resolve("../../mod.ts"));
  const config = fileURLToPath(import.meta.resolve("../../deno.json"));
  const program = `import { parseStartOptions } from ${module}; parseStartOptions();`;
  const script = async (args: readonly string[]) => {
    const all = ["eval", "--config", config, program, "--", ...args];
    return textsOf(await new Deno.Command(Deno.execPath(), { args: all }).output());
  };
  const cases = [["--bogus=hunter2"], ["-p", "hunter2"], ["--grace=soon"], ["--port"], ["--help"]];
  await Promise.all(cases.map(async (args) => {
    const [ours, theirs] = await Promise.all([
      script(args),
      command(home.path, "start", ...args).output().then(textsOf),
    ]);
    assertEquals([ours.code, ours.stderr], [theirs.code, theirs.stderr], args.join(" "));
    assertEquals(ours.code, args[0] === "--help" ? 0 : 2);
    assert(!ours.stderr.includes("hunter2"), ours.stderr);
    for (const { flag } of ours.code === 0 ? SPECS : []) {
      assert(ours.stdout.includes(flag) && theirs.stdout.includes(flag), flag);
    }
  }));
});

/** How a program ended, without the advice that the command line adds to its errors. */
function textsOf({ code, stdout, stderr }: Deno.CommandOutput) {
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  const advice = "Add --help to see what is possible.\n";
  return { code, stdout: out, stderr: error.replace(advice, "").trimEnd() };
}
