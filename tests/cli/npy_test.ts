import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { summaryOf } from "../../cli/array_summary.ts";
import { NotificationFiles } from "../../cli/notification_files.ts";
import { asArray, NpyFiles } from "../../cli/npy.ts";
import { formatResult } from "../../cli/output.ts";
import { ConfigurationError, ValueError } from "../../errors.ts";
import { kwargs } from "../../wire/call.ts";
import { NdArray } from "../../wire/nd_array.ts";
import { bytesOf, KINDS } from "../support/arrays.ts";
import { temporaryFolder } from "../support/folder.ts";
import { readNpy } from "../support/npy.ts";
import { posixTest } from "../support/posix.ts";
import { denoCommand, succeed } from "../support/process.ts";
import { ROOT } from "../support/source_tree.ts";

Deno.test("arrays of all kinds are files that a reader of NumPy's format reads", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/x.npy`;
    const arrays = [
      ...Object.values(KINDS).map((array) => new NdArray(array)),
      new NdArray(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
      new NdArray(Int8Array.of(1), []),
      new NdArray(new Float32Array(0), [0, 3]),
    ];
    for (const array of arrays) {
      await new NpyFiles(file).write(array);
      const { descr, shape, data } = readNpy(await Deno.readFile(file));
      assertEquals([descr, shape, data.toBase64()], [array.dtype, array.shape, bytesOf(array)]);
    }
    assertEquals(namesIn(folder), ["x.npy"]);
    const nowhere = new NpyFiles(`${folder}/nowhere/x.npy`);
    for (const write of [() => nowhere.write(arrays[0]), () => nowhere.writeNext(arrays[0])]) {
      await assertRejects(write, ConfigurationError, "Cannot write");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assertThrows(() => new NpyFiles("x.csv"), ConfigurationError, "must end in .npy");
});

Deno.test("several arrays are files whose numbers go on, and replace none", async () => {
  await using folder = await temporaryFolder();
  const at = (name: string) => folder.join(name);
  const others = ["x-2.npy", "x-000041.npy", "x-000099.csv", "y-000070.npy", "x-z-000080.npy"];
  for (const name of others) await Deno.writeTextFile(at(name), "mine");
  const files = new NpyFiles(at("x.npy"));
  const arrays = [Int8Array.of(1), Float64Array.of(2, 3)].map((data) => new NdArray(data));
  assertEquals(await files.writeNext(arrays[0]), at("x-000042.npy"));
  await Deno.writeTextFile(at("x-000043.npy"), "mine"); // of another program, meanwhile
  assertEquals(await files.writeNext(arrays[1]), at("x-000044.npy")); // of another type
  const written = [42, 44].map((number) => readNpy(Deno.readFileSync(at(`x-0000${number}.npy`))));
  assertEquals(written.map(({ descr }) => descr), ["|i1", "<f8"]);
  for (const name of [...others, "x-000043.npy"]) {
    assertEquals(await Deno.readTextFile(at(name)), "mine");
  }
  assertEquals(namesIn(folder.path).length, others.length + 3);
});

Deno.test("arrays that come faster than they are written end the files, and those before are whole", async () => {
  await using folder = await temporaryFolder();
  const files = await NotificationFiles.open(folder.join("x.npy"), 100);
  const first = files.write([Float64Array.of(1, 2), "text", kwargs({ list: [[3], [4]] })]);
  await assertRejects(() => files.write([new Int8Array(80)]), ValueError, "32 bytes wait");
  await first;
  await files.write([new Int8Array(80)]);
  await files.write([5]);
  await files.settled();
  const written = namesIn(folder.path).map((name) => readNpy(Deno.readFileSync(folder.join(name))));
  assertEquals(written.map(({ shape }) => shape), [[2], [2, 1], [80]]);
  const [from, to] = [folder.join("x-000001.npy"), folder.join("x-000003.npy")];
  assertEquals(files.report, `Written: ${from} to ${to}`);
});

/** The names of the files in a folder. */
function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

Deno.test("lists of numbers are an array of doubles, if they have the same length", () => {
  assertEquals(asArray([[1, 2], [3, 4]]), new NdArray(Float64Array.of(1, 2, 3, 4), [2, 2]));
  const deep = JSON.parse(`${"[".repeat(65)}1${"]".repeat(65)}`);
  for (const value of [5, "x", [1, "2"], [[1], [2, 3]], [1, [2]], [{ x: 1 }], null, deep]) {
    assertThrows(() => asArray(value), ValueError, "is no array of numbers");
  }
});

Deno.test("a long array is shown by its type, its shape, its range and its first numbers", () => {
  const array = Float64Array.from({ length: 1_000 }, (_, index) => index / 2);
  array[9] = NaN;
  const text = "array(1000 <f8, min 0, max 499.5, 1 NaN: 0 0.5 1 1.5 ...)";
  assertEquals(summaryOf(array), text);
  assertEquals(
    formatResult({ x: array, "__array__": 1 }, false, true),
    `{"x":${text},"__array__":1}`,
  );
  assertStringIncludes(formatResult([array], true, false), "[[0,0.5,1,1.5,2,");
  assertEquals(summaryOf(Int8Array.of(1, 2)), "[1,2]");
  assertEquals(
    summaryOf(new NdArray(BigInt64Array.from({ length: 20 }, (_, at) => BigInt(at)), [4, 5])),
    "array(4x5 <i8, min 0, max 19: 0 1 2 3 ...)",
  );
  assertEquals(
    summaryOf(new NdArray(new Int8Array(0), [2 ** 40, 0])),
    "array(1099511627776x0, empty)",
  );
});

/** Writes a file and is asked to end while the bytes are written. */
const INTERRUPTED = `
  const { asArray, NpyFiles } = await import("./cli/npy.ts");
  const { write } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.write = async function (bytes) {
    const heard = Promise.withResolvers();
    Deno.addSignalListener("SIGINT", heard.resolve);
    Deno.kill(Deno.pid, "SIGINT");
    await heard.promise;
    return await write.call(this, bytes);
  };
  await new NpyFiles(Deno.args[0]).write(asArray([1, 2])).catch((error) => console.log(String(error)));
`;

posixTest("a file that is interrupted leaves nothing behind", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("x.npy");
  const printed = await succeed(
    denoCommand(["eval", "--no-check", INTERRUPTED, file], { cwd: ROOT }),
  );
  assertMatch(printed, /^CancelledError: .* was not written: interrupted\n$/);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});
