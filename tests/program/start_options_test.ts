import { assertEquals, assertThrows } from "@std/assert";
import { ConfigurationError, ValueError } from "../../errors.ts";
import { KEPT_CONNECTIONS, LIMITS } from "../../limits.ts";
import {
  type CommandLineOptions,
  formatStartOptions,
  parseStartOptions,
} from "../../program/start_options.ts";
import { parseRetention } from "../../manager/retention.ts";
import fc from "../support/properties.ts";
import { CONFIG } from "../support/source_tree.ts";

/** The options of an empty command line. */
const DEFAULTS = { port: 1875, logLevel: "info" };

/** Options without those that are `undefined`. */
function defined(options: CommandLineOptions): CommandLineOptions {
  return Object.fromEntries(Object.entries(options).filter(([_, value]) => value !== undefined));
}

/** The options as another process parses them, whose standard input has this text. */
async function parseElsewhere(args: string[], input: string): Promise<unknown> {
  const module = JSON.stringify(import.meta.resolve("../../program/start_options.ts"));
  const program = `import { parseStartOptions } from ${module};
    console.log(JSON.stringify(parseStartOptions(${JSON.stringify(args)})));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", CONFIG, program],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { stdout } = await child.output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("an empty command line has the defaults", () => {
  assertEquals(formatStartOptions({}), { args: [], input: [] });
  assertEquals(defined(parseStartOptions([])), DEFAULTS);
});

Deno.test("options that are written as a command line are parsed to the same options", () => {
  const text = fc.string({ unit: "binary" });
  const all = fc.record({
    authHostname: fc.constant(true),
    authLogin: fc.constant(true),
    disableTls: fc.constant(true),
    certFile: text,
    database: text,
    host: text,
    keepConnections: fc.constantFrom("0", "1000", "90d", "12h,500"),
    keyFile: text,
    logFile: text,
    logLevel: text,
    logFormat: fc.constantFrom("text", "json"),
    logSize: fc.constantFrom(0, 1, 1_500, 10 * 2 ** 20),
    logAge: fc.constantFrom(0, 1, 90_000, 7 * 24 * 60 * 60_000),
    logFiles: fc.nat(),
    logRecent: fc.constantFrom(0, 1, 2 ** 24),
    port: fc.integer({ min: 0, max: 65_535 }),
    metrics: fc.integer({ min: 0, max: 65_535 }),
    limits: fc.constantFrom({ grace: 0, maxCountedServices: 3 }, {
      maxPending: 7,
      queueHigh: 1_500,
      loginTimeout: 90_000,
    }),
  }, { requiredKeys: [] });
  fc.assert(fc.property(all, (options) => {
    const { args, input } = formatStartOptions(options);
    assertEquals(input, []);
    assertEquals(defined(parseStartOptions(args)), { ...DEFAULTS, ...options });
  }));
});

Deno.test("which records of connections are kept is a number, an age, or both", () => {
  assertEquals(parseRetention("1000"), { rows: 1_000, age: Infinity });
  assertEquals(parseRetention("90d"), { rows: KEPT_CONNECTIONS, age: 90 * 24 * 60 * 60_000 });
  assertEquals(parseRetention("500, 12h"), { rows: 500, age: 12 * 60 * 60_000 });
  for (const text of ["", "x", "-1", "1.5", "1,2", "1d,2d", "1,2d,3", "1e3", "90 years", "1,"]) {
    assertThrows(() => parseRetention(text), ValueError);
  }
});

Deno.test("an option that is false is left out, and the number of a level is text", () => {
  const off = { authHostname: false, authLogin: false, disableTls: false };
  assertEquals(formatStartOptions(off).args, []);
  assertEquals(parseStartOptions(formatStartOptions({ logLevel: 30 }).args).logLevel, "30");
});

Deno.test("passwords are lines of the standard input, and not on the command line", async () => {
  const passwords = { authPassword: ' --it\'s "µ" $HOME ', keyFilePassword: "-" };
  const { args, input } = formatStartOptions({ ...passwords, port: 0 });
  assertEquals(args, ["--kwargs", '{"port":0}', "--auth-password=-", "--key-file-password=-"]);
  assertEquals(input, Object.values(passwords));
  const expected = { ...DEFAULTS, port: 0, ...passwords };
  assertEquals(await parseElsewhere(args, input.join("\n") + "\n"), expected);
  assertEquals(await parseElsewhere(args, input.join("\r\n")), expected); // as Windows ends a line
});

Deno.test("a password that is not one line is an error, which does not repeat it", () => {
  for (const authPassword of ["two\nlines", "ends\r", "\n", ""]) {
    const { message } = assertThrows(
      () => formatStartOptions({ authPassword }),
      ConfigurationError,
      "Cannot pass authPassword on the standard input",
    ) as Error;
    assertEquals(authPassword !== "" && message.includes(authPassword), false);
  }
});

Deno.test("several words on a command line are one password", () => {
  const { authPassword, keyFilePassword } = parseStartOptions(
    ["-P", "a", "good", "password", "-p", "0", "-D", "another", "one"],
  );
  assertEquals([authPassword, keyFilePassword], ["a good password", "another one"]);
});

Deno.test("every limit that is written as an option is parsed to the same limit", () => {
  const { longLine: _, queueLow: __, queueLimit: ___, maxServiceRequests: ____, ...limits } =
    LIMITS;
  const { args } = formatStartOptions({ limits });
  assertEquals(args.length, Object.keys(limits).length);
  assertEquals(parseStartOptions(args).limits, limits);
});

Deno.test("options are passed as Python's keyword arguments, and others as options of their own", () => {
  const options = {
    port: 7,
    disableTls: true,
    certFile: "it's",
    logLevel: "debug",
    logSize: 1_500,
  };
  const kwargs = '{"cert_file":"it\'s","disable_tls":true,"port":7}';
  const { args, input } = formatStartOptions({ ...options, authPassword: "a b" });
  assertEquals(args.slice(0, 2), ["--kwargs", kwargs]);
  assertEquals(
    args.slice(2).toSorted(),
    [
      "--auth-password=-",
      "--log-level=debug",
      "--log-size=1500B",
    ].toSorted(),
  );
  assertEquals(input, ["a b"]);
  const shown = formatStartOptions({ port: 7, authPassword: "a b" }, "kwargs", true);
  assertEquals([shown.args.length, shown.input], [2, []]);
  assertEquals(JSON.parse(shown.args[1]), {
    port: 7,
    auth_password: "a b",
    password_manager: "a b",
  });
  assertEquals(parseStartOptions(shown.args).authPassword, "a b");
  assertEquals(formatStartOptions({ port: 7 }, "flags").args, ["--port=7"]);
});

Deno.test("a script reads the keyword arguments that the Python software passes", () => {
  const kwargs = {
    port: 0,
    host: null,
    disable_tls: true,
    auth_login: false,
    timeout: 5,
    username: "alice",
    password_manager: "abc",
    assert_hostname: true,
  };
  const text = JSON.stringify(kwargs);
  for (const args of [["--kwargs", text], [`--kwargs=${text}`], ["--kwargs", text, "--grace=1s"]]) {
    const { port, disableTls, authLogin, host, limits } = parseStartOptions(args);
    assertEquals([port, disableTls, authLogin, host], [0, true, undefined, undefined]);
    assertEquals(limits, args.length === 3 ? { grace: 1_000 } : undefined);
  }
  for (
    const [bad, reason] of [
      ["{", "it is not a JSON object"],
      ["[]", "it is not a JSON object"],
      [undefined, "it is not a JSON object"],
      ['{"prot":1}', 'there is no option "prot"'],
      ['{"disable_tls":"no"}', 'the value of "disable_tls" has a wrong type'],
      ['{"port":[1]}', 'the value of "port" has a wrong type'],
      ['{"auth_password":"-"}', '"-" is no password'],
    ]
  ) {
    const args = bad === undefined ? ["--kwargs"] : ["--kwargs", bad];
    assertThrows(() => parseStartOptions(args), ConfigurationError, `--kwargs: ${reason}`);
  }
});

Deno.test("the port of the web pages may be left out, and other sites are a list", () => {
  const parse = (...args: string[]) => defined(parseStartOptions(args));
  assertEquals(parse("--web"), { ...DEFAULTS, web: true });
  assertEquals(parse("--web", "--port", "1"), { ...DEFAULTS, port: 1, web: true });
  for (const args of [["--web", "0"], ["--web=0"]]) {
    assertEquals(parse(...args), { ...DEFAULTS, web: 0 });
  }
  const origins = ["https://lab.example.org", "http://b.org:8080"];
  const options = { ...DEFAULTS, web: 8_080, webOrigin: origins, webRoot: "pages" };
  assertEquals(parse("--web=8080", `--web-origin=${origins}`, "--web-root=pages"), options);
  for (const given of [options, { ...DEFAULTS, web: true }]) {
    assertEquals(parse(...formatStartOptions(given).args), given);
  }
});

Deno.test("what the Python software does not know is no keyword argument", () => {
  const { args } = formatStartOptions({ host: "lab-pc", keepConnections: "90d", web: true });
  assertEquals(args, ["--kwargs", '{"host":"lab-pc"}', "--keep-connections=90d", "--web"]);
});

Deno.test("the options of joining are one object, and are written and parsed to the same", () => {
  const parse = (...args: string[]) => defined(parseStartOptions(args));
  const join = { node: "a", servers: ["nats://h:4222", "tls://[::1]:1", "nats://k:4222"] };
  assertEquals(
    parse("--node", "a", "--join", "nats://h,tls://[::1]:1", "--join=nats://k"),
    { ...DEFAULTS, join },
  );
  const all = {
    ...join,
    network: "site",
    beat: 1_500,
    allow: ["b:DMM,Heater", "c"],
    credentialsFile: "node.creds",
    caFile: "ca.pem",
  };
  for (const style of ["flags", "kwargs"] as const) {
    const { args } = formatStartOptions({ join: all, port: 0 }, style);
    assertEquals(parse(...args), { ...DEFAULTS, port: 0, join: all });
  }
  const kwargs = { node: "a", join: ["nats://h", "nats://k"], join_allow: "b" };
  assertEquals(parse("--kwargs", JSON.stringify(kwargs)), {
    ...DEFAULTS,
    join: { node: "a", servers: ["nats://h:4222", "nats://k:4222"], allow: ["b"] },
  });
});

Deno.test("to join needs the name of the node and a server", () => {
  const missing = { "--node=a": "--join", "--join=nats://h": "--node", "--join-beat=2s": "--node" };
  for (const [given, name] of Object.entries(missing)) {
    const reason = `${given.replace(/=.*/, "")} is given, and ${name} is not`;
    assertThrows(() => parseStartOptions([given]), ConfigurationError, reason);
  }
});
