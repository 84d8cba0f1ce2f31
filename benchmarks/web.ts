/**
 * The cost of a session of a page: a WebSocket through the gateway, against a client over TLS.
 *
 * @module
 */

import type { CrowdCommand, Visited } from "./crowd.ts";
import { Pair } from "./pair.ts";
import { Program } from "./program.ts";
import { type Figure, type Goal, median, type Section } from "./report.ts";
import { type Setting, startServer } from "./setting.ts";

/** What a session of a page may cost, as a multiple of that of a client over TLS. */
const TWICE: Goal = { of: "ratio", bound: "at most", limit: 2 };
/** How long it may take to connect a crowd, in milliseconds. */
const TIMEOUT = 90_000;
/** How many sessions there are, how many visits, and how many connect before they are measured. */
const [SESSIONS, VISITS, WARM_UP] = [1_000, 300, 300];

/** What one kind of session costs the server. */
interface Costs {
  /** Resident memory, in KiB. */
  memory: number;
  /** The CPU of a request and its reply, in microseconds: many at once, and one alone. */
  batched: number;
  alone: number;
  /** The time of a connection with its handshake, in milliseconds, and its CPU, in milliseconds. */
  handshake: number;
  handshakeCpu: number;
  /** The time of one request alone, in microseconds. */
  time: number;
}

/** Measures this part. The kinds alternate. */
export async function measureWeb(setting: Setting): Promise<Section> {
  const rounds = setting.quick ? 1 : 3;
  const costs: Record<"tls" | "web", Costs[]> = { tls: [], web: [] };
  for (let round = 0; round < rounds; round++) {
    costs.tls.push(await measure(setting, false));
    costs.web.push(await measure(setting, true));
  }
  const figure = (key: keyof Costs, name: string, unit: string, goal?: Goal): Figure => {
    const of = (kind: "tls" | "web") => median(costs[kind].map((one) => one[key]));
    return {
      name,
      value: of("web"),
      unit,
      reference: { name: "TLS client", value: of("tls") },
      goal,
    };
  };
  return {
    title: "Sessions of web pages",
    figures: [
      figure(
        "memory",
        `memory per session, ${SESSIONS.toLocaleString("en")} of them`,
        "KiB",
        TWICE,
      ),
      figure("batched", "CPU per request and reply, batches of 256", "µs", TWICE),
      figure("alone", "CPU per request and reply, one alone", "µs", TWICE),
      figure("time", "one request alone", "µs"),
      figure("handshake", "connection and handshake", "ms", TWICE),
      figure("handshakeCpu", "CPU per connection and handshake", "ms", TWICE),
    ],
    notes: [],
  };
}

async function measure(setting: Setting, isWeb: boolean): Promise<Costs> {
  await using server = await startServer(setting, "manager", { web: 0 });
  const address = isWeb ? server.web! : server.address;
  const { program } = server;
  await using crowd = Program.start("crowd.ts", address);
  await crowd.receive();
  const visit = async (count: number) => {
    await send(crowd, { task: "visit", count });
    return await crowd.receive<Visited>(TIMEOUT);
  };
  await visit(WARM_UP);
  const before = program.cpu() ?? NaN;
  const { median: handshake } = await visit(VISITS);
  const handshakeCpu = ((program.cpu() ?? NaN) - before) * 1_000 / VISITS;

  const [warmUp, duration] = setting.quick ? [500, 500] : [1_000, 1_500];
  await using pair = await Pair.connect(server, address);
  const { cpu: batched } = await pair.measure(256, warmUp, duration);
  const { cpu: alone, median: time } = await pair.measureAlone(warmUp, duration);

  const memory = program.memory() ?? NaN;
  await send(crowd, { task: "grow", kind: "client", count: SESSIONS });
  await crowd.receive(TIMEOUT);
  const grown = ((program.memory() ?? NaN) - memory) / 1_024 / SESSIONS;
  return { memory: grown, batched, alone, handshake, handshakeCpu, time: time * 1_000 };
}

function send(crowd: Program, command: CrowdCommand): Promise<void> {
  return crowd.send({ ...command });
}
