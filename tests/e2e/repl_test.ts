/** A Link at Deno's prompt, which a notebook has too: Tab completes what its Service offers. */

import { assertMatch } from "@std/assert";
import { linked } from "../support/linked.ts";
import { Lab } from "../support/services.ts";
import { replAtTerminal } from "../support/command_line.ts";
import { CONFIG, MODULE } from "../support/source_tree.ts";
import { temporaryFolder } from "../support/folder.ts";

class Meter extends Lab {
  calibrate(): string {
    return "calibrated";
  }
}

Deno.test("Tab completes the methods of a Link, and the members that every Link has", async () => {
  await using lab = await linked(new Meter());
  await using folder = await temporaryFolder();
  const options = JSON.stringify(lab.manager.connectOptions);
  const { shown } = await replAtTerminal(
    folder.path,
    [
      ["> ", `const { connect } = await import(${MODULE}); const cxn = await connect(${options});`],
      ["undefined", `const meter = await cxn.link("Meter"); "lin" + "ked"`],
      ['"linked"', "await meter.cal\t"],
      ["calibrate", "()"],
      ['"calibrated"', "meter.serviceN\t"],
      ["serviceName", ""],
      ['"Meter"', "close()"],
    ],
    "-A",
    "--quiet",
    `--config=${CONFIG}`,
  );
  assertMatch(shown, /meter\.calibrate\(\)/);
  assertMatch(shown, /meter\.serviceName/);
});
