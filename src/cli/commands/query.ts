import type { CommandModule } from 'yargs';
import { FORMATS, type Format } from '../options.js';

interface QueryArguments {
  source: string;
  sql?: string | undefined;
  format: Format;
  out?: string | undefined;
}

/** `tlsfp query` */
export function queryCommand(done: (exitCode: number) => void): CommandModule<object, QueryArguments> {
  return {
    command: 'query <source> [sql]',
    describe: 'Question a database, Parquet files or a capture in SQL',
    builder: (y) =>
      y
        .positional('source', {
          type: 'string',
          demandOption: true,
          describe: 'a .duckdb file, .parquet files or a capture',
        })
        .positional('sql', { type: 'string', describe: 'the question' })
        .option('format', { choices: FORMATS, default: 'table' as Format, describe: 'How the answer looks' })
        .option('out', { type: 'string', describe: 'Write the answer here instead of standard output' })
        .example('$0 query tls.duckdb "SELECT ja4, count(*) FROM client_hellos GROUP BY ja4"', '')
        .example('$0 query capture.pcap "FROM handshakes" --format ndjson', ''),
    handler: async (argv) => {
      const { queryMain } = await import('../query-main.js');
      done(await queryMain({ source: argv.source, sql: argv.sql, format: argv.format, out: argv.out }));
    },
  };
}
