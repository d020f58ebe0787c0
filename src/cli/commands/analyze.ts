import type { CommandModule } from 'yargs';
import { UsageError } from '../../errors.js';
import type { AnalyzeRequest } from '../analyze-main.js';
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
  jobs?: number | undefined;
  limit: string[];
  quiet: boolean;
  anonymize?: string | undefined;
  tz?: string | undefined;
  live?: string | undefined;
  filter?: string | undefined;
  duration?: string | undefined;
  count?: number | undefined;
  flush?: string | undefined;
  rotate?: string | undefined;
  stats?: boolean | undefined;
  metrics?: string | undefined;
}

/** Options that mean nothing without `--live`. */
const LIVE_OPTIONS = ['filter', 'duration', 'count', 'flush', 'rotate', 'stats', 'metrics'] as const;

/** `tlsfp analyze` */
export function analyzeCommand(done: (exitCode: number) => void): CommandModule<object, AnalyzeArguments> {
  return {
    command: 'analyze [capture...]',
    describe: 'Read captures: a summary, a database, or rows in any format',
    builder: (y) =>
      y
        .positional('capture', {
          type: 'string',
          array: true,
          default: [] as string[],
          defaultDescription: 'none',
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
          defaultDescription: 'the cores for several captures, else 1',
          describe: 'Threads, over captures or inside one large one',
        })
        .option('limit', {
          type: 'string',
          array: true,
          nargs: 1,
          default: [],
          describe: 'A bound: name=value',
        })
        .option('anonymize', {
          type: 'string',
          describe: 'Pseudonyms for addresses and names: a key, or env:NAME, file:PATH',
        })
        .option('tz', {
          type: 'string',
          describe: 'Time zone of the summary: UTC, local, Europe/Berlin, ...',
        })
        .option('quiet', { type: 'boolean', default: false, describe: 'No summary, no progress' })
        .option('live', {
          type: 'string',
          describe: 'Read a live ring: memif:/path.sock?id=0, memif:@abstract, packet:INTERFACE',
        })
        .option('filter', {
          type: 'string',
          describe: 'Live: packets of an interface that matter (pcap-filter)',
        })
        .option('duration', { type: 'string', describe: 'Live: end after this time, e.g. 10s, 1h' })
        .option('count', { type: 'number', describe: 'Live: end after so many ClientHellos' })
        .option('flush', {
          type: 'string',
          defaultDescription: '1s',
          describe: 'Live: rows are in the database after this time at the latest',
        })
        .option('rotate', {
          type: 'string',
          describe: 'Live: a new --out file after this time or size: 1h,1GB',
        })
        .option('stats', { type: 'boolean', describe: 'Live: rates, drops and lag every second' })
        .option('metrics', { type: 'string', describe: 'Live: serve OpenMetrics here, e.g. 127.0.0.1:9464' })
        .check((argv) => {
          if (argv.live !== undefined) return true;
          if (argv.capture.length === 0) throw new UsageError('name a capture, or a ring with --live');
          const alone = LIVE_OPTIONS.find((name) => argv[name] !== undefined);
          if (alone) throw new UsageError(`--${alone} goes with --live`);
          return true;
        })
        .example('$0 analyze capture.pcap', 'what is in it')
        .example('$0 analyze captures/ --db tls.duckdb', 'keep everything in a database')
        .example('$0 analyze a.pcap --format ndjson --columns ts,sni,ja4', 'rows for other tools')
        .example('tcpdump -w - | $0 analyze - --format csv', 'while the capture goes on')
        .example('$0 analyze --live packet:eth0', 'each hello as it passes')
        .example('$0 analyze a.pcap --sql "SELECT ja4, count(*) FROM client_hellos GROUP BY ja4"', ''),
    handler: async (argv) => {
      const request = requestOf(argv);
      if (argv.live === undefined) {
        const { analyzeMain } = await import('../analyze-main.js');
        done(await analyzeMain(request));
        return;
      }
      const { liveMain } = await import('../live-main.js');
      const { filter, duration, count, rotate, metrics } = argv;
      const live = { ring: argv.live, filter, duration, count, rotate, metrics };
      done(
        await liveMain(request, {
          ...live,
          flush: argv.flush ?? '1s',
          stats: argv.stats === true,
          jobs: request.jobs,
        }),
      );
    },
  };
}

function requestOf(argv: AnalyzeArguments): AnalyzeRequest {
  return {
    captures: argv.capture.map(String),
    db: argv.db,
    format: argv.format,
    out: argv.out,
    table: argv.table,
    columns: parseColumns(argv.columns),
    sql: argv.sql,
    followOn: argv['follow-on'],
    jobs: argv.jobs === undefined ? null : parseJobs(argv.jobs),
    limits: parseLimits(argv.limit),
    quiet: argv.quiet,
    anonymize: argv.anonymize,
    tz: argv.tz,
  };
}
