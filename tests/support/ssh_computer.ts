/** Another computer, for tests: a private SSH server on loopback, with keys of its own. */

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

/** The server's program, `undefined` where it is not installed. */
export const sshd = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].find((file) => existsSync(file));

/** Another computer: an SSH server that lets one key in, and a home folder for Managers. */
export class Computer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #drained: Promise<void>;
  readonly #folder: string;
  readonly #denoFolder: string;
  #programs = 0;
  /** How it is logged in to. */
  readonly ssh: SshOptions & { port: number; identityFile: string };
  /** Where its Managers have their files. */
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

  /** Starts the server, which listens when the promise is fulfilled. */
  static async start(): Promise<Computer> {
    const denoFolder = await findDenoFolder();
    const folder = await Deno.makeTempDir({ prefix: "msl-network-" });
    for (const key of ["host_key", "key", "unknown_key"]) await makeKey(join(folder, key));
    await Deno.copyFile(join(folder, "key.pub"), join(folder, "authorized_keys"));
    // As root, sshd wants this folder, which its service makes at boot.
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
      const said = await readUntil(child.stderr, `Server listening on ${HOST} port ${port}.`);
      if (said === undefined) return new Computer(child, port, folder, denoFolder);
      await child.stderr.cancel();
      await child.status;
      // Another program may have taken the port in the meantime.
      if (!said.includes("Address already in use")) throw new Error(`sshd failed:\n${said}`);
    }
  }

  /** Starts a command there. */
  run(command: readonly string[], options: StartManagerOptions = {}): Promise<RemoteManager> {
    return startManager(HOST, this.recorded(command), { ssh: this.ssh, ...options });
  }

  /** The words that run a command whose process is ended with the computer, if it still runs. */
  recorded(command: readonly string[]): string[] {
    const pidFile = join(this.#folder, `${this.#programs++}.pid`);
    return ["sh", "-c", 'echo $$ >"$0.new" && mv "$0.new" "$0" && exec "$@"', pidFile, ...command];
  }

  /** The words that run a module of the tests there, with a home folder of its own. */
  deno(module: string): string[] {
    const variables = [`MSL_NETWORK_HOME=${this.home}`, `DENO_DIR=${this.#denoFolder}`];
    const file = fileURLToPath(import.meta.resolve(module));
    return ["env", ...variables, "NO_COLOR=1", Deno.execPath(), "run", "-A", file];
  }

  /** The file of a key that is not let in. */
  get unknownKey(): string {
    return join(this.#folder, "unknown_key");
  }

  /** Makes the client expect another key of the server. */
  async changeHostKey(): Promise<void> {
    await trustHost(this.#folder, this.ssh.port, "unknown_key");
  }

  /** The process ids of what was started there. */
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
        // It has ended, as it should.
      }
    }
    this.#child.kill();
    await this.#child.status;
    await this.#drained;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Where Deno keeps what it has downloaded; a session over SSH may have another default. */
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

/** Reads until a text comes. If the stream ends before, returns all that came. */
async function readUntil(
  stream: ReadableStream<Uint8Array>,
  text: string,
): Promise<string | undefined> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  try {
    for (let said = "";;) {
      const { value, done } = await reader.read();
      if (done) return said;
      said += decoder.decode(value, { stream: true });
      if (said.includes(text)) return undefined;
    }
  } finally {
    reader.releaseLock();
  }
}
