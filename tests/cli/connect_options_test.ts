import { assertEquals, assertThrows } from "@std/assert";
import { Command } from "commander";
import { fileURLToPath } from "node:url";
import { addConnectOptions } from "../../cli/commander_options.ts";
import {
  type CommandConnectOptions,
  connectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../../cli/connect_options.ts";
import { ConfigurationError } from "../../errors.ts";
import { parseWords } from "../../program/option.ts";
import { run, succeed } from "../support/process.ts";

/** The options with which a command connects that has these arguments. */
function parse(...args: string[]): Omit<CommandConnectOptions, "prompt"> {
  const command = addConnectOptions(new Command()).parse(args, { from: "user" });
  const words = parseWords(connectOptions(), args);
  assertEquals(words, { state: "parsed", values: command.opts(), operands: [] });
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
  const [commander, connecting, option] = ["commander_options", "connect_options", "option"].map(
    (name, index) =>
      JSON.stringify(import.meta.resolve(`../../${index < 2 ? "cli" : "program"}/${name}.ts`)),
  );
  const program = `import { Command } from "commander";
    import { addConnectOptions } from ${commander};
    import { connectOptions, readConnectOptions } from ${connecting};
    import { parseWords } from ${option};
    const args = Deno.env.get("ARGUMENTS").split(" ").filter(Boolean);
    const command = addConnectOptions(new Command()).parse(args, { from: "user" });
    const both = [command.opts(), parseWords(connectOptions(), args).values];
    console.log(JSON.stringify(both.map((values) => {
      const { host, port, username, timeout } = readConnectOptions(values);
      return [host, port, username ?? "nobody", timeout];
    })));`;
  const run = async (args: string, ...values: string[]) => {
    const names = ["MSL_NETWORK_HOST", "MSL_NETWORK_PORT", "MSL_NETWORK_USERNAME"];
    const env: Record<string, string> = { ARGUMENTS: args };
    names.forEach((name, index) => env[name] = values[index]);
    const config = fileURLToPath(import.meta.resolve("../../deno.json"));
    const evaluate = ["eval", "--config", config, program];
    const command = new Deno.Command(Deno.execPath(), { args: evaluate, env });
    const [byCommander, plain] = JSON.parse(await succeed(command));
    assertEquals(plain, byCommander);
    return plain;
  };
  assertEquals(await run("", "", "", ""), ["localhost", 1875, "nobody", 10_000]);
  const set = ["lab-pc", "1234", "j.doe"];
  assertEquals(await run("", ...set), ["lab-pc", 1234, "j.doe", 10_000]);
  assertEquals(await run("-p 5 --host=", ...set), ["localhost", 5, "j.doe", 10_000]);
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

Deno.test("an environment variable with a wrong port is rejected by both parsers, with the same reason", async () => {
  const env = { MSL_NETWORK_PORT: "0" };
  const module = JSON.stringify(import.meta.resolve("../../cli/connect_options.ts"));
  const option = JSON.stringify(import.meta.resolve("../../program/option.ts"));
  const config = fileURLToPath(import.meta.resolve("../../deno.json"));
  const program = `import { connectOptions } from ${module};
    import { parseWords } from ${option};
    console.log(parseWords(connectOptions(), []).message);`;
  const args = ["eval", "--config", config, program];
  const ours = await succeed(new Deno.Command(Deno.execPath(), { args, env }));
  const manager = fileURLToPath(import.meta.resolve("../../manager.ts"));
  const call = new Deno.Command(Deno.execPath(), { args: ["run", "-A", manager, "ls"], env });
  const { code, stderr } = await run(call);
  assertEquals([code, stderr.split("\n")[0]], [2, `error: ${ours.trimEnd()}`]);
});
