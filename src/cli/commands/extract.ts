import type { CommandModule } from 'yargs';

interface ExtractArguments {
  capture: string[];
  where: string;
  out: string;
  flows: boolean;
  quiet: boolean;
}

/** `tlsfp extract` */
export function extractCommand(done: (exitCode: number) => void): CommandModule<object, ExtractArguments> {
  return {
    command: 'extract <capture...>',
    describe: 'Write the packets of matching handshakes to a pcapng file, with comments that name them',
    builder: (y) =>
      y
        .positional('capture', {
          type: 'string',
          array: true,
          demandOption: true,
          describe: 'files, folders, patterns',
        })
        .option('where', {
          type: 'string',
          demandOption: true,
          describe: 'SQL condition over the columns of handshakes (client_hellos and the answer)',
        })
        .option('out', {
          type: 'string',
          demandOption: true,
          describe: 'The pcapng file; - is standard output',
        })
        .option('flows', {
          type: 'boolean',
          default: false,
          describe: 'All packets between the same addresses and ports, not just the handshake messages',
        })
        .option('quiet', { type: 'boolean', default: false, describe: 'Do not say what was written' })
        .example(
          '$0 extract a.pcap --where "ja4 = \'t13d1516h2_8daaf6152771_02713d6af862\'" --out slice.pcapng',
          '',
        )
        .example('$0 extract captures/ --where "sni LIKE \'%.example\'" --out slice.pcapng --flows', '')
        .example('$0 extract a.pcap --where "negotiated_version < 771" --out - | tshark -r -', ''),
    handler: async (argv) => {
      const { extractMain } = await import('../extract-main.js');
      done(
        await extractMain({
          captures: argv.capture.map(String),
          where: argv.where,
          out: argv.out,
          flows: argv.flows,
          quiet: argv.quiet,
        }),
      );
    },
  };
}
