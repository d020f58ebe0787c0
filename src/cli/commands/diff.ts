import type { CommandModule } from 'yargs';
import type { By } from '../../diff/diff.js';
import type { DiffFormat } from '../diff-main.js';

interface DiffArguments {
  old: string;
  new: string;
  by?: By | undefined;
  format: DiffFormat;
  'exit-code': boolean;
}

/** `tlsfp diff` */
export function diffCommand(done: (exitCode: number) => void): CommandModule<object, DiffArguments> {
  return {
    command: 'diff <old> <new>',
    describe:
      'Compare captures or databases: new, vanished and changed fingerprints, and what changed in them',
    builder: (y) =>
      y
        .positional('old', {
          type: 'string',
          demandOption: true,
          describe: 'a capture, a folder or a database',
        })
        .positional('new', { type: 'string', demandOption: true, describe: 'the same, of later' })
        .option('by', {
          choices: ['host', 'sni', 'app'] as const,
          describe: 'Compare also host by host, server name by server name or application by application',
        })
        .option('format', {
          choices: ['table', 'json', 'ndjson'] as const,
          default: 'table' as DiffFormat,
          describe: 'How the difference looks',
        })
        .option('exit-code', {
          type: 'boolean',
          default: false,
          describe: 'Exit with 1 when fingerprints differ, as diff does',
        })
        .example('$0 diff yesterday.pcap today.pcap', 'what is new since yesterday')
        .example('$0 diff old.duckdb new.duckdb --by host', 'which hosts changed')
        .example('$0 diff build-41.pcap build-42.pcap --exit-code', 'in a script'),
    handler: async (argv) => {
      const { diffMain } = await import('../diff-main.js');
      done(
        await diffMain({
          old: argv.old,
          now: argv.new,
          by: argv.by ?? null,
          format: argv.format,
          exitCode: argv['exit-code'],
        }),
      );
    },
  };
}
