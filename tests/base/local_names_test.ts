import { assertEquals } from "@std/assert";
import { localNames } from "../../base/local_names.ts";

Deno.test("the host name comes first, and each name and address is there once", () => {
  assertEquals(localNames("lab-pc", ["127.0.0.1", "192.168.1.10", "::1"]), [
    ...["lab-pc", "localhost", "127.0.0.1", "::1", "192.168.1.10"],
  ]);
});

Deno.test("this computer has its host name, and the addresses of its loopback", () => {
  const names = localNames();
  assertEquals(names.slice(0, 4), [Deno.hostname(), "localhost", "127.0.0.1", "::1"]);
});
