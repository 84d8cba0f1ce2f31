/** Arrays of numbers in NumPy and pandas: the programs of the documentation, and files. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { blocksOf } from "../../docs/site/blocks.ts";
import { readPages } from "../../docs/site/source.ts";
import { NpyFiles } from "../../cli/npy.ts";
import { connect, NdArray, RemoteError } from "../../mod.ts";
import { openTarget } from "../../record/open_target.ts";
import { TestManager } from "../../testing.ts";
import { bytesOf, KINDS } from "../support/arrays.ts";
import { temporaryFolder } from "../support/folder.ts";
import { numpyLines, numpyProgram, WITH_NUMPY } from "../support/numpy.ts";
import { Process } from "../support/process.ts";

/** A service that returns what it got, as NumPy has read it, and arrays that only NumPy makes. */
const SERVICE = `
import json, socket, sys
import numpy
from wire_arrays import from_wire, to_wire

stream = socket.create_connection(("localhost", int(sys.argv[1]))).makefile("rwb")

def send(**message):
    stream.write(json.dumps(message).encode() + b"\\r\\n")
    stream.flush()

def echo(value):
    numbers = from_wire(value)
    return {"seen": f"{numbers.dtype.str} {list(numbers.shape)}", "same": to_wire(numbers)}

def made(dtype):
    return to_wire(numpy.arange(6).reshape(2, 3).astype(dtype))

def columns():
    return to_wire(numpy.arange(6, dtype="<i4").reshape(2, 3).T)

question = json.loads(stream.readline())
identity = {"type": "service", "name": "NumPy", "language": "Python", "os": "any"}
identity.update(attributes={"echo": "", "made": "", "columns": ""}, max_clients=-1)
identity["extensions"] = ["arrays"]
send(result=identity, requester=question["requester"], uid=question["uid"], error=False)
for line in stream:
    message = json.loads(line)
    method = {"echo": echo, "made": made, "columns": columns}.get(message.get("attribute"))
    if method is not None:
        result = method(*message["args"])
        send(result=result, requester=message["requester"], uid=message["uid"], error=False)
`;

/** The only block in Python of a page that has these texts. */
function programOf(page: string, ...texts: string[]): string {
  const found = blocksOf(page, readPages().get(page)!).filter(({ language, code }) =>
    language === "python" && texts.every((text) => code.includes(text))
  );
  assertEquals(found.length, 1, `${page} has one program with ${texts}`);
  return found[0].code;
}

Deno.test({
  name: "the lines of the how-to read and write arrays of all kinds with NumPy",
  ...WITH_NUMPY,
  fn: async () => {
    await using folder = await temporaryFolder();
    const lines = programOf("docs/how-to/arrays.md", "import numpy", "def from_wire");
    await Deno.writeTextFile(join(folder.path, "wire_arrays.py"), lines);
    await using manager = await TestManager.start({ disableTls: true });
    const port = String(manager.manager.port);
    await using _service = new Process(numpyProgram(folder.path, SERVICE, port));
    await manager.connected("NumPy");
    await using cxn = await connect(manager.connectOptions);
    const numpy = await cxn.link("NumPy");
    for (const [dtype, array] of Object.entries(KINDS)) {
      const { seen, same } = await numpy.echo(array);
      assertEquals(seen, `${dtype} [${array.length}]`);
      assertEquals(same, array);
    }
    for (const shape of [[], [2, 0, 3], [1, 2, 1]]) {
      const count = shape.reduce((product, length) => product * length, 1);
      const array = new NdArray(new Float32Array(count).fill(1.5), shape);
      const { seen, same } = await numpy.echo(array);
      assertEquals(seen, `<f4 [${shape.join(", ")}]`);
      assertEquals(same, array);
    }
    // Numbers whose first byte is the highest, and truth values, arrive as what they are.
    assertEquals(await numpy.made(">f8"), new NdArray(Float64Array.of(0, 1, 2, 3, 4, 5), [2, 3]));
    assertEquals(await numpy.made(">i2"), new NdArray(Int16Array.of(0, 1, 2, 3, 4, 5), [2, 3]));
    assertEquals(await numpy.made("?"), new NdArray(Uint8Array.of(0, 1, 1, 1, 1, 1), [2, 3]));
    // Transposed, its elements are not in this order in NumPy's memory.
    assertEquals(await numpy.columns(), new NdArray(Int32Array.of(0, 3, 1, 4, 2, 5), [3, 2]));
    // What JavaScript has no array for is an error that names it, and the link goes on.
    for (const dtype of ["<c16", "<f16", "<U4"]) {
      const error = await assertRejects(() => numpy.made(dtype));
      assert(!(error instanceof RemoteError), String(error));
      assert((error as Error).message.includes(dtype), (error as Error).message);
    }
    assertEquals((await numpy.echo(Int8Array.of(1))).same, Int8Array.of(1));
  },
});

Deno.test({
  name: "numpy.load reads what --out writes",
  ...WITH_NUMPY,
  fn: async () => {
    await using folder = await temporaryFolder();
    const arrays = [
      ...Object.values(KINDS).map((array) => new NdArray(array)),
      new NdArray(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
      new NdArray(Int8Array.of(7), []),
      new NdArray(new Float32Array(0), [0, 3]),
    ];
    const files = new NpyFiles(join(folder.path, "x.npy"));
    const names: string[] = [];
    for (const array of arrays) names.push(await files.writeNext(array));
    const lines = await numpyLines(
      folder.path,
      `
import base64, sys
import numpy
for name in sys.argv[1:]:
    numbers = numpy.load(name, allow_pickle=False)
    print(numbers.dtype.str, list(numbers.shape), base64.b64encode(numbers.tobytes()).decode())
`,
      ...names,
    );
    assertEquals(
      lines.map((line) => line.trimEnd()),
      arrays.map((array) =>
        `${array.dtype} [${array.shape.join(", ")}] ${bytesOf(array)}`.trimEnd()
      ),
    );
  },
});

Deno.test({
  name: "the programs of the how-to read a recording with NumPy and pandas",
  ...WITH_NUMPY,
  fn: async () => {
    await using folder = await temporaryFolder();
    const target = await openTarget(join(folder.path, "lab.sqlite"));
    const of = (attribute: string, unit: string) =>
      target.source({ service: "Cellar", attribute, arguments: "", unit });
    const [temperature, trace] = [of("temperature", "°C"), of("trace", "V")];
    const reading = (source: number, time: number, value: unknown) => (
      { source, time, received: time, value }
    );
    target.write([
      ...[12.25, 12.5, 12.75, 13].map((value, n) => reading(temperature, n * 30_000, value)),
      reading(trace, 5_000, new NdArray(Int16Array.of(1, 2, 3, 4, 5, 6), [2, 3])),
    ], []);
    await target.close();

    const arrays = await numpyLines(
      folder.path,
      programOf("docs/how-to/record.md", "import numpy"),
    );
    assertEquals(arrays, ["5000.0 (2, 3) [[1 2 3]", " [4 5 6]]"]);

    const program = programOf("docs/how-to/record.md", "import pandas");
    const unplotted = program.replace("\ntemperature.plot()", ""); // which needs Matplotlib
    assert(unplotted !== program);
    const means = await numpyLines(folder.path, unplotted);
    assertEquals(means.slice(2).map((line) => line.split(/\s+/).slice(2)), [
      ["12.25", "12.375", "12.5"],
      ["12.75", "12.875", "13.0"],
    ]);
  },
});
