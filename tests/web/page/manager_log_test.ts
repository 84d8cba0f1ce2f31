import { assert, assertEquals } from "@std/assert";
import { KEPT_LINES, type LogLine, ManagerLog } from "../../../web/page/manager_log.ts";
import type { LogEntries } from "../../../wire/log_entries.ts";

/** A Manager's log: answers as the Manager does. */
class ScriptedLog {
  started = 1;
  held = Infinity;
  asked: number[] = [];
  #messages: [level: string, message: string][] = [];

  add(message: string, level = "info"): void {
    this.#messages.push([level, message]);
  }

  restart(): void {
    this.started++;
    this.#messages = [];
  }

  request = (after: number): Promise<LogEntries> => {
    this.asked.push(after);
    const all = this.#messages.map(([level, message], index) => ({
      number: index + 1,
      time: index,
      level,
      logger: "msl.network.manager",
      message,
    }));
    const first = Math.max(all.length - this.held, 0) + 1;
    const records = all.slice(first - 1).filter(({ number }) => number > after);
    return Promise.resolve({ started: this.started, first, last: all.length, records });
  };
}

const textOf = (line: LogLine) => "entry" in line ? line.entry.message : `(${line.note})`;
const shown = (log: ManagerLog) => log.shown.value.map(textOf);

Deno.test("the log has each record once, however often it is requested", async () => {
  const manager = new ScriptedLog();
  const log = new ManagerLog();
  manager.add("a");
  assertEquals(await log.update(manager.request), true);
  await log.update(manager.request);
  manager.add("b");
  await log.update(manager.request);
  assertEquals([shown(log), manager.asked], [["a", "b"], [0, 1, 1]]);
  assertEquals(new Set(log.shown.value.map(({ key }) => key)).size, 2);
});

Deno.test("notes say what is missing, and that the Manager was started again", async () => {
  const manager = new ScriptedLog();
  const log = new ManagerLog();
  manager.add("a");
  await log.update(manager.request);
  manager.held = 1;
  for (const message of ["b", "c", "d"]) manager.add(message);
  await log.update(manager.request);
  assertEquals(shown(log), ["a", "(2 records were missed)", "d"]);
  manager.restart();
  manager.add("e");
  assertEquals(await log.update(manager.request), false); // it asks again from the beginning, at once
  assertEquals(await log.update(manager.request), true);
  assertEquals(shown(log).slice(3), ["(The Manager was started again)", "e"]);
});

Deno.test("records are filtered by level and by text, in any case", async () => {
  const manager = new ScriptedLog();
  const log = new ManagerLog();
  for (const level of ["debug", "info", "warning", "error"]) manager.add(`One of ${level}`, level);
  await log.update(manager.request);
  log.filter.value = { level: "warning", text: "" };
  assertEquals(shown(log), ["One of warning", "One of error"]);
  log.filter.value = { level: "debug", text: " ONE of e" };
  assertEquals(shown(log), ["One of error"]);
  log.filter.value = { level: "debug", text: "Manager" }; // the logger
  assertEquals(shown(log).length, 4);
  assertEquals(log.count.value, 4);
});

Deno.test("in a pause nothing moves, and what comes is counted and shown afterwards", async () => {
  const manager = new ScriptedLog();
  const log = new ManagerLog();
  manager.add("a");
  await log.update(manager.request);
  assertEquals(log.waiting.value, undefined);
  log.pause(true);
  assertEquals(log.waiting.value, 0);
  for (let count = 0; count < KEPT_LINES + 5; count++) manager.add(`${count}`);
  await log.update(manager.request);
  assertEquals([shown(log), log.waiting.value], [["a"], KEPT_LINES + 5]);
  log.pause(false);
  assertEquals(log.waiting.value, undefined);
  assertEquals(shown(log).length, KEPT_LINES); // the page keeps no more
  assertEquals(shown(log).at(-1), `${KEPT_LINES + 4}`);
});

Deno.test("a reply that is no log changes nothing, nor does one for a person who has logged out", async () => {
  const manager = new ScriptedLog();
  const log = new ManagerLog();
  manager.add("secret");
  assertEquals(await log.update(() => Promise.resolve({ records: "none" })), true);
  const { promise, resolve } = Promise.withResolvers<LogEntries>();
  const late = log.update(() => promise);
  log.clear();
  resolve(await manager.request(0));
  await late;
  assertEquals(shown(log), []);
});

Deno.test("it goes on after requests that fail, until it is ended", async () => {
  const log = new ManagerLog();
  const controller = new AbortController();
  let asked = 0;
  await log.follow(
    () => {
      asked++;
      controller.abort();
      return Promise.reject(new Error("the connection has ended"));
    },
    controller.signal,
    () => Promise.resolve(),
  );
  assert(asked === 1);
});
