import { QueryError, TlsfpError } from '../errors.js';
import { outputError } from '../sink/output.js';
import { VERSION } from '../version.js';
import { COMMAND_NAMES, loadCommands } from './commands/all.js';
import { configured } from './config.js';
import { type CommandDescription, describeCommand } from './describe.js';
import { complain } from './terminal.js';
import { usageMessage } from './usage-message.js';
import { yargs } from './yargs.js';

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
    complain(outputError(undefined, error).message);
    process.exit(4);
  });
  let exitCode = 0;
  const done = (code: number) => {
    exitCode = code;
  };
  const parser = yargs(args.map((arg) => (arg === '-' ? STANDARD_INPUT : arg)))
    .scriptName('tlsfp')
    .usage('$0 <command>\n\nTurns captured traffic into a database of TLS clients.')
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
  const commands = await loadCommands(args[0], done);
  for (const command of commands) parser.command(command);
  skipHelpText(parser);
  const names = commands.map((command) => describedName(command.command));
  const used = commands[names.indexOf(args.find((arg) => !arg.startsWith('-')) ?? '')];
  const description = used && describeCommand(used);
  try {
    if (description) parser.config(configured(description, COMMAND_NAMES));
    await parser.parseAsync();
    return exitCode;
  } catch (error) {
    return explain(error, args, description);
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

const describedName = (command: string | readonly string[] | undefined) => String(command).split(' ')[0]!;

function explain(error: unknown, args: readonly string[], command: CommandDescription | undefined): number {
  if (error instanceof CommandLineError) {
    complain(usageMessage(error.message, args, command));
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
