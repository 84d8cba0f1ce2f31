import fc from "../support/properties.ts";
import { plans, runPlan } from "../support/trunk_plans.ts";

Deno.test("whatever NATS does to messages, sessions lose and double nothing, or end at both ends", async () => {
  await fc.assert(fc.asyncProperty(plans, runPlan), {
    numRuns: Number(Deno.env.get("RUNS") ?? 300),
  });
});
