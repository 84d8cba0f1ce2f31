/** Arrays of numbers and Python: the lines of the how-to, in a client and in a service. */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { connect, Service } from "../../mod.ts";
import { blocksOf } from "../../docs/site/blocks.ts";
import { readPages } from "../../docs/site/source.ts";
import { TestManager } from "../../testing.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Process, succeed } from "../support/process.ts";
import { PYTHON } from "../support/python.ts";

const PAGE = "docs/how-to/arrays.md";

/** A service: it doubles each number of an array, and says what it got. */
const SERVICE = `
import json, socket, sys
from wire_arrays import from_wire, to_wire

stream = socket.create_connection(("localhost", int(sys.argv[1]))).makefile("rwb")


def send(**message):
    stream.write(json.dumps(message).encode() + b"\\r\\n")
    stream.flush()


question = json.loads(stream.readline())
identity = {"type": "service", "name": "Doubler", "language": "Python", "os": "any"}
identity.update(attributes={"double": "(numbers)"}, max_clients=-1, extensions=["arrays"])
send(result=identity, requester=question["requester"], uid=question["uid"], error=False)
for line in stream:
    message = json.loads(line)
    if message.get("attribute") != "double":
        continue
    numbers, is_array = message["args"][0], message.get("arrays", False)
    if is_array:
        numbers = from_wire(numbers)
        for index, number in enumerate(numbers):
            numbers[index] = 2 * number
        result = {"kind": numbers.typecode, "numbers": to_wire(numbers)}
    else:
        result = {"kind": "list", "numbers": [2 * number for number in numbers]}
    send(result=result, requester=message["requester"], uid=message["uid"], error=False)
`;

/** What the page has in its Service. */
class TraceScope extends Service {
  received: unknown;

  trace(samples: number): Float64Array {
    return Float64Array.of(0, 0.841, 0.909, 0.141).subarray(0, samples);
  }

  mean(trace: Float64Array): number {
    this.received = trace;
    return trace.reduce((sum, volts) => sum + volts, 0) / trace.length;
  }
}

/** Saves the programs in Python of the page in a folder. */
async function savePrograms(folder: string): Promise<void> {
  const saved = blocksOf(PAGE, readPages().get(PAGE)!)
    .filter(({ file }) => file?.endsWith(".py"));
  assertEquals(saved.map(({ file }) => file), [
    "read_traces.py",
    "wire_arrays.py",
    "read_trace.py",
    "ramp_service.py",
  ]);
  for (const { file, code } of saved) await Deno.writeTextFile(join(folder, file!), code);
}

function python(folder: string, program: string, args: string[], env: Record<string, string> = {}) {
  return new Deno.Command(PYTHON, {
    args: [join(folder, program), ...args],
    env: { PYTHONDONTWRITEBYTECODE: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

Deno.test("a client in Python gets and sends arrays with the lines of the how-to", async () => {
  await using folder = await temporaryFolder();
  await savePrograms(folder.path);
  await using manager = await TestManager.start();
  await using scope = new TraceScope();
  await scope.start(manager.connectOptions);
  const certificates = join(folder.path, "certs");
  await Deno.mkdir(certificates);
  await Deno.copyFile(manager.connectOptions.certFile!, join(certificates, "localhost.crt"));
  const env = {
    MSL_NETWORK_PORT: String(manager.manager.port),
    MSL_NETWORK_HOME: folder.path,
  };
  const printed = await succeed(python(folder.path, "read_trace.py", [], env));
  assertEquals(printed.trim().split(/\r?\n/), ["[0.0, 0.841, 0.909, 0.141]", "3"]);
  assertEquals(scope.received, Float64Array.of(1, 2, 6));
});

Deno.test("a service in Python gets and returns arrays with the lines of the how-to", async () => {
  await using folder = await temporaryFolder();
  await savePrograms(folder.path);
  await Deno.writeTextFile(join(folder.path, "doubler.py"), SERVICE);
  await using manager = await TestManager.start({ disableTls: true });
  await using _service = new Process(
    python(folder.path, "doubler.py", [String(manager.manager.port)]),
  );
  await manager.connected("Doubler");
  await using cxn = await connect(manager.connectOptions);
  const link = await cxn.link("Doubler");
  for (
    const [array, kind] of [
      [Float64Array.of(1, 2.5), "d"],
      [Float32Array.of(0.5), "f"],
      [Int16Array.of(-3, 300), "h"],
      [Uint8Array.of(0, 127), "B"],
      [new Float64Array(100_000).fill(1.5), "d"], // too long for one piece
    ] as const
  ) {
    const { kind: found, numbers } = await link.double(array);
    assertEquals(found, kind);
    assert(numbers.constructor === array.constructor, numbers.constructor.name);
    assertEquals(numbers, array.map((number) => 2 * number));
  }
});
