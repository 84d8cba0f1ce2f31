/** The simulated multimeter: its measurements, and SCPI over TCP. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { InstrumentServer, Multimeter } from "../../examples/scpi_multimeter.ts";
import { Clock } from "../support/clock.ts";

const HOUR = 3_600_000;

/** A multimeter with a fake clock, which its measurements and the test advance. */
function simulated(
  { seed = 1, voltage = 10 } = {},
): { multimeter: Multimeter; wait: (milliseconds: number) => void; now: () => number } {
  const clock = new Clock();
  const wait = (milliseconds: number) => void (clock.time += milliseconds);
  return { multimeter: new Multimeter({ seed, voltage, clock }), wait, now: clock.now };
}

async function readings(multimeter: Multimeter, count: number): Promise<number[]> {
  const all: number[] = [];
  while (all.length < count) all.push(Number(await multimeter.execute("READ?")));
  return all;
}

function spread(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

Deno.test("the same seed gives the same readings, another seed gives others", async () => {
  const [one, same, other] = [1, 1, 2].map((seed) => simulated({ seed }).multimeter);
  const expected = await readings(one, 5);
  assertEquals(await readings(same, 5), expected);
  assertNotEquals(await readings(other, 5), expected);
});

Deno.test("a longer integration takes longer and leaves less noise", async () => {
  const { multimeter, wait, now } = simulated();
  wait(10 * HOUR); // it has warmed up
  await multimeter.execute("CONF:VOLT:DC 10;:VOLT:NPLC 0.02");
  const before = now();
  const quick = spread(await readings(multimeter, 100));
  assertEquals(Math.round(now() - before), 100 * 0.02 * 20);
  await multimeter.execute("VOLT:NPLC 10");
  const slow = spread(await readings(multimeter, 100));
  assertEquals(Math.round(now() - before), 100 * 10.02 * 20);
  assert(quick > 10 * slow, `${quick} V and ${slow} V`);
});

Deno.test("its readings drift during the warm-up, and little afterwards", async () => {
  const { multimeter, wait } = simulated();
  const [cold] = await readings(multimeter, 1);
  wait(HOUR);
  const [warm] = await readings(multimeter, 1);
  wait(HOUR);
  const [later] = await readings(multimeter, 1);
  assert(cold - warm > 20e-6 && cold - warm < 40e-6, `${cold} V, ${warm} V`);
  assert(Math.abs(later - warm) < 5e-6, `${warm} V, ${later} V`);
});

Deno.test("a range measures up to 1.2 times its value, and more is an overload", async () => {
  const { multimeter } = simulated();
  assertEquals(await multimeter.execute("CONF:VOLT:DC 7;:VOLT:RANG?"), "+1.00000000E+01");
  assertEquals(await multimeter.execute("VOLT:RANG:AUTO?"), "0");
  assertEquals(Math.round(Number(await multimeter.execute("READ?"))), 10);
  assertEquals(await multimeter.execute("MEAS:VOLT:DC? 1"), "+9.90000000E+37");
  assertEquals(await multimeter.execute("MEAS:VOLT:DC? 1001"), undefined);
  assertEquals(await multimeter.execute("SYST:ERR?"), '-222,"Data out of range"');
  assertEquals(Math.round(Number(await multimeter.execute("MEAS:VOLT:DC? AUTO"))), 10);
  assertEquals(await multimeter.execute("VOLT:RANG?;RANG:AUTO?"), "+1.00000000E+01;1");
});

for (const [voltage, range] of [[0.05, 0.1], [-0.9, 1], [11.9, 10], [-12.1, 100], [900, 1_000]]) {
  Deno.test(`${voltage} V is measured in the range of ${range} V`, async () => {
    const { multimeter } = simulated({ voltage });
    assertEquals(Number(await multimeter.execute("VOLT:RANG?")), range);
    const measured = Number(await multimeter.execute("MEAS?"));
    assert(Math.abs(measured - voltage) < range * 1e-5, `${measured} V`);
  });
}

Deno.test("*RST resets the settings and not the error queue, *CLS clears the error queue", async () => {
  const { multimeter } = simulated();
  await multimeter.execute("CONF:VOLT:DC 100;:VOLT:NPLC 100;:FOO");
  await multimeter.execute("*RST");
  assertEquals(await multimeter.execute("VOLT:NPLC?;RANG:AUTO?"), "+1.00000000E+01;1");
  assertEquals(await multimeter.execute("SYST:ERR?"), '-113,"Undefined header"');
  await multimeter.execute("FOO");
  assertEquals(await multimeter.execute("*CLS;*OPC?;:SYST:ERR?"), '1;0,"No error"');
});

Deno.test("over TCP it answers each line, at every split of the text, also the last one", async () => {
  const text = "*idn?\r\nFOO?\nVOLT:NPLC 1;NPLC?\nSYST:ERR?;:syst:err?\n*OPC?"; // the last text has no terminator
  for (let cut = 0; cut <= text.length; cut += 7) {
    await using server = new InstrumentServer(simulated().multimeter);
    using connection = await Deno.connect({ port: server.port });
    for (const part of [text.slice(0, cut), text.slice(cut)]) {
      await connection.write(new TextEncoder().encode(part));
    }
    await connection.closeWrite();
    assertEquals(
      await new Response(connection.readable).text(),
      [
        "Simulated Instruments,DMM 6.5,1,1.0",
        "+1.00000000E+00",
        '-113,"Undefined header";0,"No error"',
        "",
      ].join("\n"),
    );
  }
});

Deno.test("it serves one connection after the other, and keeps its error queue", async () => {
  await using server = new InstrumentServer(simulated().multimeter);
  const ask = async (text: string) => {
    using connection = await Deno.connect({ port: server.port });
    await connection.write(new TextEncoder().encode(text));
    await connection.closeWrite();
    return await new Response(connection.readable).text();
  };
  assertEquals(await ask("FOO?\n"), "");
  const answers = [ask("SYST:ERR?\n"), ask("*OPC?\n"), ask("*OPC?\n")]; // two connections wait
  assertEquals(await Promise.all(answers), ['-113,"Undefined header"\n', "1\n", "1\n"]);
});
