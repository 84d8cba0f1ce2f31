/**
 * The examples at the end of the help of each command. `tests/cli/examples_test.ts` checks that each
 * command has some, and that they can be parsed.
 *
 * @module
 */

import type { Command } from "commander";

/** The name of the program in its help, however it was started. */
export const PROGRAM = "msl-network";

/** A command line without the name of the program, and what it does. */
type Example = readonly [line: string, purpose: string];

/** The examples of the program itself. */
const FIRST: readonly Example[] = [
  ["", "starts a Manager on this computer"],
  ["ls", "lists what is connected to it"],
  ["call Thermometer read", "calls a method of a Service"],
  ["init ../lab", "makes a folder for programs of your own"],
];

/** The examples of each command. The first one is of the plainest use. */
const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  start: [
    ["start", "on all addresses of this computer, port 1875"],
    ["start --web --metrics 1877", "with pages at port 1876, and metrics for Prometheus"],
    ["start --node a --join nats://localhost:4222", "joins other Managers over NATS"],
    ["start --auth-login --port 1880", "accepts only the users that the user command lists"],
    ["start --log-format json --grace 1min", "a log for programs; an end that waits longer"],
  ],
  status: [
    ["status", "of the Manager on this computer"],
    ["status --host lab-pc --interval 10s", "with rates over ten seconds"],
    ["status --json --interval 0", "for a program, without rates"],
  ],
  top: [
    ["top", "live, until q"],
    ["top --sort errors --host lab-pc", "the Services and Clients with most errors first"],
    ["top --interval 10s", "rates over ten seconds"],
  ],
  ls: [
    ["ls", "lists Services, Clients and links"],
    ["ls Thermometer", "lists what a Service offers"],
    ["ls --host lab-pc --json", "for a program"],
  ],
  call: [
    ["call Thermometer read", "calls a method without arguments"],
    ["call Calculator power 5 n=3", "with arguments by position and by name"],
    ["call Meter setup '{\"range\": 10}' --host lab-pc", "with an object, on another computer"],
    ["call Calculator add 10 --each", "once for each line of the standard input"],
  ],
  watch: [
    ["watch Thermometer", "until Ctrl+C"],
    ["watch Thermometer --count 10 --csv", "ten rows for a spreadsheet"],
    ["watch Thermometer --json --quiet", "for a program"],
  ],
  record: [
    ["record Thermometer.read@10s --to lab.sqlite", "a method, every 10 seconds until Ctrl+C"],
    ["record Environment: 'DMM.read(10)' --to lab.csv --for 1h", "notifications and a method"],
    ["record --config lab.jsonc", "what a file says"],
  ],
  history: [
    ["history lab.sqlite", "lists what a file has, with the latest values"],
    ["history lab.sqlite DMM.voltage --since 2h --svg voltage.svg", "draws a plot"],
    ["history Recorder DMM.voltage --csv", "asks a recorder that runs with --serve"],
  ],
  ping: [
    ["ping", "five round trips to the Manager on this computer"],
    ["ping Thermometer --count 100 --interval 0", "a hundred to a Service, without pauses"],
  ],
  console: [
    ["console", "with the Manager on this computer"],
    ["console --host lab-pc --username alice", "with another one, where users log in"],
  ],
  types: [
    ["types Thermometer", "prints the declaration"],
    ["types Thermometer --out thermometer.d.ts", "writes it to a file"],
  ],
  describe: [
    ["describe thermometer.ts", "prints a static about, made of the comments"],
    ["describe --write thermometer.ts", "inserts it into the file"],
  ],
  user: [
    ["user add alice", "asks for her password"],
    ["user add bob --admin --password bob.txt", "an administrator; the password is in a file"],
    ["user list", "shows all users"],
    ["user remove alice", "she can log in no longer"],
  ],
  hostname: [
    ["hostname add lab-2 192.168.1.10", "trusts two computers"],
    ["hostname list", "shows all that are trusted"],
  ],
  access: [
    ["access allow Thermometer alice bob", "only they may use it"],
    ["access offer Thermometer carol", "only she may offer it"],
    ["access list", "shows all lists"],
  ],
  disconnect: [
    ["disconnect 'Client[lab-2:35978]'", "asks for an administrator"],
    ["disconnect 'Client[lab-2:35978]' --username bob", "asks for his password only"],
  ],
  log: [
    ["log", "the last records; asks for an administrator"],
    ["log --follow --level warning --username bob", "warnings and errors from now on too"],
  ],
  keygen: [
    ["keygen", "an RSA key for this computer"],
    ["keygen ecc --curve P-256 --out lab.key", "a smaller and faster one, in a file"],
    ["keygen --password -", "encrypted; asks for the password"],
  ],
  certgen: [
    ["certgen", "for this computer, with its key"],
    ["certgen --name lab-pc.example.org --years-valid 10", "with a further name"],
    ["certgen lab.crt --key-file lab.key --show", "in a file, of another key"],
  ],
  certdump: [
    ["certdump", "shows the certificate of the Manager on this computer"],
    ["certdump lab.crt", "shows another one"],
    ["certdump lab.crt --out lab.txt", "writes it to a file"],
  ],
  delete: [
    ["delete --logs", "shows the log files, asks, and deletes them"],
    ["delete --certs --keys --yes", "does not ask"],
  ],
  init: [
    ["init ../lab", "makes the folder lab beside this one"],
    ["init", "writes into this folder what is not there yet"],
    ["init --web", "a web page too, from which a browser calls the Service"],
  ],
  completions: [
    ["completions bash", "prints the script for bash"],
    ["completions powershell", "prints the script for PowerShell"],
  ],
};

/** Adds the examples to the help of the program and its commands. */
export function addExamples(program: Command): void {
  add(program, FIRST);
  for (const command of program.commands) add(command, EXAMPLES[command.name()] ?? []);
}

function add(command: Command, examples: readonly Example[]): void {
  const lines = examples.map(([line, purpose]) => [`${PROGRAM} ${line}`.trim(), purpose] as const);
  const width = Math.max(...lines.map(([line]) => line.length));
  const text = lines.map(([line, purpose]) => `  ${line.padEnd(width)}  # ${purpose}`).join("\n");
  command.addHelpText("after", `\nExamples:\n${text}`);
}
