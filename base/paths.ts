/**
 * Where the files are: the home folder that the Python software uses too, and what is in it.
 *
 * @module
 */

import { homedir } from "node:os";
import { join } from "node:path";

/** The home folder: `$MSL_NETWORK_HOME`, else `.msl/network` in the user's own folder. */
export function homeFolder(): string {
  return Deno.env.get("MSL_NETWORK_HOME") || join(userFolder(), ".msl", "network");
}

/** The folder that is the user's own; under `sudo` that of `$SUDO_USER`. */
export function userFolder(): string {
  const user = Deno.env.get("SUDO_USER");
  const homes = Deno.build.os === "darwin" ? "/Users" : "/home";
  return user ? join(homes, user) : homedir();
}

/** The folder of the certificates. */
export function certificateFolder(): string {
  return join(homeFolder(), "certs");
}

/** The folder of the private keys. */
export function keyFolder(): string {
  return join(homeFolder(), "keys");
}

/** The folder of the logs. */
export function logFolder(): string {
  return join(homeFolder(), "logs");
}

/** The file with the certificate of a host, in PEM. */
export function certificateFile(host: string): string {
  return join(certificateFolder(), `${fileName(host)}.crt`);
}

/** The file with the private key of a host, in PEM. */
export function keyFile(host: string): string {
  return join(keyFolder(), `${fileName(host)}.key`);
}

/** The SQLite database of the Manager. */
export function databaseFile(): string {
  return join(homeFolder(), "manager.sqlite3");
}

/** The lines that were typed in the console. */
export function historyFile(): string {
  return join(homeFolder(), "console_history");
}

/** The log file of a Manager that started at `started`, in local time. */
export function logFile(started: Date): string {
  const stamp = [
    started.getFullYear(),
    started.getMonth() + 1,
    started.getDate(),
    started.getHours(),
    started.getMinutes(),
    started.getSeconds(),
  ].map((part) => String(part).padStart(2, "0")).join("-");
  return join(logFolder(), `manager-${stamp}.log`);
}

/** Whether a file has the name of a log file that a start made, or of one that was rotated. */
export function isLogFile(name: string): boolean {
  return /^manager(-\d+){6}\.log(\.\d+)?$/.test(name);
}

/** A host as a file name: an IPv6 address has colons, which some file systems refuse. */
function fileName(host: string): string {
  return host.replaceAll(/[:/\\]/g, "_");
}
