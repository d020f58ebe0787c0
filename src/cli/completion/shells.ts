import type { CommandDescription, OptionDescription } from '../describe.js';

/** Shells with a completion script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const flags = ({ name, kind, default: value }: OptionDescription): string[] =>
  kind === 'boolean' && value === true ? [`--no-${name}`, `--${name}`] : [`--${name}`];
const takesValue = (option: OptionDescription) => option.kind !== 'boolean';
const GLOBAL = ['--help', '--version'];

/** Within single quotes of a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function bash(commands: readonly CommandDescription[]): string {
  const names = commands.map((c) => c.name).join(' ');
  const cases = commands.map((command) => {
    const all = [...command.options.flatMap(flags), '--help'].join(' ');
    const values = command.options
      .filter((option) => option.choices.length > 0)
      .map(
        (option) =>
          `        --${option.name}) COMPREPLY=($(compgen -W '${option.choices.join(' ')}' -- "$cur")); return;;`,
      );
    const free = command.options.filter((option) => takesValue(option) && option.choices.length === 0);
    if (free.length > 0) {
      values.push(
        `        ${free.map((o) => `--${o.name}`).join('|')}) COMPREPLY=($(compgen -f -- "$cur")); return;;`,
      );
    }
    const prior = values.length > 0 ? `      case "$prev" in\n${values.join('\n')}\n      esac\n` : '';
    const words = command.positionals.flatMap((p) => p.choices).join(' ');
    const others =
      words === ''
        ? ''
        : `      [[ $cur != -* ]] && { COMPREPLY=($(compgen -W '${words}' -- "$cur")); return; }\n`;
    return `    ${command.name})\n${prior}${others}      opts='${all}';;`;
  });
  return `# bash completion of tlsfp: source it, or put it into /etc/bash_completion.d/tlsfp
_tlsfp() {
  local cur prev opts word command=''
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word != -* ]] && { command="$word"; break; }
  done
  COMPREPLY=()
  case "$command" in
    '') COMPREPLY=($(compgen -W '${names} ${GLOBAL.join(' ')}' -- "$cur")); return;;
${cases.join('\n')}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$opts" -- "$cur"))
  else
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _tlsfp tlsfp
`;
}

/** Brackets and colons mean something to _arguments. */
const zshText = (text: string) => text.replace(/[[\]:\\]/g, (c) => `\\${c}`);

function zshOption(option: OptionDescription): string[] {
  const text = `[${zshText(option.describe)}]`;
  const value = takesValue(option)
    ? option.choices.length > 0
      ? `:${option.name}:(${option.choices.join(' ')})`
      : `:${option.name}:_files`
    : '';
  const many = option.many ? '*' : '';
  return flags(option).map((flag) => quoted(`${many}${flag}${text}${value}`));
}

function zsh(commands: readonly CommandDescription[]): string {
  const list = commands.map((c) => `    ${quoted(`${c.name}:${c.describe.replaceAll(':', '\\:')}`)}`);
  const cases = commands.map((command) => {
    const choices = command.positionals.flatMap((p) => p.choices);
    const rest = choices.length > 0 ? `'*:value:(${choices.join(' ')})'` : "'*:file:_files'";
    const args = [...command.options.flatMap(zshOption), "'--help[Show help]'", rest];
    return `    ${command.name})\n      _arguments ${args.join(' \\\n        ')};;`;
  });
  return `#compdef tlsfp
# zsh completion of tlsfp: put it as _tlsfp into a folder of $fpath, or source it after compinit
_tlsfp() {
  local -a commands
  commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _tlsfp ]]; then _tlsfp "$@"; else compdef _tlsfp tlsfp; fi
`;
}

function fishOption(command: string, option: OptionDescription): string[] {
  const value = takesValue(option)
    ? option.choices.length > 0
      ? ` -x -a ${quoted(option.choices.join(' '))}`
      : ' -r'
    : '';
  return flags(option).map(
    (flag) =>
      `complete -c tlsfp -n '__fish_seen_subcommand_from ${command}' -l ${flag.slice(2)}${value} -d ${quoted(option.describe)}`,
  );
}

function fish(commands: readonly CommandDescription[]): string {
  const lines = [
    '# fish completion of tlsfp: put it into ~/.config/fish/completions/tlsfp.fish',
    "complete -c tlsfp -n __fish_use_subcommand -l help -d 'Show help'",
    "complete -c tlsfp -n __fish_use_subcommand -l version -d 'Show the version'",
  ];
  for (const command of commands) {
    lines.push(
      `complete -c tlsfp -n __fish_use_subcommand -f -a ${command.name} -d ${quoted(command.describe)}`,
    );
    lines.push(...command.options.flatMap((option) => fishOption(command.name, option)));
    const words = command.positionals.flatMap((p) => p.choices).join(' ');
    if (words !== '') {
      lines.push(`complete -c tlsfp -n '__fish_seen_subcommand_from ${command.name}' -f -a ${quoted(words)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The completion script of a shell, complete in itself: it starts no process while somebody types. */
export function completionScript(shell: Shell, commands: readonly CommandDescription[]): string {
  return { bash, zsh, fish }[shell](commands);
}
