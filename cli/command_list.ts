/**
 * The list of all commands, in the order of the help: what the help of the program says of each, and
 * the module with its options, in `commands/`. Only the module of the command that is run is loaded:
 * all of them together take longer than a call of a Service.
 *
 * `main.ts` runs a command, `program.ts` gives them to commander.
 *
 * @module
 */

import type { Command } from "commander";
import type { CommandSpec, CommandSummary } from "./command_spec.ts";

/** Adds the options of a command that only commander can parse, and its action. */
export type AddOptions = (command: Command) => void;

/** A command in the list. */
export interface ListedCommand extends CommandSummary {
  /** Whether it uses TLS, unless that is disabled. */
  readonly usesTls?: boolean;
  /** Loads the rest of it. */
  load(): Promise<CommandSpec | AddOptions>;
}

/** Every command, by its name. */
export const COMMANDS: ReadonlyMap<string, ListedCommand> = new Map<string, ListedCommand>([
  ["start", {
    description: "Start the Network Manager (the default command)",
    usesTls: true,
    load: async () => (await import("./commands/start.ts")).addStart,
  }],
  ["status", {
    description: "Show the status of a Manager; the exit code is 0 if it answers",
    usesTls: true,
    load: async () => (await import("./commands/status.ts")).STATUS,
  }],
  ["top", {
    description: "Show which Services and Clients do most, live at a terminal, until q",
    usesTls: true,
    load: async () => (await import("./commands/top.ts")).TOP,
  }],
  ["ls", {
    description: "List the Services, the Clients and their links, or what a Service offers",
    operands: [["[service]", "the name of a Service"]],
    usesTls: true,
    load: async () => (await import("./commands/ls.ts")).LS,
  }],
  ["call", {
    description: "Call a method of a Service and print its result",
    operands: [
      ["<service>", "the name of the Service"],
      ["<method>", "the name of the method, or of a constant"],
      [
        "[argument...]",
        "JSON, or else text; key=value by name; - is the standard input; text in '...' is taken " +
        "as it is, as is what begins with a hyphen after --",
      ],
    ],
    usesTls: true,
    load: async () => (await import("./commands/call.ts")).CALL,
  }],
  ["watch", {
    description: "Print the notifications of a Service as they come, until Ctrl+C",
    operands: [["<service>", "the name of the Service"]],
    usesTls: true,
    load: async () => (await import("./commands/watch.ts")).WATCH,
  }],
  ["record", {
    description: "Record readings of Services into a file, until Ctrl+C",
    usage: "[options] [source...] --to <file>",
    operands: [[
      "[source...]",
      "Service.attribute, Service.method(arguments) or a stream, with @500ms for its own time; " +
      "Service: for all notifications, or Service:key,key",
    ]],
    usesTls: true,
    load: async () => (await import("./commands/record.ts")).addRecord,
  }],
  ["history", {
    description: "Show what was recorded: a table, CSV or a plot",
    operands: [
      [
        "<recorder-or-file>",
        "a file that record has made (.sqlite), or the name of a Service of record --serve",
      ],
      ["[source...]", "what of it, e.g. DMM.voltage or Room: (default: all)"],
    ],
    usesTls: true,
    load: async () => (await import("./commands/history.ts")).HISTORY,
  }],
  ["ping", {
    description: "Measure the round trip to the Manager, or to a Service",
    operands: [["[service]", "the name of a Service"]],
    usesTls: true,
    load: async () => (await import("./commands/ping.ts")).PING,
  }],
  ["console", {
    description: "Call methods of Services at a prompt, with Tab and a history",
    usesTls: true,
    load: async () => (await import("./commands/console.ts")).CONSOLE,
  }],
  ["types", {
    description: "Write the TypeScript declaration of a service that is connected",
    operands: [["<service>", "the name of the service"]],
    usesTls: true,
    load: async () => (await import("./commands/types.ts")).TYPES,
  }],
  ["describe", {
    description: "Make the `static about` of Services from their documentation comments",
    operands: [["<file...>", "TypeScript files with classes that extend Service"]],
    load: async () => (await import("./commands/describe.ts")).DESCRIBE,
  }],
  ["user", {
    description: "Add, remove, change or list the users who may log in",
    operands: [["<action>", "what to do"], ["[username]", "the name of the user"]],
    load: async () => (await import("./commands/user.ts")).addUser,
  }],
  ["hostname", {
    description: "Add, remove or list the computers that are trusted by their name",
    operands: [["<action>", "what to do"], ["[names...]", "host names or addresses"]],
    load: async () => (await import("./commands/hostname.ts")).addHostname,
  }],
  ["access", {
    description: "Say who may use or offer which service, where users log in (start --auth-login)",
    operands: [
      ["<action>", "what to do"],
      ["[service]", "the name of the service; list without it shows all lists"],
      [
        "[usernames...]",
        "who may use it (allow) or offer it (offer), or may no longer (deny, unoffer)",
      ],
    ],
    load: async () => (await import("./commands/access.ts")).addAccess,
  }],
  ["disconnect", {
    description: "End the connection of a Client or a Service, as an administrator",
    operands: [["<network-name>", "its network name, name[host:port], as status shows it"]],
    usesTls: true,
    load: async () => (await import("./commands/disconnect.ts")).DISCONNECT,
  }],
  ["log", {
    description: "Print the last records of the log of a Manager, as an administrator",
    usesTls: true,
    load: async () => (await import("./commands/log.ts")).LOG,
  }],
  ["keygen", {
    description: "Make a private key",
    operands: [["[type]", "what sort of key: rsa, ecc or dsa"]],
    load: async () => (await import("./commands/keygen.ts")).addKeygen,
  }],
  ["certgen", {
    description: "Make a self-signed certificate for this computer",
    operands: [["[out]", "the file to write"]],
    load: async () => (await import("./commands/certgen.ts")).addCertgen,
  }],
  ["certdump", {
    description: "Show what is in a certificate, and its fingerprints",
    operands: [["[certfile]", "the certificate in PEM; each one of a file with several is shown"]],
    load: async () => (await import("./commands/certdump.ts")).addCertdump,
  }],
  ["delete", {
    description: "Delete files of the home folder, after asking",
    load: async () => (await import("./commands/delete.ts")).DELETE,
  }],
  ["init", {
    description: "Make a folder for programs of your own: a Service, a Client, a test and settings",
    operands: [["[folder]", "the folder, which is made where it does not exist"]],
    load: async () => (await import("./commands/init.ts")).addInit,
  }],
  ["completions", {
    description: "Print the script with which a shell completes commands and options with Tab",
    operands: [["<shell>", "the shell"]],
    load: async () => (await import("./commands/completions.ts")).addCompletions,
  }],
]);
