import { assert, assertEquals, assertMatch } from "@std/assert";
import { UidSource } from "../../base/uid_source.ts";

/** How many characters two texts share at their beginning and at their end. */
function common(a: string, b: string): number {
  const same = Array.from(a, (character, index) => character === b[index]);
  const first = same.indexOf(false);
  return first === -1 ? a.length : first + (same.length - 1 - same.lastIndexOf(false));
}

Deno.test("100,000 uids are different, long enough not to be interned, and need no escapes in JSON", () => {
  const source = new UidSource();
  const uids = Array.from({ length: 100_000 }, () => source.next());
  assertEquals(new Set(uids).size, uids.length);
  for (const uid of uids) {
    assert(uid.length >= 10, uid);
    assertEquals(JSON.stringify(uid), `"${uid}"`);
    assertMatch(uid, /^[\w-]+$/);
  }
});

Deno.test("a uid says nothing of the next one", () => {
  const source = new UidSource();
  let previous = source.next();
  let shared = 0;
  for (let count = 0; count < 100_000; count++) {
    const uid = source.next();
    // With random characters, 6 or more of them are the same once in 64^6 / 7 uids.
    assert(common(previous, uid) < 6, `${previous} ${uid}`);
    shared += common(previous, uid);
    previous = uid;
  }
  // On average 2/63 characters, for either end.
  assert(Math.abs(shared / 100_000 - 2 / 63) < 0.01, `${shared}`);
});

Deno.test("every character of a uid takes every value, as often as any other", () => {
  const source = new UidSource();
  const counts: Record<string, number>[] = [];
  const rounds = 64_000;
  for (let count = 0; count < rounds; count++) {
    for (const [at, character] of [...source.next()].entries()) {
      (counts[at] ??= {})[character] = (counts[at][character] ?? 0) + 1;
    }
  }
  for (const found of counts) {
    assertEquals(Object.keys(found).length, 64);
    for (const count of Object.values(found)) {
      assert(Math.abs(count - rounds / 64) < 250, `${count}`);
    }
  }
});

Deno.test("two sources make different uids, and all characters come from the random bytes", () => {
  assert(new UidSource().next() !== new UidSource().next());
  let calls = 0;
  const source = new UidSource((bytes) => void bytes.fill(calls++));
  const uids = Array.from({ length: 1_000 }, () => source.next());
  assertEquals(new Set(uids).size, calls);
  assertEquals(uids[0], "A".repeat(uids[0].length));
});
