/** A Python client and a Python service, both written for this test, connected through our Manager. */

import { assertEquals, assertRejects } from "@std/assert";
import { parseJson } from "../../wire/json.ts";
import { connect, Kwargs, RemoteError } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { Process, succeed } from "../support/process.ts";
import { pythonPeer } from "../support/python.ts";
import { Lab } from "../support/services.ts";

for (const disableTls of [false, true]) {
  const over = disableTls ? "over TCP" : "over TLS";

  Deno.test(`a Python client calls a Service of ours, ${over}`, async () => {
    await using manager = await TestManager.start({ disableTls });
    await using lab = new Lab();
    await lab.start(manager.connectOptions);
    const stdout = await succeed(pythonPeer("client", manager));
    const { hostname, networkName } = manager.manager;
    const lines = stdout.trim()
      .replaceAll(new RegExp(`python\\[${RegExp.escape(hostname)}:\\d+]`, "g"), "python[here]")
      .split("\n").map(parseJson);
    assertEquals(lines, [
      [
        "acquire_lock",
        "PermissionError: python[here] cannot acquire a lock because it is not linked " +
        "with the 'Lab' service",
        null,
      ],
      ["add", null, 3],
      ["add", null, "Ωµ"],
      ["add", "TypeError: Lab.add() missing 1 required positional argument: 'y'", null],
      ["add", null, NaN],
      ["add", `KeyError: "the 'Nothing' Service is not connected to ${networkName}"`, null],
    ]);
  });

  Deno.test(`our Client calls a Python service, ${over}`, async () => {
    await using manager = await TestManager.start({ disableTls });
    await using service = new Process(pythonPeer("service", manager));
    await manager.connected("Python Lab");
    await using cxn = await connect(manager.connectOptions);
    const link = await cxn.link("Python Lab");
    assertEquals(await link.add(1, 2, new Kwargs({ z: 3 })), 6);
    assertEquals(await link.add(1, Infinity), Infinity);
    assertEquals(await link.numbers(), [NaN, Infinity, -Infinity, 2 ** 60]);
    await assertRejects(() => link.fail(), RemoteError, "ValueError: The value is < 0");
    const notified = Promise.withResolvers<unknown[]>();
    link.notificationHandler = (...args) => notified.resolve(args);
    assertEquals(await link.notify(1, "two"), true);
    assertEquals(await notified.promise, [1, "two", new Kwargs({ unit: "Ω" })]);
    assertEquals(await link.shutdownService(), "bye");
    await service.succeeded();
  });
}
