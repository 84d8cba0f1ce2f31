/**
 * One value of a gigabyte of JSON between our Client and our Service, over TLS: as an argument, as a
 * result and as a value of a stream, with the default limits of the Manager.
 *
 * The calls of another client meanwhile show what the Manager makes them wait. So the two that have
 * the value give way to the Manager and to the two that call: else five programs share the cores, and
 * on two cores the calls waited longer for one of them than for the Manager.
 *
 * @module
 */

import type { Content, GigabytePeerOptions, GigabyteReport, Way } from "./gigabyte_peer.ts";
import { Pair } from "./pair.ts";
import { Program } from "./program.ts";
import type { Figure, Section } from "./report.ts";
import { type Setting, startServer } from "./setting.ts";

const MB = 1e6;
/** The length of the JSON, in megabytes: where rough figures are enough, and where not. */
const SIZES = { quick: 200, whole: 1_000 };
/** The `readLimit` of both devices, in bytes. */
const READ_LIMIT = 2 ** 31;
/** How long a call may take, and to make the value, in milliseconds. */
const TIMEOUT = 120_000;
/** The interval between the calls of another client, in milliseconds. */
const PROBE_EVERY = 10;
/** The interval in which the memory is measured, in milliseconds. */
const SAMPLE_EVERY = 50;

const WAYS: readonly Way[] = ["argument", "result", "stream"];

/** Measures this part for one kind of value. */
export async function measureGigabyte(setting: Setting, content: Content): Promise<Section> {
  const size = setting.quick ? SIZES.quick : SIZES.whole;
  const figures: Figure[] = [];
  const notes: string[] = [];
  for (const way of WAYS) {
    try {
      figures.push(...await measure(setting, content, way, size * MB));
    } catch (error) {
      notes.push(`${way}: ${(error as Error).message.trim()}`);
    }
  }
  return { title: `One value of ${size} MB over TLS: ${content}`, figures, notes };
}

async function measure(
  setting: Setting,
  content: Content,
  way: Way,
  size: number,
): Promise<Figure[]> {
  await using server = await startServer(setting, "manager");
  await using pair = await Pair.connect(server);
  const start = async (role: GigabytePeerOptions["role"]): Promise<Program> => {
    const { certFile } = setting;
    const { port } = server.address;
    const address = { port, certFile, readLimit: READ_LIMIT, timeout: TIMEOUT };
    const program = Program.start("gigabyte_peer.ts", { ...address, role, content, way, size });
    await program.receive(TIMEOUT);
    await program.giveWay();
    return program;
  };
  await using service = await start("service");
  await using client = await start("client");
  const memories = [server.program, service, client].map(watchMemory);
  await pair.measure(1, 500, 100); // a warm-up for the probe
  const stop = await pair.probe(PROBE_EVERY);
  await client.send({});
  const { time, longest, isWhole } = await client.receive<GigabyteReport>(
    TIMEOUT,
  );
  const { p99 } = await stop();
  const [manager, ofService, ofClient] = memories.map((memory) => memory.stop());
  if (!isWhole) throw new Error("the value is another one");
  const figure = (name: string, value: number, unit: string, limit?: number): Figure => ({
    name: `${way}: ${name}`,
    value,
    unit,
    goal: limit === undefined ? undefined : { of: "value", bound: "at most", limit },
  });
  return [
    figure("the whole call", time / 1e3, "s"),
    figure("another client's calls, p99", p99, "ms", 20),
    figure("longest pause of the Client", longest, "ms"),
    figure("growth of the Manager", manager.growth, "MB", 32),
    figure("memory of the Service at first", ofService.before, "MB"),
    figure("memory of the Service at most", ofService.most, "MB"),
    figure("memory of the Client at first", ofClient.before, "MB"),
    figure("memory of the Client at most", ofClient.most, "MB"),
  ];
}

/** Measures the memory of a program periodically, in megabytes. */
function watchMemory(program: Program): {
  stop(): { before: number; most: number; growth: number };
} {
  const memory = () => (program.memory() ?? NaN) / MB;
  const before = memory();
  let most = before;
  const timer = setInterval(() => most = Math.max(most, memory()), SAMPLE_EVERY);
  return {
    stop() {
      clearInterval(timer);
      most = Math.max(most, memory());
      return { before, most, growth: most - before };
    },
  };
}
