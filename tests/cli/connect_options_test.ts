import { assertEquals, assertThrows } from "@std/assert";
import { Command } from "commander";
import { fileURLToPath } from "node:url";
import {
  addConnectOptions,
  type CommandConnectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../../cli/connect_options.ts";
import { ConfigurationError } from "../../errors.ts";
import { succeed } from "../support/process.ts";

const MODULE = import.meta.resolve("../../cli/connect_options.ts");

/** The options with which a command connects that has these arguments. */
function parse(...args: string[]): Omit<CommandConnectOptions, "prompt"> {
  const command = addConnectOptions(new Command()).parse(args, { from: "user" });
  const { prompt: _, ...options } = readConnectOptions(command.opts<ParsedConnectOptions>());
  return options;
}

const REMOTE = ["--host", "192.0.2.1"];

Deno.test("a command connects with the options that it is given", () => {
  const args = ["-p", "1234", "--disable-tls", "--username", "j.doe", "--timeout", "1min"];
  assertEquals(parse(...REMOTE, ...args, "-c", "lab.crt"), {
    host: "192.0.2.1",
    port: 1234,
    timeout: 60_000,
    disableTls: true,
    certFile: "lab.crt",
    username: "j.doe",
    password: undefined,
    passwordManager: undefined,
    exactNumbers: true,
  });
});

Deno.test("an environment variable that is empty is not set", async () => {
  // In a process of its own, as other tests have the environment of this one.
  const program = `import { Command } from "commander";
    import * as options from ${JSON.stringify(MODULE)};
    const command = options.addConnectOptions(new Command()).parse([], { from: "user" });
    const { host, port, username, timeout } = options.readConnectOptions(command.opts());
    console.log(JSON.stringify([host, port, username ?? "nobody", timeout]));`;
  const run = async (...values: string[]) => {
    const names = ["MSL_NETWORK_HOST", "MSL_NETWORK_PORT", "MSL_NETWORK_USERNAME"];
    const env = Object.fromEntries(names.map((name, index) => [name, values[index]]));
    const config = fileURLToPath(import.meta.resolve("../../deno.json"));
    const args = ["eval", "--config", config, program];
    return JSON.parse(await succeed(new Deno.Command(Deno.execPath(), { args, env })));
  };
  assertEquals(await run("", "", ""), ["localhost", 1875, "nobody", 10_000]);
  assertEquals(await run("lab-pc", "1234", "j.doe"), ["lab-pc", 1234, "j.doe", 10_000]);
});

Deno.test("one password is for the user and for the Manager, which asks for one of them", async () => {
  const file = await Deno.makeTempFile({ prefix: "msl-network-" });
  try {
    await Deno.writeTextFile(file, "a secret\n");
    const { password, passwordManager } = parse(...REMOTE, "--password-file", file);
    assertEquals([password, passwordManager], ["a secret", "a secret"]);
  } finally {
    await Deno.remove(file);
  }
  assertThrows(
    () => parse("--password-file", file),
    ConfigurationError,
    "Cannot read the password",
  );
});

Deno.test("the certificate of this computer is not trusted for a Manager on another computer", () => {
  const options = parse(...REMOTE);
  assertEquals(["certFile" in options, "assertHostname" in options], [false, false]);
});
