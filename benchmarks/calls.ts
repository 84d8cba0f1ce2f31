/**
 * The calls of our Client and Service through a Manager, compared with request and reply of NATS
 * with its JavaScript client. Each of these is a process of its own.
 *
 * @module
 */

import type { ClientOptions } from "../client.ts";
import { startNats } from "./nats.ts";
import { Program } from "./program.ts";
import { type Figure, median, type Section } from "./report.ts";
import { type Setting, startServer } from "./setting.ts";
import type { Called, Calls } from "./workers.ts";

/** The number of calls in flight. */
const IN_FLIGHT = 512;

/** The figures of one set of processes. */
interface Sample {
  /** Calls a second. */
  rate: number;
  /** CPU time for one call, in microseconds. */
  client: number;
  server: number;
  service: number;
}

/** Measures this part. */
export async function measureCalls(setting: Setting): Promise<Section> {
  const ours: Sample[] = [];
  const untraced: Sample[] = [];
  const theirs: Sample[] = [];
  for (let round = 0; round < (setting.quick ? 1 : 3); round++) {
    ours.push(await measureOurs(setting));
    untraced.push(await measureOurs(setting, { asyncStackTraces: false }));
    const sample = await measureNats(setting);
    if (sample) theirs.push(sample);
  }
  const figure = (name: string, key: keyof Sample, unit: string): Figure => ({
    name,
    value: median(ours.map((sample) => sample[key])),
    unit,
    reference: theirs.length > 0
      ? { name: "NATS", value: median(theirs.map((sample) => sample[key])) }
      : undefined,
  });
  const withoutTraces = (name: string, key: keyof Sample, unit: string): Figure => ({
    name: `${name}, no stack traces`,
    value: median(untraced.map((sample) => sample[key])),
    unit,
  });
  const rate = figure("calls, 512 in flight, TLS", "rate", "/s");
  const figures: Figure[] = [
    { ...rate, reference: undefined, goal: { of: "value", bound: "at least", limit: 50_000 } },
    ...theirs.length > 0
      ? [{ ...rate, goal: { of: "ratio", bound: "at least", limit: 4 } as const }]
      : [],
    withoutTraces("calls, 512 in flight, TLS", "rate", "/s"),
    figure("CPU of the client per call", "client", "µs"),
    withoutTraces("CPU of the client per call", "client", "µs"),
    figure("CPU of the server per call", "server", "µs"),
    figure("CPU of the service per call", "service", "µs"),
  ];
  return {
    title: "Our Client and Service",
    figures: figures.filter(({ value }) => !Number.isNaN(value)), // without CPU time it is NaN
    notes: theirs.length > 0 ? [] : ["NATS is left out: nats-server is not installed"],
  };
}

/** @param options Options of the Client. */
async function measureOurs(setting: Setting, options: ClientOptions = {}): Promise<Sample> {
  await using server = await startServer(setting, "manager");
  const address = { port: server.address.port, certFile: setting.certFile };
  await using service = Program.start("caller.ts", { ...address, role: "service" });
  await service.receive();
  await using client = Program.start("caller.ts", { ...address, ...options, role: "client" });
  await client.receive();
  return await measure(setting, client, server.program, service);
}

async function measureNats(setting: Setting): Promise<Sample | undefined> {
  await using server = await startNats(setting);
  if (server === undefined) return undefined;
  const address = { port: server.port, certFile: setting.certFile };
  await using service = Program.start("nats_caller.ts", { ...address, role: "service" });
  await service.receive();
  await using client = Program.start("nats_caller.ts", { ...address, role: "client" });
  await client.receive();
  return await measure(setting, client, server.program, service);
}

async function measure(
  setting: Setting,
  client: Program,
  server: Program,
  service: Program,
): Promise<Sample> {
  const [warmUp, duration] = setting.quick ? [1_000, 1_500] : [2_000, 4_000];
  const command: Calls = { inFlight: IN_FLIGHT, warmUp, duration };
  await client.send({ ...command });
  await client.receive();
  const cpus = () => [client, server, service].map((program) => program.cpu() ?? NaN);
  const before = cpus();
  const { calls, time } = await client.receive<Called>();
  const spent = cpus().map((cpu, index) => (cpu - before[index]) * 1e6 / calls);
  return { rate: calls / time * 1_000, client: spent[0], server: spent[1], service: spent[2] };
}
