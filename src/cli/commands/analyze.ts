import { availableParallelism } from 'node:os';
import type { CommandModule } from 'yargs';
import {
  FORMATS,
  type Format,
  parseColumns,
  parseJobs,
  parseLimits,
  TABLES,
  type Table,
} from '../options.js';

interface AnalyzeArguments {
  capture: string[];
  db?: string | undefined;
  format?: Format | undefined;
  out?: string | undefined;
  table: Table;
  columns?: string | undefined;
  sql?: string | undefined;
  'follow-on': boolean;
  jobs: number;
  limit: string[];
  quiet: boolean;
}

/** `tlsfp analyze` */
export function analyzeCommand(done: (exitCode: number) => void): CommandModule<object, AnalyzeArguments> {
  return {
    command: 'analyze <capture...>',
    describe: 'Read captures: a summary, a database, or rows in any format',
    builder: (y) =>
      y
        .positional('capture', {
          type: 'string',
          array: true,
          demandOption: true,
          describe: 'files, folders, patterns; - is standard input',
        })
        .option('db', { type: 'string', describe: 'Keep the tables in this DuckDB file' })
        .option('format', { choices: FORMATS, describe: 'Rows of --table in this format' })
        .option('out', { type: 'string', describe: 'Write the rows here instead of standard output' })
        .option('table', { choices: TABLES, default: 'client_hellos' as Table, describe: 'Which rows' })
        .option('columns', { type: 'string', describe: 'Only these columns, in this order: a,b,c' })
        .option('sql', { type: 'string', describe: 'Run this over the result and print that instead' })
        .option('follow-on', {
          type: 'boolean',
          default: false,
          describe:
            'The captures are pieces of one: order them by time, connections go on over their borders',
        })
        .option('jobs', {
          type: 'number',
          default: availableParallelism(),
          defaultDescription: 'the cores',
          describe: 'Threads, over files and inside one large file',
        })
        .option('limit', {
          type: 'string',
          array: true,
          nargs: 1,
          default: [],
          describe: 'A bound: name=value',
        })
        .option('quiet', { type: 'boolean', default: false, describe: 'No summary, no progress' })
        .example('$0 analyze capture.pcap', 'what is in it')
        .example('$0 analyze captures/ --db tls.duckdb', 'keep everything in a database')
        .example('$0 analyze a.pcap --format ndjson --columns ts,sni,ja4', 'rows for other tools')
        .example('tcpdump -w - | $0 analyze - --format csv', 'while the capture goes on')
        .example('$0 analyze a.pcap --sql "SELECT ja4, count(*) FROM client_hellos GROUP BY ja4"', ''),
    handler: async (argv) => {
      const { analyzeMain } = await import('../analyze-main.js');
      done(
        await analyzeMain({
          captures: argv.capture.map(String),
          db: argv.db,
          format: argv.format,
          out: argv.out,
          table: argv.table,
          columns: parseColumns(argv.columns),
          sql: argv.sql,
          followOn: argv['follow-on'],
          jobs: parseJobs(argv.jobs),
          limits: parseLimits(argv.limit),
          quiet: argv.quiet,
        }),
      );
    },
  };
}
