/** What holds for every file that readings are recorded into. */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { ConfigurationError } from "../../errors.ts";
import { openTarget } from "../../record/open_target.ts";
import type { SourceDescription } from "../../record/reading.ts";
import { sourceKey } from "../../record/source_numbers.ts";
import { temporaryFolder } from "../support/folder.ts";
import { posixTest } from "../support/posix.ts";
import { denoCommand, succeed } from "../support/process.ts";
import {
  checkNumbers,
  lastAcknowledged,
  limitedWriter,
  recordingWriter,
} from "../support/recorded_numbers.ts";
import { CONFIG } from "../support/source_tree.ts";

const MEMORY = new URL("../support/programs/recording_memory.ts", import.meta.url).href;
const SOURCE = { service: "DMM", attribute: "voltage", arguments: "", unit: "V" };
/** Sources whose texts a file might change. */
const HARD_SOURCES: readonly SourceDescription[] = [
  SOURCE,
  { ...SOURCE, arguments: "-5, 3" },
  { ...SOURCE, arguments: "'-5, 3" },
  { ...SOURCE, attribute: '=HYPERLINK("https://a.b,c")', unit: "-" },
  { ...SOURCE, service: "@Müller, 'a' \t<b>", unit: "+/- %" },
  { ...SOURCE, service: "\0", unit: "a\0b" },
  { ...SOURCE, service: "\0", unit: "a\0c" },
  { ...SOURCE, service: "two lines\nof it" },
  { ...SOURCE, service: "\ud800" },
];
const EXTENSIONS = [".sqlite", ".csv", ".jsonl", ".parquet"];
/** How often a recorder into SQLite, which is also the journal of Parquet, is killed. */
const KILLS = 50;
const KILLS_OF_OTHERS = 15;

/** Numbers that look random, the same ones in each run. */
function* pseudoRandom(): Generator<number, never> {
  for (let state = 1;;) yield (state = (state * 48_271) % 2_147_483_647);
}

for (const extension of EXTENSIONS) {
  const kills = extension === ".sqlite" ? KILLS : KILLS_OF_OTHERS;

  Deno.test(`killed ${kills} times while it writes, ${extension} has all that was acknowledged`, async () => {
    await using folder = await temporaryFolder();
    const file = folder.join(`lab${extension}`);
    const random = pseudoRandom();
    let written = 0;
    for (let kill = 0; kill < kills; kill++) {
      await using program = recordingWriter(file, written);
      const opened = await program.stdout.next();
      assertEquals(JSON.parse(opened.replace("opened ", "")).received ?? -1, written - 1);
      let wanted = random.next().value % 20 + 1;
      await program.stdout.next(() => --wanted === 0);
      program.kill("SIGKILL");
      assertEquals((await program.end()).signal, "SIGKILL");
      written = await checkNumbers(file, lastAcknowledged(program));
    }
    assert(written > kills);
  });

  Deno.test(`a ${extension} that is continued knows its sources, and where each of them ended`, async () => {
    await using folder = await temporaryFolder();
    const file = folder.join(`lab${extension}`);
    const first = await openTarget(file);
    assertEquals(first.sources(), []);
    for (const [index, description] of HARD_SOURCES.entries()) {
      const source = first.source(description);
      const gap = { source, start: index, end: index + 1, reason: "no reading yet" };
      first.write([{ source, time: index + 1, received: index + 2, value: 1 }], [gap]);
    }
    await first.close();
    const second = await openTarget(file);
    const inOrder = (sources: readonly SourceDescription[]) => sources.map(sourceKey).sort();
    assertEquals(second.sources().length, HARD_SOURCES.length);
    // UTF-8 has no half of a character, and CSV no second line.
    const same = second.sources().filter(({ service }) =>
      !/^(two lines|\ud800|\ufffd)/.test(service)
    );
    assertEquals(inOrder(same), inOrder(HARD_SOURCES.slice(0, -2)));
    for (const [index, description] of HARD_SOURCES.entries()) {
      const end = second.end(second.source(description));
      assertEquals(end, { time: index + 1, received: index + 2 }, sourceKey(description));
    }
    await second.close();
  });

  Deno.test(`a second process that records into a ${extension} is refused, with who holds it`, async () => {
    await using folder = await temporaryFolder();
    const file = folder.join(`lab${extension}`);
    await using program = recordingWriter(file, 0);
    await program.stdout.next((line) => line === "2");
    const link = folder.join(`other${extension}`);
    await Deno.symlink(file, link);
    for (const name of [file, link]) {
      const error = await assertRejects(() => openTarget(name), ConfigurationError);
      assertMatch(error.message, /^Cannot record to .* already, by process (\d+) on .+, since 2/);
      assert(error.message.includes(`process ${program.pid} on`));
    }
    program.kill("SIGKILL");
    await program.end();
    const target = await openTarget(file);
    await target.close();
    assertEquals([...Deno.readDirSync(folder.path)].filter(({ name }) => /lock/.test(name)), []);
  });

  Deno.test({
    name: `on a full disk ${extension} has nothing of a batch, and goes on later`,
    ignore: Deno.build.os !== "linux", // prlimit
    fn: async () => {
      await using folder = await temporaryFolder();
      const file = folder.join(`lab${extension}`);
      await using program = limitedWriter(file, 0, 600);
      const refusal = await program.stdout.next((line) => line.startsWith("unavailable"));
      assert(refusal.startsWith(`unavailable Cannot write ${file}`), refusal);
      await program.stdout.next((line) => line.startsWith("unavailable"));
      const before = lastAcknowledged(program);
      assert(before > 10);
      await checkNumbers(file, before);
      const unlimited = ["--pid", `${program.pid}`, "--fsize=unlimited"];
      await succeed(new Deno.Command("prlimit", { args: unlimited }));
      await program.stdout.next((line) => Number(line) > before + 100);
      program.kill("SIGKILL");
      await program.end();
      await checkNumbers(file, lastAcknowledged(program));
    },
  });

  Deno.test(`the memory of a recorder into ${extension} does not grow with the readings`, async () => {
    await using folder = await temporaryFolder();
    const flags = ["--no-check", "--v8-flags=--expose-gc", "--config", CONFIG];
    const words = ["run", "-A", ...flags, MEMORY, folder.join(`lab${extension}`)];
    const { heap, external } = JSON.parse(await succeed(denoCommand(words)));
    // 200,000 readings: not three bytes for each. The benchmark has 10 million.
    assert(heap < 500_000, `${heap} bytes`);
    // The engine returns the bytes of buffers late, but these would be 12 MB.
    assert(external < 8_000_000, `${external} bytes`);
  });

  Deno.test(`the memory of a recorder into ${extension} does not grow with arrays`, async () => {
    await using folder = await temporaryFolder();
    const flags = ["--no-check", "--v8-flags=--expose-gc", "--config", CONFIG];
    const words = ["run", "-A", ...flags, MEMORY, folder.join(`lab${extension}`), "arrays"];
    const { heap, external } = JSON.parse(await succeed(denoCommand(words)));
    // 400 arrays of 256 KiB: not a tenth of their bytes.
    assert(heap + external < 10_000_000, `${heap} and ${external} bytes`);
  });

  posixTest(`a ${extension} that is moved while it is written ends the recording`, async () => {
    await using folder = await temporaryFolder();
    const file = folder.join(`lab${extension}`);
    const target = await openTarget(file);
    const source = target.source(SOURCE);
    target.write([{ source, time: 1, received: 1, value: 1 }], []);
    await Deno.rename(file, `${file}.old`);
    const error = assertThrows(() => {
      for (;;) target.write([{ source, time: 2, received: 2, value: 2 }], []);
    }, ConfigurationError);
    assert(error.message.startsWith(`Cannot write ${file}`), error.message);
    assert(
      error.message.endsWith("was moved or deleted. Start the recording again"),
      error.message,
    );
    await target.close();
  });

  Deno.test(`a ${extension} in a folder that cannot be written is refused`, async () => {
    await using folder = await temporaryFolder();
    await Deno.writeTextFile(folder.join("file"), "");
    for (const name of ["none", "file"]) {
      const file = folder.join(name, `lab${extension}`);
      const error = await assertRejects(() => openTarget(file), ConfigurationError);
      assert(error.message.startsWith(`Cannot record to ${file}: `), error.message);
      if (name === "none") assert(error.message.endsWith(": its folder does not exist"));
    }
    // Root may write to every folder but those of the kernel.
    const file = Deno.uid() === 0 ? `/sys/lab${extension}` : folder.join(`lab${extension}`);
    if (Deno.uid() !== 0 && Deno.build.os !== "windows") await Deno.chmod(folder.path, 0o500);
    if (Deno.uid() !== 0 || Deno.build.os === "linux") {
      const error = await assertRejects(() => openTarget(file), ConfigurationError);
      assert(error.message.startsWith(`Cannot record to ${file}: `), error.message);
    }
    if (Deno.build.os !== "windows") await Deno.chmod(folder.path, 0o700);
  });
}
