import type { CommandModule } from 'yargs';

interface ReportArguments {
  source: string;
  out?: string | undefined;
  title?: string | undefined;
  quiet: boolean;
}

/** `tlsfp report` */
export function reportCommand(done: (exitCode: number) => void): CommandModule<object, ReportArguments> {
  return {
    command: 'report <source>',
    describe: 'One self-contained HTML page with plots and tables',
    builder: (y) =>
      y
        .positional('source', {
          type: 'string',
          demandOption: true,
          describe:
            'a database, a Parquet file, or captures: a file, a folder, a pattern, - for standard input',
        })
        .option('out', { type: 'string', describe: 'Write the page here instead of standard output' })
        .option('title', { type: 'string', describe: 'Title of the page' })
        .option('quiet', { type: 'boolean', default: false, describe: 'Do not say what was written' })
        .example('$0 report capture.pcap --out report.html', 'of a capture')
        .example('$0 report tls.duckdb --out report.html', 'of a database, large ones too')
        .example('$0 report \'captures/*.pcap\' --title "Office, week 47" --out week47.html', ''),
    handler: async (argv) => {
      const { reportMain } = await import('../report-main.js');
      const { source, out, title, quiet } = argv;
      done(await reportMain({ source: String(source), out, title, quiet }));
    },
  };
}
