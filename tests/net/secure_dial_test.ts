/** What becomes of a connection that was opened before the certificate was read. */

import { assertEquals, assertRejects } from "@std/assert";
import { CertificateError, ConnectError } from "../../errors.ts";
import { dialSecurely } from "../../net/secure_dial.ts";

const options = {
  host: "localhost",
  port: 1,
  timeout: 10_000,
  certFile: new URL(import.meta.url).pathname, // no certificate
  prompt: { confirm: () => Promise.reject(), ask: () => Promise.reject() },
} as unknown as Parameters<typeof dialSecurely>[2];

Deno.test("an attempt that is under way is given up before the error of the certificate", async () => {
  const opening = Promise.withResolvers<Deno.TcpConn>();
  let hasEnded = false;
  const giveUp = () => {
    setTimeout(() => {
      hasEnded = true;
      opening.reject(new ConnectError("given up"));
    });
  };
  await assertRejects(() => dialSecurely(opening.promise, giveUp, options), CertificateError);
  assertEquals(hasEnded, true);
});

Deno.test("a connection that is open is closed before the error of the certificate", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const opening = Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  using accepted = await listener.accept();
  await assertRejects(() => dialSecurely(opening, () => {}, options), CertificateError);
  assertEquals(await accepted.read(new Uint8Array(1)), null);
});
