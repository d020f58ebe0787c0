/** What bytes that are no capture look like, and what to do about it. */
export interface Description {
  /** Continues "is not a capture: …". */
  readonly looksLike: string;
  readonly hint: string;
}

interface Kind {
  readonly matches: (bytes: Uint8Array, text: string) => boolean;
  readonly looksLike: string;
  readonly hint: string;
}

const CONVERT = 'convert it first, for example with: editcap -F pcapng';
const UNPACK = 'unpack it and give the captures in it';
const NOT_TRAFFIC = 'give a pcap or pcapng file';

/** First match wins, so narrow signatures come before wide ones. */
const KINDS: readonly Kind[] = [
  kind('snoop\0', 'it is a Solaris snoop file', CONVERT),
  kind('btsnoop\0', 'it is a Bluetooth btsnoop file', CONVERT),
  kind('GMBU', 'it is a Microsoft Network Monitor 2 file', CONVERT),
  kind('RTSS', 'it is a Microsoft Network Monitor 1 file', CONVERT),
  kind('TRSNIFF data', 'it is a Sniffer capture', CONVERT),
  kind('XCP\0', 'it is a NetXRay capture', CONVERT),
  kind('\x7fver', 'it is an OmniPeek or EtherPeek capture', CONVERT),
  kind('\x7fELF', 'it is a program (ELF)', NOT_TRAFFIC),
  kind('MZ', 'it is a Windows program', NOT_TRAFFIC),
  kind('\0asm', 'it is a WebAssembly module', NOT_TRAFFIC),
  kind('PK\x03\x04', 'it is a ZIP archive', UNPACK),
  kind('PK\x05\x06', 'it is an empty ZIP archive', NOT_TRAFFIC),
  kind('7z\xbc\xaf\x27\x1c', 'it is a 7z archive', UNPACK),
  kind('Rar!\x1a\x07', 'it is a RAR archive', UNPACK),
  kind('\x1f\x9d', 'it is packed with compress (.Z)', 'unpack it with gunzip first'),
  kind('\x1f\x8b', 'it is packed with gzip in several layers', 'unpack it with gunzip first'),
  kind('%PDF-', 'it is a PDF document', NOT_TRAFFIC),
  kind('\x89PNG', 'it is an image', NOT_TRAFFIC),
  kind('\xff\xd8\xff', 'it is an image', NOT_TRAFFIC),
  kind('PAR1', 'it is a Parquet file', 'question it with: tlsfp query'),
  kind('ARROW1', 'it is an Arrow file', 'question it with: tlsfp query'),
  kind('SQLite format 3\0', 'it is an SQLite database', NOT_TRAFFIC),
  {
    matches: (bytes) => ascii(bytes, 8, 12) === 'DUCK',
    looksLike: 'it is a DuckDB database',
    hint: 'question it with: tlsfp query',
  },
  {
    matches: (bytes) => ascii(bytes, 257, 262) === 'ustar',
    looksLike: 'it is a tar archive',
    hint: UNPACK,
  },
  {
    matches: (_, text) => /^-----BEGIN [A-Z0-9 ]+-----/.test(text),
    looksLike: 'it is a PEM file (key or certificate)',
    hint: NOT_TRAFFIC,
  },
  {
    matches: (_, text) => /^\s*(<!doctype html|<html|<head|<\?xml)/i.test(text),
    looksLike: 'it is a web page (HTML)',
    hint: 'the download gave a page in place of the file; download it again',
  },
  {
    matches: (_, text) => text.startsWith('version https://git-lfs.github.com/'),
    looksLike: 'it is a Git LFS pointer, not the file itself',
    hint: 'fetch the file with: git lfs pull',
  },
  {
    matches: (bytes, text) => /^\s*[[{]/.test(text) && isText(bytes),
    looksLike: 'it is text (JSON)',
    hint: NOT_TRAFFIC,
  },
  {
    matches: (_, text) => /^(\d\d:){2}\d\d\.\d+ IP6? /.test(text),
    looksLike: 'it is what tcpdump prints',
    hint: 'capture with: tcpdump -w FILE',
  },
  { matches: isText, looksLike: 'it is text', hint: NOT_TRAFFIC },
  // Without a magic, so after everything that has one.
  { matches: isErf, looksLike: 'it looks like an Endace ERF capture', hint: CONVERT },
];

/** Words for the first bytes of an input that is no capture. Any length will do; 512 bytes serve best. */
export function describeBytes(bytes: Uint8Array): Description {
  if (bytes.length === 0) return { looksLike: 'it is empty', hint: 'check how it was captured or copied' };
  if (bytes.every((byte) => byte === 0)) {
    return {
      looksLike: 'it begins with zeros',
      hint: 'the copy or the disk lost its content; copy it again',
    };
  }
  const text = latin1(bytes);
  for (const { matches, looksLike, hint } of KINDS) {
    if (matches(bytes, text)) return { looksLike, hint };
  }
  return { looksLike: `it begins with ${hexOf(bytes.subarray(0, 8))}`, hint: NOT_TRAFFIC };
}

function kind(signature: string, looksLike: string, hint: string): Kind {
  return { matches: (_, text) => text.startsWith(signature), looksLike, hint };
}

/** Most of these bytes are printable or UTF-8, and none is a control character that text does not have. */
function isText(bytes: Uint8Array): boolean {
  const control = (byte: number) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d;
  if (bytes.some(control)) return false;
  try {
    // The last character may be cut: it is not an error in the middle of a stream.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/**
 * An ERF record: 64-bit little-endian time (seconds in the upper half), type, flags, record length.
 * There is no magic, so three fields must be plausible together.
 */
function isErf(bytes: Uint8Array): boolean {
  if (bytes.length < 16) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seconds = view.getUint32(4, true);
  const type = view.getUint8(8) & 0x7f;
  const recordLength = view.getUint16(10);
  const wireLength = view.getUint16(14);
  return (
    seconds > 700_000_000 &&
    seconds < 4_000_000_000 &&
    type > 0 &&
    type <= 48 &&
    recordLength >= 16 &&
    recordLength - 16 <= wireLength + 64
  );
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return latin1(bytes.subarray(from, to));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
