import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { generate, type Summary } from '../../../src/dev/generate/generate.js';
import { KINDS, type Kind } from '../../../src/dev/generate/kinds.js';
import type { TruthRow } from '../../../src/dev/generate/truth.js';
import { readCapture, referenceRows } from '../../support/reference/index.js';

const folder = mkdtempSync(join(tmpdir(), 'tlsfp-generate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SIZES: Record<Kind, number> = { mix: 2e6, hellos: 4e5, pqsplit: 6e5, quic: 1e6 };

async function make(
  kind: Kind,
  seed = 1,
  targetBytes = SIZES[kind],
): Promise<Summary & { rows: TruthRow[] }> {
  const summary = await generate(kind, { seed, targetBytes, path: join(folder, `${kind}-${seed}.pcap`) });
  const lines = readFileSync(summary.truth, 'utf8').trimEnd().split('\n');
  return { ...summary, rows: lines.map((line) => JSON.parse(line) as TruthRow) };
}

describe.each(KINDS)('%s', (kind) => {
  it('has a truth that a plain reader confirms, hello by hello', async () => {
    const made = await make(kind);
    const file = readFileSync(made.path);
    const found = referenceRows(file).clientHellos.map((row) => ({
      protocol: row.protocol,
      src_ip: row.src_ip,
      src_port: row.src_port,
      dst_ip: row.dst_ip,
      dst_port: row.dst_port,
      sni: row.sni,
      ja3: row.ja3,
      ja4: row.ja4,
      first_packet: row.first_packet,
      packet: row.packet,
      packets: row.packets,
      attempt: row.attempt,
    }));
    const order = (a: { packet: number }, b: { packet: number }): number => a.packet - b.packet;
    expect(found.sort(order)).toEqual(made.rows.sort(order));
    expect(made).toMatchObject({
      bytes: file.length,
      packets: readCapture(file).length,
      hellos: found.length,
    });
    expect(Math.abs(made.bytes / SIZES[kind] - 1)).toBeLessThan(0.3);
  });

  it('is the same for the same seed, another for another', async () => {
    const digest = async (seed: number): Promise<string> => {
      const { path } = await make(kind, seed, 2e5);
      return createHash('sha256').update(readFileSync(path)).digest('hex');
    };
    const first = await digest(7);
    expect(await digest(7)).toBe(first);
    expect(await digest(8)).not.toBe(first);
  });
});

describe('shapes', () => {
  it('hellos: ten packets per connection, two fifths or more of the JA3 distinct, some hellos without SNI', async () => {
    const made = await make('hellos');
    expect(made.packets / made.hellos).toBe(10);
    expect(new Set(made.rows.map((row) => row.ja3)).size / made.hellos).toBeGreaterThan(0.4);
    expect(made.rows.some((row) => row.sni === null)).toBe(true);
  });

  it('pqsplit: every hello over several packets, some swapped, repeated, overlapping', async () => {
    const made = await make('pqsplit');
    expect(made.splitHellos).toBe(made.hellos);
    expect(Math.min(made.swapped, made.repeated, made.overlapping)).toBeGreaterThan(0);
  });

  it('quic: about two fifths of the hellos over two packets', async () => {
    const made = await make('quic');
    expect(made.quic).toBe(made.hellos);
    expect(made.splitHellos / made.hellos).toBeGreaterThan(0.25);
    expect(made.splitHellos / made.hellos).toBeLessThan(0.55);
  });

  it('mix: hellos of TLS and QUIC among many packets of other kinds', async () => {
    const made = await make('mix');
    expect(made.tls).toBeGreaterThan(0);
    expect(made.quic).toBeGreaterThan(0);
    expect(made.packets / made.hellos).toBeGreaterThan(20);
  });
});
