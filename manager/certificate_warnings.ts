/**
 * What is wrong with the certificate of a Manager for the devices that connect: its dates, and the
 * names that it is not made for. The Manager logs it when it starts.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import { checkDates, eachCertificate } from "../net/certificate.ts";
import { fitsName, namesOf } from "../net/server_name.ts";
import type { Hosts } from "./hosts.ts";

/** How long before its end a certificate is warned about, in milliseconds. */
const NOTICE = 30 * 24 * 3_600_000;

/** What the Manager knows of its certificate. */
export interface ManagerCertificate {
  /** The text of the file, in PEM. The first certificate in it is the Manager's. */
  cert: string;
  certFile: string;
  /** The host that the Manager listens on, if not every one. */
  host?: string;
}

/**
 * Gives the warnings about a certificate; none if all is right.
 *
 * @param now The time of the clock.
 */
export async function certificateWarnings(
  { cert, certFile, host }: ManagerCertificate,
  hosts: Hosts,
  now: Date = new Date(),
): Promise<string[]> {
  const [certificate] = eachCertificate(cert, certFile, (pem) => new X509Certificate(pem));
  const remedy = "Make a new one with the certgen command, and give it to the devices";
  const warnings: string[] = [];
  const fault = checkDates(certificate, now);
  if (fault) {
    warnings.push(`Devices reject the certificate ${certFile}: ${fault}. ${remedy}`);
  } else if (checkDates(certificate, new Date(now.getTime() + NOTICE))) {
    warnings.push(`The certificate ${certFile} is valid until ${certificate.validTo}. ${remedy}`);
  }
  const missing = await missingNames(certificate, host, hosts);
  if (missing.length > 0) {
    const names = missing.join(", ");
    warnings.push(
      `The certificate ${certFile} was not made for ${names}, so devices that connect with that ` +
        `name reject it. It is for ${namesOf(certificate)}. ${remedy}`,
    );
  }
  return warnings;
}

/** The names of the Manager that a certificate is not made for. */
async function missingNames(
  certificate: X509Certificate,
  host: string | undefined,
  hosts: Hosts,
): Promise<string[]> {
  const { hostname } = hosts;
  if (host !== undefined && !isUnspecified(host)) return fitsName(certificate, host) ? [] : [host];
  if (fitsName(certificate, hostname)) return [];
  // A certificate of a site's authority may have the full name alone.
  const domain = await hosts.domain();
  return domain !== undefined && fitsName(certificate, domain) ? [] : [hostname];
}

/** Whether a host stands for every address of the computer. */
function isUnspecified(host: string): boolean {
  return ["0.0.0.0", "::", "[::]"].includes(host);
}
