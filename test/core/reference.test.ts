import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import { KINDS } from '../../src/dev/generate/kinds.js';
import { type CoreRows, coreRows } from '../support/core-rows.js';
import { referenceRows } from '../support/reference/index.js';
import { FIXTURES, type Generated, generated, lines } from './captures.js';

const core = new Core({ layout: 'wide' });
const corpus = process.env.TLSFP_CORPUS ?? new URL('../../../shared/corpus/', import.meta.url).pathname;

interface Row {
  packet: number | bigint;
  src_port: number;
  complete?: boolean;
  [name: string]: unknown;
}

/** A value as the reference has it: numbers of 64 bits as numbers, blobs in hexadecimal. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'bigint' ? Number(value) : value;
}

function order(a: Row, b: Row): number {
  return Number(a.packet) - Number(b.packet) || Number(a.src_port) - Number(b.src_port);
}

/** What the complete rows of the core say otherwise than those wanted, column by column. */
function differences(wanted: readonly object[], rows: readonly object[]): string[] {
  const want = [...(wanted as Row[])].sort(order);
  const got = [...(rows as Row[])].filter((row) => row.complete).sort(order);
  const found = want.flatMap((row, i) =>
    Object.keys(row)
      .filter((name) => row[name] !== null)
      .map((name) => [name, lines([plain(row[name])]), lines([plain(got[i]?.[name])])] as const)
      .filter(([, one, other]) => one !== other)
      .map(([name, one, other]) => `packet ${row.packet}, ${name}: ${one}, not ${other}`),
  );
  return want.length === got.length ? found : [`${want.length} rows, not ${got.length}`, ...found];
}

describe('the core finds what the plain reader finds', () => {
  it.each(FIXTURES)('$name', async ({ bytes }) => {
    const reference = referenceRows(bytes);
    const rows = await coreRows(bytes, { core });
    expect(differences(reference.clientHellos, rows.clientHellos)).toEqual([]);
    expect(differences(reference.serverHellos, rows.serverHellos)).toEqual([]);
  });
});

/** Captures of the corpus where the plain reader goes its own way, and why. */
const OTHERWISE = new Map([
  [
    'arkime--openvpn_synthetic.pcap',
    'finds TLS anywhere in a stream, here in the control channel of OpenVPN',
  ],
  ['mercury--emix.pcap', 'the same'],
  ['mercury--openvpn_tcp_multi.pcap', 'the same'],
  ['mercury--openvpn_tcp_single.pcap', 'the same'],
  ['ndpi--openvpn.pcap', 'the same'],
  ['ndpi--openvpn_nohmac_tcp.pcapng', 'the same'],
  ['ndpi--haproxy.pcap', 'the same, behind a PROXY header'],
  ['zeek--websocket-wstunnel-https.pcap', 'the same, in a WebSocket frame that is not masked'],
  ['ndpi--KakaoTalk_chat.pcap', 'takes a second SYN-ACK for another connection'],
  ['suricata--tcp-fastopen-10-syn-data-ignore.pcap', 'takes a second SYN-ACK for another connection'],
  ['foxio--tls-sni.pcapng', 'needs the HelloRetryRequest to know a second attempt'],
  ['ndpi--quic-23.pcap', 'does not list the part of transport parameters that parses'],
  ['ndpi--quic-mvfst-22.pcap', 'the same'],
  ['pcapplus--ssl-malformed1.pcap', 'shows another value of an extension that overruns its message in NPF'],
]);

describe('the corpus', () => {
  const files = existsSync(corpus) ? readdirSync(corpus).filter((name) => name.includes('--')) : [];
  if (files.length === 0) console.warn(`NOT COMPARED: no corpus at ${corpus} (set TLSFP_CORPUS)`);

  /** Rows that say the same have the same key; what the reader does not read may be there beside them. */
  const key = (row: Row): string =>
    ['packet', 'protocol', 'src_ip', 'src_port', 'hello_bytes', 'sni']
      .map((name) => `${row[name]}`)
      .join(' ');

  it.skipIf(files.length === 0)('the core finds all that the plain reader finds', async () => {
    const found: string[] = [];
    for (const name of files.filter((one) => !OTHERWISE.has(one))) {
      const bytes = new Uint8Array(readFileSync(join(corpus, name)));
      const reference = referenceRows(bytes);
      const rows = await coreRows(bytes, { core });
      for (const kind of ['clientHellos', 'serverHellos'] as const) {
        const keys = new Set((reference[kind] as unknown as Row[]).map(key));
        const same = (rows[kind] as unknown as Row[]).filter((row) => keys.has(key(row)));
        found.push(...differences(reference[kind], same).map((one) => `${name}: ${one}`));
      }
    }
    expect(found).toEqual([]);
  });
});

describe.each(KINDS)('generated: %s', (kind) => {
  let made: Generated;
  let rows: CoreRows;
  beforeAll(async () => {
    made = await generated(kind, { mix: 3e6, hellos: 3e6, pqsplit: 3e6, quic: 2e6 }[kind]);
    rows = await coreRows(made.bytes, { core });
  });

  it('every hello that was put in is found, with its fingerprints and packets', () => {
    expect(made.truth.length).toBeGreaterThan(10);
    expect(differences(made.truth, rows.clientHellos)).toEqual([]);
    expect(rows.clientHellos.every((row) => row.complete)).toBe(true);
  });

  it('the plain reader agrees in every column', async () => {
    const part = (await generated(kind, 500_000, 5)).bytes;
    const reference = referenceRows(part);
    const found = await coreRows(part, { core });
    expect(differences(reference.clientHellos, found.clientHellos)).toEqual([]);
    expect(differences(reference.serverHellos, found.serverHellos)).toEqual([]);
  });
});
