import { describe, expect, it } from 'vitest';
import * as forge from '../../../src/dev/forge/index.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('hellos', () => {
  it('give the ClientHello of RFC 8448 section 3 byte for byte', () => {
    const message = forge.clientHello({
      random: forge.fromHex('cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7'),
      ciphers: [0x1301, 0x1303, 0x1302],
      extensions: [
        forge.serverName('server'),
        forge.renegotiationInfo(),
        forge.supportedGroups(29, 23, 24, 25, 256, 257, 258, 259, 260),
        forge.sessionTicket(),
        forge.keyShares({
          group: 29,
          key: forge.fromHex('99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c'),
        }),
        forge.supportedVersions(0x0304),
        forge.signatureAlgorithms(
          0x0403,
          0x0503,
          0x0603,
          0x0203,
          0x0804,
          0x0805,
          0x0806,
          0x0401,
          0x0501,
          0x0601,
          0x0201,
          0x0402,
          0x0502,
          0x0602,
          0x0202,
        ),
        forge.pskModes(1),
        forge.recordSizeLimit(0x4001),
      ],
    });
    expect(hex(message)).toBe(
      '010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000' +
        '910000000b0009000006736572766572ff01000100000a00140012001d001700180019010001010102010301040023000000' +
        '33002600240' +
        '01d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c' +
        '002b0003020304000d0020001e040305030603020308040805080604010501060102010402050206020202002d0002010100' +
        '1c00024001',
    );
  });

  it('leave out the extensions block, or write an empty one', () => {
    const bare = { random: new Uint8Array(32), ciphers: [0x002f] };
    expect(hex(forge.clientHello({ ...bare, extensions: null })).slice(-10)).toBe('02002f0100');
    expect(hex(forge.clientHello({ ...bare, extensions: [] })).slice(-8)).toBe('01000000');
  });

  it('put the DTLS cookie between session id and cipher suites', () => {
    const body = forge.clientHelloBody({
      legacyVersion: 0xfefd,
      random: new Uint8Array(32),
      cookie: Uint8Array.of(0xc0, 0xc1),
      ciphers: [0xc02b],
      extensions: null,
    });
    expect(hex(body.subarray(34))).toBe('00' + '02c0c1' + '0002c02b' + '0100');
  });

  it('mark a HelloRetryRequest by its random', () => {
    const message = forge.helloRetryRequest({ cipher: 0x1301, extensions: [forge.retryKeyShare(23)] });
    expect(hex(message)).toBe(
      '0200002e0303' +
        'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c' +
        '00130100' +
        '0006003300020017',
    );
  });
});

describe('records', () => {
  it('split a message', () => {
    const records = forge.handshakeRecords(Uint8Array.of(1, 2, 3), 2);
    expect(hex(records)).toBe('16030100020102' + '160301000103');
  });

  it('fragment a DTLS message', () => {
    const message = { type: 1, sequence: 5, body: Uint8Array.of(0xa0, 0xa1, 0xa2) };
    expect(forge.dtlsFragments(message, 2).map(hex)).toEqual([
      '01000003' + '0005' + '000000' + '000002' + 'a0a1',
      '01000003' + '0005' + '000002' + '000001' + 'a2',
    ]);
    expect(hex(forge.dtlsRecord(22, Uint8Array.of(9), { sequence: 3 }))).toBe('16feff0000000000000003000109');
  });

  it('write an SSL 2 hello with its 15-bit length', () => {
    expect(hex(forge.ssl2ClientHello([0x010080], new Uint8Array(16)))).toBe(
      `801c01000200030000001001${'0080'}${'00'.repeat(16)}`,
    );
  });
});
