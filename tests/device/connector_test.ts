/** What a device reports of its connection: for a person, and as the content of a log record. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { type ConnectionChange, contentOfChange, describeChange } from "../../device/connector.ts";
import { denoCommand, run } from "../support/process.ts";
import { CONFIG, ROOT } from "../support/source_tree.ts";

const error = new TypeError("it is {odd}");
const alice = { id: 1, name: "alice" };
const bob = { id: 2, name: "bob" };

const CASES: readonly [ConnectionChange, text: string, properties: Record<string, unknown>][] = [
  [{ state: "connected" }, "connected", {}],
  [{ state: "lost", error }, "lost: it is {odd}", { error: "it is {odd}" }],
  [
    { state: "retrying", error, attempt: 3 },
    "retrying, attempt 3: it is {odd}",
    { attempt: 3, error: "it is {odd}" },
  ],
  [{ state: "linked", service: "{Lab}" }, "linked '{Lab}'", { service: "{Lab}" }],
  [
    { state: "linked", service: "Lab", user: alice, before: bob },
    "linked 'Lab', offered by alice now and by bob before",
    { service: "Lab", offered_by: "alice", offered_before_by: "bob" },
  ],
  [
    { state: "linked", service: "Lab", before: bob },
    "linked 'Lab', offered by no user now and by bob before",
    { service: "Lab", offered_before_by: "bob" },
  ],
  [
    { state: "unlinked", service: "Lab", error },
    "unlinked 'Lab': it is {odd}",
    { service: "Lab", error: "it is {odd}" },
  ],
];

Deno.test("a change has its parts as properties of a log record, and is one line for a person", () => {
  for (const [change, text, properties] of CASES) {
    assertEquals(describeChange(change), text);
    assertEquals(contentOfChange(change).properties, { state: change.state, ...properties });
  }
});

Deno.test("a device without the permission to connect does not wait for a Manager", async () => {
  const mod = new URL(`file://${ROOT}/mod.ts`).href;
  const program = `import { connect } from ${JSON.stringify(mod)};
    await connect({ host: "127.0.0.1", port: 1, reconnect: { waitOnFirstConnect: true } });`;
  const script = `data:application/typescript,${encodeURIComponent(program)}`;
  const words = ["run", "-A", "--deny-net", "--no-check", `--config=${CONFIG}`, script];
  const { code, stderr } = await run(denoCommand(words));
  assertEquals(code, 1);
  assertStringIncludes(stderr, "NotCapable");
});
