import { assertEquals } from "@std/assert";
import { hashOf, placeOf } from "../../../web/page/address.ts";
import fc from "../../support/properties.ts";

Deno.test("the address of a place stands for that place, whatever its names are", () => {
  const name = fc.string({ minLength: 1, unit: "grapheme" });
  fc.assert(fc.property(name, fc.option(name, { nil: undefined }), (service, attribute) => {
    const place = { service: service.toWellFormed(), attribute: attribute?.toWellFormed() };
    const hash = hashOf({ service, attribute });
    assertEquals(placeOf(hash), place);
    assertEquals(placeOf(new URL(`https://lab-pc/${hash}`).hash), place, "as a browser has it");
  }));
});

Deno.test("slashes and percent signs of a name are encoded", () => {
  assertEquals(hashOf({ service: "a/b", attribute: "100%" }), "#/a%2Fb/100%25");
  assertEquals(placeOf("#/a%2Fb"), { service: "a/b", attribute: undefined });
});

Deno.test("an address that nobody can read stands for no service", () => {
  for (const hash of ["", "#", "#/", "#/%", "#/%C3%28", "#a/b", "#/a/b/c"]) {
    assertEquals(placeOf(hash), { service: undefined, attribute: undefined }, hash);
  }
});
