import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { ValueError } from "../../../errors.ts";
import { HostnamesTable } from "../../../manager/database/hostnames_table.ts";

function newTable(...aliases: string[]): HostnamesTable {
  return new HostnamesTable(new DatabaseSync(":memory:"), aliases);
}

Deno.test("host names are inserted once, sorted, and deleted", () => {
  const table = newTable("lab-pc");
  table.insert("scope.lab");
  table.insert("scope.lab");
  table.insert("adc");
  assertEquals(table.hostnames(), ["adc", "lab-pc", "scope.lab"]);
  table.delete("lab-pc");
  assertEquals(table.hostnames(), ["adc", "scope.lab"]);
});

Deno.test("a name is trusted as a whole", () => {
  const table = newTable("lab-pc", "10.0.0.7");
  for (const name of ["lab-pc", "10.0.0.7"]) assertEquals(table.includes(name), true, name);
  for (const name of ["lab", "lab-pc.evil", "10.0.0.71", "LAB-PC", "%", ""]) {
    assertEquals(table.includes(name), false, name);
  }
});

Deno.test("a name that is not trusted cannot be deleted, and an empty name cannot be inserted", () => {
  const table = newTable();
  assertThrows(
    () => table.delete("nobody"),
    ValueError,
    "Cannot delete 'nobody': it is not a trusted hostname",
  );
  assertThrows(() => table.insert(" "), ValueError, "Cannot trust a host name that is empty");
});
