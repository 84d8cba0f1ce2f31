/**
 * Three Managers that are joined over NATS, one client, and a Service that moves from one Manager to
 * another: `deno task demo --nodes`. It needs the program `nats-server`, in the package of that name of
 * Debian and others. Everything runs on this computer, each in a process of its own but for the client.
 *
 * @module
 */

import { connect, RemoteError } from "@msl/network";
import type { Oven } from "./oven.ts";
import { type Program, startProcess, startProgram } from "./programs.ts";

/** The nodes: one in each room. The client is in the last one. */
const ROOMS = ["a", "b", "c"];
/** How often a node says that it is there: after five times it is gone for the others. */
const BEAT = "200ms";
/** How long until a node knows what another one has, in milliseconds. */
const KNOWN = 60_000;

/** Where `nats-server` is. Debian has it in a folder that is not in the `PATH` of its users. */
const NATS_PROGRAMS = ["nats-server", "/usr/sbin/nats-server"];

/**
 * Runs the demonstration. Returns the exit code.
 *
 * @param home The folder for what it writes.
 */
export async function demonstrateNodes(home: string): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const nats = startNats(home);
  if (nats === undefined) {
    console.error("Install nats-server first, e.g. with: sudo apt install nats-server");
    return 1;
  }
  stack.defer(async () => {
    nats.kill();
    await nats.status;
  });
  const servers = await addressOf(nats, home);
  console.log(`NATS listens at ${servers}`);
  await run(home, servers, stack);
  return 0;
}

async function run(home: string, servers: string, stack: AsyncDisposableStack): Promise<void> {
  const managers = new Map<string, { program: Program; port: string }>();
  for (const room of ROOMS) {
    const program = stack.use(startManager(home, room, servers));
    const ready = await program.lineWith("Network Manager running on");
    console.log(`Room ${room}: ${ready}`);
    managers.set(room, { program, port: /:(\d+) /.exec(ready)![1] });
  }
  const startOven = async (room: string) => {
    const at = ["--disable-tls", "--port", managers.get(room)!.port];
    const program = stack.use(startProgram(home, "oven.ts", "--room", room, ...at));
    console.log(`\n${await program.lineWith("is in room")}`);
    return program;
  };
  const oven = await startOven("a");
  const client = stack.use(
    await connect({ host: "localhost", port: Number(managers.get("c")!.port), disableTls: true }),
  );
  const unlinked = new Set<string>();
  client.connectionHandler = (change) => {
    if (change.state === "unlinked") unlinked.add(change.service);
  };
  const retry = async <T>(attempt: () => Promise<T>): Promise<T> => {
    for (const end = performance.now() + KNOWN;;) {
      try {
        return await attempt();
      } catch (error) {
        if (performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const link = (service: string) => retry(async () => await client.link<Oven>(service));
  /** Waits until the client and its Manager know that a Service is gone, which takes a moment. */
  const gone = (service: string) =>
    retry(async () => {
      const { services } = await client.identities();
      if (service in services || !unlinked.has(service)) throw new Error(`${service} is not gone`);
    });
  const show = async (what: string, call: () => PromiseLike<unknown>) => {
    try {
      console.log(`${what}: ${JSON.stringify(await call())}`);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      console.log(
        `${what}: ${error instanceof RemoteError ? "" : `${error.name}: `}${error.message}`,
      );
    }
  };

  console.log("The client in room c calls a.Oven:");
  const first = await link("a.Oven");
  await show("a.Oven.temperature()", () => first.temperature());
  const services = Object.keys((await client.identities()).services);
  console.log(`The client sees: ${services.join(", ")}`);

  console.log("\nThe Oven is switched off in room a, and carried to room b.");
  oven.interrupt();
  await oven.status;
  await gone("a.Oven");
  await show("a.Oven.temperature()", () => first.temperature());
  await startOven("b");
  const second = await link("b.Oven");
  await show("a new link with a.Oven", () => client.link("a.Oven"));
  await show("a new link with Oven", () => client.link("Oven"));
  await show("b.Oven.temperature()", () => second.temperature());

  console.log("\nThe Manager of room b is killed while the Oven bakes.");
  const baking = second.bake();
  await baking.sent;
  await client.about("b.Oven"); // an answer that comes after the call has arrived there
  managers.get("b")!.program.kill();
  await show("b.Oven.bake()", () => baking);
  await gone("b.Oven");
  await show("a new link with b.Oven", () => client.link("b.Oven"));
}

function startManager(home: string, room: string, servers: string): Program {
  return startProgram(
    `${home}/${room}`,
    "../manager.ts",
    "start",
    ...["--port=0", "--disable-tls", "-G", "error"],
    ...["--node", room, "--join", servers, "--join-beat", BEAT],
  );
}

/** Starts NATS on a free port of this computer; `undefined` if it is not installed. */
function startNats(folder: string): Deno.ChildProcess | undefined {
  const args = ["-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", folder];
  for (const program of NATS_PROGRAMS) {
    try {
      return startProcess(program, { args, stdout: "null", stderr: "null" });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** The address of NATS, when it listens. */
async function addressOf(nats: Deno.ChildProcess, folder: string): Promise<string> {
  const file = `${folder}/nats-server_${nats.pid}.ports`;
  for (const end = performance.now() + KNOWN;;) {
    try {
      return JSON.parse(await Deno.readTextFile(file)).nats[0]; // the server has chosen the port
    } catch (cause) {
      if (performance.now() > end) throw new Error("nats-server does not listen", { cause });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
