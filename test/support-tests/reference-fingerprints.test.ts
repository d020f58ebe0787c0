import { describe, expect, it } from 'vitest';
import { alpnCharacters, isGrease, ja3, ja3s, ja4 } from '../support/reference/fingerprint.js';
import type { ClientHello, Extension } from '../support/reference/hello.js';
import { npf } from '../support/reference/npf.js';
import { communityId } from '../support/reference/rows.js';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const numbers = (hexList: string): number[] => hexList.split(',').map((word) => Number.parseInt(word, 16));

function hello(part: Partial<ClientHello>): ClientHello {
  return {
    legacyVersion: 0x0303,
    random: new Uint8Array(32),
    sessionId: new Uint8Array(0),
    ciphers: [],
    compression: [0],
    extensions: [],
    ...part,
  };
}

const empty = (types: number[]): Extension[] => types.map((type) => ({ type, data: new Uint8Array(0) }));

/** The hello of the worked example in FoxIO's JA4.md, its GREASE put back where Chrome puts it. */
const chrome = hello({
  ciphers: [0x2a2a, ...numbers('1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035')],
  extensions: [
    { type: 0x3a3a, data: new Uint8Array(0) },
    ...empty(numbers('001b,0000,0033')),
    { type: 0x0010, data: bytes('000c02683208687474702f312e31') },
    ...empty(numbers('4469,0017,002d')),
    { type: 0x000d, data: bytes('001004030804040105030805050108060601') },
    ...empty(numbers('0005,0023,0012')),
    { type: 0x002b, data: bytes('066a6a03040303') },
    ...empty(numbers('ff01')),
    { type: 0x000b, data: bytes('0100') },
    { type: 0x000a, data: bytes('00080a0a001d00170018') },
    ...empty(numbers('0015')),
    { type: 0x1a1a, data: new Uint8Array(1) },
  ],
});

describe('JA3 of the reference', () => {
  it('gives the two values of the README', () => {
    const full = hello({
      legacyVersion: 769,
      ciphers: [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
      extensions: [
        ...empty([0]),
        { type: 10, data: bytes('0006001700180019') },
        { type: 11, data: bytes('0100') },
      ],
    });
    expect(ja3(full)).toEqual({
      text: '769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0',
      hash: 'ada70206e40642a3e4461f35503241d5',
    });
    const bare = hello({ legacyVersion: 769, ciphers: [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99] });
    expect(ja3(bare)).toEqual({
      text: '769,4-5-10-9-100-98-3-6-19-18-99,,,',
      hash: 'de350869b8c85de67a350c8d186f11e6',
    });
  });

  it('drops GREASE and keeps the commas of empty fields', () => {
    const one = hello({ ciphers: [0x0a0a, 0x1301, 0x0a1a], extensions: empty([0xfafa, 10, 0]) });
    expect(ja3(one).text).toBe('771,4865-2586,10-0,,');
    expect(ja3(one, true).text).toBe('771,4865-2586,0-10,,');
  });

  it('ends JA3S with an empty field where there are no extensions', () => {
    const server = {
      legacyVersion: 769,
      random: new Uint8Array(32),
      cipher: 47,
      compression: 0,
      extensions: [],
    };
    expect(ja3s(server).text).toBe('769,47,');
  });
});

describe('JA4 of the reference', () => {
  it('gives all four forms of the worked example', () => {
    const ciphers = '1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035';
    const types = '001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015';
    const schemes = '0403,0804,0401,0503,0805,0501,0806,0601';
    expect(ja4(chrome, 't')).toEqual({
      ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1',
      ja4_r: `t13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_${schemes}`,
      ja4_o: 't13d1516h2_acb858a92679_18f69afefd3d',
      ja4_ro: `t13d1516h2_${ciphers}_${types}_${schemes}`,
    });
  });

  it('leaves no underscore where there are no signature algorithms', () => {
    const extensions = chrome.extensions.map((one) =>
      one.type === 13 ? { ...one, data: bytes('0000') } : one,
    );
    expect(ja4({ ...chrome, extensions }, 't').ja4).toBe('t13d1516h2_8daaf6152771_6d807ffa2a79');
  });

  it('writes zeros for lists that are empty after removal of SNI and ALPN', () => {
    const one = hello({ legacyVersion: 0x0301, ciphers: [0x0a0a], extensions: empty([0]) });
    expect(ja4(one, 't')).toMatchObject({
      ja4: 't10d000100_000000000000_000000000000',
      ja4_r: 't10d000100__',
    });
  });

  it('caps the printed counts at 99', () => {
    const many = Array.from({ length: 120 }, (_, i) => i + 1);
    expect(ja4(hello({ ciphers: many }), 't').ja4.slice(0, 10)).toBe('t12i990000');
  });

  it.each([
    ['fefd', '02fefc', 'd', 'd3'],
    ['fefd', '04fefcfefd', 'd', 'd3'],
    ['0303', '047f1c0304', 't', '00'],
    ['0303', '021a1a', 't', '12'],
    ['0303', '0403010302', 't', '11'],
    ['0100', null, 'd', '00'],
  ] as const)(
    'takes the version of legacy %s and offered %s over %s as %s',
    (legacy, offered, transport, text) => {
      const extensions = offered === null ? [] : [{ type: 43, data: bytes(offered) }];
      const one = hello({ legacyVersion: Number.parseInt(legacy, 16), extensions });
      expect(ja4(one, transport).ja4.slice(0, 3)).toBe(transport + text);
    },
  );

  it.each([
    ['', '00'],
    ['68', 'hh'],
    ['6832', 'h2'],
    ['687474702f312e31', 'h1'],
    ['ab', 'ab'],
    ['20', '20'],
    ['abcd', 'ad'],
    ['2061', '21'],
    ['30ab', '3b'],
    ['6120', '60'],
    ['3031abcd', '3d'],
    ['30abcd31', '01'],
    ['0a0a', '0a'],
    ['bead', 'bd'],
  ])('takes the ALPN bytes %s as %s', (hex, characters) => {
    expect(alpnCharacters(bytes(hex))).toBe(characters);
  });
});

describe('GREASE', () => {
  it('is sixteen values, not a mask', () => {
    const values = Array.from({ length: 65536 }, (_, value) => value).filter(isGrease);
    expect(values).toHaveLength(16);
    expect(values.slice(0, 3)).toEqual([0x0a0a, 0x1a1a, 0x2a2a]);
  });
});

describe('NPF of the reference', () => {
  it('sorts the extensions, keeps values of the fixed types and normalises GREASE', () => {
    const one = hello({
      ciphers: [0x3a3a, 0x1301],
      extensions: [
        { type: 0x2b, data: bytes('066a6a03040303') },
        { type: 0x5a5a, data: bytes('00') },
        { type: 0x17, data: bytes('') },
        { type: 0x0a, data: bytes('00044a4a001d') },
      ],
    });
    expect(npf(one, 'tls')).toBe(
      'tls/1/(0303)(0a0a1301)[(000a000600040a0a001d)(0017)(002b0007060a0a03040303)(0a0a)]',
    );
  });

  it('lists the ids of QUIC transport parameters sorted, GREASE ids as 1b', () => {
    // Parameters 4 (empty), 58 = 31 + 27 (GREASE, one byte), 1 (one byte).
    const one = hello({ ciphers: [0x1301], extensions: [{ type: 0x39, data: bytes('04003a01ff010105') }] });
    expect(npf(one, 'quic', 1)).toBe('quic/(00000001)(0303)(1301)[((0039)[(01)(04)(1b)])]');
  });
});

describe('Community ID of the reference', () => {
  it('gives the values of the specification, the same in both directions', () => {
    const a = { address: new Uint8Array([128, 232, 110, 120]), port: 34855 };
    const b = { address: new Uint8Array([66, 35, 250, 204]), port: 80 };
    expect(communityId(6, a, b)).toBe('1:LQU9qZlK+B5F3KDmev6m5PMibrg=');
    expect(communityId(6, b, a)).toBe('1:LQU9qZlK+B5F3KDmev6m5PMibrg=');
  });
});
