import type { CommandModule } from 'yargs';
import { FORMATS, type Format } from '../options.js';

interface QueryArguments {
  source?: string[] | undefined;
  param: string[];
  format?: Format | undefined;
  out?: string | undefined;
  list: boolean;
  write: boolean;
  quiet: boolean;
}

/** `tlsfp query` */
export function queryCommand(done: (exitCode: number) => void): CommandModule<object, QueryArguments> {
  return {
    command: 'query [source..]',
    describe:
      'Question a database, Parquet files or captures in SQL or by a named question; without one: a shell',
    builder: (y) =>
      y
        .positional('source', {
          type: 'string',
          array: true,
          describe:
            'a database, Parquet files or captures; behind it SQL, the name of a question, or - for SQL from standard input',
        })
        .option('list', {
          type: 'boolean',
          default: false,
          describe: 'Show the named questions, or the SQL of the one named',
        })
        .option('param', {
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          describe: 'name=value: a parameter of the question, or $name in the SQL',
        })
        .option('format', { choices: FORMATS, describe: 'How the answer looks; table unless --out says' })
        .option('out', { type: 'string', describe: 'Write the answer here; the name tells the format' })
        .option('write', { type: 'boolean', default: false, describe: 'The database may be changed' })
        .option('quiet', { type: 'boolean', alias: 'q', default: false, describe: 'No progress bar' })
        .example('$0 query tls.duckdb', 'the shell: tables, history, completion; .help')
        .example('$0 query tls.duckdb new-fingerprints', 'what is new since a day before the last hello')
        .example('$0 query capture.pcap who-talks-to --param sni=%.example.com', '')
        .example('$0 query capture.pcap old-versions', 'which hosts still offer TLS 1.0 or 1.1')
        .example('$0 query tls.duckdb "SELECT ja4, count(*) FROM client_hellos GROUP BY ja4"', '')
        .example(
          `$0 query "SELECT ja4, count(*) FROM client_hellos('*.pcap') GROUP BY ja4"`,
          'nothing is stored',
        )
        .example('$0 query capture.pcap "FROM handshakes" --out handshakes.parquet', ''),
    handler: async (argv) => {
      const { queryMain } = await import('../query-main.js');
      done(
        await queryMain({
          words: (argv.source ?? []).map(String),
          params: argv.param,
          format: argv.format,
          out: argv.out,
          list: argv.list,
          write: argv.write,
          quiet: argv.quiet,
        }),
      );
    },
  };
}
