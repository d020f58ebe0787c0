import type { Colors } from 'picocolors/types.js';
import { formatBytes, formatDuration } from '../report/units.js';
import { linkTypeName } from '../schema/link-types.js';
import type { CaptureRow } from '../schema/tables.js';
import { type InterfaceInfo, ticksPerSecond } from '../source/capture-blocks.js';
import type { CaptureInfo, InterfaceReport } from './info.js';

/** How an info is shown. */
export interface InfoStyle {
  readonly colors: Colors;
  /** A time, ns since 1970, for a person. */
  readonly time: (ns: bigint) => string;
}

const KEY_WIDTH = 14;
const number = (value: number | bigint) => value.toLocaleString('en-US');

/** Control characters of texts from the file would act on the terminal. */
const printable = (text: string) =>
  text.replace(/\p{Cc}/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** `10^-6 s`, as the resolution says. */
function resolutionText(resolution: number): string {
  return resolution & 0x80 ? `2^-${resolution & 0x7f} s` : `10^-${resolution} s`;
}

function rates(row: CaptureRow): string[] {
  if (row.first_ts === null || row.last_ts === null || row.last_ts <= row.first_ts) return [];
  const seconds = Number(row.last_ts - row.first_ts) / 1e9;
  const bits = (Number(row.bytes) * 8) / seconds;
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'];
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(bits) / 3)));
  return [
    `${(Number(row.packets) / seconds).toFixed(1)} packets/s`,
    `${(bits / 1000 ** unit).toFixed(1)} ${units[unit]}`,
  ];
}

function interfaceLine(info: InterfaceReport): string {
  const { statistics } = info;
  const parts = [
    [info.name, info.description]
      .filter((text) => text !== null && text !== '')
      .map((t) => printable(t!))
      .join(' '),
    linkTypeName(info.linkType),
    info.snapLen === 0 ? 'no snap length' : `snap length ${number(info.snapLen)}`,
    resolutionText(info.resolution),
    `${number(info.packets)} packets`,
    info.offset === 0n ? '' : `times moved by ${info.offset} s`,
    info.speed === null ? '' : `${number(info.speed)} bit/s`,
    info.filter ? `filter "${printable(info.filter)}"` : '',
    info.os ? printable(info.os) : '',
    info.hardware ? printable(info.hardware) : '',
    statistics?.received == null ? '' : `${number(statistics.received)} received`,
    statistics?.dropped == null ? '' : `${number(statistics.dropped)} dropped`,
    statistics?.droppedByOs == null ? '' : `${number(statistics.droppedByOs)} dropped by the system`,
    ...info.comments.map((comment) => `"${printable(comment)}"`),
  ];
  return `${info.index}: ${parts.filter((part) => part !== '').join(', ')}`;
}

const PROTOCOLS = [
  ['TLS', 'tls_client_hellos'],
  ['DTLS', 'dtls_client_hellos'],
  ['QUIC', 'quic_client_hellos'],
] as const;

function tlsLine(row: CaptureRow): string {
  if (row.client_hellos + row.server_hellos === 0n) return 'no TLS, DTLS or QUIC handshake';
  const kinds = PROTOCOLS.filter(([, column]) => row[column] > 0n).map(
    ([name, column]) => `${name} ${number(row[column])}`,
  );
  const kind = kinds.length > 0 ? ` (${kinds.join(', ')})` : '';
  return `${number(row.client_hellos)} ClientHellos${kind}, ${number(row.server_hellos)} ServerHellos`;
}

/** Counters shown when they are not zero. */
const COUNTS: readonly (readonly [key: string, columns: readonly (readonly [keyof CaptureRow, string])[]])[] =
  [
    [
      'transport',
      [
        ['tcp_packets', 'TCP'],
        ['udp_packets', 'UDP'],
        ['not_ip_packets', 'not IP'],
        ['fragments', 'IP fragments'],
      ],
    ],
    [
      'QUIC',
      [
        ['quic_initials', 'Initials'],
        ['quic_initials_decrypted', 'opened'],
        ['quic_undecryptable', 'not opened'],
        ['quic_unknown_version', 'of an unknown version'],
      ],
    ],
    [
      'incomplete',
      [
        ['incomplete_snaplen_cut', 'snap length'],
        ['incomplete_missing_segment', 'missing segment'],
        ['incomplete_buffer_limit', 'buffer limit'],
        ['incomplete_evicted', 'evicted'],
        ['incomplete_end_of_capture', 'end of capture'],
        ['incomplete_connection_closed', 'connection closed'],
        ['incomplete_malformed', 'malformed'],
      ],
    ],
    [
      'not read',
      [
        ['snaplen_cut_packets', 'packets cut by the snap length'],
        ['unknown_link_packets', 'packets of an unknown link type'],
        ['malformed_packets', 'packets with malformed headers'],
        ['fragments_dropped', 'fragmented datagrams given up'],
        ['tunnel_depth_exceeded', 'packets nested too deep'],
        ['flows_evicted', 'connections given up for want of room'],
      ],
    ],
  ];

function countLines(row: CaptureRow, line: (key: string, text: string) => string): string[] {
  return COUNTS.flatMap(([key, columns]) => {
    const parts = columns.filter(([column]) => (row[column] as bigint) > 0n);
    if (parts.length === 0) return [];
    return [
      line(key, parts.map(([column, words]) => `${number(row[column] as bigint)} ${words}`).join(', ')),
    ];
  });
}

function fileLines(
  { row, sha256, sections }: CaptureInfo,
  line: (key: string, text: string) => string,
): string[] {
  const [first] = sections;
  const order = first ? ` ${first.version}, ${first.littleEndian ? 'little' : 'big'}-endian` : '';
  const format = `${row.format ?? 'not a capture'}${order}${sections.length > 1 ? `, ${sections.length} sections` : ''}`;
  const writers = new Set(
    sections.flatMap((s) => [s.application, s.os, s.hardware].filter((t) => t !== null)),
  );
  return [
    line('format', row.compression === null ? format : `${format}, packed with ${row.compression}`),
    ...(row.size === null
      ? []
      : [line('size', `${formatBytes(Number(row.size))} (${number(row.size)} bytes)`)]),
    ...(sha256 === null ? [] : [line('SHA-256', sha256)]),
    ...(writers.size === 0 ? [] : [line('written by', [...writers].map(printable).join('; '))]),
    ...sections.flatMap((s) => s.comments.map((comment) => line('comment', printable(comment)))),
  ];
}

/** What is known of a capture, as lines for a person. */
export function infoText(info: CaptureInfo, style: InfoStyle): string {
  const { row, interfaces } = info;
  const { colors: c } = style;
  const line = (key: string, text: string) => `${c.dim(key.padEnd(KEY_WIDTH))}${text}`;
  const lines = [c.bold(row.path === '-' ? 'standard input' : printable(row.path)), ...fileLines(info, line)];
  interfaces.forEach((info, i) => {
    lines.push(line(i === 0 ? 'interfaces' : '', interfaceLine(info)));
  });
  if (info.decryptionSecretsBlocks > 0)
    lines.push(line('secrets', `${info.decryptionSecretsBlocks} blocks with keys of its connections`));
  if (info.nameResolutionBlocks > 0)
    lines.push(line('names', `${info.nameResolutionBlocks} blocks with names of addresses`));
  const average =
    row.packets > 0n ? `, ${(Number(row.bytes) / Number(row.packets)).toFixed(1)} on average` : '';
  lines.push(line('packets', number(row.packets)));
  lines.push(
    line('bytes', `${number(row.bytes)} on the wire${average}, ${number(row.captured_bytes)} captured`),
  );
  if (row.first_ts !== null && row.last_ts !== null) {
    lines.push(line('first packet', style.time(row.first_ts)));
    lines.push(line('last packet', style.time(row.last_ts)));
    lines.push(
      line('duration', [formatDuration(Number(row.last_ts - row.first_ts)), ...rates(row)].join(', ')),
    );
  }
  lines.push(line('TLS', tlsLine(row)), ...countLines(row, line));
  if (row.error !== null) lines.push(line('error', row.error));
  return `${lines.join('\n')}\n`;
}

function interfaceJson(info: InterfaceInfo & Partial<InterfaceReport>): object {
  const { statistics, linkType, ...rest } = info;
  return {
    ...rest,
    link_type: linkTypeName(linkType),
    ticks_per_second: ticksPerSecond(info.resolution),
    statistics,
  };
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const TIMES = new Set(['mtime', 'first_ts', 'last_ts', 'analyzed_at']);

/** Seconds since 1970 as RFC 3339 with nanoseconds. */
function rfc3339(ns: bigint): string {
  const fraction = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = new Date(Number((ns - fraction) / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${fraction.toString().padStart(9, '0')}Z`;
}

function jsonValue(value: unknown, name: string): unknown {
  if (typeof value === 'bigint') return TIMES.has(name) ? rfc3339(value) : Number(value);
  if (Array.isArray(value)) return value.map((element) => jsonValue(element, ''));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [snake(key), jsonValue(v, key)]));
}

/** The same as one line of JSON: the columns of `captures`, and what is only in the file. */
export function infoJson(info: CaptureInfo): string {
  const { row, error, interfaces, ...rest } = info;
  const value = jsonValue({ ...row, ...rest, interfaces: interfaces.map(interfaceJson) }, '');
  return `${JSON.stringify({ ...(value as object), error_code: error?.code ?? null })}\n`;
}
