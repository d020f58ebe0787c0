import type { CommandModule } from 'yargs';

interface InfoArguments {
  capture: string[];
  json: boolean;
  hash: boolean;
  tz: string;
}

/** `tlsfp info` */
export function infoCommand(done: (exitCode: number) => void): CommandModule<object, InfoArguments> {
  return {
    command: 'info <capture...>',
    describe: 'Describe captures: format, interfaces, times, rates, comments, and what of it is TLS',
    builder: (y) =>
      y
        .positional('capture', {
          type: 'string',
          array: true,
          demandOption: true,
          describe: 'files, folders, patterns; - is standard input',
        })
        .option('json', { type: 'boolean', default: false, describe: 'One JSON object per capture and line' })
        .option('hash', {
          type: 'boolean',
          default: true,
          describe: 'SHA-256 of the file; --no-hash is faster',
        })
        .option('tz', {
          type: 'string',
          default: 'UTC',
          describe: 'Time zone: UTC, local, Europe/Berlin, ...',
        })
        .example('$0 info capture.pcapng', '')
        .example('$0 info captures/ --json | jq .path,.client_hellos', ''),
    handler: async (argv) => {
      const { infoMain } = await import('../info-main.js');
      done(
        await infoMain({
          captures: argv.capture.map(String),
          json: argv.json,
          hash: argv.hash,
          timeZone: argv.tz,
        }),
      );
    },
  };
}
