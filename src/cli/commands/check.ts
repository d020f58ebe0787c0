import type { CommandModule } from 'yargs';
import { REPORTERS, type ReporterName } from '../../check/reporters.js';

interface CheckArguments {
  capture: string[];
  baseline: string;
  update: boolean;
  counts: boolean;
  partial: boolean;
  reporter: ReporterName;
  out?: string | undefined;
}

/** `tlsfp check` */
export function checkCommand(done: (exitCode: number) => void): CommandModule<object, CheckArguments> {
  return {
    command: 'check <capture...>',
    describe: 'Compare captures with a baseline: exit code 1 and a readable difference on any change',
    builder: (y) =>
      y
        .positional('capture', {
          type: 'string',
          array: true,
          demandOption: true,
          describe: 'files, folders, patterns; - is standard input',
        })
        .option('baseline', {
          type: 'string',
          demandOption: true,
          describe: 'The JSON file of what must be found',
        })
        .option('update', {
          type: 'boolean',
          default: false,
          describe: 'Write what is found to the baseline',
        })
        .option('counts', {
          type: 'boolean',
          default: true,
          describe: 'Compare how often; --no-counts for traffic that is captured anew each time',
        })
        .option('partial', {
          type: 'boolean',
          default: false,
          describe: 'Captures of the baseline that are not given are left as they are',
        })
        .option('reporter', {
          choices: REPORTERS,
          default: 'text' as ReporterName,
          describe: 'Form of the result: text, GitHub annotations, GitLab code quality, JUnit XML',
        })
        .option('out', { type: 'string', describe: 'Write the report here, and the text to standard output' })
        .example('$0 check captures/ --baseline captures/baseline.json --update', 'record what is there')
        .example('$0 check captures/ --baseline captures/baseline.json', 'in CI: exit code 1 on a change')
        .example('$0 check build.pcap --baseline app.json --no-counts --reporter github', '')
        .example('$0 check captures/ --baseline b.json --reporter junit --out tls.xml', ''),
    handler: async (argv) => {
      const { checkMain } = await import('../check-main.js');
      done(
        await checkMain({
          captures: argv.capture.map(String),
          baseline: argv.baseline,
          update: argv.update,
          counts: argv.counts,
          partial: argv.partial,
          reporter: argv.reporter,
          out: argv.out,
        }),
      );
    },
  };
}
