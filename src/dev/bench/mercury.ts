import { output } from './machine.js';

/** mercury, asked for nothing but hellos: the quickest that is known. */
export const MERCURY = {
  name: 'mercury, hellos only, reassembly',
  version: () => output('mercury', '--version')?.split('\n')[0] ?? null,
  args: (capture: string, out: string) => [
    'mercury',
    '-v',
    '-r',
    capture,
    '-f',
    out,
    '--select=tls.client_hello,quic',
    '--reassembly',
  ],
};
