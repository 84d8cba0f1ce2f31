import { assertEquals, assertThrows } from "@std/assert";
import { configure, getLogger, type LogRecord, reset } from "@logtape/logtape";
import { ValueError } from "../../errors.ts";
import { LEVEL_FILTER, levelFilter, parseLevel, setLoggingLevel } from "../../base/log_level.ts";

/** Each level, and its names and numbers in Python. */
const LEVELS = {
  debug: ["debug", "DEBUG", 0, 10, "10"],
  info: ["info", " Info ", 11, 20],
  warning: ["warning", "warn", 21, 30],
  error: ["error", 31, 40],
  fatal: ["critical", "fatal", 41, 50],
};

Deno.test("a level is a name in any case, or a number up to that of the level in Python", () => {
  for (const [level, all] of Object.entries(LEVELS)) {
    for (const one of all) assertEquals(parseLevel(one), level);
  }
});

Deno.test("a level that does not exist is rejected, with the value and a list of the levels", () => {
  for (const level of ["loud", "", "1.5", 1.5, NaN]) {
    assertThrows(
      () => parseLevel(level),
      ValueError,
      `Cannot log at level ${level}: the levels are debug, info, warning, error and critical`,
    );
  }
});

Deno.test("the log level of a program changes while it runs", async () => {
  const records: LogRecord[] = [];
  await configure({
    sinks: { memory: (record) => records.push(record) },
    filters: { [LEVEL_FILTER]: levelFilter("warning") },
    loggers: [
      { category: "test", filters: [LEVEL_FILTER], sinks: ["memory"] },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  try {
    const log = getLogger("test");
    log.info("too little");
    log.warn("enough");
    assertEquals(setLoggingLevel("debug"), true);
    log.debug("enough now");
    assertEquals(setLoggingLevel(50), true);
    log.error("too little now");
    assertEquals(setLoggingLevel("loud"), false);
    assertEquals(records.map(({ rawMessage }) => rawMessage), ["enough", "enough now"]);
  } finally {
    await reset();
  }
});

Deno.test("an application that has configured LogTape itself, or not at all, keeps its level", async () => {
  assertEquals([setLoggingLevel("debug"), setLoggingLevel("loud")], [true, false]);
  await configure({ sinks: {}, loggers: [{ category: ["logtape", "meta"], sinks: [] }] });
  try {
    assertEquals([setLoggingLevel("debug"), setLoggingLevel("loud")], [true, false]);
  } finally {
    await reset();
  }
});
