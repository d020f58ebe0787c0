import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Measured } from './captures.js';
import { run } from './command.js';
import { output } from './machine.js';
import { MERCURY } from './mercury.js';
import { Spread, table } from './spread.js';
import { type Bag, compare, csvBag, linesBag, truthBag } from './verify.js';

type Field = 'sni' | 'ja3' | 'ja4';

/** Another program for the same work. */
interface Peer {
  readonly name: string;
  /** What its version is asked with; null when it is not there. */
  readonly version: () => string | null;
  /** Command line; the program writes to `out` or the shell sends its output there. */
  readonly args: (capture: string, out: string) => readonly string[];
  readonly fields: readonly Field[];
  readonly found: (out: string, field: Field) => Promise<Bag>;
}

const shell = (script: string, ...args: string[]) => ['bash', '-c', script, 'bash', ...args];

/** Values of a field in lines of JSON, wherever in the object it stands under one of these names. */
function jsonField(names: readonly string[]): (line: string) => string | null {
  const find = (value: unknown): string | null => {
    if (value === null || typeof value !== 'object') return null;
    for (const [key, inner] of Object.entries(value)) {
      if (typeof inner === 'string' && names.includes(key)) return inner;
      const deeper = find(inner);
      if (deeper !== null) return deeper;
    }
    return null;
  };
  return (line) => {
    try {
      return find(JSON.parse(line));
    } catch {
      return null;
    }
  };
}

const ndpiHelp = () => output('ndpiReader', '--help') ?? '';

/** A field of nDPI's table of flows, of those with a ClientHello. */
function flowField(field: Field): (line: string) => string | null {
  let names: string[] = [];
  return (line) => {
    const values = line.split(',');
    if (line.startsWith('#')) names = values;
    const named = (name: string) => values[names.indexOf(name)] ?? '';
    if (line.startsWith('#') || named('ja3c') === '') return null;
    return named(field === 'sni' ? 'server_name_sni' : 'ja3c');
  };
}

const TSHARK_FIELDS: readonly Field[] = ['sni', 'ja3'];
const NPM_PEER = fileURLToPath(new URL('pcap-parser-run.js', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

const PEERS: readonly Peer[] = [
  {
    name: 'tlsfp, one job',
    version: () => output(process.execPath, PROGRAM, '--version'),
    args: (capture, out) => [
      process.execPath,
      PROGRAM,
      'analyze',
      capture,
      '--jobs',
      '1',
      '--format',
      'csv',
      '--columns',
      'sni,ja3,ja4',
      '--out',
      out,
    ],
    fields: ['sni', 'ja3', 'ja4'],
    found: (out, field) => csvBag(out, [field]),
  },
  {
    name: 'tshark, out-of-order reassembly',
    version: () => output('tshark', '--version')?.split('\n')[0] ?? null,
    args: (capture, out) =>
      shell(
        'exec tshark -n -r "$1" -o tcp.reassemble_out_of_order:TRUE -Y tls.handshake.type==1 -T fields -e tls.handshake.extensions_server_name -e tls.handshake.ja3 >"$2"',
        capture,
        out,
      ),
    fields: TSHARK_FIELDS,
    found: (out, field) => linesBag(out, (line) => line.split('\t')[TSHARK_FIELDS.indexOf(field)] ?? ''),
  },
  {
    ...MERCURY,
    fields: ['sni'],
    found: (out) => linesBag(out, jsonField(['server_name'])),
  },
  {
    name: 'suricata, single thread',
    version: () => output('suricata', '-V'),
    args: (capture, out) =>
      shell(
        'mkdir -p "$2.d" && suricata -r "$1" -l "$2.d" --runmode single -k none && mv "$2.d/eve.json" "$2"',
        capture,
        out,
      ),
    fields: ['sni', 'ja4'],
    found: (out, field) => linesBag(out, jsonField([field])),
  },
  {
    name: 'ndpiReader',
    version: () => (ndpiHelp().includes(' -K ') ? ndpiHelp().split('\n')[0]! : null),
    args: (capture, out) => ['ndpiReader', '-i', capture, '-q', '-K', 'json', '-k', out],
    fields: ['ja3', 'ja4'],
    found: (out, field) => linesBag(out, jsonField([field, `${field}c`])),
  },
  {
    name: 'ndpiReader of before its JSON',
    version: () => (ndpiHelp() === '' || ndpiHelp().includes(' -K ') ? null : ndpiHelp().split('\n')[0]!),
    args: (capture, out) => ['ndpiReader', '-i', capture, '-q', '-C', out],
    fields: ['sni', 'ja3'],
    found: (out, field) => linesBag(out, flowField(field)),
  },
  {
    name: 'zeek',
    version: () => output('zeek', '--version'),
    args: (capture, out) =>
      shell('mkdir -p "$2.d" && cd "$2.d" && zeek -C -r "$1" && mv ssl.log "$2"', capture, out),
    fields: ['sni'],
    found: (out) => linesBag(out, (line) => (line.startsWith('#') ? null : (line.split('\t')[9] ?? ''))),
  },
  {
    name: 'npm pcap-parser, framing only',
    version: () => '0.2.1',
    args: (capture) => [process.execPath, NPM_PEER, capture],
    fields: [],
    found: async () => new Map(),
  },
];

/** Other programs found on this machine, on captures small enough for the slowest of them. */
export async function benchPeers(
  captures: readonly Measured[],
  folder: string,
  runs: number,
): Promise<string> {
  const there = PEERS.flatMap((peer) => {
    const version = peer.version();
    return version === null ? [] : [{ ...peer, version }];
  });
  const parts = ['### Other programs', there.map((peer) => `- ${peer.name}: ${peer.version}`).join('\n')];
  for (const capture of captures) {
    const rows: string[][] = [];
    for (const peer of there) rows.push(await peerRow(peer, capture, folder, runs));
    const head = [
      `${capture.kind}, ${(capture.bytes / 1e6).toFixed(0)} MB, ${capture.hellos} hellos`,
      'wall s',
      'CPU s',
      'RSS MB',
      'right %: SNI / JA3 / JA4',
    ];
    parts.push(table(head, rows));
  }
  return parts.join('\n\n');
}

async function peerRow(
  peer: Omit<Peer, 'version'>,
  capture: Measured,
  folder: string,
  runs: number,
): Promise<string[]> {
  const out = `${folder}/peer.out`;
  const wall = new Spread();
  const cpu = new Spread();
  const memory = new Spread();
  for (let i = 0; i < runs; i++) {
    rmSync(out, { force: true });
    const cost = run(peer.args(capture.path, out));
    // Of this name there are versions that do not know an option, or the capture.
    if (cost.exitCode !== 0) return [peer.name, `ended with ${cost.exitCode}`, '-', '-', '-'];
    wall.add(cost.wall);
    cpu.add(cost.user + cost.system);
    memory.add(cost.memory);
  }
  const right: string[] = [];
  for (const field of ['sni', 'ja3', 'ja4'] as const) {
    if (!peer.fields.includes(field)) {
      right.push('-');
      continue;
    }
    const truth = await truthBag(capture.truth, [field]);
    const found = await peer.found(out, field);
    // A hello without a name has none to be found.
    truth.delete('');
    found.delete('');
    const { right: n, of } = compare(found, truth);
    right.push(((100 * n) / of).toFixed(1));
  }
  rmSync(out, { force: true });
  rmSync(`${out}.d`, { force: true, recursive: true });
  return [peer.name, wall.text(3), cpu.text(3), (memory.most / 1e6).toFixed(0), right.join(' / ')];
}
