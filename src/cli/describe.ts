import type { Argv, CommandModule } from 'yargs';

/** An option as it was declared. */
export interface OptionDescription {
  readonly name: string;
  readonly describe: string;
  readonly kind: 'boolean' | 'number' | 'string';
  readonly choices: readonly string[];
  readonly default: unknown;
  readonly required: boolean;
  readonly hidden: boolean;
  /** May be given several times. */
  readonly many: boolean;
}

/** A command as it was declared. */
export interface CommandDescription {
  readonly name: string;
  /** `analyze [capture...]` */
  readonly usage: string;
  readonly describe: string;
  readonly positionals: readonly OptionDescription[];
  readonly options: readonly OptionDescription[];
  readonly examples: readonly { readonly command: string; readonly text: string }[];
}

interface Declaration {
  readonly type?: string;
  readonly boolean?: boolean;
  readonly array?: boolean;
  readonly describe?: string;
  readonly desc?: string;
  readonly description?: string;
  readonly choices?: readonly unknown[];
  readonly default?: unknown;
  readonly demandOption?: boolean | string;
  readonly hidden?: boolean;
}

function optionOf(name: string, declared: Declaration): OptionDescription {
  const type = declared.boolean ? 'boolean' : declared.type;
  return {
    name,
    describe: declared.describe ?? declared.desc ?? declared.description ?? '',
    kind: type === 'boolean' || type === 'number' ? type : 'string',
    choices: (declared.choices ?? []).map(String),
    default: declared.default,
    required: Boolean(declared.demandOption),
    hidden: declared.hidden === true,
    many: declared.array === true,
  };
}

/** What a command declares, learnt by giving its builder a parser that only listens. */
export function describeCommand(module: CommandModule<object, never>): CommandDescription {
  const positionals: OptionDescription[] = [];
  const options: OptionDescription[] = [];
  const examples: { command: string; text: string }[] = [];
  const declare = (list: OptionDescription[]) => (name: string, declared: Declaration) =>
    void list.push(optionOf(name, declared));
  const heard: Record<string, (...args: never[]) => void> = {
    positional: declare(positionals),
    option: declare(options),
    options: (all: Record<string, Declaration>) => {
      for (const [name, declared] of Object.entries(all)) options.push(optionOf(name, declared));
    },
    example: (command: string, text: string) => void examples.push({ command, text }),
  };
  const listener: unknown = new Proxy(
    {},
    {
      get:
        (_, method) =>
        (...args: never[]) => {
          heard[String(method)]?.(...args);
          return listener;
        },
    },
  );
  if (typeof module.builder === 'function') void module.builder(listener as Argv<object>);
  const usage = String(Array.isArray(module.command) ? module.command[0] : module.command);
  return {
    name: usage.split(' ')[0]!,
    usage,
    describe: String(module.describe ?? ''),
    positionals,
    options: options.filter((option) => !option.hidden),
    examples,
  };
}
