import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { describeBytes } from '../../src/source/describe.js';
import { captureMagic, compressionMagic, notACapture } from '../../src/source/sniff.js';
import { vector } from './support.js';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('captures', () => {
  test.each([
    ['a1b2c3d4', { format: 'pcap', littleEndian: false, ticksPerSecond: 1_000_000n, recordHeader: 16 }],
    ['d4c3b2a1', { format: 'pcap', littleEndian: true, ticksPerSecond: 1_000_000n, recordHeader: 16 }],
    ['a1b23c4d', { format: 'pcap', littleEndian: false, ticksPerSecond: 1_000_000_000n, recordHeader: 16 }],
    ['4d3cb2a1', { format: 'pcap', littleEndian: true, ticksPerSecond: 1_000_000_000n, recordHeader: 16 }],
    ['a1b2cd34', { format: 'pcap', littleEndian: false, ticksPerSecond: 1_000_000n, recordHeader: 24 }],
    ['34cdb2a1', { format: 'pcap', littleEndian: true, ticksPerSecond: 1_000_000n, recordHeader: 24 }],
    ['0a0d0d0a 1c000000 4d3c2b1a', { format: 'pcapng', littleEndian: true }],
    ['0a0d0d0a 0000001c 1a2b3c4d', { format: 'pcapng', littleEndian: false }],
  ])('%s', (bytes, wanted) => {
    expect(captureMagic(hex(bytes))).toMatchObject(wanted);
  });

  test.each(['', 'a1b2c3', 'a1b2c3d5', '1f8b0800', '0a0d0d0b'])('%s is none', (bytes) => {
    expect(captureMagic(hex(bytes))).toBeNull();
  });

  test('the bytes may lie anywhere in a larger buffer', () => {
    expect(captureMagic(hex('ffff a1b2c3d4').subarray(2))).not.toBeNull();
  });
});

describe('compressed data', () => {
  test.each([
    ['name.gz', 'gzip'],
    ['checksum.zst', 'zstd'],
    ['pzstd-skippable.zst', 'zstd'],
    ['independent.lz4', 'lz4'],
    ['legacy.lz4', 'lz4'],
    ['crc64.xz', 'xz'],
    ['one-block.bz2', 'bzip2'],
    ['empty.bz2', 'bzip2'],
  ])('%s is %s', (name, wanted) => {
    expect(compressionMagic(vector(name))).toBe(wanted);
    expect(compressionMagic(vector(name).subarray(0, 10))).toBe(wanted);
  });

  test.each(['', '1f8b', '1f8b09', 'fd377a585a', '425a6830', '425a6839 314159265300', '28b52f'])(
    '%s is none',
    (bytes) => {
      expect(compressionMagic(hex(bytes))).toBe('none');
    },
  );
});

describe('what is no capture', () => {
  const tar = Buffer.alloc(512);
  tar.write('dir/file.pcap', 0);
  tar.write('ustar', 257);
  const duckdb = Buffer.alloc(64, 1);
  duckdb.write('DUCK', 8);
  // An ERF record of type 2 (Ethernet): time, type, flags, rlen 80, loss, wlen 60.
  const erf = hex('00000000 00d2496b 02 04 0050 0000 003c'.concat('00'.repeat(64)));

  test.each<[string, Uint8Array | string, RegExp]>([
    ['empty', '', /is empty/],
    ['zeros', Buffer.alloc(100), /zeros/],
    ['text', 'Dear all,\nplease find attached', /text$/],
    ['text in UTF-8, cut in a character', Buffer.from('grüße ü').subarray(0, -1), /text$/],
    ['JSON', '{"ja4": "t13d"}', /JSON/],
    ['HTML', '<!DOCTYPE html><html>', /HTML/],
    ['HTML after space', '\n\n<html lang="en">', /HTML/],
    ['PEM', '-----BEGIN CERTIFICATE-----\nMIIB', /PEM/],
    ['Git LFS', 'version https://git-lfs.github.com/spec/v1\noid', /Git LFS/],
    ['tcpdump text', '12:34:56.789012 IP 10.0.0.1.443 > 10.0.0.2.5000: Flags', /tcpdump prints/],
    ['ELF', hex('7f454c46 02010100'), /ELF/],
    ['ZIP', hex('504b0304 14000000'), /ZIP/],
    ['tar', tar, /tar archive/],
    ['snoop', Buffer.from('snoop\0\0\0'), /snoop/],
    ['btsnoop', Buffer.from('btsnoop\0\0\0\0\x01'), /btsnoop/],
    ['NetMon', Buffer.from('GMBU\0\x02'), /Network Monitor/],
    ['ERF', erf, /ERF/],
    ['DuckDB', duckdb, /DuckDB/],
    ['Parquet', 'PAR1\x15\0', /Parquet/],
    ['compress', hex('1f9d9001'), /\.Z/],
    ['too many layers', gzipSync('x'), /several layers/],
    ['something else', hex('de ad be ef 00 01 02 03 04'), /begins with de ad be ef 00 01 02 03$/],
  ])('%s', (_, content, wanted) => {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
    const { looksLike, hint } = describeBytes(bytes);
    expect(looksLike).toMatch(wanted);
    expect(hint.length).toBeGreaterThan(0);
  });

  test('is told in one line: which file, what it is, what to do', () => {
    const error = notACapture('-', Buffer.from('PK\x03\x04'));
    expect(error).toMatchObject({ code: 'ERR_TLSFP_CAPTURE_FORMAT', exitCode: 3, offset: 0, path: '-' });
    expect(error.message).toBe(
      'standard input: is not a pcap or pcapng capture: it is a ZIP archive (at byte 0); unpack it and give the captures in it',
    );
  });
});
