import { assertEquals } from "@std/assert";
import { UidMap as OwnMap } from "../../base/uid_map.ts";
import { UidMap as BrowserMap } from "../../web/page/uid_map.ts";
import { UidSource } from "../../base/uid_source.ts";
import fc from "../support/properties.ts";

/** Uids of which many have the same end, and so the same slot. */
const uid = fc.oneof(
  fc.nat(40).map(String),
  fc.constantFrom("", "é", "a0001", "b0001", "c0001", "20001"),
  fc.nat(200).map((count) => `client ${count} 0001`),
  fc.stringMatching(/^[abc]{1,4}$/), // slots next to each other
);

const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ what: fc.constant("set" as const), uid }) },
  { weight: 12, arbitrary: fc.record({ what: fc.constant("take" as const), uid }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("clear" as const), uid }) },
);

for (const [where, UidMap] of [["", OwnMap], [", in a browser", BrowserMap]] as const) {
  Deno.test(`a map of uids behaves like a Map after any changes${where}`, () => {
    fc.assert(
      fc.property(fc.array(step, { size: "max", maxLength: 300 }), (steps) => {
        const map = new UidMap<number>();
        const model = new Map<string, number>();
        for (const [index, { what, uid }] of steps.entries()) {
          if (what === "set") {
            map.set(uid, index);
            model.set(uid, index);
          } else if (what === "take") {
            assertEquals(map.take(uid), model.get(uid));
            model.delete(uid);
          } else {
            map.clear();
            model.clear();
          }
          assertEquals(map.size, model.size);
          assertEquals(map.get(uid), model.get(uid));
        }
        assertEquals([...map], [...model]);
        if (map instanceof OwnMap) assertEquals(new Map(map.unordered()), model);
      }),
    );
  });

  Deno.test(`thousands of uids are found, whether they are consecutive, have the same end or are random${where}`, () => {
    const source = new UidSource();
    const styles = [
      String,
      (count: number) => `${count}abcd`,
      () => crypto.randomUUID(),
      () => source.next(),
    ];
    for (const uidOf of styles) {
      const uids = Array.from({ length: 10_000 }, (_, count) => uidOf(count));
      const map = new UidMap<number>();
      for (const [index, uid] of uids.entries()) map.set(uid, index);
      assertEquals(map.size, uids.length);
      assertEquals(map.get(uids[5_000]), 5_000);
      assertEquals([...map].map(([uid]) => uid), uids);
      for (const [index, uid] of uids.entries()) assertEquals(map.take(uid), index);
      assertEquals(map.size, 0);
      assertEquals([...map], []);
    }
  });

  Deno.test(`entries that come and go keep what waits for long${where}`, () => {
    const source = new UidSource();
    const map = new UidMap<number>();
    const old = Array.from({ length: 100 }, () => source.next());
    for (const [index, uid] of old.entries()) map.set(uid, index);
    for (let round = 0; round < 100; round++) {
      const uids = Array.from({ length: 512 }, () => source.next());
      for (const [index, uid] of uids.entries()) map.set(uid, index);
      for (const [index, uid] of uids.entries()) assertEquals(map.take(uid), index);
    }
    assertEquals([...map], old.map((uid, index) => [uid, index]));
  });
}
