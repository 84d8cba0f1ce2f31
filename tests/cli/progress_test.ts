import { assertEquals } from "@std/assert";
import { progressBar } from "../../cli/progress.ts";

Deno.test("a bar shows the share of a value that has been sent or received", () => {
  assertEquals(progressBar(0, 4_000_000), "[                    ] 0 % of 3.8 MiB");
  assertEquals(progressBar(1_000_000, 4_000_000), "[#####               ] 25 % of 3.8 MiB");
  assertEquals(progressBar(3_999_999, 4_000_000), "[################### ] 99 % of 3.8 MiB");
  assertEquals(progressBar(4_000_000, 4_000_000), "[####################] 100 % of 3.8 MiB");
});
