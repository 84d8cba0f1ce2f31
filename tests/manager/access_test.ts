import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { Access } from "../../manager/access.ts";
import { logIn, userNamed } from "../support/users.ts";
import { Database } from "../../manager/database/database.ts";

/** A database that two programs have open, with the users alice and bob. */
class Shared implements AsyncDisposable {
  readonly ours: Database;
  readonly theirs: Database;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    const path = join(folder, "manager.sqlite3");
    this.ours = new Database(path, []);
    this.theirs = new Database(path, []);
  }

  static async open(): Promise<Shared> {
    const shared = new Shared(await Deno.makeTempDir({ prefix: "msl-network-" }));
    for (const name of ["alice", "bob"]) await shared.ours.users.insert(name, "secret", false);
    return shared;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ours[Symbol.dispose]();
    this.theirs[Symbol.dispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

Deno.test("every user may use a service without a list, and only those on the list one with a list", async () => {
  await using shared = await Shared.open();
  const table = shared.ours.access;
  table.allow("DMM", ["alice"]);
  table.allow("Empty", ["alice"]);
  table.deny("Empty", ["alice"]);
  using access = new Access(shared.ours);
  const [alice, bob] = [await logIn(shared.ours, "alice"), await logIn(shared.ours, "bob")];
  const mayUse = (service: string) =>
    [alice, bob, userNamed("__proto__"), undefined].map((user) => access.mayUse(user, service));
  assertEquals(mayUse("DMM"), [true, false, false, false]);
  assertEquals(mayUse("Empty"), [false, false, false, false]);
  for (const service of ["Lamp", "dmm", "__proto__", "constructor"]) {
    assertEquals(mayUse(service), [true, true, true, true], service);
  }
});

Deno.test("a change by this program takes effect when it refreshes the lists", async () => {
  await using shared = await Shared.open();
  using access = new Access(shared.ours);
  const bob = await logIn(shared.ours, "bob");
  const seen: boolean[] = [];
  access.watch(() => seen.push(access.mayUse(bob, "DMM")));
  shared.ours.access.allow("DMM", ["alice"]);
  access.refresh();
  shared.ours.access.clear("DMM");
  access.refresh();
  assertEquals(seen, [false, true]);
});

Deno.test("a change by another program takes effect soon, and is reported after that", async () => {
  await using shared = await Shared.open();
  using access = new Access(shared.ours);
  const bob = await logIn(shared.ours, "bob");
  let reported = Promise.withResolvers<boolean>();
  access.watch(() => reported.resolve(access.mayUse(bob, "DMM")), 1);
  shared.theirs.access.allow("DMM", ["alice"]);
  assertEquals(await reported.promise, false);
  reported = Promise.withResolvers();
  shared.theirs.access.allow("DMM", ["bob"]);
  assertEquals(await reported.promise, true);
  reported = Promise.withResolvers();
  shared.theirs.users.delete("bob");
  assertEquals(await reported.promise, false);
});

Deno.test("while the lists cannot be read those that were read last stay in effect, and then the new ones", async () => {
  await using shared = await Shared.open();
  const { numbers } = shared.ours.access;
  shared.ours.access.allow("DMM", ["alice"]);
  using access = new Access(shared.ours);
  const bob = await logIn(shared.ours, "bob");
  let changes = 0;
  access.watch(() => changes++);
  shared.ours.access.clear("DMM");
  shared.ours.access.numbers = () => {
    throw new Error("the disk is gone");
  };
  access.refresh();
  assertEquals([access.mayUse(bob, "DMM"), changes], [false, 0]);
  shared.ours.access.numbers = numbers;
  access.refresh();
  assertEquals([access.mayUse(bob, "DMM"), changes], [true, 1]);
});
