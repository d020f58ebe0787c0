import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import { Fingerprinter, isKeyed, KEYED_COLUMNS, withKeys } from '../../src/core/fingerprinter.js';
import { type CoreBuild, coreModule, instantiate } from '../../src/core/load.js';
import { pack } from '../../src/core/parcel.js';
import { readCapture } from '../../src/core/read.js';
import { rowObjects } from '../../src/core/rows.js';
import type { BatchSet } from '../../src/core/views.js';
import * as forge from '../../src/dev/forge/index.js';
import { captures, corpusIsThere } from '../conformance/corpus.js';
import { connection } from '../flow/conversation.js';
import { memorySource } from '../support/core-rows.js';
import { FIXTURES, generated, lines } from './captures.js';

/** Fingerprints are the same whether the core that walks over packets computes them or another instance from keys. */

const FACTS = ['packet', 'sni', 'complete', 'anomalies', 'client_random'];
const ALL: ReadonlySet<string> = new Set(KEYED_COLUMNS);
const NONE: ReadonlySet<string> = new Set();

/** A core that walks over packets and is asked for these columns of `hello_contents`. */
function walker(build: CoreBuild, contents: ReadonlySet<string>): Core {
  const core = new Core({ build, layout: 'wide', limits: { max_hello_bytes: 262_144 } });
  core.project({
    client_hellos: new Set(FACTS),
    hello_contents: contents,
    server_hellos: NONE,
    certificates: NONE,
  });
  return core;
}

const fingerprinter = (build: CoreBuild, wanted: ReadonlySet<string>, sliceRows?: number) =>
  new Fingerprinter(wanted, instantiate(coreModule(build)), sliceRows);

async function batchesOf(core: Core, bytes: Uint8Array): Promise<BatchSet[]> {
  const sets: BatchSet[] = [];
  for await (const batches of readCapture(core, memorySource(bytes), 1)) sets.push(pack(batches).batches);
  return sets;
}

function rowsOf(sets: Iterable<BatchSet>): string {
  const rows: string[] = [];
  for (const { client_hellos: facts, hello_contents: contents } of sets) {
    expect(contents.rows).toBe(facts.rows);
    for (const column of [...facts.columns, ...contents.columns]) expect(column.rows).toBe(facts.rows);
    const columns = [...contents.columns, ...facts.columns].sort((a, b) =>
      a.spec.name < b.spec.name ? -1 : 1,
    );
    rows.push(lines([...rowObjects<object>(columns, {})]));
  }
  return rows.join('\n');
}

/** Both ways, and how many rows there are. */
class Twins {
  readonly #whole: Core;
  readonly #keyed: Core;
  readonly #fingerprinter: Fingerprinter;
  /** Rows of the pieces in which fingerprints came. */
  pieces: number[] = [];

  constructor(build: CoreBuild, wanted: ReadonlySet<string>, sliceRows?: number) {
    this.#whole = walker(build, wanted);
    this.#keyed = walker(build, withKeys(wanted));
    this.#fingerprinter = fingerprinter(build, wanted, sliceRows);
  }

  async compare(bytes: Uint8Array): Promise<number> {
    const whole = await batchesOf(this.#whole, bytes);
    const keyed = await batchesOf(this.#keyed, bytes);
    const completed: BatchSet[] = [];
    for (const set of keyed) {
      for (const piece of this.#fingerprinter.complete(set)) completed.push(pack(piece).batches);
    }
    this.pieces = completed.map((set) => set.client_hellos.rows);
    expect(rowsOf(completed)).toBe(rowsOf(whole));
    return whole.reduce((rows, set) => rows + set.client_hellos.rows, 0);
  }
}

/** A capture with bytes of it changed, so that many a hello is malformed. */
function damaged(bytes: Uint8Array, seed: number): Uint8Array {
  const random = new forge.SeededRandom(seed);
  const copy = bytes.slice();
  for (let at = 40 + random.below(200); at < copy.length; at += 1 + random.below(300))
    copy[at] = random.below(256);
  return copy;
}

/** A hello whose lists are as long as they can be, and texts of its fingerprints half a megabyte. */
function long(i: number): Uint8Array {
  const values = (n: number) => Array.from({ length: n }, (_, v) => 20_000 + ((v * 7 + i) % 40_000));
  return forge.clientHello({
    ciphers: values(32_000),
    extensions: [forge.supportedGroups(...values(15_000)), forge.signatureAlgorithms(...values(15_000))],
  });
}

describe.each(['simd', 'scalar'] as const)('fingerprints from keys, %s build', (build) => {
  let twins: Twins;
  beforeAll(() => {
    twins = new Twins(build, ALL, 8);
  });

  it('of every fixture, whole and damaged', async () => {
    let rows = 0;
    for (const [i, { bytes }] of FIXTURES.entries()) {
      rows += await twins.compare(bytes);
      for (let seed = 0; seed < 3; seed++) rows += await twins.compare(damaged(bytes, 100 * i + seed));
    }
    expect(rows).toBeGreaterThan(500);
  });

  it.each(['hellos', 'quic', 'pqsplit'] as const)('of generated captures: %s', async (kind) => {
    const { bytes, truth } = await generated(kind, 2_000_000, 11);
    expect(await new Twins(build, ALL).compare(bytes)).toBe(truth.length);
    expect(await twins.compare(bytes)).toBe(truth.length);
  });

  it('with texts that fill a batch before its keys are through', async () => {
    const packets = Array.from({ length: 60 }, (_, i) => {
      const client = { address: '192.0.2.10', port: 30_000 + i };
      const records = forge.handshakeRecords(long(i % 30));
      // Of every third a part is missing, and with it the fingerprints.
      const sent = i % 3 === 1 ? records.subarray(0, 50_000) : records;
      return connection({ client }).open().send('client', sent).reset('client').packets;
    }).flat();
    const bytes = forge.pcap(forge.wrapAll(packets, (packet) => forge.ethernet(packet)));
    const large = new Twins(build, ALL);
    expect(await large.compare(bytes)).toBe(60);
    expect(large.pieces.length).toBeGreaterThan(2);
    expect(await twins.compare(bytes)).toBe(60);
  });

  it.each(KEYED_COLUMNS)('%s alone', async (name) => {
    const one = new Twins(build, new Set([name]), 16);
    for (const { bytes } of FIXTURES.slice(0, 12)) await one.compare(bytes);
  });
});

describe('what keys can stand for', () => {
  it('is JA3 and JA4, without what comes from all of a hello', () => {
    expect(isKeyed(new Set(['ts', 'sni', 'ja3', 'ja4']))).toBe(true);
    expect(isKeyed(new Set(['ja4_ro', 'cipher_suites']))).toBe(true);
    expect(isKeyed(new Set(['ts', 'sni', 'cipher_suites']))).toBe(false);
    expect(isKeyed(new Set(['ja3', 'npf']))).toBe(false);
    expect(isKeyed(new Set(['ja3', 'content_id']))).toBe(false);
    expect([...withKeys(new Set(['sni', 'ja3', 'ja4']))]).toEqual(['sni', 'fingerprint_key']);
  });

  it('is asked for by name alone', async () => {
    const core = new Core({ layout: 'wide' });
    core.project({ client_hellos: new Set(['sni']) });
    const [set] = await batchesOf(core, FIXTURES[0]!.bytes);
    const names = set!.hello_contents.columns.map(({ spec }) => spec.name);
    expect(names).toContain('ja3');
    expect(names).not.toContain('fingerprint_key');
  });
});

describe.runIf(corpusIsThere())('fingerprints from keys, captures of the corpus', () => {
  it('are the same', { timeout: 120_000 }, async () => {
    const twins = new Twins('simd', ALL, 64);
    let rows = 0;
    for (const { path } of captures()) rows += await twins.compare(new Uint8Array(readFileSync(path)));
    expect(rows).toBeGreaterThan(2000);
  });
});
