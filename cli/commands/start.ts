/**
 * The `start` command, which is also that of a command line without a command: starts a Manager.
 *
 * @module
 */

import type { Command } from "commander";
import { expandKwargs } from "../../program/kwargs.ts";
import { LIMIT_OPTIONS } from "../../program/limit_options.ts";
import { run } from "../../program/run.ts";
import {
  GENERAL_OPTIONS,
  type ParsedOptions,
  readStartOptions,
  withoutMark,
} from "../../program/start_options.ts";
import { commanderOption } from "../commander_options.ts";

/** Adds the options of `start`. */
export function addStart(command: Command): void {
  addStartOptions(command)
    .action((parsed: ParsedOptions) => run(readStartOptions(parsed)));
}

/** Adds the options of `start` to a command. */
export function addStartOptions(command: Command): Command {
  for (const spec of GENERAL_OPTIONS) command.addOption(commanderOption(spec));
  command.optionsGroup("Limits (durations as 500ms, 10s or 5min, sizes as 64KiB or 1GB):");
  for (const spec of LIMIT_OPTIONS) command.addOption(commanderOption(spec));
  return command;
}

const START_OPTIONS = [...GENERAL_OPTIONS, ...LIMIT_OPTIONS];

/** The words of `start` as commander parses them. */
export function startWords(words: readonly string[]): string[] {
  return withoutMark(expandKwargs(START_OPTIONS, words));
}
