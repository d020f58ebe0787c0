import { hintFor, suggestion } from '../suggest.js';
import type { CommandDescription } from './describe.js';

const camelCase = (word: string) => word.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function unknownOptions(list: string, command: CommandDescription, help: string): string {
  // yargs names `--colour-mode` a second time as `colourMode`.
  const all = list.split(', ');
  const words = all.filter((word) => !all.some((other) => other !== word && camelCase(other) === word));
  const known = command.options.map((option) => option.name);
  const near = suggestion((words[0] ?? '').replace(/^no-/, ''), known);
  const unknown = words.map((word) => (word.length > 1 ? `--${word}` : `-${word}`)).join(', ');
  const what = words.length > 1 ? 'there are no options' : 'there is no option';
  return `${what} ${unknown}; ${near === null ? '' : `did you mean --${near}? `}see ${help}`;
}

function wrongChoice(name: string, given: string, list: string): string {
  const choices = [...list.matchAll(/"([^"]*)"/g)].map((match) => match[1]!);
  return `${name} cannot be ${given || 'nothing'}; ${hintFor(given, choices, '')} choose from ${choices.join(', ')}`.replace(
    ';  ',
    '; ',
  );
}

/**
 * What is wrong with a command line, in one line, with what was probably meant.
 *
 * @param message what yargs says of it
 * @param command what was asked for, if there is such a command
 */
export function usageMessage(
  message: string,
  args: readonly string[],
  command: CommandDescription | undefined,
): string {
  const line = message.replaceAll('\n', ' ');
  const help = command ? `tlsfp ${command.name} --help` : 'tlsfp --help';
  const word = args.find((arg) => !arg.startsWith('-'));
  const [, list] = /^Unknown arguments?: (.+)$/.exec(line) ?? [];
  if (list !== undefined && command) return unknownOptions(list, command, help);
  const [, meant] = /^Did you mean (.+)\?$/.exec(line) ?? [];
  if (meant !== undefined) return `there is no command ${word}; did you mean ${meant}? see ${help}`;
  if (word !== undefined && !command) return `there is no command ${word}; see ${help}`;
  const choice = /Argument: (\S+), Given: "?(.*?)"?, Choices: (.*)$/.exec(line);
  if (choice) {
    const positional = command?.positionals.some((p) => p.name === choice[1]);
    return `${wrongChoice(positional ? choice[1]! : `--${choice[1]}`, choice[2]!, choice[3]!)}; see ${help}`;
  }
  const [, missing] = /^Missing required arguments?: (.+)$/.exec(line) ?? [];
  if (missing !== undefined) {
    return `${missing.replace(/[\w-]+/g, (name) => `--${name}`)} is missing; see ${help}`;
  }
  if (line.startsWith('Not enough non-option arguments') && command) {
    return `something is missing: tlsfp ${command.usage}; see ${help}`;
  }
  return `${line}; see ${help}`;
}
