import { assertEquals, assertRejects } from "@std/assert";
import { RemoteError } from "../../errors.ts";
import { Registration } from "../../service/registration.ts";
import { ARRAYS, TIME } from "../../wire/protocol.ts";

/** Longer than any test takes. */
const NEVER = 2 ** 31 - 1;

Deno.test("a Service waits until its Manager confirms it", async () => {
  const registration = new Registration();
  const confirmed = registration.confirmed(NEVER);
  registration.confirm({ extensions: [TIME] });
  await confirmed;
  assertEquals([registration.knows(TIME), registration.knows(ARRAYS)], [true, false]);
});

Deno.test("a Service that its Manager rejects is told the reason", async () => {
  const registration = new Registration();
  const confirmed = registration.confirmed(NEVER);
  registration.reject(new RemoteError("NameError: it is taken", []));
  await assertRejects(() => confirmed, RemoteError, "NameError: it is taken");
});

Deno.test("a Manager that says nothing in time has accepted a Service, and knows no extension", async () => {
  const registration = new Registration();
  await registration.confirmed(0);
  assertEquals([registration.knows(TIME), registration.forms], [false, undefined]);
});

Deno.test("an error that comes later, or while nobody waits, is none of the next registration", async () => {
  const registration = new Registration();
  registration.reject(new Error("before"));
  await registration.confirmed(0);
  registration.reject(new Error("later"));
  registration.lost();
  const confirmed = registration.confirmed(NEVER);
  registration.confirm({});
  await confirmed;
});

Deno.test("the forms of the linked Clients are those that the Manager has said last", () => {
  const registration = new Registration();
  registration.acceptForms(["lists"]);
  assertEquals(registration.forms, undefined); // the Manager does not sort by them
  registration.confirm({ extensions: [ARRAYS] });
  registration.acceptForms(["lists", "nothing we know", "arrays"]);
  assertEquals(registration.forms?.toSorted(), ["arrays", "lists"]);
  registration.acceptForms([]);
  assertEquals(registration.forms, []);
});

Deno.test("nothing is known of the Manager after the connection has ended", () => {
  const registration = new Registration();
  registration.confirm({ extensions: [ARRAYS] });
  registration.acceptForms(["lists"]);
  registration.lost();
  assertEquals(registration.forms, undefined);
  registration.confirm({ extensions: [ARRAYS] });
  assertEquals(registration.forms, []);
});
