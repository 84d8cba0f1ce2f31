/** The driver of an instrument that replies, rejects, does not reply, disconnects and reconnects. */

import { assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { Instrument } from "../../examples/instrument.ts";
import { InstrumentServer, Multimeter } from "../../examples/scpi_multimeter.ts";
import { ConnectError, ConnectionAbortedError, TimeoutError, ValueError } from "../../mod.ts";
import { NO_TIME } from "../support/clock.ts";
import { until } from "../support/until.ts";

const IDENTITY = "Simulated Instruments,DMM 6.5,1,1.0";

/** The simulated multimeter, whose measurements take no time. */
function switchOn(port = 0): InstrumentServer {
  return new InstrumentServer(new Multimeter({ clock: NO_TIME }), { port });
}

/** An instrument with scripted replies; `undefined` for no reply. */
function scripted(
  answer: (line: string) => string | undefined,
): AsyncDisposable & { port: number } {
  const multimeter = { execute: (line: string) => Promise.resolve(answer(line)) };
  return new InstrumentServer(multimeter);
}

Deno.test("queries that are made at once are sent one after the other", async () => {
  let asked = 0;
  let most = 0;
  const clock = {
    now: () => 0,
    async delay() {
      most = Math.max(most, ++asked);
      await delay(1);
      asked--;
    },
  };
  await using server = new InstrumentServer(new Multimeter({ clock }));
  await using instrument = new Instrument({ port: server.port });
  const [identity, _ten, _nothing, range, _hundred] = await Promise.all([
    instrument.query("*IDN?"),
    instrument.query("CONF:VOLT:DC 10;:READ?"),
    instrument.send("CONF:VOLT:DC 100"),
    instrument.query("VOLT:RANG?"),
    instrument.query("READ?"),
  ]);
  assertEquals([identity, range], [IDENTITY, "+1.00000000E+02"]);
  assertEquals(most, 1);
});

Deno.test("commands that the instrument does not accept are an error, and the next query is answered", async () => {
  await using server = switchOn();
  await using instrument = new Instrument({ port: server.port });
  await assertRejects(
    () => instrument.query("VOLT:DC? 1"),
    ValueError,
    'The instrument does not accept VOLT:DC? 1: -113,"Undefined header"',
  );
  await assertRejects(
    () => instrument.send("VOLT:NPLC 1;NPLC 101\nFOO"), // two lines, two errors
    ValueError,
    '-222,"Data out of range", -113,"Undefined header"',
  );
  assertEquals(await instrument.query("VOLT:NPLC?"), "+1.00000000E+00");
});

Deno.test("errors from before the connection are cleared", async () => {
  const multimeter = new Multimeter();
  await multimeter.execute("FOO");
  await using server = new InstrumentServer(multimeter);
  await using instrument = new Instrument({ port: server.port });
  assertEquals(await instrument.query("*OPC?"), "1");
});

Deno.test("an instrument that is off is an error with its address, and the next query connects again", async () => {
  await using first = switchOn();
  const { port } = first;
  await using instrument = new Instrument({ port });
  assertEquals(await instrument.query("*IDN?"), IDENTITY);

  await first[Symbol.asyncDispose]();
  await until("the instrument is disconnected", () => !instrument.isConnected);
  await assertRejects(
    () => instrument.query("*IDN?"),
    ConnectError,
    `Cannot reach the instrument at 127.0.0.1:${port}: `,
  );

  await using _second = switchOn(port);
  assertEquals(await instrument.query("*IDN?"), IDENTITY);
});

Deno.test("an instrument that disconnects before it has answered is an error with its address", async () => {
  await using server = scripted((line) => {
    if (line.startsWith("READ?")) throw new Error("the power is cut");
    return undefined;
  });
  await using instrument = new Instrument({ port: server.port });
  await assertRejects(
    () => instrument.query("READ?"),
    ConnectionAbortedError,
    `Cannot ask the instrument at 127.0.0.1:${server.port}, READ?: it went away before it had answered`,
  );
});

Deno.test("another number of answers than queries is an error", async () => {
  let answer: string | undefined = "1\n2";
  await using server = scripted((line) => {
    if (line === "*CLS") return undefined;
    return line === "SYST:ERR?" ? '+0,"No error"' : answer;
  });
  await using instrument = new Instrument({ port: server.port });
  const query = () => instrument.query("READ?");
  await assertRejects(query, ConnectionAbortedError, "READ?: it has answered 2 times, not 1");
  answer = undefined;
  await assertRejects(query, ConnectionAbortedError, "READ?: it has answered 0 times, not 1");
  answer = "1";
  assertEquals(await query(), "1");
});

Deno.test("a query without an answer in time is a TimeoutError, and a late answer is dropped", async () => {
  let silent = true;
  await using server = scripted((line) => {
    if (line === "*CLS" || silent) return undefined;
    return line === "SYST:ERR?" ? '0,"No error"' : `answer to ${line}`;
  });
  await using instrument = new Instrument({ port: server.port, timeout: 100 });
  await assertRejects(
    () => instrument.query("READ?", 10),
    TimeoutError,
    "it has not answered READ? within 110 ms",
  );
  silent = false;
  assertEquals(await instrument.query("*IDN?", 60_000), "answer to *IDN?");
});
