/**
 * Writes the scripts with which shells complete the command line. They contain all words, so that no
 * program runs while a person types: nothing has to start, and nothing that is typed, e.g. a password,
 * is passed on.
 *
 * @module
 */

import type { Command } from "commander";
import {
  type CompletableCommand,
  completableCommands,
  type CompletableOption,
  type Value,
} from "./completable.ts";

/** The shells that have a script. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

/** A shell that has a script. */
export type Shell = typeof SHELLS[number];

/** The script for a shell. */
export function completionScript(program: Command, shell: Shell): string {
  const writers = {
    bash: bashScript,
    zsh: zshScript,
    fish: fishScript,
    powershell: powerShellScript,
  };
  return writers[shell](program.name(), completableCommands(program));
}

/** For bash 3.2, which macOS has, and later. */
function bashScript(program: string, commands: readonly CompletableCommand[]): string {
  const each = <T>(write: (command: CompletableCommand) => T[]) => commands.flatMap(write);
  const values = each(({ name, options }) =>
    options.flatMap(({ names, value, isVariadic }) => {
      if (value === undefined) return [];
      const patterns = names.map((flag) => quote(`${name} ${flag}`)).join("|");
      return `    ${patterns}) value=${quote(bashValue(value))} many=${isVariadic ? 1 : ""} ;;`;
    })
  );
  const options = each(({ name, options }) => [
    `    ${name}) value=${quote(`words ${options.flatMap(({ names }) => names).join(" ")}`)} ;;`,
  ]);
  const positional = each(({ name, argument }) =>
    argument ? [`    ${quote(`${name} 0`)}) value=${quote(bashValue(argument))} ;;`] : []
  );
  return `\
# Completion for bash. In ~/.bashrc: eval "$(${program} completions bash)"
_msl_network_value() {
  case "$1" in
${values.join("\n")}
    *) value="" many="" ;;
  esac
}

_msl_network_options() {
  case "$1" in
${options.join("\n")}
    *) value="" ;;
  esac
}

_msl_network_argument() {
  case "$1" in
${positional.join("\n")}
    *) value="" ;;
  esac
}

_msl_network() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}"
  local index=2 position=0 value="" many="" word IFS=$' \\t\\n'
  COMPREPLY=()
  [[ $current == "=" ]] && current="" # bash makes three words of --option=value
  if [[ $command == -* ]]; then command=${commands[0].name} index=1; fi
  for ((; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [[ $word == "=" ]]; then many="" # its value is one word
    elif [[ -n $value && -z $many ]]; then value=""
    elif [[ $word == -* ]]; then _msl_network_value "$command $word"
    elif [[ -z $many ]]; then ((position += 1))
    fi
  done
  if [[ -n $value && ( -z $many || $current != -* ) ]]; then :
  elif [[ $current == -* ]]; then _msl_network_options "$command"
  elif ((COMP_CWORD == 1)); then value=${
    quote(`words ${commands.map(({ name }) => name).join(" ")}`)
  }
  else _msl_network_argument "$command $position"
  fi
  case "$value" in
    words\\ *) COMPREPLY=($(compgen -W "\${value#words }" -- "$current")) ;;
    file) compopt -o default 2>/dev/null || { IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current")); } ;;
    folder) compopt -o dirnames 2>/dev/null || { IFS=$'\\n'; COMPREPLY=($(compgen -d -- "$current")); } ;;
  esac
}

complete -F _msl_network ${program}
`;
}

function bashValue(value: Value): string {
  return value.kind === "words" ? `words ${value.words.join(" ")}` : value.kind;
}

function zshScript(program: string, commands: readonly CompletableCommand[]): string {
  const action = (value: Value) => {
    if (value.kind === "words") return `(${value.words.join(" ")})`;
    return { file: "_files", folder: "_files -/", text: "" }[value.kind];
  };
  const describe = (text: string) => text.replaceAll(/[[\]:\\]/g, "\\$&");
  const option = ({ names, description, value, isVariadic }: CompletableOption) => {
    const takes = value && `${isVariadic ? "::" : ":"}value:${action(value)}`;
    return names.map((name) => {
      const joined = value === undefined ? "" : name.startsWith("--") ? "=" : "+";
      const others = names.length > 1 ? `(${names.join(" ")})` : "";
      return quote(`${others}${name}${joined}[${describe(description)}]${takes ?? ""}`);
    });
  };
  const cases = commands.map(({ name, options, argument }) => {
    const specs = options.flatMap(option);
    if (argument) specs.push(quote(`1:argument:${action(argument)}`), "'*:argument:'");
    return `    ${name}) _arguments ${specs.join(" ")} ;;`;
  });
  const names = commands.map(({ name, description }) => quote(`${name}:${describe(description)}`));
  return `\
# Completion for zsh. In ~/.zshrc, after compinit: eval "$(${program} completions zsh)"
_msl_network() {
  local command=$words[2]
  local -a commands
  if (( CURRENT == 2 )) && [[ $command != -* ]]; then
    commands=(${names.join(" ")})
    _describe command commands
    return
  fi
  if [[ $command == -* ]]; then
    command=${commands[0].name}
  else
    shift words
    (( CURRENT -= 1 ))
  fi
  case $command in
${cases.join("\n")}
  esac
}

compdef _msl_network ${program}
`;
}

function fishScript(program: string, commands: readonly CompletableCommand[]): string {
  const quoteFish = (text: string) => `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
  const takes = (value: Value | undefined) => {
    switch (value?.kind) {
      case undefined:
        return "";
      case "words":
        return ` -x -a ${quoteFish(value.words.join(" "))}`;
      case "folder":
        return " -x -a '(__fish_complete_directories)'";
      default:
        return value!.kind === "file" ? " -r -F" : " -x";
    }
  };
  const lines = commands.flatMap(({ name, description, options, argument }) => {
    const within = `complete -c ${program} -n '__msl_network_command ${name}`;
    return [
      `complete -c ${program} -n __msl_network_begins -a ${name} -d ${quoteFish(description)}`,
      ...options.map(({ names, description, value }) => {
        const flags = names.map((flag) =>
          flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`
        );
        return `${within}' ${flags.join(" ")}${takes(value)} -d ${quoteFish(description)}`;
      }),
      ...argument && argument.kind !== "text"
        ? [`${within}; and __msl_network_first'${takes(argument).replace(/ -[rx]/, "")}`]
        : [],
    ];
  });
  return `\
# Completion for fish. In ~/.config/fish/config.fish: ${program} completions fish | source
function __msl_network_begins
    test (count (commandline -opc)) -eq 1
end

function __msl_network_command
    set -l words (commandline -opc)
    set -l command $words[2]
    if not set -q words[2]; or string match -q -- '-*' $command
        set command ${commands[0].name}
    end
    test "$command" = $argv[1]
end

function __msl_network_first
    test (count (string match -v -- '-*' (commandline -opc))) -eq 2
end

complete -c ${program} -e
complete -c ${program} -f
${lines.join("\n")}
`;
}

/** For PowerShell 5.1, which Windows has, and later. Where nothing is found it completes files itself. */
function powerShellScript(program: string, commands: readonly CompletableCommand[]): string {
  const wordsOf = (value: Value | undefined) => value?.kind === "words" ? value.words : [];
  const found = commands.map(({ name, description, options, argument }) => ({
    name,
    description,
    words: wordsOf(argument),
    options: options.flatMap(({ names, description, value }) =>
      names.map((name) => ({ name, description, words: wordsOf(value) }))
    ),
  }));
  return `\
# Completion for PowerShell. In $PROFILE:
#   ${program} completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName '${program}', '${program}.cmd' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $commands = ConvertFrom-Json @'
${JSON.stringify(found)}
'@
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -ne '') { $words = @($words | Select-Object -SkipLast 1) }
    $name = if ($words.Count -eq 0 -or $words[0].StartsWith('-')) { '${
    commands[0].name
  }' } else { $words[0] }
    $command = $commands | Where-Object { $_.name -ceq $name }
    $texts = @()
    if ($words.Count -eq 0 -and -not $wordToComplete.StartsWith('-')) {
        $found = $commands
    } elseif ($wordToComplete.StartsWith('-')) {
        $found = $command.options
    } else {
        $found = @()
        $option = $command.options | Where-Object { $words.Count -gt 0 -and $_.name -ceq $words[-1] }
        if ($option) { $texts = $option.words } elseif ($words.Count -eq 1) { $texts = $command.words }
    }
    $found | Where-Object { $_.name.StartsWith($wordToComplete) } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new(
            $_.name, $_.name, 'ParameterName', $_.description)
    }
    $texts | Where-Object { $_.StartsWith($wordToComplete) } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
`;
}

/** A word in the single quotes of a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
