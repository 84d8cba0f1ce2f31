/**
 * Describes certificates as text for a person: the `certdump` command. It shows the fields and
 * extensions that ordinary certificates have, and other extensions in hexadecimal.
 * `certificate_maker.ts` makes certificates. Both load an ASN.1 library, so they are imported
 * dynamically.
 *
 * @module
 */

import * as asn1 from "asn1js";
import { X509Certificate } from "node:crypto";
import { readFile } from "../base/files.ts";
import { eachCertificate } from "./certificate.ts";
import { bitsOf, type Block, bytesOf, decodeBlock, partsOf, tagOf } from "./der.ts";

/** A control character, other than the end of a line. */
const CONTROL = /[^\P{Cc}\n]/gu;

/** The names of the attributes of a distinguished name (RFC 4519). */
const ATTRIBUTES: Record<string, string> = {
  "2.5.4.3": "CN",
  "2.5.4.4": "SN",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.12": "T",
  "2.5.4.42": "G",
  "2.5.4.43": "I",
  "0.9.2342.19200300.100.1.25": "DC",
  "1.2.840.113549.1.9.1": "E",
};

/** The names of algorithms and of extended key usages. */
const OBJECTS: Record<string, string> = {
  "1.2.840.113549.1.1.1": "rsaEncryption",
  "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
  "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
  "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
  "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
  "1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
  "1.2.840.10045.2.1": "ecPublicKey",
  "1.2.840.10045.4.1": "ecdsaWithSHA1",
  "1.2.840.10045.4.3.1": "ecdsaWithSHA224",
  "1.2.840.10045.4.3.2": "ecdsaWithSHA256",
  "1.2.840.10045.4.3.3": "ecdsaWithSHA384",
  "1.2.840.10045.4.3.4": "ecdsaWithSHA512",
  "1.3.6.1.5.5.7.3.1": "TLS WWW server authentication",
  "1.3.6.1.5.5.7.3.2": "TLS WWW client authentication",
  "1.3.6.1.5.5.7.3.3": "Code Signing",
  "1.3.6.1.5.5.7.3.4": "E-mail Protection",
  "1.3.6.1.5.5.7.3.8": "Time Stamping",
  "1.3.6.1.5.5.7.3.9": "OCSP Signing",
};

const CURVES: Record<string, string> = {
  "1.2.840.10045.3.1.7": "P-256",
  "1.3.132.0.10": "K-256",
  "1.3.132.0.34": "P-384",
  "1.3.132.0.35": "P-521",
};

/** The key usages by the number of their bit, from 0. */
const KEY_USAGES = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "crlSign",
  "encipherOnly",
  "decipherOnly",
];

/** The access methods of Authority Info Access, in the order of the text. */
const ACCESS_METHODS = { "1.3.6.1.5.5.7.48.1": "OCSP", "1.3.6.1.5.5.7.48.2": "CA Issuers" };

/** The names of extensions, and what makes lines of their values. */
const EXTENSIONS: Record<string, [name: string, lines: (value: Block) => string[]]> = {
  "2.5.29.14": ["Subject Key Identifier", (id) => hexLines(bytesOf(id))],
  "2.5.29.15": ["Key Usages", (bits) => [keyUsages(bytesOf(bits)).join(", ")]],
  "2.5.29.17": ["Subject Alternative Name", (names) => generalNames(partsOf(names))],
  "2.5.29.18": ["Issuer Alternative Name", (names) => generalNames(partsOf(names))],
  "2.5.29.19": ["Basic Constraints", basicConstraints],
  "2.5.29.31": ["CRL Distribution Points", (points) => partsOf(points).flatMap(distributionPoint)],
  "2.5.29.32": [
    "Certificate Policies",
    (policies) => partsOf(policies).map((policy) => `Policy: ${objectName(partsOf(policy)[0])}`),
  ],
  "2.5.29.35": ["Authority Key Identifier", authorityKey],
  "2.5.29.37": ["Extended Key Usages", (usages) => [partsOf(usages).map(objectName).join(", ")]],
  "1.3.6.1.5.5.7.1.1": ["Authority Info Access", authorityAccess],
};

/**
 * Describes the certificates of a PEM file, with their fingerprints. A file has several where a
 * certificate comes with those of its issuers.
 *
 * @throws {ConfigurationError} If the file cannot be read, has no certificate in it, or has a
 * damaged one.
 */
export function describeCertificates(file: string): string {
  return eachCertificate(readFile(file, "the certificate"), file, (pem) => {
    const { fingerprint, fingerprint256 } = new X509Certificate(pem);
    // The maker of a certificate chooses its text, which must not steer the terminal.
    const text = describeCertificate(pem).replaceAll(CONTROL, "?");
    return `${text}\n  Fingerprints:\n    SHA-1: ${fingerprint}\n    SHA-256: ${fingerprint256}\n`;
  }).join("\n");
}

/**
 * Describes one certificate in PEM, without its fingerprints. Control characters stay as they are.
 *
 * @throws {Error} If it is damaged.
 */
export function describeCertificate(pem: string): string {
  const der = new Uint8Array(new X509Certificate(pem).raw);
  const [content, algorithm, signature] = partsOf(decodeBlock(der));
  const fields = partsOf(content); // RFC 5280, section 4.1
  const version = tagOf(fields[0]) === 0 ? bytesOf(partsOf(fields.shift()!)[0])[0] : 0;
  const [serial, inner, issuer, validity, subject, publicKey, ...optional] = fields;
  const [notBefore, notAfter] = partsOf(validity).map(dateText);
  const extensions = optional.find((field) => tagOf(field) === 3);
  const lines = [
    `Version: v${version + 1} (${version})`,
    ...hexSection("Serial Number", bytesOf(serial)),
    ...algorithmLines("Signature Algorithm", inner),
    `Issuer: ${nameText(issuer)}`,
    ...section("Validity", [`Not Before: ${notBefore}`, `Not After: ${notAfter}`]),
    `Subject: ${nameText(subject)}`,
    ...section("Subject Public Key Info", publicKeyLines(publicKey)),
    ...(extensions
      ? section("Extensions", partsOf(partsOf(extensions)[0]).flatMap(extensionLines))
      : []),
  ];
  return section("Certificate", [
    ...section("Data", lines),
    ...section("Signature", [
      ...algorithmLines("Algorithm", algorithm),
      ...hexLines(bitsOf(signature)),
    ]),
  ]).join("\n");
}

function publicKeyLines(publicKey: Block): string[] {
  const [algorithm, key] = partsOf(publicKey);
  const isOnCurve = objectName(partsOf(algorithm)[0]) === "ecPublicKey";
  return [
    ...algorithmLines("Algorithm", algorithm),
    ...hexSection(isOnCurve ? "EC Point" : "Raw Data", bitsOf(key)),
  ];
}

function algorithmLines(title: string, algorithm: Block): string[] {
  const [id, parameters] = partsOf(algorithm);
  const name = objectName(id);
  if (!parameters || parameters instanceof asn1.Null) return section(title, [], name);
  const curve = parameters instanceof asn1.ObjectIdentifier && CURVES[parameters.getValue()];
  const lines = curve
    ? [`Named Curve: ${curve}`]
    : hexSection("Parameters", parameters.valueBeforeDecodeView);
  return section(title, lines, name);
}

function extensionLines(extension: Block): string[] {
  const [id, ...others] = partsOf(extension); // its critical flag may be left out
  const value = bytesOf(others[others.length - 1]);
  const critical = others.length > 1 && bytesOf(others[0])[0] ? "critical" : "";
  const [name, lines] = EXTENSIONS[objectName(id)] ?? [];
  return lines
    ? section(name, lines(decodeBlock(value)), critical)
    : section(objectName(id), hexLines(value), critical);
}

function basicConstraints(constraints: Block): string[] {
  return partsOf(constraints).flatMap((part) => {
    if (part instanceof asn1.Integer) return `Path Length: ${part.toBigInt()}`;
    return bytesOf(part)[0] ? "CA: true" : [];
  });
}

/** The first byte is the number of unused bits. */
function keyUsages(bytes: Uint8Array): string[] {
  const isSet = (bit: number) => bytes[1 + (bit >> 3)] & (0x80 >> (bit & 7));
  return KEY_USAGES.filter((_usage, bit) => isSet(bit)).sort();
}

function authorityKey(identifier: Block): string[] {
  const [key, issuer, serial] = [0, 1, 2].map((tag) =>
    partsOf(identifier).find((part) => tagOf(part) === tag)
  );
  return [
    ...(issuer ? section("Authority Issuer", generalNames(partsOf(issuer))) : []),
    ...(serial ? hexSection("Authority Serial Number", bytesOf(serial)) : []),
    ...(key ? hexLines(bytesOf(key)) : []),
  ];
}

/** The reasons and the issuer of the list are left out: hardly any certificate has them. */
function distributionPoint(point: Block): string[] {
  const [name] = partsOf(point).filter((part) => tagOf(part) === 0).flatMap(partsOf);
  const names = name && tagOf(name) === 0 ? partsOf(name).flatMap(generalName) : [];
  const text = names.map(([kind, value]) => `${kind}: ${value}`).join(", ");
  return section("Distribution Point", text ? [text] : []);
}

function authorityAccess(descriptions: Block): string[] {
  const all = partsOf(descriptions).map(partsOf);
  return Object.entries(ACCESS_METHODS).flatMap(([id, title]) => {
    const names = all.filter(([method]) => objectName(method) === id)
      .flatMap(([_method, location]) => generalName(location));
    if (names.length === 0) return [];
    if (names.length === 1) return `${title}: ${names[0][1]}`;
    return section(title, names.map(([kind, value], index) => `${kind} ${index + 1}: ${value}`));
  });
}

/** The names, grouped by their kinds. */
function generalNames(names: Block[]): string[] {
  const kinds = Map.groupBy(names.flatMap(generalName), ([kind]) => kind);
  return [...kinds.values()].flat().map(([kind, value]) => `${kind}: ${value}`);
}

/** The kind of a name and its value; nothing for a kind that hardly any certificate has. */
function generalName(name: Block): [kind: string, value: string][] {
  const text = () => String.fromCharCode(...bytesOf(name));
  switch (tagOf(name)) {
    case 1:
      return [["Email", text()]];
    case 2:
      return [["DNS", text()]];
    case 4:
      return [["DN", nameText(partsOf(name)[0])]];
    case 6:
      return [["URL", text()]];
    case 7:
      return [["IP", addressText(bytesOf(name))]];
    default:
      return [];
  }
}

/** The longest run of zeros of an IPv6 address is left out (RFC 5952). */
function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) return bytes.toHex();
  const groups = bytes.toHex().match(/.{4}/g)!.map((group) => parseInt(group, 16).toString(16));
  const zeros = groups.join(":").match(/\b0(:0)+\b/g) ?? [];
  const longest = zeros.reduce((one, other) => other.length > one.length ? other : one, "");
  if (!longest) return groups.join(":");
  return groups.join(":").replace(new RegExp(`:?\\b${longest}\\b:?`), "::");
}

function nameText(name: Block): string {
  return partsOf(name).map((set) => partsOf(set).map(attributeText).join("+")).join(", ");
}

function attributeText(attribute: Block): string {
  const [id, value] = partsOf(attribute);
  const text = value instanceof asn1.BaseStringBlock
    ? escapeText(value.getValue())
    : `#${value.valueBeforeDecodeView.toHex()}`;
  return `${ATTRIBUTES[objectName(id)] ?? objectName(id)}=${text}`;
}

/** Escapes the characters that have a meaning in a distinguished name (RFC 4514). */
function escapeText(value: string): string {
  return value.replaceAll(/[,+"\\<>;]|^[ #]| $/g, "\\$&").replaceAll(
    /[\r\n\t]/g,
    (character) => `\\0${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Both forms of a time are a `UTCTime` in the library. */
function dateText(time: Block): string {
  if (!(time instanceof asn1.UTCTime)) throw new TypeError("Not a time");
  return time.toDate().toUTCString();
}

/** The name of an object identifier, or the identifier itself. */
function objectName(id: Block): string {
  if (!(id instanceof asn1.ObjectIdentifier)) throw new TypeError("Not an object identifier");
  return OBJECTS[id.getValue()] ?? id.getValue();
}

/** A title, and lines below it. */
function section(title: string, lines: string[], value = ""): string[] {
  return [`${title}:${value && ` ${value}`}`, ...lines.map((line) => `  ${line}`)];
}

/** Bytes below a title. A space follows its colon. */
function hexSection(title: string, bytes: Uint8Array): string[] {
  return [`${title}: `, ...hexLines(bytes).map((line) => `  ${line}`)];
}

/** Sixteen bytes a line, with a gap in the middle. */
function hexLines(bytes: Uint8Array): string[] {
  const pairs = (from: number) => bytes.subarray(from, from + 8).toHex().replaceAll(/..\B/g, "$& ");
  return Array.from(
    { length: Math.ceil(bytes.length / 16) },
    (_, row) => [pairs(row * 16), pairs(row * 16 + 8)].filter(Boolean).join("  "),
  );
}
