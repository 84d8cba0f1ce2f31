import { assertEquals } from "@std/assert";
import { wireMessage } from "../../errors.ts";
import { type Policy, reasonToEnd } from "../../manager/policy.ts";
import { userNamed } from "../support/users.ts";

const [ADA, GONE] = ["ada", "gone"].map(userNamed);

/** Ada may offer `Echo`, and nobody else may offer anything. */
const POLICY: Policy = {
  mayUse: () => true,
  isRestricted: () => false,
  mayOffer: (user, service) => user === ADA && service === "Echo",
  isCurrent: (user) => user !== GONE,
};

function reasonFor(
  kind: "client" | "service",
  name: string,
  user?: typeof ADA,
): string | undefined {
  const reason = reasonToEnd(POLICY, { kind, name }, user);
  return reason && wireMessage(reason);
}

Deno.test("a service is connected by those who may offer it, a client by everybody", () => {
  assertEquals(reasonFor("service", "Echo", ADA), undefined);
  assertEquals(
    reasonFor("service", "Lab", ADA),
    "PermissionError: 'ada' may not offer the 'Lab' service",
  );
  assertEquals(
    reasonFor("service", "Echo"),
    "PermissionError: A device may not offer the 'Echo' service",
  );
  for (const user of [ADA, undefined]) assertEquals(reasonFor("client", "Lab", user), undefined);
});

Deno.test("the devices of a user who is not the same any more have to log in again", () => {
  const reason =
    "ValueError: 'gone' has to log in again: the user was removed, or has another password";
  assertEquals([reasonFor("client", "a", GONE), reasonFor("service", "Echo", GONE)], [
    reason,
    reason,
  ]);
});

Deno.test("a user of another node is judged there", () => {
  const user = { node: "b", username: "gone@b" };
  assertEquals(reasonToEnd(POLICY, { kind: "client", name: "a" }, user), undefined);
});
