import { COUNTERS } from './codes.js';

/** A field of a structure that both sides of the WASM boundary read. */
export interface FieldSpec {
  readonly name: string;
  readonly type: 'u32' | 'i32' | 'u64' | 'i64';
  /** Elements, when it is an array. */
  readonly count?: number;
  readonly meaning: string;
}

/** Distinct link types the core remembers per capture; further ones are decoded but not listed. */
export const MAX_LISTED_LINK_TYPES = 32;

/** The control block: the core's answers besides its return values. Addresses are offsets in linear memory. */
export const CONTROL = [
  { name: 'window', type: 'u32', meaning: 'address of the input window' },
  { name: 'window_bytes', type: 'u32', meaning: 'size of the input window' },
  { name: 'consumed', type: 'u32', meaning: 'bytes of the last block that were consumed: whole records' },
  { name: 'format', type: 'u32', meaning: '0 not known yet, 1 pcap, 2 pcapng, 3 live ring' },
  {
    name: 'skip',
    type: 'u64',
    meaning: 'bytes to skip before the next block begins (large blocks without packets)',
  },
  { name: 'offset', type: 'u64', meaning: 'bytes of the capture consumed so far' },
  {
    name: 'stop',
    type: 'u64',
    meaning: 'written by the host: no record is read that begins at this byte of the capture or behind it',
  },
  { name: 'error_offset', type: 'u64', meaning: 'byte of the capture where a fatal status arose' },
  { name: 'error_detail', type: 'u64', meaning: 'the value that was wrong' },
  { name: 'packet', type: 'u64', meaning: 'number of the last packet' },
  { name: 'first_ts', type: 'i64', meaning: 'earliest packet time, ns; 2^63-1 before the first packet' },
  { name: 'last_ts', type: 'i64', meaning: 'latest packet time, ns; -2^63 before the first packet' },
  { name: 'rows', type: 'u32', count: 4, meaning: 'rows in the batch of each group' },
  {
    name: 'orders',
    type: 'u32',
    count: 4,
    meaning: 'address of the order of the rows of each group: two f64 a row, which rise from row to row',
  },
  { name: 'clock', type: 'i64', meaning: 'time of the capture as its connections see it, ns' },
  { name: 'clock_shift', type: 'i64', meaning: 'what packet times are moved by for that' },
  { name: 'interfaces', type: 'u32', meaning: 'sections and interfaces of a pcapng capture met so far' },
  {
    name: 'uncertain',
    type: 'u32',
    meaning: '1: what a stretch brings depends on more than its trail tells',
  },
  { name: 'trail', type: 'u32', meaning: 'entries of the trail of a stretch' },
  { name: 'touched', type: 'u32', meaning: 'hashes of connections that a stretch began or might have met' },
  { name: 'left', type: 'u32', meaning: 'hashes of connections that a stretch cannot hand over' },
  { name: 'moved_finished', type: 'u32', meaning: 'finished connections that a stretch hands over' },
  { name: 'moved_flows', type: 'u32', meaning: 'other connections that a stretch hands over' },
  { name: 'open_flows', type: 'u32', meaning: 'connections that wait for a hello' },
  { name: 'reassembly_used', type: 'u32', meaning: 'bytes of reassembly memory in use' },
  { name: 'link_type_count', type: 'u32', meaning: 'entries of link_types' },
  { name: 'link_types', type: 'u32', count: MAX_LISTED_LINK_TYPES, meaning: 'distinct LINKTYPE values seen' },
  {
    name: 'counters',
    type: 'u64',
    count: COUNTERS.length,
    meaning: 'counters of this capture, in declared order',
  },
] as const satisfies readonly FieldSpec[];

/** One column of a batch: addresses and fill state. Arrow's buffers, little-endian, 64-byte aligned. */
export const COLUMN_DESCRIPTOR = [
  { name: 'type', type: 'u32', meaning: 'type code' },
  { name: 'validity', type: 'u32', meaning: 'address of the validity bits; 0 for a column without nulls' },
  { name: 'offsets', type: 'u32', meaning: 'address of the i32 offsets (rows + 1); 0 for fixed width' },
  { name: 'data', type: 'u32', meaning: 'address of the values, text bytes or list elements' },
  { name: 'data_capacity', type: 'u32', meaning: 'bytes of the data buffer' },
  { name: 'data_length', type: 'u32', meaning: 'bytes of it in use (variable width)' },
  { name: 'child_offsets', type: 'u32', meaning: 'list<utf8>: address of the i32 offsets of the elements' },
  { name: 'child_capacity', type: 'u32', meaning: 'list<utf8>: elements that child_offsets has room for' },
  { name: 'child_length', type: 'u32', meaning: 'list<utf8>: elements in use' },
  { name: 'null_count', type: 'u32', meaning: 'nulls among the rows' },
  {
    name: 'unwanted',
    type: 'u32',
    meaning: 'written by the host: 1 = the column stays without values (projection)',
  },
  { name: 'reserved', type: 'u32', count: 5, meaning: 'pads the descriptor to 64 bytes' },
] as const satisfies readonly FieldSpec[];

/** Sizes in bytes of what cores hand to each other of a stretch, and of what else has to be the same on both sides. */
export const HANDOVER = [
  { name: 'entry', bytes: 32, meaning: 'an entry of the trail (`flow/trail`)' },
  { name: 'finished', bytes: 128, meaning: 'a finished connection (`flow/finished`)' },
  { name: 'flow', bytes: 320, meaning: 'a slot of the flow table (`flow/table`)' },
  {
    name: 'chosen',
    bytes: 131_072,
    meaning: 'which connections are chosen, a bit for each 20 bits of a hash',
  },
  { name: 'opened_initials', bytes: 131_072, meaning: 'what is opened at a time, at most (`quic/opener`)' },
] as const;

/** Bytes of one of `HANDOVER`. */
export function handoverBytes(what: (typeof HANDOVER)[number]['name']): number {
  return HANDOVER.find(({ name }) => name === what)!.bytes;
}

const WIDTH = { u32: 4, i32: 4, u64: 8, i64: 8 } as const;

/** Byte offsets of the fields, each aligned to its width, and the size of the whole. */
export function offsetsOf(fields: readonly FieldSpec[]): { offsets: number[]; size: number } {
  let at = 0;
  const offsets = fields.map((f) => {
    const width = WIDTH[f.type];
    at = Math.ceil(at / width) * width;
    const here = at;
    at += width * (f.count ?? 1);
    return here;
  });
  return { offsets, size: Math.ceil(at / 8) * 8 };
}
