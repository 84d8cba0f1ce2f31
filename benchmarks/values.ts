/**
 * A call of our own Client with a large argument and the same result, over TLS, and how long
 * everybody stands still meanwhile.
 *
 * @module
 */

import { Program } from "./program.ts";
import { type Figure, median, type Section } from "./report.ts";
import { type Setting, startServer } from "./setting.ts";
import type { Form, ValuesPeerOptions } from "./values_peer.ts";

const MB = 1e6;
/** How long the Service may answer nobody else, in milliseconds. */
const LONGEST_PAUSE = 100;
/** Large enough for everybody who collects the value. */
const LARGEST = 2 ** 30;
/** How long a call may take, in milliseconds. */
const PATIENCE = 60_000;

/** After this time a form is not measured again, in milliseconds. */
const ENOUGH = 20_000;

/** What each form of a value is called, and whether the engine has to make it in one step. */
const FORMS: Record<Form, { name: string; isOneStep: boolean }> = {
  array: { name: "numbers", isOneStep: true },
  rows: { name: "rows of 10,000", isOneStep: false },
  text: { name: "a text", isOneStep: true },
};

/** What one set of processes gives, all in milliseconds. */
interface Sample {
  /** How long the call takes. */
  call: number;
  /** How long it takes to write and to read the JSON of the value, on both sides. */
  json: number;
  /** How long it takes to copy the value. */
  copy: number;
  /** The longest pauses of the event loops. */
  service: number;
  client: number;
  /** The longest time that another client waited for a small call to the same Service. */
  ping: number;
}

/** Measures all of it. */
export async function measureValues(setting: Setting): Promise<Section> {
  const size = setting.quick ? 20 * MB : 300 * MB;
  const figures: Figure[] = [];
  const notes: string[] = [];
  for (const form of Object.keys(FORMS) as Form[]) {
    try {
      figures.push(...await measureForm(setting, form, size));
    } catch (error) {
      notes.push(`${FORMS[form].name}: the call failed: ${(error as Error).message.trim()}`);
    }
  }
  return { title: `Large values: ${size / MB} MB there and back over TLS`, figures, notes };
}

async function measureForm(setting: Setting, form: Form, size: number): Promise<Figure[]> {
  const samples: Sample[] = [];
  const start = performance.now();
  do samples.push(await measure(setting, form, size)); while (
    !setting.quick && samples.length < 3 && performance.now() - start < ENOUGH
  );
  const middle = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
  const figure = (name: string, key: keyof Sample): Figure => ({
    name: `${FORMS[form].name}: ${name}`,
    value: middle(key),
    unit: "ms",
  });
  return [
    {
      ...figure("the call, there and back", "call"),
      reference: { name: "its JSON alone", value: middle("json") },
    },
    {
      ...figure("longest pause of the Service", "service"),
      reference: FORMS[form].isOneStep ? { name: "to copy it", value: middle("copy") } : undefined,
      goal: { of: "value", bound: "at most", limit: LONGEST_PAUSE },
    },
    figure("longest pause of the Client", "client"),
    figure("longest wait of another Client for the Service", "ping"),
  ];
}

async function measure(setting: Setting, form: Form, size: number): Promise<Sample> {
  await using server = await startServer(setting, "manager", {
    limits: { maxMessageSize: LARGEST },
  });
  const start = async (role: ValuesPeerOptions["role"]): Promise<Program> => {
    const { certFile } = setting;
    const place = { port: server.place.port, certFile, readLimit: LARGEST, role, form, size };
    const program = Program.start("values_peer.ts", place);
    await program.hear();
    return program;
  };
  await using service = await start("service");
  await using caller = await start("caller");
  await using pinger = await start("pinger");
  await caller.tell({ task: "json" });
  const json = await caller.hear<{ time: number; copy: number }>(PATIENCE);
  await service.tell({}); // forgets the pauses of its start
  await service.hear();
  await pinger.tell({ task: "ping" });
  await caller.tell({ task: "call" });
  const call = await caller.hear<{ time: number; longest: number }>(PATIENCE);
  await pinger.tell({ task: "stop" });
  const ping = await pinger.hear<{ longest: number }>(PATIENCE);
  await service.tell({});
  const pauses = await service.hear<{ longest: number }>(PATIENCE);
  return {
    call: call.time,
    json: json.time * 2,
    copy: json.copy,
    service: pauses.longest,
    client: call.longest,
    ping: ping.longest,
  };
}
