import type { Batch, BatchSet, ColumnView } from '../../src/core/views.js';
import type { ColumnSpec } from '../../src/schema/column.js';
import { CORE_GROUPS } from '../../src/schema/layout.js';

/** A value of a row: u64 and ts as bigint, lists as arrays, binary as bytes. */
export type Value = null | boolean | number | bigint | string | Uint8Array | readonly Value[];
/** A row by column name; columns that are not named get a zero, an empty list, or null where they may be null; `protocol` is tls. */
export type Row = Readonly<Record<string, Value>>;

/** Rows by table; rows of client_hellos carry facts and content together. */
export interface Rows {
  readonly client_hellos?: readonly Row[];
  readonly server_hellos?: readonly Row[];
  readonly certificates?: readonly Row[];
}

const WIDTH: Partial<Record<ColumnSpec['type'], number>> = { u8: 1, u16: 2, u32: 4, u64: 8, ts: 8 };
const encoder = new TextEncoder();

function defaultOf(spec: ColumnSpec): Value {
  if (spec.nullable) return null;
  if (spec.type.startsWith('list')) return [];
  if (spec.name === 'protocol') return 'tls';
  if (spec.type === 'utf8') return '';
  if (spec.type === 'binary') return new Uint8Array();
  return spec.type === 'bool' ? false : 0;
}

function fixedBytes(width: number, values: readonly Value[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(width * values.length));
  values.forEach((value, i) => {
    const v = (value ?? 0) as number | bigint;
    if (width === 8) view.setBigUint64(8 * i, BigInt(v), true);
    else if (width === 4) view.setUint32(4 * i, Number(v), true);
    else if (width === 2) view.setUint16(2 * i, Number(v), true);
    else view.setUint8(i, Number(v));
  });
  return new Uint8Array(view.buffer);
}

function bitsOf(values: readonly boolean[]): Uint8Array {
  const out = new Uint8Array((values.length + 7) >> 3);
  values.forEach((v, i) => {
    if (v) out[i >> 3]! |= 1 << (i & 7);
  });
  return out;
}

function runsOf(parts: readonly Uint8Array[]): { offsets: Uint8Array; data: Uint8Array } {
  let at = 0;
  const offsets = fixedBytes(4, [0, ...parts.map((p) => (at += p.length))]);
  return { offsets, data: new Uint8Array(Buffer.concat(parts)) };
}

interface Buffers {
  readonly data: Uint8Array;
  readonly offsets?: Uint8Array;
  readonly childOffsets?: Uint8Array;
}

function buffersOf(spec: ColumnSpec, values: readonly Value[]): Buffers {
  const width = WIDTH[spec.type];
  if (width) return { data: fixedBytes(width, values) };
  if (spec.type === 'bool') return { data: bitsOf(values.map((v) => v === true)) };
  if (spec.type === 'utf8') return runsOf(values.map((v) => encoder.encode((v ?? '') as string)));
  if (spec.type === 'binary') return runsOf(values.map((v) => (v ?? new Uint8Array()) as Uint8Array));
  const lists = values.map((v) => (v ?? []) as readonly Value[]);
  let at = 0;
  const offsets = fixedBytes(4, [0, ...lists.map((l) => (at += l.length))]);
  const elements = lists.flat();
  const child = spec.type.slice(5, -1) as 'u8' | 'u16' | 'u64' | 'utf8';
  if (child !== 'utf8') return { offsets, data: fixedBytes(WIDTH[child]!, elements) };
  const text = runsOf(elements.map((e) => encoder.encode(e as string)));
  return { offsets, data: text.data, childOffsets: text.offsets };
}

/** Linear memory with a bump allocator, as the core lays its columns out: each buffer on 64 bytes. */
class Arena {
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  #at = 64;

  place(parts: readonly Uint8Array[]): number[] {
    const starts = parts.map((p) => {
      const here = this.#at;
      this.#at = Math.ceil((here + p.length + 1) / 64) * 64;
      return here;
    });
    const missing = this.#at - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536));
    parts.forEach((p, i) => {
      new Uint8Array(this.memory.buffer).set(p, starts[i]!);
    });
    return starts;
  }
}

function placeColumn(arena: Arena, spec: ColumnSpec, values: readonly Value[]): () => ColumnView {
  const buffers = buffersOf(spec, values);
  const nullCount = values.filter((v) => v === null).length;
  const none = new Uint8Array();
  const parts = [
    buffers.data,
    buffers.offsets ?? none,
    buffers.childOffsets ?? none,
    bitsOf(values.map((v) => v !== null)),
  ];
  const [data, offsets, childOffsets, validity] = arena.place(parts);
  const rows = values.length;
  return () => {
    const buffer = arena.memory.buffer;
    return {
      spec,
      rows,
      nullCount,
      validity: nullCount > 0 ? new Uint8Array(buffer, validity!, (rows + 7) >> 3) : null,
      offsets: buffers.offsets ? new Int32Array(buffer, offsets!, rows + 1) : null,
      data: new Uint8Array(buffer, data!, buffers.data.length),
      childOffsets: buffers.childOffsets
        ? new Int32Array(buffer, childOffsets!, buffers.childOffsets.length / 4)
        : null,
    };
  };
}

function groupRows(group: string, rows: Rows, layout: 'narrow' | 'wide'): readonly Row[] {
  if (group === 'server_hellos') return rows.server_hellos ?? [];
  if (group === 'certificates') return rows.certificates ?? [];
  const hellos = rows.client_hellos ?? [];
  if (group === 'client_hellos' || layout === 'wide') return hellos;
  return [...new Map(hellos.map((r) => [r.content_id ?? 0n, r])).values()];
}

/** A `BatchSet` of these rows in a linear memory of its own, in the layout of the core. */
export function batchSet(rows: Rows, layout: 'narrow' | 'wide'): BatchSet {
  const arena = new Arena();
  const groups = CORE_GROUPS.map((group) => {
    const own = groupRows(group.name, rows, layout);
    const columns = group.columns.map(({ spec }) =>
      placeColumn(
        arena,
        spec,
        own.map((r) => (r[spec.name] === undefined ? defaultOf(spec) : r[spec.name]!)),
      ),
    );
    return { group: group.name, rows: own.length, columns };
  });
  const [clients, contents, servers, certificates] = groups.map(
    (g): Batch => ({ group: g.group, rows: g.rows, columns: g.columns.map((make) => make()) }),
  );
  return {
    client_hellos: clients!,
    hello_contents: contents!,
    server_hellos: servers!,
    certificates: certificates!,
  };
}
