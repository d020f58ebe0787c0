import type { InterfaceInfo } from '../source/capture-blocks.js';

/** Codes of options (draft-ietf-opsawg-pcapng §3.5, §4.1, §4.2). */
const COMMENT = 1;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_SPEED = 8;
const IF_TSRESOL = 9;
const IF_FILTER = 11;
const IF_OS = 12;
const IF_TSOFFSET = 14;
const IF_HARDWARE = 15;

type Option = readonly [code: number, value: Uint8Array];

const encoder = new TextEncoder();
/** An option's length is 16 bits wide. */
const MAX_OPTION = 65_532;
const text = (code: number, value: string | null): Option[] =>
  value === null || value === '' ? [] : [[code, encoder.encode(value).subarray(0, MAX_OPTION)]];

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return bytes;
}

const padded = (length: number) => (length + 3) & ~3;

function optionBytes(options: readonly Option[]): number {
  if (options.length === 0) return 0;
  return options.reduce((sum, [, value]) => sum + 4 + padded(value.length), 4);
}

/** A block: type, length, body, options, length; little-endian. */
function block(type: number, body: Uint8Array, options: readonly Option[]): Uint8Array {
  const length = 12 + padded(body.length) + optionBytes(options);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(body, 8);
  let at = 8 + padded(body.length);
  for (const [code, value] of options) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  // The end of the options is four zeros, which are there already.
  view.setUint32(length - 4, length, true);
  return bytes;
}

/** A section header of a file that `application` wrote. */
export function sectionBlock(application: string, comment: string): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, 0x1a2b3c4d, true);
  view.setUint16(4, 1, true);
  view.setBigInt64(8, -1n, true);
  return block(0x0a0d0d0a, body, [...text(COMMENT, comment), ...text(SHB_USERAPPL, application)]);
}

/** An interface as it was, with the unit of its times. */
export function interfaceBlock(info: InterfaceInfo): Uint8Array {
  const body = new Uint8Array(8);
  const view = new DataView(body.buffer);
  view.setUint16(0, info.linkType, true);
  view.setUint32(4, info.snapLen, true);
  const options: Option[] = [
    ...info.comments.flatMap((comment) => text(COMMENT, comment)),
    ...text(IF_NAME, info.name),
    ...text(IF_DESCRIPTION, info.description),
    ...(info.speed === null ? [] : [[IF_SPEED, u64(info.speed)] as const]),
    [IF_TSRESOL, Uint8Array.of(info.resolution)],
    ...text(IF_FILTER, info.filter === null ? null : `\0${info.filter}`),
    ...text(IF_OS, info.os),
    ...(info.offset === 0n ? [] : [[IF_TSOFFSET, u64(info.offset)] as const]),
    ...text(IF_HARDWARE, info.hardware),
  ];
  return block(1, body, options);
}

/** A packet; `time` in units of its interface, `interfaceId` counted in the file written. */
export function packetBlock(
  interfaceId: number,
  packet: { readonly time: bigint; readonly originalLength: number; readonly data: Uint8Array },
  comments: readonly string[],
): Uint8Array {
  const body = new Uint8Array(20 + packet.data.length);
  const view = new DataView(body.buffer);
  view.setUint32(0, interfaceId, true);
  view.setUint32(4, Number((packet.time >> 32n) & 0xffffffffn), true);
  view.setUint32(8, Number(packet.time & 0xffffffffn), true);
  view.setUint32(12, packet.data.length, true);
  view.setUint32(16, packet.originalLength, true);
  body.set(packet.data, 20);
  return block(
    6,
    body,
    comments.flatMap((comment) => text(COMMENT, comment)),
  );
}
