/** Which certificate is believed: its dates, its name, and what the errors advise. */

import { assert, assertThrows } from "@std/assert";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { isRetriable } from "../../device/connector.ts";
import { CertificateDateError, CertificateError } from "../../errors.ts";
import { selfSign } from "../../net/certificate_maker.ts";
import { verifyCertificate } from "../../net/verification.ts";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const make = async (...names: string[]) => new X509Certificate(await selfSign(privateKey, names));
const kept = await make("localhost", "fe80::1%eth0", "127.0.0.1");
const trusted = { certificates: [kept], file: "kept.crt" };
const server = { host: "localhost", port: 1875 };
const shown = (certificate: X509Certificate, isSigned = false) => ({
  certificate: certificate.raw,
  isSigned,
});

Deno.test("a certificate of wrong dates names them and the clock, and is tried again", () => {
  const clocks = { "1970-01-01T00:00:05Z": "not valid yet", "2999-01-01T00:00:00Z": "has expired" };
  for (const [clock, fault] of Object.entries(clocks)) {
    const error = assertThrows(
      () => verifyCertificate(shown(kept), trusted, server, new Date(clock)),
      CertificateDateError,
      fault,
    );
    assert(error.message.includes(clock), error.message);
    const year = new Date(kept.validTo).getUTCFullYear();
    assert(error.message.includes(`to ${year}-`), error.message);
    assert(isRetriable(error), "waitOnFirstConnect must keep trying until the clock is set");
  }
});

Deno.test("another certificate is not believed, whatever its dates, key and name", async () => {
  const other = await make("localhost");
  for (const clock of [new Date(), new Date("2999-01-01")]) {
    for (const isSigned of [false, true]) { // there is a path to the kept one, which has the same key
      for (const assertHostname of [false, true]) {
        const error = assertThrows(
          () =>
            verifyCertificate(
              shown(other, isSigned),
              trusted,
              { ...server, assertHostname },
              clock,
            ),
          CertificateError,
          "delete kept.crt and connect again",
        );
        assert(!isRetriable(error));
      }
    }
  }
});

Deno.test("a certificate for another name says for which, unless no name is asserted", () => {
  for (const host of ["localhost", "LOCALHOST", "fe80::1%eth0", "127.1"]) {
    verifyCertificate(shown(kept), trusted, { ...server, host });
  }
  const elsewhere = { ...server, host: "pc" };
  const error = assertThrows(
    () => verifyCertificate(shown(kept), trusted, elsewhere),
    CertificateError,
    "it is for localhost, fe80::1, 127.0.0.1",
  );
  assert(error.message.includes("certgen --name pc"), error.message);
  verifyCertificate(shown(kept), trusted, { ...elsewhere, assertHostname: false });
});
