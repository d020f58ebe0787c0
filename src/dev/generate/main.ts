import { parseArgs } from 'node:util';
import { generate } from './generate.js';
import { KINDS, type Kind } from './kinds.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bytes: { type: 'string', default: '1e8' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const kind = positionals[0] as Kind;
const targetBytes = Number(values.bytes);
if (!KINDS.includes(kind) || !(targetBytes > 0)) {
  process.stderr.write(
    `usage: main.js ${KINDS.join('|')} [--bytes 1e8] [--seed 1] [--out .bench/<kind>.pcap]\n`,
  );
  process.exit(2);
}
const path = values.out ?? `.bench/${kind}.pcap`;
const summary = await generate(kind, { targetBytes, seed: Number(values.seed), path });
process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
