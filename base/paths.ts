/**
 * Where the files of the package are: the home folder, which the Python software uses too, and the
 * files and folders in it. `files.ts` reads and writes them.
 *
 * @module
 */

import { homedir } from "node:os";
import { join } from "node:path";

/** The home folder: `$MSL_NETWORK_HOME`, else `.msl/network` in the folder of the user. */
export function homeFolder(): string {
  return Deno.env.get("MSL_NETWORK_HOME") || join(userFolder(), ".msl", "network");
}

/** The folder of the user; under `sudo` that of `$SUDO_USER`. */
function userFolder(): string {
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

/** The folder of the laboratory's own web pages. */
export function webFolder(): string {
  return join(homeFolder(), "web");
}

/** The file with the history of the console: the lines that were typed in it. */
export function historyFile(): string {
  return join(homeFolder(), "console_history");
}

/** The log file of a Manager that was started at a time; its name has the local time. */
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

/** Whether a file has the name of a Manager's log file, or of a rotated one. */
export function isLogFile(name: string): boolean {
  return /^manager(-\d+){6}\.log(\.\d+)?$/.test(name);
}

/** A host as a file name, without the characters that a file name of some system cannot have. */
function fileName(host: string): string {
  return host.replaceAll(/[:/\\<>"|?*]/g, "_");
}
