import yargs from 'yargs';
import { QueryError, TlsfpError } from '../errors.js';
import { VERSION } from '../version.js';
import { analyzeCommand } from './commands/analyze.js';
import { checkCommand } from './commands/check.js';
import { diffCommand } from './commands/diff.js';
import { explainCommand } from './commands/explain.js';
import { extractCommand } from './commands/extract.js';
import { infoCommand } from './commands/info.js';
import { queryCommand } from './commands/query.js';
import { reportCommand } from './commands/report.js';
import { complain } from './terminal.js';

/** Stands for a lone `-` while yargs parses: as a positional argument it loses it. */
const STANDARD_INPUT = '\0-';

function restoreDashes(argv: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(argv)) {
    if (value === STANDARD_INPUT) argv[name] = '-';
    else if (Array.isArray(value)) argv[name] = value.map((v: unknown) => (v === STANDARD_INPUT ? '-' : v));
  }
}

/** A wrong command line, as yargs found it. */
class CommandLineError extends Error {}

/**
 * Run the command line.
 *
 * @param args without `node` and the script
 * @returns the exit code: 0 fine, 1 a difference was found, 2 usage, 3 some input could not be read whole, 4 our fault
 */
export async function run(args: readonly string[]): Promise<number> {
  // A reader that went away (`| head`) is no fault of anyone's.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  let exitCode = 0;
  const done = (code: number) => {
    exitCode = code;
  };
  const parser = yargs(args.map((arg) => (arg === '-' ? STANDARD_INPUT : arg)))
    .scriptName('tlsfp')
    .usage('$0 <command>\n\nTurns captured traffic into a database of TLS clients.')
    .command(analyzeCommand(done))
    .command(queryCommand(done))
    .command(infoCommand(done))
    .command(diffCommand(done))
    .command(extractCommand(done))
    .command(explainCommand(done))
    .command(reportCommand(done))
    .command(checkCommand(done))
    .demandCommand(1, 'say what to do: `tlsfp analyze capture.pcap`')
    .middleware(restoreDashes)
    .strict()
    .recommendCommands()
    .version(VERSION)
    .alias('h', 'help')
    .alias('V', 'version')
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new CommandLineError(message);
    });
  skipHelpText(parser);
  try {
    await parser.parseAsync();
    return exitCode;
  } catch (error) {
    return explain(error);
  }
}

/**
 * yargs lays the help of a command out before each run of it, in case it fails; `fail` above shows none, and the layout
 * takes longer than everything else about the command line. The name is internal to yargs: without it, only time is lost.
 */
function skipHelpText(parser: object): void {
  const { getInternalMethods } = parser as {
    getInternalMethods?: () => { getUsageInstance?: () => { cacheHelpMessage?: () => void } };
  };
  const usage = getInternalMethods?.call(parser).getUsageInstance?.();
  if (usage?.cacheHelpMessage) usage.cacheHelpMessage = () => {};
}

function explain(error: unknown): number {
  if (error instanceof CommandLineError) {
    complain(`${error.message.replaceAll('\n', ' ')}; see tlsfp --help`);
    return 2;
  }
  if (error instanceof TlsfpError) {
    complain(error.message);
    if (error instanceof QueryError && error.place) process.stderr.write(`\n${error.place}\n`);
    if (process.env.TLSFP_DEBUG === '1') console.error(error);
    return error.exitCode;
  }
  complain(`${(error as Error).message ?? error}; this is a fault of tlsfp (TLSFP_DEBUG=1 shows where)`);
  if (process.env.TLSFP_DEBUG === '1') console.error(error);
  return 4;
}
