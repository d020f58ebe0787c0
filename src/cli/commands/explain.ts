import type { CommandModule } from 'yargs';

interface ExplainArguments {
  source: string;
  packet: number;
  capture?: string | undefined;
  json: boolean;
}

/** `tlsfp explain` */
export function explainCommand(done: (exitCode: number) => void): CommandModule<object, ExplainArguments> {
  return {
    command: 'explain <source>',
    describe: 'Show how each part of each fingerprint came from the bytes of a ClientHello',
    builder: (y) =>
      y
        .positional('source', { type: 'string', demandOption: true, describe: 'a capture, or a database' })
        .option('packet', {
          type: 'number',
          demandOption: true,
          describe: 'Number of a packet that carries a ClientHello (column packet of client_hellos)',
        })
        .option('capture', { type: 'string', describe: 'Which capture of the database' })
        .option('json', { type: 'boolean', default: false, describe: 'As JSON, one object per ClientHello' })
        .example('$0 explain capture.pcap --packet 4', '')
        .example('$0 explain tls.duckdb --packet 4 --capture capture.pcap', ''),
    handler: async (argv) => {
      const { explainMain } = await import('../explain-main.js');
      done(
        await explainMain({
          source: argv.source,
          packet: argv.packet,
          capture: argv.capture,
          json: argv.json,
        }),
      );
    },
  };
}
