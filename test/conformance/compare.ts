import { readFileSync } from 'node:fs';
import { Core } from '../../src/core/core.js';
import { coreRows } from '../support/core-rows.js';
import { type Capture, captures, type Fields, recordedRows, tsharkRows } from './corpus.js';
import { distinct, type Hello, ourHellos, tsharkHellos } from './hello.js';
import { type Match, match } from './match.js';
import { type Check, checkRecorded } from './oracles.js';

/** Everything that was compared of one capture. */
export interface Comparison {
  readonly capture: Capture;
  readonly tshark: Match;
  readonly recorded: readonly Check[];
  /** Packets that we read; the manifest has the number that there are. */
  readonly packets: number;
  readonly error: string;
  /** What came before TLS, and what was walked below IP: `app` and `tunnel` of our rows. */
  readonly apps: ReadonlySet<string>;
  readonly tunnels: ReadonlySet<string>;
}

/** What differs from what others saw, and where; the unit of the list of accepted differences. */
export interface Difference {
  readonly file: string;
  readonly kind: string;
  readonly flow: string;
  /** `missing`, `extra`, `packets`, or the field; `oracle:` before it where it is not tshark that differs. */
  readonly what: string;
  /** What was expected and what there is, for people. */
  readonly detail: string;
}

function newCore(): Core {
  const wasm = readFileSync(new URL('../../dist/wasm/tlsfp.simd.wasm', import.meta.url));
  return new Core({ module: new WebAssembly.Module(wasm), layout: 'wide' });
}

async function compareCapture(capture: Capture, core: Core): Promise<Comparison> {
  const rows = await coreRows(capture.path, { core });
  const own = distinct(ourHellos(rows));
  return {
    capture,
    tshark: match(tsharkHellos(tsharkRows(capture.file)), own),
    recorded: recordedRows(capture.file).map((row) => checkRecorded(row, own)),
    packets: rows.state.packets,
    error: rows.error?.message ?? '',
    apps: new Set(rows.clientHellos.flatMap(({ app }) => app ?? [])),
    tunnels: new Set(rows.clientHellos.flatMap(({ tunnel }) => tunnel ?? [])),
  };
}

/**
 * Read every capture of the corpus with the SIMD core and compare.
 * @throws when the core fails, naming the capture
 */
export async function compareCorpus(): Promise<Comparison[]> {
  const core = newCore();
  const done: Comparison[] = [];
  for (const capture of captures()) {
    try {
      done.push(await compareCapture(capture, core));
    } catch (cause) {
      throw new Error(`reading ${capture.file} failed`, { cause });
    }
  }
  return done;
}

function describe(hello: Hello): string {
  const print = hello.kind === 'client' ? `${hello.ja3} ${hello.ja4} ${hello.sni}` : hello.ja3s;
  return `packet ${hello.packet} ${print}`.trim();
}

function tsharkDifferences({ capture, tshark }: Comparison): Difference[] {
  const at = (hello: Hello) => ({ file: capture.file, kind: hello.kind, flow: hello.flow });
  const pairs = tshark.pairs.flatMap(({ expected, found, differs }) => {
    if (!found)
      return [{ ...at(expected), what: 'missing', detail: `${describe(expected)} ${expected.stack}` }];
    return differs.map((field) => ({
      ...at(expected),
      what: field,
      detail: `${expected[field]} / ${found[field]}${found.complete ? '' : ' (not complete)'}`,
    }));
  });
  return [...pairs, ...tshark.extra.map((one) => ({ ...at(one), what: 'extra', detail: describe(one) }))];
}

function recordedDifferences({ capture, recorded }: Comparison): Difference[] {
  return recorded.flatMap(({ row, flow, differs, nearest }) =>
    differs.map((field) => ({
      file: capture.file,
      kind: row.kind!,
      flow,
      what: `${row.oracle}:${field}`,
      detail: `${recordedValue(row, field)} / ${nearest && field in nearest ? nearest[field as keyof Hello] : ''}`,
    })),
  );
}

function recordedValue(row: Fields, field: string): string {
  if (field === 'missing') return row.ja4 || row.ja3 || row.ja3s || row.sni || '';
  return row[field === 'ja4r' ? 'ja4_r' : field] ?? '';
}

/** All differences of a capture. */
export function differencesOf(one: Comparison): Difference[] {
  const { file, packets } = one.capture;
  const counted = {
    file,
    kind: 'file',
    flow: '',
    what: 'packets',
    detail: `${packets} / ${one.packets} ${one.error}`,
  };
  return [
    ...(packets === one.packets ? [] : [counted]),
    ...tsharkDifferences(one),
    ...recordedDifferences(one),
  ];
}
