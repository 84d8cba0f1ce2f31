/** The command `top`, at a terminal and without one. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect } from "../../mod.ts";
import { at, atColourTerminal, CTRL_C, LiveTerminal } from "../support/command_line.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { posixTest } from "../support/posix.ts";
import { type BasicMath, Shell } from "../support/shell.ts";

Deno.test("without a terminal top prints one table and ends", async () => {
  await using shell = await Shell.open();
  const printed = await shell.output("top", "--interval", "100ms", "--sort", "name");
  const lines = printed.split("\n");
  assertMatch(lines[0], /^Manager\[.*\] {2}up \d+s, .*, services: 1, clients: 0$/);
  assertMatch(lines[4], /^name +kind +calls\/s +latency +errors\/s +bytes\/s/);
  assertMatch(lines[5], /^BasicMath +service +0 +- +0 /);
  assertEquals(lines.slice(6), [""]);
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x09\x0b-\x1f]/.test(printed), "plain text");
  assertMatch(await shell.refusal("top", "--timeout", "1ms"), /--timeout/);
});

posixTest("at a terminal top is live, and sorts at a key", async () => {
  await using shell = await Shell.open();
  await using client = await connect(shell.manager.connectOptions);
  const link = await client.link<BasicMath>("BasicMath");
  await using terminal = new LiveTerminal(shell.home, ...shell.args("top", "--interval", "100ms"));
  await terminal.shows("[calls]");
  await terminal.shows("BasicMath"); // what is called before that is in no rate
  await link.add(1, 2);
  await terminal.shows("s         0 "); // the latency of a call, in µs or ms, and no errors
  await terminal.type("\x1b[B"); // an arrow, which is no letter
  await terminal.type("x");
  await terminal.type("E");
  await terminal.shows("[errors]");
  await terminal.type("n");
  await terminal.shows("[name]");
  assert(!terminal.shown.includes("[bytes]"));
  await terminal.type("q");
  assertEquals(await terminal.end(), 0);
});

posixTest(
  "top leaves the terminal as it was, also after Ctrl+C and without the Manager",
  async () => {
    await using shell = await Shell.open();
    for (const key of ["q", CTRL_C]) {
      const { code, shown } = await atColourTerminal(
        shell.home,
        [["q quits", key]],
        ...shell.args("top", "--interval", "100ms"),
      );
      assertEquals(code, 0, shown);
      const [before, ...screens] = shown.split("\x1b[?1049h\x1b[?25l\x1b[?7l");
      assertEquals([before.includes("Manager["), screens.length], [false, 1]);
      assert(screens[0].trimEnd().endsWith("\x1b[?7h\x1b[?25h\x1b[?1049l"), screens[0].slice(-60));
    }
    await using terminal = new LiveTerminal(shell.home, ...shell.args("top"));
    await terminal.shows("q quits");
    await shell.manager.manager.shutdown(0);
    await terminal.shows("as of");
    await terminal.shows("lost");
    await terminal.type("q");
    assertEquals(await terminal.end(), 0);
  },
);

posixTest("top says how old its table is while the Manager does not answer", async () => {
  await using shell = await Shell.open();
  await using proxy = new TcpProxy();
  proxy.target = shell.manager.manager.port;
  const args = ["top", "--disable-tls", ...at({ host: "127.0.0.1", port: proxy.port })];
  await using terminal = new LiveTerminal(shell.home, ...args, "--interval", "100ms");
  await terminal.shows("q quits");
  proxy.cut("", "freeze");
  await terminal.shows("s ago; the Manager does not answer");
  proxy.heal("");
  await terminal.shows("q quits");
  await terminal.type("q");
  assertEquals(await terminal.end(), 0);
});
