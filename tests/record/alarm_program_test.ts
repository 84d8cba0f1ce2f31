/** The program that is run for an alarm: its environment, its failures, its queue. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { LOG_CATEGORY } from "../../base/log.ts";
import { ConfigurationError } from "../../errors.ts";
import { ALARM_LIMITS } from "../../limits.ts";
import { AlarmProgram, environmentOf } from "../../record/alarm_program.ts";
import type { AlarmEvent } from "../../record/alarms.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { recordLogs } from "../support/logs.ts";
import { posixTest } from "../support/posix.ts";
import { PYTHON } from "../support/python.ts";
import { until } from "../support/until.ts";

const EVENT: AlarmEvent = {
  source: "DMM.voltage",
  state: "alarm",
  previous: "normal",
  time: Date.UTC(2026, 10, 30, 3),
  value: 6.25,
  unit: "V",
  limit: 6,
  message: "DMM.voltage is 6.25 V: above the alarm limit 6 V",
};

/** A program that is run for an alarm. */
async function script(folder: TemporaryFolder, ...lines: string[]): Promise<string> {
  const file = folder.join("on-alarm");
  await Deno.writeTextFile(file, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o700 });
  return file;
}

/** A program that appends its variables to a file, one object a line. */
async function recordingScript(folder: TemporaryFolder): Promise<[program: string, out: string]> {
  const out = folder.join("seen.jsonl");
  const print = "import json, os, sys; print(json.dumps([sys.argv[1:], " +
    "{k: v for k, v in os.environ.items() if k.startswith('MSL_ALARM')}]))";
  return [await script(folder, `exec ${PYTHON} -c "${print}" >> '${out}'`), out];
}

function seen(file: string): [args: string[], env: Record<string, string>][] {
  return Deno.readTextFileSync(file).trim().split("\n").map((line) => JSON.parse(line));
}

/** The messages of the log, with their values. */
function messages(logs: { records: { rawMessage: unknown; properties: object }[] }): string[] {
  return logs.records.map(({ rawMessage, properties }) =>
    String(rawMessage).replaceAll(
      /\{(\w+)\}/g,
      (_, name) => String((properties as Record<string, unknown>)[name]),
    )
  );
}

/** The state of a process, as `ps` shows it; empty if there is none. */
function stateOf(pid: number): string {
  const { stdout } = new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] })
    .outputSync();
  return new TextDecoder().decode(stdout).trim();
}

posixTest("the program gets what happened in its environment, and no arguments", async () => {
  await using folder = await temporaryFolder();
  const [program, out] = await recordingScript(folder);
  {
    await using alarms = new AlarmProgram(program);
    alarms.run(EVENT);
    alarms.run({ ...EVENT, state: "stopped", value: null, limit: null, unit: "" });
  }
  const [first, second] = seen(out);
  assertEquals(first, [[], {
    MSL_ALARM_SOURCE: "DMM.voltage",
    MSL_ALARM_STATE: "alarm",
    MSL_ALARM_PREVIOUS: "normal",
    MSL_ALARM_TIME: "2026-11-30T03:00:00.000Z",
    MSL_ALARM_VALUE: "6.25",
    MSL_ALARM_UNIT: "V",
    MSL_ALARM_LIMIT: "6",
    MSL_ALARM_MESSAGE: "DMM.voltage is 6.25 V: above the alarm limit 6 V",
  }]);
  const { MSL_ALARM_VALUE, MSL_ALARM_LIMIT, MSL_ALARM_UNIT } = second[1];
  assertEquals([MSL_ALARM_VALUE, MSL_ALARM_LIMIT, MSL_ALARM_UNIT], ["", "", ""]);
});

posixTest(
  "hostile texts of a service are only texts: no shell, no further line, no NUL, no endless one",
  async () => {
    await using folder = await temporaryFolder();
    const [program, out] = await recordingScript(folder);
    const hostile = [
      `$(touch ${folder.join("a")})`,
      `"; touch ${folder.join("b")}; "`,
      `() { :; }; touch ${folder.join("c")}`,
      `'\`touch ${folder.join("d")}\`'`,
      "a\r\nBcc: everybody@example.org",
      "a\0b",
      "\u001b[2J\u202egnp",
      "x".repeat(100_000),
      "\ud800",
      "-rf /",
      "",
    ];
    {
      await using alarms = new AlarmProgram(program);
      for (const text of hostile) alarms.run({ ...EVENT, source: text, unit: text, message: text });
    }
    const found = seen(out);
    assertEquals(found.length, hostile.length);
    for (const [index, [args, env]] of found.entries()) {
      assertEquals(args, []);
      for (const name of ["SOURCE", "UNIT", "MESSAGE"]) {
        const text = env[`MSL_ALARM_${name}`];
        assert(text.length <= ALARM_LIMITS.text);
        assert(!/[\p{Cc}\u202e\ud800]/u.test(text), text);
        if (index < 4) assertEquals(text, hostile[index]);
      }
    }
    assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), [
      "on-alarm",
      "seen.jsonl",
    ]);
  },
);

Deno.test("every variable is set for each alarm, so that none of an outer program is left", () => {
  const names = Object.keys(environmentOf({ ...EVENT, value: null, limit: null, unit: "" }));
  assertEquals(names, Object.keys(environmentOf(EVENT)));
});

posixTest(
  "a program that fails, or cannot be started, is in the log, and the next alarm runs it again",
  async () => {
    await using logs = await recordLogs(LOG_CATEGORY);
    await using folder = await temporaryFolder();
    const file = await script(folder, "exit 3");
    const notes: string[] = [];
    await using alarms = new AlarmProgram(file, { onNote: (text) => notes.push(text) });
    alarms.run(EVENT);
    await alarms.idle();
    await script(folder, "kill -9 $$");
    alarms.run(EVENT);
    await alarms.idle();
    await Deno.remove(file);
    alarms.run(EVENT);
    await alarms.idle();
    const [first, second, third] = messages(logs);
    assertEquals(notes, messages(logs));
    assertEquals(first, `${file} failed for an alarm: exit code 3`);
    assertEquals(second, `${file} failed for an alarm: signal SIGKILL`);
    assert(third.startsWith(`${file} cannot be run: NotFound: `), third);
    const out = folder.join("ran");
    await script(folder, `touch '${out}'`);
    alarms.run(EVENT);
    await alarms.idle();
    assertEquals(Deno.statSync(out).isFile, true);
  },
);

posixTest(
  "a program that hangs is ended with what it has started, and the next alarm is run",
  async () => {
    await using logs = await recordLogs(LOG_CATEGORY);
    await using folder = await temporaryFolder();
    const out = folder.join("pid");
    const file = await script(folder, `sleep 1000 &`, `echo $! > '${out}'`, "trap '' TERM", "wait");
    await using alarms = new AlarmProgram(file, { timeout: 2_000 });
    alarms.run(EVENT);
    await alarms.idle();
    assertEquals(messages(logs), [`${file} was ended: it ran longer than 2s for one alarm`]);
    const pid = Number(Deno.readTextFileSync(out));
    // A process that nobody has waited for is still there, but it does not run.
    await until(`${pid} has ended`, () => /^(Z.*)?$/.test(stateOf(pid)));
    const ran = folder.join("ran");
    await script(folder, `touch '${ran}'`);
    alarms.run(EVENT);
    await alarms.idle();
    assertEquals(Deno.statSync(ran).isFile, true);
  },
);

posixTest(
  "one program runs at a time; of too many alarms the oldest are dropped, with a line in the log",
  async () => {
    await using logs = await recordLogs(LOG_CATEGORY);
    await using folder = await temporaryFolder();
    const [out, lock, go] = ["seen", "lock", "go"].map((name) => folder.join(name));
    const file = await script(
      folder,
      `mkdir '${lock}' || echo overlap >> '${out}'`,
      `while [ ! -e '${go}' ]; do sleep 0.01; done`,
      `echo "$MSL_ALARM_VALUE" >> '${out}'`,
      `rmdir '${lock}'`,
    );
    await using alarms = new AlarmProgram(file);
    const count = ALARM_LIMITS.queuedAlarms + 6; // the first one runs
    for (let value = 0; value < count; value++) alarms.run({ ...EVENT, value });
    await Deno.writeTextFile(go, "");
    await alarms.idle();
    const values = Deno.readTextFileSync(out).trim().split("\n").map(Number);
    assertEquals(values[0], 0);
    assertEquals(
      values.slice(1),
      Array.from({ length: ALARM_LIMITS.queuedAlarms }, (_, n) => n + 6),
    );
    assertEquals(messages(logs), [
      `${file} is too slow: the oldest of 100 alarms that wait for it is dropped`,
      `${file} was not run for 5 alarms, as it is too slow`,
    ]);
  },
);

posixTest(
  "at the end alarms wait for one time-out: of those that still wait then the log has the number",
  async () => {
    await using logs = await recordLogs(LOG_CATEGORY);
    await using folder = await temporaryFolder();
    const out = folder.join("seen");
    const file = await script(folder, `echo run >> '${out}'`, "exec sleep 1000");
    {
      await using alarms = new AlarmProgram(file, { timeout: 500 });
      for (let count = 0; count < 20; count++) alarms.run(EVENT);
    }
    const runs = Deno.readTextFileSync(out).trim().split("\n").length;
    assertEquals(runs <= 2, true, `it ran ${runs} times`);
    assertEquals(
      messages(logs).at(-1),
      `${file} was not run for ${20 - runs} alarms, as it is too slow`,
    );
  },
);

posixTest("a file that cannot be executed is refused before anything is recorded", async () => {
  await using folder = await temporaryFolder();
  const plain = folder.join("plain");
  await Deno.writeTextFile(plain, "#!/bin/sh\n", { mode: 0o600 });
  for (
    const [file, reason] of [
      [folder.join("none"), "there is no such file"],
      [folder.path, "it is no file"],
      [plain, "it is not executable. Make it so with chmod u+x"],
    ]
  ) {
    assertThrows(
      () => new AlarmProgram(file),
      ConfigurationError,
      `Cannot run ${file} for an alarm: ${reason}`,
    );
  }
  // A name alone is a file of this folder: the PATH is not searched.
  assertThrows(() => new AlarmProgram("true"), ConfigurationError, "there is no such file");
});
