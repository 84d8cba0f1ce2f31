/** A remote computer for tests: a private SSH server on loopback, with its own keys. */

import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type RemoteManager,
  type SshOptions,
  startManager,
  type StartManagerOptions,
} from "../../mod.ts";

/** The address that it listens on. */
export const HOST = "127.0.0.1";

/** The path of the server's program, `undefined` if it is not installed. */
export const sshd = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].find((file) => existsSync(file));

/** A remote computer: an SSH server that accepts one key, and a home folder for Managers. */
export class Computer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #drained: Promise<void>;
  readonly #folder: string;
  readonly #denoFolder: string;
  #programs = 0;
  /** The SSH options for its login. */
  readonly ssh: SshOptions & { port: number; identityFile: string };
  /** The home folder of its Managers. */
  readonly home: string;

  private constructor(
    child: Deno.ChildProcess,
    port: number,
    folder: string,
    denoFolder: string,
  ) {
    this.#child = child;
    this.#folder = folder;
    this.#denoFolder = denoFolder;
    this.#drained = child.stderr.pipeTo(new WritableStream());
    this.home = join(folder, "a home");
    this.ssh = sshOptions(folder, port);
  }

  /** Starts the server. It listens when the promise is fulfilled. */
  static async start(): Promise<Computer> {
    const denoFolder = await findDenoFolder();
    const folder = await Deno.makeTempDir({ prefix: "msl-network-" });
    for (const key of ["host_key", "key", "unknown_key"]) await makeKey(join(folder, key));
    await Deno.copyFile(join(folder, "key.pub"), join(folder, "authorized_keys"));
    // As root, sshd needs this folder, which its system service makes at boot.
    if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    for (;;) {
      const port = freePort();
      const config = join(folder, "sshd_config");
      await Deno.writeTextFile(config, serverConfig(folder, port));
      await trustHost(folder, port, "host_key");
      const child = new Deno.Command(sshd!, {
        args: ["-D", "-e", "-f", config],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const output = await readUntil(child.stderr, `Server listening on ${HOST} port ${port}.`);
      if (output === undefined) return new Computer(child, port, folder, denoFolder);
      await child.stderr.cancel();
      await child.status;
      // Another program may have taken the port in the meantime.
      if (!output.includes("Address already in use")) throw new Error(`sshd failed:\n${output}`);
    }
  }

  /** Starts a command on the remote computer. */
  run(command: readonly string[], options: StartManagerOptions = {}): Promise<RemoteManager> {
    return startManager(HOST, this.recorded(command), { ssh: this.ssh, ...options });
  }

  /** The words that run a command whose process is killed at disposal, if it still runs. */
  recorded(command: readonly string[]): string[] {
    const pidFile = join(this.#folder, `${this.#programs++}.pid`);
    return ["sh", "-c", 'echo $$ >"$0.new" && mv "$0.new" "$0" && exec "$@"', pidFile, ...command];
  }

  /** The words that run a module of the tests on the remote computer, with its own home folder. */
  deno(module: string): string[] {
    const variables = [`MSL_NETWORK_HOME=${this.home}`, `DENO_DIR=${this.#denoFolder}`];
    const file = fileURLToPath(import.meta.resolve(module));
    return ["env", ...variables, "NO_COLOR=1", Deno.execPath(), "run", "-A", file];
  }

  /** The path of a key that the server does not accept. */
  get unknownKey(): string {
    return join(this.#folder, "unknown_key");
  }

  /** Replaces the server's key in the client's list of known hosts. */
  async changeHostKey(): Promise<void> {
    await trustHost(this.#folder, this.ssh.port, "unknown_key");
  }

  /** The ids of the processes that were started. */
  pids(): number[] {
    return [...Deno.readDirSync(this.#folder)]
      .filter(({ name }) => name.endsWith(".pid"))
      .map(({ name }) => Number(Deno.readTextFileSync(join(this.#folder, name))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.pids()) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        // It has ended already.
      }
    }
    this.#child.kill();
    await this.#child.status;
    await this.#drained;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** The cache folder of Deno; a session over SSH can have another default. */
async function findDenoFolder(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

function sshOptions(folder: string, port: number): Computer["ssh"] {
  const settings = [
    `UserKnownHostsFile=${join(folder, "known_hosts")}`,
    "GlobalKnownHostsFile=/dev/null",
    "StrictHostKeyChecking=yes",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "BatchMode=yes",
  ];
  return {
    port,
    identityFile: join(folder, "key"),
    args: ["-F", "/dev/null", ...settings.flatMap((setting) => ["-o", setting])],
  };
}

function serverConfig(folder: string, port: number): string {
  return `ListenAddress ${HOST}
Port ${port}
HostKey ${join(folder, "host_key")}
AuthorizedKeysFile ${join(folder, "authorized_keys")}
PidFile none
PasswordAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
`;
}

async function makeKey(file: string): Promise<void> {
  const args = ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file];
  const { code } = await new Deno.Command("ssh-keygen", { args, stderr: "inherit" }).output();
  assertEquals(code, 0);
}

async function trustHost(folder: string, port: number, key: string): Promise<void> {
  const publicKey = await Deno.readTextFile(join(folder, `${key}.pub`));
  await Deno.writeTextFile(join(folder, "known_hosts"), `[${HOST}]:${port} ${publicKey}`);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** Reads until a text is received. If the stream ends before, returns everything that was read. */
async function readUntil(
  stream: ReadableStream<Uint8Array>,
  text: string,
): Promise<string | undefined> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  try {
    for (let output = "";;) {
      const { value, done } = await reader.read();
      if (done) return output;
      output += decoder.decode(value, { stream: true });
      if (output.includes(text)) return undefined;
    }
  } finally {
    reader.releaseLock();
  }
}
