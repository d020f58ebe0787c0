import type { CommandModule } from 'yargs';

/** A command, whatever its options. */
type Command = CommandModule<object, never>;
type Done = (exitCode: number) => void;
type Load = (done: Done) => Promise<unknown>;

/**
 * Every command, in the order of the help. Options and examples are declared in them alone: the help, the manual page,
 * the completion scripts and the configuration file come from there.
 */
const COMMANDS: Readonly<Record<string, Load>> = {
  analyze: async (done) => (await import('./analyze.js')).analyzeCommand(done),
  query: async (done) => (await import('./query.js')).queryCommand(done),
  report: async (done) => (await import('./report.js')).reportCommand(done),
  info: async (done) => (await import('./info.js')).infoCommand(done),
  explain: async (done) => (await import('./explain.js')).explainCommand(done),
  diff: async (done) => (await import('./diff.js')).diffCommand(done),
  check: async (done) => (await import('./check.js')).checkCommand(done),
  extract: async (done) => (await import('./extract.js')).extractCommand(done),
  completion: async (done) => (await import('./completion.js')).completionCommand(done),
};

/** Their names. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/**
 * The command that `name` is, alone, since loading the others takes time; all of them if it is none.
 *
 * @param done is told the exit code
 */
export async function loadCommands(name: string | undefined, done: Done): Promise<readonly Command[]> {
  const loads =
    name !== undefined && Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]!] : Object.values(COMMANDS);
  return (await Promise.all(loads.map((load) => load(done)))) as Command[];
}
