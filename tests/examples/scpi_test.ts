/** The commands that a line of SCPI executes, and the error queue after it. */

import { assertEquals } from "@std/assert";
import { formatNumber, Scpi } from "../../examples/scpi.ts";

const LIMITS = { minimum: 0.02, maximum: 100, standard: 10 };

/** An instrument that records which of its commands were executed. */
function instrument(): { scpi: Scpi; done: string[] } {
  const done: string[] = [];
  const record = (name: string) => () => void done.push(name);
  const scpi: Scpi = new Scpi({
    "*RST": record("reset"),
    "*IDN?": () => "DMM",
    "SYSTem:ERRor[:NEXT]?": () => scpi.nextError(),
    "CONFigure[:VOLTage][:DC]": record("configure"),
    "MEASure[:VOLTage][:DC]?": () => "+1.0",
    "[SENSe:]VOLTage[:DC]:NPLC": (parameters) => void done.push(`${parameters.number(LIMITS)}`),
    "[SENSe:]VOLTage[:DC]:RANGe?": (parameters) => {
      parameters.none();
      return "10";
    },
  });
  return { scpi, done };
}

/** The errors in the queue. */
function errors(scpi: Scpi): string[] {
  const all: string[] = [];
  for (let error; (error = scpi.nextError()) !== '0,"No error"';) all.push(error);
  return all;
}

for (
  const header of [
    "MEASURE:VOLTAGE:DC?",
    "MEAS:VOLT:DC?",
    "measure:volt:dc?",
    "Meas:Voltage:Dc?",
    ":MEAS:VOLT:DC?",
    "MEAS:VOLT?",
    "MEAS:DC?",
    "MEAS?",
    "  MEAS?\t",
  ]
) {
  Deno.test(`${JSON.stringify(header)} is MEASure[:VOLTage][:DC]?`, async () => {
    const { scpi } = instrument();
    assertEquals(await scpi.execute(header), "+1.0");
    assertEquals(errors(scpi), []);
  });
}

for (
  const header of [
    "MEASU:VOLT:DC?", // neither the short form nor the long one
    "MEA?",
    "MEAS:VOLT:DC", // no query
    "MEAS:DC:VOLT?",
    "MEAS::VOLT?",
    "MEAS:VOLT:DC:AC?",
    "*IDN",
    "*XYZ?",
    "VOLTAGE?",
    "toString?",
  ]
) {
  Deno.test(`${header} is no command: error -113, and no answer`, async () => {
    const { scpi } = instrument();
    assertEquals(await scpi.execute(header), undefined);
    assertEquals(errors(scpi), ['-113,"Undefined header"']);
  });
}

for (
  const line of ["?", "1MEAS?", "MEAS?5", 'MEAS"?', "MEAS,VOLT?", "**IDN?", ":*IDN?", "MEAS-VOLT?"]
) {
  Deno.test(`${line} is a syntax error`, async () => {
    const { scpi } = instrument();
    assertEquals(await scpi.execute(line), undefined);
    assertEquals(errors(scpi), ['-102,"Syntax error"']);
  });
}

Deno.test("a line may be empty, and so may a command between two semicolons", async () => {
  const { scpi } = instrument();
  assertEquals(await scpi.execute(""), undefined);
  assertEquals(await scpi.execute("*IDN?;;*IDN?; "), "DMM;DMM");
  assertEquals(errors(scpi), []);
});

Deno.test("a header without a colon is relative to the one before it in the line", async () => {
  const { scpi, done } = instrument();
  assertEquals(await scpi.execute("SENS:VOLT:DC:NPLC 1;RANG?;:MEAS:VOLT:DC?"), "10;+1.0");
  assertEquals(await scpi.execute("SENS:VOLT:NPLC 2;*RST;NPLC 3"), undefined); // * has no path
  assertEquals(done, ["1", "2", "reset", "3"]);
  assertEquals(errors(scpi), []);
  assertEquals(await scpi.execute("MEAS:VOLT:DC?;SYST:ERR?"), "+1.0"); // MEAS:VOLT:SYST:ERR?
  assertEquals(errors(scpi), ['-113,"Undefined header"']);
  assertEquals(await scpi.execute("RANG?"), undefined); // each line begins at the root
  assertEquals(errors(scpi), ['-113,"Undefined header"']);
});

Deno.test("a line ends at its first error, and the queries before it are answered", async () => {
  const { scpi, done } = instrument();
  assertEquals(await scpi.execute("*IDN?;FOO;*RST"), "DMM");
  assertEquals(done, []);
  assertEquals(errors(scpi), ['-113,"Undefined header"']);
});

for (
  const [text, number] of [
    ["1", 1],
    ["+1.", 1],
    [".5", 0.5],
    ["1e1", 10],
    ["2.5E-1", 0.25],
    ["MIN", 0.02],
    ["maximum", 100],
    ["DEF", 10],
  ] as const
) {
  Deno.test(`the parameter ${text} is ${number}`, async () => {
    const { scpi, done } = instrument();
    await scpi.execute(`VOLT:NPLC ${text}`);
    assertEquals([done, errors(scpi)], [[String(number)], []]);
  });
}

for (
  const [command, error] of [
    ["VOLT:NPLC", '-109,"Missing parameter"'],
    ["VOLT:NPLC 1,2", '-108,"Parameter not allowed"'],
    ["VOLT:RANG? 1", '-108,"Parameter not allowed"'],
    ["VOLT:NPLC many", '-104,"Data type error"'],
    ["VOLT:NPLC 1V", '-104,"Data type error"'],
    ["VOLT:NPLC 0x10", '-104,"Data type error"'],
    ["VOLT:NPLC ,", '-108,"Parameter not allowed"'],
    ["VOLT:NPLC 0.01", '-222,"Data out of range"'],
    ["VOLT:NPLC 101", '-222,"Data out of range"'],
    ["VOLT:NPLC 1e999", '-222,"Data out of range"'],
  ]
) {
  Deno.test(`${command} is rejected: ${error}`, async () => {
    const { scpi, done } = instrument();
    assertEquals(await scpi.execute(command), undefined);
    assertEquals([done, errors(scpi)], [[], [error]]);
  });
}

Deno.test("the oldest error comes first, and the last one says that the queue has overflowed", async () => {
  const { scpi } = instrument();
  await scpi.execute("VOLT:NPLC");
  for (let count = 1; count <= 25; count++) await scpi.execute("FOO?");
  assertEquals(
    await scpi.execute("SYST:ERR?;:system:error:next?"),
    [
      '-109,"Missing parameter"',
      '-113,"Undefined header"',
    ].join(";"),
  );
  const rest = errors(scpi);
  assertEquals(rest.length, 18);
  assertEquals(rest.at(-1), '-350,"Queue overflow"');
  await scpi.execute("FOO?");
  scpi.clearErrors();
  assertEquals(await scpi.execute("SYST:ERR?"), '0,"No error"');
});

Deno.test("a number is written in the form of instruments", () => {
  assertEquals(formatNumber(10.0000012), "+1.00000012E+01");
  assertEquals(formatNumber(-0.1), "-1.00000000E-01");
  assertEquals(formatNumber(0), "+0.00000000E+00");
  assertEquals(formatNumber(9.9e37), "+9.90000000E+37");
});
