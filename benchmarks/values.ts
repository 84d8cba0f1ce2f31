/**
 * A call of our Client with a large argument and the same result, over TLS, and how long it blocks
 * the event loops.
 *
 * @module
 */

import { Program } from "./program.ts";
import { type Figure, median, type Section } from "./report.ts";
import { type Setting, startServer } from "./setting.ts";
import type { Form, ValuesPeerOptions } from "./values_peer.ts";

const MB = 1e6;
/** The sizes of the values, in megabytes; only the first one where rough figures are enough. */
const SIZES = [20, 300];
/** The longest time that the Client and the Service may be blocked, in milliseconds. */
const LONGEST_PAUSE = 50;
/** How long the call may take, as a ratio to its JSON alone. */
const MAX_RATIO = 3;
/** Large enough for each process that holds the value. */
const LARGEST = 2 ** 30;
/** How long a call may take, in milliseconds. */
const TIMEOUT = 60_000;

/** The time after which a form of a size is not measured again, in milliseconds. */
const ENOUGH = 15_000;

/** The name of each form of a value, and whether the engine has to make it in one step. */
const FORMS: Record<Form, { name: string; isOneStep: boolean }> = {
  array: { name: "numbers", isOneStep: true },
  rows: { name: "rows of 10,000", isOneStep: false },
  text: { name: "a text", isOneStep: true },
};

/** The figures of one set of processes, all in milliseconds. */
interface Sample {
  /** The time of the call. */
  call: number;
  /** The time to write and to read the JSON of the value, on both sides. */
  json: number;
  /** The time to copy the value. */
  copy: number;
  /** The longest pauses of the event loops. */
  service: number;
  client: number;
  /** The longest time of another client's small call to the same Service. */
  ping: number;
}

/** Measures this part. */
export async function measureValues(setting: Setting): Promise<Section> {
  const figures: Figure[] = [];
  const notes: string[] = [];
  for (const size of setting.quick ? SIZES.slice(0, 1) : SIZES) {
    for (const form of Object.keys(FORMS) as Form[]) {
      try {
        figures.push(...await measureForm(setting, form, size));
      } catch (error) {
        const { message } = error as Error;
        notes.push(`${size} MB, ${FORMS[form].name}: the call failed: ${message.trim()}`);
      }
    }
  }
  return { title: "Large values, there and back over TLS", figures, notes };
}

async function measureForm(setting: Setting, form: Form, size: number): Promise<Figure[]> {
  const samples: Sample[] = [];
  const start = performance.now();
  do samples.push(await measure(setting, form, size * MB)); while (
    !setting.quick && samples.length < 3 && performance.now() - start < ENOUGH
  );
  const middle = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
  const figure = (name: string, key: keyof Sample): Figure => ({
    name: `${size} MB, ${FORMS[form].name}: ${name}`,
    value: middle(key),
    unit: "ms",
  });
  return [
    {
      ...figure("the call, there and back", "call"),
      reference: { name: "its JSON alone", value: middle("json") },
      goal: { of: "ratio", bound: "at most", limit: MAX_RATIO },
    },
    {
      ...figure("longest pause of the Service", "service"),
      reference: FORMS[form].isOneStep ? { name: "to copy it", value: middle("copy") } : undefined,
      goal: { of: "value", bound: "at most", limit: LONGEST_PAUSE },
    },
    {
      ...figure("longest pause of the Client", "client"),
      goal: { of: "value", bound: "at most", limit: LONGEST_PAUSE },
    },
    figure("longest wait of another Client for the Service", "ping"),
  ];
}

async function measure(setting: Setting, form: Form, size: number): Promise<Sample> {
  await using server = await startServer(setting, "manager", {
    limits: { maxMessageSize: LARGEST },
  });
  const start = async (role: ValuesPeerOptions["role"]): Promise<Program> => {
    const { certFile } = setting;
    const address = { port: server.address.port, certFile, readLimit: LARGEST, role, form, size };
    const program = Program.start("values_peer.ts", address);
    await program.receive();
    return program;
  };
  await using service = await start("service");
  await using caller = await start("caller");
  await using pinger = await start("pinger");
  await caller.send({ task: "json" });
  const json = await caller.receive<{ time: number; copy: number }>(TIMEOUT);
  await service.send({}); // resets the pauses of its start
  await service.receive();
  await pinger.send({ task: "ping" });
  await caller.send({ task: "call" });
  const call = await caller.receive<{ time: number; longest: number }>(TIMEOUT);
  await pinger.send({ task: "stop" });
  const ping = await pinger.receive<{ longest: number }>(TIMEOUT);
  await service.send({});
  const pauses = await service.receive<{ longest: number }>(TIMEOUT);
  return {
    call: call.time,
    json: json.time * 2,
    copy: json.copy,
    service: pauses.longest,
    client: call.longest,
    ping: ping.longest,
  };
}
