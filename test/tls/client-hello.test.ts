import { describe, expect, it } from 'vitest';
import * as forge from '../../src/dev/forge/index.js';
import { rowOf, rowOfPieces, rowOfStream } from '../fingerprint/forged.js';

/** A ClientHello body with its cipher suites as raw bytes. */
function withCiphers(bytes: number[], rest: Uint8Array = new Uint8Array([1, 0])): Uint8Array {
  const body = new forge.ByteWriter()
    .u16(0x0303)
    .bytes(new Uint8Array(32).fill(1))
    .u8(0)
    .vector16((w) => w.bytes(bytes))
    .bytes(rest);
  return forge.handshakeRecords(forge.handshake(1, body.done()));
}

describe('ClientHello', () => {
  it('an odd length of cipher suites drops the last byte and goes on', async () => {
    const extensions = new forge.ByteWriter()
      .u8(1)
      .u8(0)
      .vector16((w) => w.u16(23).u16(0));
    const row = await rowOfStream(withCiphers([0x13, 0x01, 0x13, 0x02, 0x99], extensions.done()));
    expect(row).toMatchObject({
      complete: true,
      cipher_suites: [0x1301, 0x1302],
      extensions: [23],
      anomalies: ['odd_length'],
    });
  });

  it('bytes behind the extensions are told', async () => {
    const rest = new forge.ByteWriter().u8(1).u8(0).u16(0).u16(7);
    const row = await rowOfStream(withCiphers([0x13, 0x01], rest.done()));
    expect(row).toMatchObject({ complete: true, anomalies: ['trailing_bytes'], extensions: [] });
  });

  it('lengths that contradict each other: read as far as they make sense', async () => {
    const rest = new forge.ByteWriter().u8(1).u8(0).u16(100).u16(23).u16(0).u16(35).u16(50).u8(1);
    const row = await rowOfStream(withCiphers([0x13, 0x01], rest.done()));
    expect(row).toMatchObject({ complete: true, anomalies: ['malformed'], extensions: [23, 35] });
  });

  it('an extension twice: both are listed, the first value counts (the last of groups and formats, as in JA3)', async () => {
    const row = await rowOf({
      ciphers: [1],
      extensions: [
        forge.serverName('one.example'),
        forge.serverName('two.example'),
        forge.alpn('h2'),
        forge.alpn('h3'),
        forge.signatureAlgorithms(0x0403),
        forge.signatureAlgorithms(0x0804),
        forge.supportedVersions(0x0303),
        forge.supportedVersions(0x0304),
        forge.keyShares({ group: 29, key: new Uint8Array(1) }),
        forge.keyShares({ group: 23, key: new Uint8Array(1) }),
        forge.supportedGroups(29),
        forge.supportedGroups(23),
        forge.pskModes(0),
        forge.pskModes(1),
      ],
    });
    expect(row).toMatchObject({
      sni: 'one.example',
      alpn: ['h2'],
      signature_algorithms: [0x0403],
      supported_versions: [0x0303],
      key_share_groups: [29],
      supported_groups: [23],
      psk_modes: [0],
      extensions: [0, 0, 16, 16, 13, 13, 43, 43, 51, 51, 10, 10, 45, 45],
      anomalies: ['duplicate_extension'],
    });
  });

  it('an extension that says less than it should', async () => {
    const cut = (type: number): forge.Extension => forge.extension(type, [9]);
    const row = await rowOf({ ciphers: [1], extensions: [0, 10, 13, 16, 43, 51].map(cut) });
    expect(row).toMatchObject({
      anomalies: ['bad_extension', 'no_version_offered'],
      sni: null,
      supported_groups: [],
      alpn: [],
      key_share_groups: [],
    });
  });

  it('keeps GREASE in its place as 0x0a0a, whichever it was', async () => {
    const row = await rowOf({
      ciphers: [0x1a1a, 0x1301],
      extensions: [
        forge.extension(0x2a2a),
        forge.supportedGroups(0x3a3a, 29),
        forge.signatureAlgorithms(0x0403, 0x4a4a),
        forge.supportedVersions(0x5a5a, 0x0304),
        forge.keyShares({ group: 0x6a6a, key: new Uint8Array(1) }, { group: 29, key: new Uint8Array(32) }),
        forge.quicTransportParameters([{ id: 27 + 31 * 1000, value: new Uint8Array(0) }]),
      ],
    });
    expect(row).toMatchObject({
      grease: true,
      cipher_suites: [0x0a0a, 0x1301],
      extensions: [0x0a0a, 10, 13, 43, 51, 57],
      supported_groups: [0x0a0a, 29],
      signature_algorithms: [0x0403, 0x0a0a],
      supported_versions: [0x0a0a, 0x0304],
      key_share_groups: [0x0a0a, 29],
      quic_transport_parameters: [27n],
    });
  });

  it('gives the same content id to hellos that differ in random, names, keys and which GREASE', async () => {
    const make = (seed: number, grease: number, name: string) =>
      rowOf({
        random: new forge.SeededRandom(seed).bytes(32),
        sessionId: new forge.SeededRandom(seed).bytes(32),
        ciphers: [grease, 0x1301],
        extensions: [
          forge.extension(grease),
          forge.serverName(name),
          forge.supportedGroups(grease, 29),
          forge.keyShares(
            { group: grease, key: new Uint8Array(1) },
            { group: 29, key: new forge.SeededRandom(seed).bytes(32) },
          ),
          forge.sessionTicket(new forge.SeededRandom(seed).bytes(seed)),
        ],
      });
    const one = await make(1, 0x1a1a, 'one.example');
    const two = await make(200, 0xbaba, 'another.example');
    expect(two.content_id).toBe(one.content_id);
    expect(two.client_random).not.toEqual(one.client_random);
    expect((await make(1, 0x1a1b, 'one.example')).content_id).not.toBe(one.content_id);
  });
});

describe('server names', () => {
  it.each<[string, Uint8Array, string, string[]]>([
    ['plain', forge.fromText('www.example.com'), 'www.example.com', []],
    ['UTF-8', forge.fromText('bücher.例え'), 'bücher.例え', []],
    ['not UTF-8', new Uint8Array([0x61, 0xff, 0x62]), 'a\\xffb', ['sni_not_utf8']],
    ['an overlong form', new Uint8Array([0xc0, 0xaf]), '\\xc0\\xaf', ['sni_not_utf8']],
    ['half a surrogate pair', new Uint8Array([0xed, 0xa0, 0x80]), '\\xed\\xa0\\x80', ['sni_not_utf8']],
    ['beyond Unicode', new Uint8Array([0xf4, 0x90, 0x80, 0x80]), '\\xf4\\x90\\x80\\x80', ['sni_not_utf8']],
    ['a character cut short', new Uint8Array([0x61, 0xe4, 0xbe]), 'a\\xe4\\xbe', ['sni_not_utf8']],
    ['NUL', forge.fromText('a\0b'), 'a\\x00b', ['sni_not_utf8']],
    ['line break and escape', forge.fromText('a\r\n\x1b[1m'), 'a\\x0d\\x0a\\x1b[1m', ['sni_not_utf8']],
    ['DEL and C1', new Uint8Array([0x7f, 0xc2, 0x9b]), '\\x7f\\xc2\\x9b', ['sni_not_utf8']],
    ['empty', new Uint8Array(0), '', []],
  ])('%s', async (_, name, wanted, anomalies) => {
    const row = await rowOf({ ciphers: [1], extensions: [forge.serverName(name)] });
    expect(row.sni).toBe(wanted);
    expect(row.anomalies).toEqual(anomalies);
  });

  it('a backslash is escaped, so that the bytes can be told', async () => {
    const row = await rowOf({ ciphers: [1], extensions: [forge.serverName('a\\xff')] });
    expect(row.sni).toBe('a\\x5cxff');
  });

  it('of 300 and of 16,000 bytes', async () => {
    for (const length of [255, 256, 300, 16_000]) {
      const name = 'n'.repeat(length);
      expect((await rowOf({ ciphers: [1], extensions: [forge.serverName(name)] })).sni).toBe(name);
      const strange = new Uint8Array(length).fill(0x80);
      const row = await rowOf({ ciphers: [1], extensions: [forge.serverName(strange)] });
      expect(row.sni).toBe('\\x80'.repeat(length));
    }
  });

  it('several of them: the first host_name', async () => {
    const names = new forge.ByteWriter().vector16((list) => {
      list.u8(9).vector16((w) => w.bytes(forge.fromText('other kind')));
      for (const name of ['one.example', 'two.example'])
        list.u8(0).vector16((w) => w.bytes(forge.fromText(name)));
    });
    const row = await rowOf({ ciphers: [1], extensions: [forge.extension(0, names.done())] });
    expect(row).toMatchObject({ sni: 'one.example', anomalies: ['sni_several_names'] });
  });

  it('ALPN that is no text', async () => {
    const row = await rowOf({
      ciphers: [1],
      extensions: [forge.alpn(new Uint8Array([0, 0x68, 0xff]), 'h2')],
    });
    expect(row.alpn).toEqual(['\\x00h\\xff', 'h2']);
  });
});

describe('SSL 2.0 compatible hellos', () => {
  const challenge = new Uint8Array(32).map((_, i) => i + 1);
  const hello = forge.ssl2ClientHello([0x010080, 0x00002f, 0x000035], challenge, 0x0301);

  it('have a row without fingerprints', async () => {
    // A hello with GREASE before it: nothing of it may be left.
    await rowOf({ ciphers: [0x0a0a], extensions: null });
    expect(await rowOfStream(hello)).toMatchObject({
      complete: true,
      ja3: null,
      ja4: null,
      legacy_version: 0x0301,
      record_version: 0x0301,
      cipher_suites: [0x002f, 0x0035],
      extensions: [],
      grease: false,
      client_random: challenge,
      session_id_length: 0,
      anomalies: ['sslv2'],
    });
  });

  it.each([1, 2, 5, 10, 11, 20])('also in segments of %s bytes', async (segmentSize) => {
    const cut: Uint8Array[] = [];
    for (let at = 0; at < hello.length; at += segmentSize) cut.push(hello.subarray(at, at + segmentSize));
    const row = await rowOfPieces(cut);
    expect(row).toMatchObject({
      complete: true,
      cipher_suites: [0x002f, 0x0035],
      anomalies: ['sslv2'],
      packets: cut.length,
    });
  });
});
