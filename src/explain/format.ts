import type { Colors } from 'picocolors/types.js';
import { LISTS, listsOf } from '../compare/hello-lists.js';
import { labelOf } from '../labels/label.js';
import { LABELS } from '../labels/labels.js';
import type { Derivation, Piece } from './derivation.js';
import type { Explanation } from './explain.js';
import type { HelloField } from './hello-fields.js';

/** Bytes of a field shown in hexadecimal; the rest is `...`. */
const SHOWN_BYTES = 16;

/** Column of the hexadecimal digits, behind the longest usual names. */
const VALUE_WIDTH = 48;

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function bytesText(message: Uint8Array, field: HelloField): string {
  const end = Math.min(field.offset + field.length, message.length);
  const shown = message.subarray(field.offset, Math.min(end, field.offset + SHOWN_BYTES));
  const text = hexOf(shown).replace(/(..)(?=.)/g, '$1 ');
  return end - field.offset > SHOWN_BYTES ? `${text} ...` : text;
}

function fieldLines(message: Uint8Array, field: HelloField, depth: number, c: Colors): string[] {
  const offset = c.dim(field.offset.toString(16).padStart(4, '0'));
  const name = `${'  '.repeat(depth)}${field.name}`.padEnd(24);
  const value =
    field.value === 'GREASE' || field.value.startsWith('GREASE,') ? c.yellow(field.value) : field.value;
  return [
    `${offset}  ${name} ${value.padEnd(VALUE_WIDTH)} ${c.dim(bytesText(message, field))}`.trimEnd(),
    ...field.parts.flatMap((part) => fieldLines(message, part, depth + 1, c)),
  ];
}

function helloLines({ row, bytes, fields }: Explanation, c: Colors): string[] {
  if (bytes !== null) {
    return [
      c.bold('bytes of the ClientHello (offset, field, what it says, hex)'),
      ...fields.flatMap((field) => fieldLines(bytes, field, 0, c)),
    ];
  }
  const why = row.protocol === 'quic' ? 'they are encrypted' : 'they are not whole in these packets';
  const lists = listsOf(row);
  const shown = LISTS.filter(({ name }) => lists[name].length > 0);
  return [
    c.bold(`lists of the ClientHello (its bytes are not shown: ${why})`),
    ...shown.map(({ name }) => `${name.padEnd(18)}${lists[name].join(' ')}`),
  ];
}

function pieceLine(piece: Piece, width: number, c: Colors): string {
  return `  ${piece.name.padEnd(width)}  ${piece.value === '' ? c.dim('(empty)') : piece.value}  ${c.dim(piece.how)}`;
}

function derivationLines(derivation: Derivation, c: Colors): string[] {
  const width = Math.max(...derivation.pieces.map((piece) => piece.name.length));
  return [
    `${c.bold(derivation.name.padEnd(5))}${c.cyan(derivation.value)}`,
    ...derivation.pieces.map((piece) => pieceLine(piece, width, c)),
  ];
}

function head({ row }: Explanation, c: Colors): string[] {
  const packets = row.packets === 1 ? `packet ${row.packet}` : `packets ${row.first_packet} to ${row.packet}`;
  const end = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);
  const label = labelOf(LABELS, 'ja4', row.ja4);
  const notes = [
    row.sni === null ? 'no server name' : `to ${row.sni}`,
    row.app === null ? '' : `in ${row.app}`,
    row.tunnel === null ? '' : `through ${row.tunnel}`,
    row.attempt > 1 ? `attempt ${row.attempt}` : '',
    label === null ? '' : `known as ${label}`,
    row.anomalies.length > 0 ? `anomalies: ${row.anomalies.join(', ')}` : '',
  ];
  return [
    c.bold(`${row.protocol} ClientHello, ${packets}, ${row.hello_bytes} bytes`),
    `${end(row.src_ip, row.src_port)} -> ${end(row.dst_ip, row.dst_port)}, ${notes.filter((note) => note !== '').join(', ')}`,
  ];
}

/** How a hello became its fingerprints, as text. */
export function explanationText(explanation: Explanation, c: Colors): string {
  const prints = explanation.fingerprints.map((derivation) => derivationLines(derivation, c));
  if (prints.length === 0) prints.push(['no fingerprints: the hello is not complete, or of SSL 2.0']);
  const blocks = [head(explanation, c), helloLines(explanation, c), ...prints];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** The same as one line of JSON. */
export function explanationJson({ row, bytes, fields, fingerprints }: Explanation): string {
  const { packet, first_packet, protocol, sni, src_ip, src_port, dst_ip, dst_port } = row;
  return `${JSON.stringify({
    packet: Number(packet),
    first_packet: Number(first_packet),
    protocol,
    src_ip,
    src_port,
    dst_ip,
    dst_port,
    sni,
    bytes: bytes === null ? null : hexOf(bytes),
    fields,
    lists: listsOf(row),
    fingerprints,
  })}\n`;
}
