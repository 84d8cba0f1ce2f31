/**
 * Makes certificates: from a private key, in DER, signed by the key itself. `certificate_text.ts`
 * describes them. Both load an ASN.1 library, so they are imported dynamically.
 *
 * @module
 */

import * as asn1 from "asn1js";
import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import { PACKAGE_NAME } from "../version.ts";
import { ConfigurationError } from "../errors.ts";
import type { Hash } from "./certificate.ts";
import { decodeBlock, objectId, positiveInteger, sequence, tagged } from "./der.ts";
import { findCurve } from "./key.ts";
import { serverName } from "./server_name.ts";

const YEARS_VALID = 100;
/** In milliseconds. */
const YEAR = 365.25 * 24 * 3_600_000;
/** How long before it was made it is valid, in milliseconds: the clock of a device may be behind. */
const BACKDATED = 24 * 3_600_000;
/** The last date that a certificate has room for. */
const LAST_DATE = new Date("9999-12-31T23:59:59Z");

/** The object identifiers of the signatures (RFC 4055, RFC 5758). */
const SIGNATURE_IDS = {
  "RSASSA-PKCS1-v1_5": {
    "SHA-256": "1.2.840.113549.1.1.11",
    "SHA-384": "1.2.840.113549.1.1.12",
    "SHA-512": "1.2.840.113549.1.1.13",
  },
  "ECDSA": {
    "SHA-256": "1.2.840.10045.4.3.2",
    "SHA-384": "1.2.840.10045.4.3.3",
    "SHA-512": "1.2.840.10045.4.3.4",
  },
};

/** How a certificate is made. */
export interface SigningOptions {
  /** The hash algorithm of the signature. Default: `"SHA-256"`. */
  hash?: Hash;
  /** How long it is valid from now on, in years of 365.25 days. Default: 100. */
  yearsValid?: number;
}

/**
 * Makes a certificate in PEM, signed by the key itself, with the names and addresses of a computer.
 *
 * @param names The first is its common name. An IPv6 address with a zone (`fe80::1%eth0`) loses it,
 * since a certificate has no field for the zone.
 * @throws {ConfigurationError} If the key is neither RSA nor on an elliptic curve of TLS, or the
 * certificate would be valid beyond the year 9999.
 * @throws {TypeError} If a name looks like an IP address and is none, e.g. `300.1.1.1`.
 */
export async function selfSign(
  key: KeyObject,
  names: readonly string[],
  options: SigningOptions = {},
): Promise<string> {
  const { hash = "SHA-256", yearsValid = YEARS_VALID } = options;
  const now = Date.now();
  const notBefore = new Date(now - BACKDATED);
  const notAfter = new Date(now + yearsValid * YEAR);
  if (!(notAfter <= LAST_DATE)) {
    throw new ConfigurationError(
      `Cannot make a certificate valid for ${yearsValid} years: it must end before the year 10000`,
    );
  }
  const { algorithm, sign } = await signer(key, hash);
  const name = distinguishedName(names[0]);
  const content = sequence( // RFC 5280, section 4.1
    tagged(0, new asn1.Integer({ value: 2 })), // version 3
    positiveInteger(crypto.getRandomValues(new Uint8Array(16))), // the serial number
    algorithm,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    decodeBlock(new Uint8Array(createPublicKey(key).export({ type: "spki", format: "der" }))),
    tagged(3, sequence(basicConstraints(), alternativeNames(names))),
  );
  const signature = await sign(content.toBER());
  const certificate = sequence(content, algorithm, new asn1.BitString({ valueHex: signature }));
  return new X509Certificate(new Uint8Array(certificate.toBER())).toString();
}

interface Signer {
  /** The algorithm, as a certificate identifies it. */
  algorithm: asn1.Sequence;
  sign(content: ArrayBuffer): Promise<ArrayBuffer>;
}

/**
 * Signs with the Web Cryptography API. The `sign` of `node:crypto` signs with RSA, P-256, P-384,
 * and with P-521 and SHA-384 or SHA-512, but fails with P-521 and SHA-256 ("failed to sign
 * digest"): all nine pairs of curve and hash were tested with both (Deno 2.9.6).
 */
async function signer(key: KeyObject, hash: Hash): Promise<Signer> {
  const imported = importAlgorithm(key, hash);
  const { name } = imported;
  const pkcs8 = new Uint8Array(key.export({ type: "pkcs8", format: "der" }));
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, imported, false, ["sign"]);
  const sign = (content: ArrayBuffer) => crypto.subtle.sign({ name, hash }, privateKey, content);
  const id = objectId(SIGNATURE_IDS[name][hash]);
  return name === "ECDSA"
    ? { algorithm: sequence(id), sign: async (content) => ecdsaSignature(await sign(content)) }
    : { algorithm: sequence(id, new asn1.Null()), sign };
}

type ImportAlgorithm = (RsaHashedImportParams | EcKeyImportParams) & {
  name: keyof typeof SIGNATURE_IDS;
};

function importAlgorithm(key: KeyObject, hash: Hash): ImportAlgorithm {
  if (key.asymmetricKeyType === "rsa") return { name: "RSASSA-PKCS1-v1_5", hash };
  const namedCurve = findCurve(key.asymmetricKeyDetails?.namedCurve ?? "");
  if (namedCurve) return { name: "ECDSA", namedCurve };
  throw new ConfigurationError(
    `Cannot make a certificate for a key of type ${key.asymmetricKeyType}: ` +
      `use RSA or an elliptic curve`,
  );
}

/** The Web Cryptography API gives the two numbers of a signature one after the other. */
function ecdsaSignature(raw: ArrayBuffer): ArrayBuffer {
  const half = raw.byteLength / 2;
  const [r, s] = [new Uint8Array(raw, 0, half), new Uint8Array(raw, half)];
  return sequence(positiveInteger(r), positiveInteger(s)).toBER();
}

/**
 * The package as the organisation, which is not known, and the computer as the common name. Clients
 * compare the alternative names; this name is for people.
 */
function distinguishedName(commonName: string): asn1.Sequence {
  return sequence(attribute("2.5.4.10", PACKAGE_NAME), attribute("2.5.4.3", commonName));
}

function attribute(id: string, value: string): asn1.Set {
  const isPrintable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value);
  const text = new asn1[isPrintable ? "PrintableString" : "Utf8String"]({ value });
  return new asn1.Set({ value: [sequence(objectId(id), text)] });
}

/** A time in whole seconds. The form with two digits for the year ends with the year 2049. */
function time(date: Date): asn1.UTCTime {
  const valueDate = new Date(Math.floor(date.getTime() / 1000) * 1000);
  const Time = valueDate.getUTCFullYear() < 2050 ? asn1.UTCTime : asn1.GeneralizedTime;
  return new Time({ valueDate });
}

/** The empty sequence says that this is not the certificate of an authority. */
function basicConstraints(): asn1.Sequence {
  const critical = new asn1.Boolean({ value: true });
  return sequence(
    objectId("2.5.29.19"),
    critical,
    new asn1.OctetString({ valueHex: sequence().toBER() }),
  );
}

function alternativeNames(names: readonly string[]): asn1.Sequence {
  const value = [...new Set(names.map(serverName))].map((name) => {
    const [tagNumber, valueHex] = isAddress(name)
      ? [7, addressBytes(name)]
      : [2, Buffer.from(name, "latin1")];
    return new asn1.Primitive({ idBlock: { tagClass: 3, tagNumber }, valueHex });
  });
  return sequence(
    objectId("2.5.29.17"),
    new asn1.OctetString({ valueHex: sequence(...value).toBER() }),
  );
}

function isAddress(name: string): boolean {
  return name.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(name);
}

function addressBytes(address: string): Uint8Array<ArrayBuffer> {
  if (isIPv4(address)) return Uint8Array.from(address.split("."), Number);
  if (!isIPv6(address)) throw new TypeError(`Not an IP address: ${address}`);
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1); // no IPv4 inside
  const [left, right] = plain.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = right ? Array(8 - left.length - right.length).fill("0") : [];
  const groups = [...left, ...zeros, ...(right ?? [])];
  return Uint8Array.fromHex(groups.map((group) => group.padStart(4, "0")).join(""));
}
