import { assertEquals, assertThrows } from "@std/assert";
import { Command } from "commander";
import {
  addConnectOptions,
  type CommandConnectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../../cli/connect_options.ts";
import { ConfigurationError } from "../../errors.ts";

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
  });
});

Deno.test("an environment variable that is empty counts as not set", () => {
  const names = ["MSL_NETWORK_HOST", "MSL_NETWORK_PORT", "MSL_NETWORK_USERNAME"];
  const before = names.map((name) => Deno.env.get(name));
  try {
    for (const name of names) Deno.env.set(name, "");
    const { host, port, username, timeout } = parse();
    assertEquals([host, port, username, timeout], ["localhost", 1875, undefined, 10_000]);
    assertEquals(parse(...REMOTE).host, "192.0.2.1");
  } finally {
    for (const [index, name] of names.entries()) {
      const value = before[index];
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
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
