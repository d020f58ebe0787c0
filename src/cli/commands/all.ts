import type { CommandModule } from 'yargs';
import { analyzeCommand } from './analyze.js';
import { checkCommand } from './check.js';
import { completionCommand } from './completion.js';
import { diffCommand } from './diff.js';
import { explainCommand } from './explain.js';
import { extractCommand } from './extract.js';
import { infoCommand } from './info.js';
import { queryCommand } from './query.js';
import { reportCommand } from './report.js';

/**
 * Every command, in the order of the help. Options and examples are declared in them alone: the help, the manual page,
 * the completion scripts and the configuration file come from there.
 *
 * @param done is told the exit code
 */
export function allCommands(done: (exitCode: number) => void): readonly CommandModule<object, never>[] {
  const commands = [
    analyzeCommand(done),
    queryCommand(done),
    reportCommand(done),
    infoCommand(done),
    explainCommand(done),
    diffCommand(done),
    checkCommand(done),
    extractCommand(done),
    completionCommand(done),
  ];
  return commands as unknown as readonly CommandModule<object, never>[];
}
