import { assertEquals } from "@std/assert";
import { base64Length, bytesOfBase64, readBase64, toBase64 } from "../../wire/base64.ts";
import fc from "../support/properties.ts";

/** Bytes of a runtime that has no base64 of its own, as Node 24. */
function older(bytes: Uint8Array): Uint8Array {
  return Object.defineProperties(bytes, {
    toBase64: { value: undefined },
    setFromBase64: { value: undefined },
  });
}

for (const [name, of] of Object.entries({ "the runtime": (bytes: Uint8Array) => bytes, older })) {
  Deno.test(`bytes as base64 are the same bytes again: ${name}`, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
      const text = toBase64(of(bytes.slice()));
      assertEquals(text, btoa(String.fromCharCode(...bytes)));
      assertEquals([text.length, bytesOfBase64(text)], [base64Length(bytes.length), bytes.length]);
      const read = new Uint8Array(bytes.length);
      assertEquals(readBase64(text, of(read)), true);
      assertEquals([...read], [...bytes]);
    }));
  });

  Deno.test(`what is no base64, or of another size, is not read: ${name}`, () => {
    const wrong = ["AA=A", "AAA", "AAAA\n", "AA A", "A===", "AA-_", "é€AA", "====", "AAAAA", ""];
    for (const text of wrong) assertEquals(readBase64(text, of(new Uint8Array(3))), false, text);
    assertEquals(readBase64("AAAA", of(new Uint8Array(2))), false);
    assertEquals(readBase64("AAA=", of(new Uint8Array(3))), false);
    assertEquals(readBase64("AAA=", of(new Uint8Array(2))), true);
  });
}
