import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as forge from '../../src/dev/forge/index.js';
import { GREASE_VALUES, rowOf, rowOfDatagram } from './forged.js';

const sha = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);
const words = (text: string): number[] => text.split(',').map((word) => Number.parseInt(word, 16));

/** The example of JA4.md: ciphers, extensions and signature algorithms as its JA4_ro has them. */
const CIPHERS = '1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035';
const TYPES = '001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015';
const SCHEMES = '0403,0804,0401,0503,0805,0501,0806,0601';

const VALUES = new Map<number, forge.Extension>([
  [0x00, forge.serverName('a.example')],
  [0x10, forge.alpn('h2', 'http/1.1')],
  [0x0d, forge.signatureAlgorithms(...words(SCHEMES))],
  [0x2b, forge.supportedVersions(0x6a6a, 0x0304, 0x0303)],
]);

describe('JA4', () => {
  it('of the example in JA4.md, with GREASE where Chrome has it', async () => {
    const extensions = words(TYPES).map((type) => VALUES.get(type) ?? forge.extension(type));
    const row = await rowOf({
      ciphers: [0xfafa, ...words(CIPHERS)],
      extensions: [forge.extension(0x9a9a), ...extensions, forge.extension(0x1a1a, [0])],
    });
    expect(row).toMatchObject({
      ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1',
      ja4_o: 't13d1516h2_acb858a92679_18f69afefd3d',
      ja4_r:
        't13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_0403,0804,0401,0503,0805,0501,0806,0601',
      ja4_ro: `t13d1516h2_${CIPHERS}_${TYPES}_${SCHEMES}`,
      version: 0x0304,
    });
  });

  it('of the same without signature algorithms has no underscore behind its extensions', async () => {
    const extensions = words(TYPES).map((type) =>
      type === 0x0d ? forge.extension(13) : (VALUES.get(type) ?? forge.extension(type)),
    );
    const row = await rowOf({ ciphers: words(CIPHERS), extensions });
    expect(row.ja4).toBe('t13d1516h2_8daaf6152771_6d807ffa2a79');
    expect(row.ja4_ro).toBe(`t13d1516h2_${CIPHERS}_${TYPES}`);
  });

  it('leaves GREASE out of signature algorithms', async () => {
    for (const grease of GREASE_VALUES) {
      const row = await rowOf({ ciphers: [0x1301], extensions: [forge.signatureAlgorithms(grease, 0x0403)] });
      expect(row.ja4_r).toBe('t12i010100_1301_000d_0403');
      expect(row.signature_algorithms).toEqual([0x0a0a, 0x0403]);
    }
    const row = await rowOf({ ciphers: [0x1301], extensions: [forge.signatureAlgorithms(0x2a2a)] });
    expect(row.ja4_r).toBe('t12i010100_1301_000d');
    expect(row.ja4).toBe(`t12i010100_${sha('1301')}_${sha('000d')}`);
  });

  it.each<[string, readonly forge.Extension[] | null, string, string]>([
    ['no extensions', null, 'i', '00'],
    ['an empty block', [], 'i', '00'],
    ['only a server name', [forge.serverName('a.example')], 'd', '01'],
    ['only a server name and ALPN', [forge.alpn('zz'), forge.serverName('a.example')], 'd', '02'],
    ['only GREASE', [forge.extension(0x0a0a)], 'i', '00'],
  ])('has zeros for extensions when there are none left: %s', async (_, extensions, sni, count) => {
    const row = await rowOf({ legacyVersion: 0x0301, ciphers: [5], extensions });
    const alpn = extensions?.some((one) => one.type === 16) ? 'zz' : '00';
    expect(row.ja4).toBe(`t10${sni}01${count}${alpn}_${sha('0005')}_000000000000`);
    expect(row.ja4_r).toBe(`t10${sni}01${count}${alpn}_0005_`);
  });

  it('has zeros for ciphers when there are only GREASE ones', async () => {
    const row = await rowOf({ ciphers: [0x0a0a], extensions: null });
    expect(row.ja4).toBe('t12i000000_000000000000_000000000000');
    expect(row.ja4_r).toBe('t12i000000__');
  });

  it('counts to 99 and hashes all', async () => {
    const ciphers = Array.from({ length: 150 }, (_, i) => 0xc000 + i);
    const types = Array.from({ length: 120 }, (_, i) => 0x1000 + i);
    const row = await rowOf({ ciphers, extensions: types.map((type) => forge.extension(type)) });
    const list = (values: number[]): string => values.map((v) => v.toString(16)).join(',');
    expect(row.ja4).toBe(`t12i999900_${sha(list(ciphers))}_${sha(list(types))}`);
  });

  it('sorts long lists as short ones', async () => {
    const random = new forge.SeededRandom(5);
    const ciphers = Array.from({ length: 500 }, () => random.below(0x0a0a));
    const sorted = [...ciphers].sort((a, b) => a - b).map((v) => v.toString(16).padStart(4, '0'));
    const row = await rowOf({ ciphers, extensions: null });
    expect(row.ja4).toBe(`t12i990000_${sha(sorted.join(','))}_000000000000`);
  });

  it.each<[string, number, forge.Extension | null, string]>([
    ['TLS 1.3', 0x0303, forge.supportedVersions(0x0303, 0x0304), '13'],
    ['GREASE first', 0x0303, forge.supportedVersions(0xfafa, 0x0302, 0x0301), '11'],
    ['lower than legacy_version', 0x0303, forge.supportedVersions(0x0301), '10'],
    ['SSL 3', 0x0300, null, 's3'],
    ['a draft above 1.3', 0x0303, forge.supportedVersions(0x7f1c, 0x0304), '00'],
    ['unknown', 0x0404, null, '00'],
    ['only GREASE: legacy_version', 0x0303, forge.supportedVersions(0x1a1a), '12'],
    ['an empty list: legacy_version', 0x0302, forge.supportedVersions(), '11'],
  ])('version: %s', async (name, legacyVersion, extension, wanted) => {
    const row = await rowOf({ legacyVersion, ciphers: [5], extensions: extension ? [extension] : [] });
    expect(row.ja4!.slice(1, 3)).toBe(wanted);
    expect(row.anomalies.includes('no_version_offered')).toBe(name.endsWith(': legacy_version'));
  });

  it.each<[string, number, forge.Extension | null, string]>([
    ['DTLS 1.0', 0xfeff, null, 'd1'],
    ['DTLS 1.2', 0xfefd, null, 'd2'],
    ['1.3, the lowest number', 0xfefd, forge.supportedVersions(0xfefd, 0xfefc), 'd3'],
    ['GREASE is none', 0xfefd, forge.supportedVersions(0xfefd, 0xdada), 'd2'],
  ])('version of DTLS: %s', async (_, legacyVersion, extension, wanted) => {
    const row = await rowOfDatagram({
      legacyVersion,
      ciphers: [5],
      extensions: extension ? [extension] : [],
    });
    expect(row.ja4!.slice(0, 4)).toBe(`d${wanted}i`);
  });

  it.each<[string, forge.Extension]>([
    ['empty', forge.extension(0)],
    ['malformed', forge.extension(0, [1, 2, 3])],
    ['an address', forge.serverName('192.0.2.1')],
  ])('says d for a server name that is %s', async (_, extension) => {
    expect((await rowOf({ ciphers: [5], extensions: [extension] })).ja4![3]).toBe('d');
  });

  const hex = (digits: string): Uint8Array => forge.fromHex(digits);
  it.each<[string, forge.Extension, string]>([
    ['h2', forge.alpn('h2'), 'h2'],
    ['http/1.1', forge.alpn('http/1.1', 'h2'), 'h1'],
    ['h', forge.alpn('h'), 'hh'],
    ['H2', forge.alpn('H2'), 'H2'],
    ['AB', forge.alpn(hex('ab')), 'ab'],
    ['20', forge.alpn(hex('20')), '20'],
    ['ABCD', forge.alpn(hex('abcd')), 'ad'],
    ['2061', forge.alpn(hex('2061')), '21'],
    ['30AB', forge.alpn(hex('30ab')), '3b'],
    ['6120', forge.alpn(hex('6120')), '60'],
    ['3031ABCD', forge.alpn(hex('3031abcd')), '3d'],
    ['30ABCD31', forge.alpn(hex('30abcd31')), '01'],
    ['BAAD', forge.alpn(hex('baad')), 'bd'],
    ['an empty extension', forge.extension(16), '00'],
    ['an empty list', forge.alpn(), '00'],
    ['an empty first name', forge.alpn('', 'h2'), '00'],
  ])('ALPN: %s', async (_, extension, wanted) => {
    expect((await rowOf({ ciphers: [5], extensions: [extension] })).ja4!.slice(8, 10)).toBe(wanted);
  });

  it('tells a GREASE value as first ALPN, each time that it comes', async () => {
    for (let i = 0; i < 3; i++) {
      const row = await rowOf({ ciphers: [5], extensions: [forge.alpn(hex('0a0a'), 'h2')] });
      expect(row.ja4!.slice(8, 10)).toBe('0a');
      expect(row.anomalies).toEqual(['alpn_grease']);
    }
  });

  it('tells that no version was offered each time that it comes', async () => {
    for (let i = 0; i < 3; i++) {
      const row = await rowOf({ ciphers: [5], extensions: [forge.supportedVersions(0x4a4a)] });
      expect(row.anomalies).toEqual(['no_version_offered']);
    }
  });
});
