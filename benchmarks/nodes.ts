/**
 * Calls over two nodes: our Client at one Manager, our Service at another one, which is joined to it by
 * a NATS server. They are compared with calls at one Manager, and with request and reply of NATS by
 * its JavaScript client between the same processes. All is over plain TCP.
 *
 * @module
 */

import { connect } from "../client.ts";
import { type Callers, owning, startCallers, startLocal, startRequests } from "./callers.ts";
import type { GigabytePeerOptions, GigabyteReport, Way } from "./gigabyte_peer.ts";
import { startNats } from "./nats.ts";
import { MULTIMETER, Pair } from "./pair.ts";
import { Program } from "./program.ts";
import { type Figure, median, type Section } from "./report.ts";
import { type Server, type Setting, startServer } from "./setting.ts";
import type { Called, Calls } from "./workers.ts";

/** The number of calls in flight, and of one call after the other. */
const IN_FLIGHT = 512;
const ALONE = 1;
/** A call over two nodes may take as long as one at one Manager and so many requests of NATS. */
const REQUESTS = 2.5;

/** The node of the service, and that of the client. */
const [HOME, OTHER] = ["a", "b"];
/** How long it may take until a node knows the service of another one, in milliseconds. */
const KNOWN = 10_000;

/** A large value: its length where rough figures are enough, and where not, in megabytes. */
const SIZES = { quick: 100, whole: 1_000 };
const MB = 1e6;
const WAYS: readonly Way[] = ["argument", "result"];
const TIMEOUT = 180_000;
const READ_LIMIT = 2 ** 31;
/** The interval between the calls of another client, in milliseconds, and their longest time. */
const PROBE_EVERY = 10;
const P99 = 50;

/** The figures of a contender. */
interface Sample {
  /** Calls a second. */
  rate: number;
  /** The time of one call alone, in microseconds. */
  alone: number;
  /** CPU time for one call of those in flight, in microseconds, by program. */
  cpu: Record<string, number>;
}

/** Measures this part. */
export async function measureNodes(setting: Setting): Promise<Section> {
  const title = "Two nodes";
  const probe = await startNats(setting, { secure: false });
  if (probe === undefined) {
    return { title, figures: [], notes: ["It is left out: nats-server is not installed"] };
  }
  await probe[Symbol.asyncDispose]();
  const samples: Record<"local" | "nodes" | "nats", Sample[]> = { local: [], nodes: [], nats: [] };
  for (let round = 0; round < (setting.quick ? 1 : 3); round++) {
    samples.local.push(await measure(setting, await startLocal(setting, false)));
    samples.nodes.push(await measure(setting, await startNodes(setting)));
    samples.nats.push(await measure(setting, (await startRequests(setting, false))!));
  }
  const of = (contender: keyof typeof samples, value: (sample: Sample) => number) =>
    median(samples[contender].map(value));
  const alone = {
    local: of("local", ({ alone }) => alone),
    nodes: of("nodes", ({ alone }) => alone),
    nats: of("nats", ({ alone }) => alone),
  };
  const rate = (contender: keyof typeof samples) => of(contender, ({ rate }) => rate);
  const figures: Figure[] = [
    {
      name: "one call alone, two nodes",
      value: alone.nodes,
      unit: "µs",
      reference: {
        name: `local + ${REQUESTS} NATS`,
        value: alone.local + REQUESTS * alone.nats,
      },
      goal: { of: "ratio", bound: "at most", limit: 1 },
    },
    { name: "one call alone, one Manager", value: alone.local, unit: "µs" },
    { name: "one request alone, NATS", value: alone.nats, unit: "µs" },
    {
      name: "calls, 512 in flight, two nodes",
      value: rate("nodes"),
      unit: "/s",
      reference: { name: "NATS", value: rate("nats") },
      goal: { of: "ratio", bound: "at least", limit: 1 },
    },
    { name: "calls, 512 in flight, one Manager", value: rate("local"), unit: "/s" },
  ];
  for (const program of Object.keys(samples.nodes[0].cpu)) {
    const value = of("nodes", ({ cpu }) => cpu[program]);
    if (Number.isNaN(value)) continue; // it can be measured on Linux only
    const isInNats = program in samples.nats[0].cpu;
    const reference = isInNats
      ? { name: "NATS", value: of("nats", ({ cpu }) => cpu[program]) }
      : undefined;
    figures.push({ name: `CPU of the ${program} per call`, value, unit: "µs", reference });
  }
  const notes: string[] = [];
  for (const way of WAYS) {
    try {
      figures.push(...await measureLarge(setting, way));
    } catch (error) {
      notes.push(`${way}: ${(error as Error).message.trim()}`);
    }
  }
  return { title, figures, notes };
}

async function measure(setting: Setting, started: Callers): Promise<Sample> {
  await using contender = started;
  const { client, programs } = contender;
  const [warmUp, duration] = setting.quick ? [1_000, 1_500] : [2_000, 4_000];
  const run = async (inFlight: number): Promise<Called & { cpu: Record<string, number> }> => {
    const command: Calls = { inFlight, warmUp, duration };
    await client.send({ ...command });
    await client.receive();
    const cpus = () =>
      Object.entries(programs).map(([name, program]) => [name, program.cpu() ?? NaN] as const);
    const before = Object.fromEntries(cpus());
    const called = await client.receive<Called>();
    const cpu = cpus().map(([name, now]) => [name, (now - before[name]) * 1e6 / called.calls]);
    return { ...called, cpu: Object.fromEntries(cpu) };
  };
  const { median: alone } = await run(ALONE);
  const { calls, time, cpu } = await run(IN_FLIGHT);
  return { alone: alone * 1_000, rate: calls / time * 1_000, cpu };
}

/** A Client at one node, and a Service at another one. */
async function startNodes(setting: Setting): Promise<Callers> {
  await using stack = new AsyncDisposableStack();
  const { nats, home, other } = await joinTwo(setting, stack);
  const programs = await startCallers(stack, "caller.ts", {
    service: { port: home.address.port, disableTls: true },
    client: { port: other.address.port, disableTls: true, service: `${HOME}.Adder` },
    isReady: () => known(other, `${HOME}.Adder`),
  });
  return owning(stack, programs, {
    "NATS server": nats,
    "Manager of the client": other.program,
    "Manager of the service": home.program,
  });
}

/** Two Managers that are joined. */
async function joinTwo(
  setting: Setting,
  stack: AsyncDisposableStack,
): Promise<{ nats: Program; home: Server; other: Server }> {
  const nats = stack.use((await startNats(setting, { secure: false }))!);
  const start = async (node: string) => {
    const join = { node, servers: [`nats://localhost:${nats.port}`] };
    return stack.use(await startServer(setting, "manager", { secure: false, join }));
  };
  return { nats: nats.program, home: await start(HOME), other: await start(OTHER) };
}

/** Waits until a Manager knows a service. */
async function known({ address }: Server, service: string): Promise<void> {
  await using client = await connect({ port: address.port, disableTls: true });
  const end = performance.now() + KNOWN;
  for (;;) {
    try {
      return await (await client.link(service)).unlink();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** One large value, while another client calls another service. */
async function measureLarge(setting: Setting, way: Way): Promise<Figure[]> {
  const size = setting.quick ? SIZES.quick : SIZES.whole;
  await using stack = new AsyncDisposableStack();
  const { home, other } = await joinTwo(setting, stack);
  const start = async (role: GigabytePeerOptions["role"], { address }: Server, service: string) => {
    const content = "numbers";
    const to = { port: address.port, disableTls: true, readLimit: READ_LIMIT, timeout: TIMEOUT };
    const peer: GigabytePeerOptions = { ...to, role, content, way, size: size * MB, service };
    const program = stack.use(Program.start("gigabyte_peer.ts", peer));
    await program.receive(TIMEOUT);
    await program.giveWay();
    return program;
  };
  await start("service", home, "Store");
  await known(other, `${HOME}.Store`);
  const client = await start("client", other, `${HOME}.Store`);
  const service = stack.use(await Pair.startService(home));
  const name = `${HOME}.${MULTIMETER}`;
  await known(other, name);
  const pair = stack.use(await Pair.connectTo(service, name, home, other.address));
  await pair.measure(1, 500, 100); // a warm-up for the probe
  const memory = () => [home, other].map(({ program }) => (program.memory() ?? NaN) / MB);
  const before = memory();
  const stop = await pair.probe(PROBE_EVERY);
  await client.send({});
  const { time, isWhole } = await client.receive<GigabyteReport>(TIMEOUT);
  const { p99 } = await stop();
  const growth = Math.max(...memory().map((now, index) => now - before[index]));
  if (!isWhole) throw new Error("the value is another one");
  const value = `${size} MB as ${way}`;
  return [
    { name: `${value}: the whole call`, value: time / 1e3, unit: "s" },
    {
      name: `${value}: another client's calls, p99`,
      value: p99,
      unit: "ms",
      goal: { of: "value", bound: "at most", limit: P99 },
    },
    { name: `${value}: growth of a Manager`, value: growth, unit: "MB" },
  ];
}
