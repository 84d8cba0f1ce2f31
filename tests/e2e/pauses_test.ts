/** When a Manager pauses, so that others are served. */

import { assert, assertEquals } from "@std/assert";
import { TestManager } from "../../testing.ts";
import { countPauses } from "../support/pauses.ts";
import { RawPeer } from "../support/raw_peer.ts";

const REQUEST = JSON.stringify({
  args: [],
  attribute: "identity",
  error: false,
  kwargs: {},
  service: "Manager",
  uid: "1",
});

for (const disableTls of [true, false]) {
  const carrier = disableTls ? "TCP" : "TLS";

  Deno.test(`no pause delays a client that waits for each reply, over ${carrier}`, async () => {
    await using manager = await TestManager.start({ disableTls });
    let replies = 0;
    let received = Promise.withResolvers<void>();
    await using client = await RawPeer.connect(
      manager.connectOptions,
      { type: "client", name: "single" },
      () => {
        replies++;
        received.resolve();
      },
    );
    using pauses = countPauses();
    for (let call = 1; call <= 50; call++) {
      received = Promise.withResolvers();
      await client.send(REQUEST);
      await received.promise;
      assertEquals(replies, call);
    }
    assertEquals(pauses.count, 0);
  });

  Deno.test(`a client that sends without a break is paused, over ${carrier}`, async () => {
    await using manager = await TestManager.start({ disableTls });
    const count = 2_000;
    let replies = 0;
    const all = Promise.withResolvers<void>();
    await using client = await RawPeer.connect(
      manager.connectOptions,
      { type: "client", name: "flood" },
      () => {
        if (++replies === count) all.resolve();
      },
    );
    using pauses = countPauses();
    await client.write(`${REQUEST}\n`.repeat(count));
    await all.promise;
    // All that have waited for a pause go on together: of each only a few lines, until the next one.
    assert(pauses.count > count / 8, `${pauses.count} pauses`);
  });
}
