import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import {
  alpn,
  clientHello,
  clientHelloBody,
  concat,
  cryptoFrames,
  dtlsFragments,
  dtlsRecord,
  type Extension,
  extension,
  fromHex,
  HANDSHAKE,
  handshake,
  handshakeRecords,
  pcap,
  quicInitial,
  quicInitialKeys,
  serverHello,
  serverHelloBody,
  signatureAlgorithms,
  supportedGroups,
  TcpStream,
  udpPacket,
} from '../../src/dev/forge/index.js';
import { coreRows } from '../support/core-rows.js';
import { referenceRows } from '../support/reference/index.js';
import { CORE_BUILDS } from '../support/wasm.js';
import { PUBLISHED, PUBLISHED_SERVERS } from './published.js';

const CLIENT = { address: '192.0.2.1', port: 50_000 };
const SERVER = { address: '192.0.2.2', port: 443 };
const CONNECTION_ID = fromHex('0011223344556677');

/** What a fingerprint says of a hello. */
interface Parts {
  readonly protocol: 'tls' | 'dtls' | 'quic';
  readonly quicVersion: number;
  readonly version: number;
  readonly ciphers: number[];
  readonly extensions: Extension[];
}

/** Another GREASE value each time. */
function* grease(): Generator<number, never> {
  for (let i = 0; ; i++) yield 0x0a0a + 0x1010 * (i % 16);
}

/** The u16 values of some hex with 0a0a as one GREASE value or another. */
function values(hex: string, next: Generator<number, never>): number[] {
  return (hex.match(/.{4}/g) ?? []).map((v) => (v === '0a0a' ? next.next().value : Number.parseInt(v, 16)));
}

/** Extensions after a list of elements; what an element does not tell is made up. */
function extensionsOf(text: string, next: Generator<number, never>): Extension[] {
  return [...text.matchAll(/\(\(([0-9a-f]{4})\)\[(.*?)\]\)|\(([0-9a-f]{4})([0-9a-f]*)\)/g)].map((found) => {
    const [, transport, ids = '', name = '', rest = ''] = found;
    if (transport) return extension(Number.parseInt(transport, 16), parameters(ids));
    const type = values(name, next)[0]!;
    if (rest === '') return extension(type, type === 0 || type === 0x33 ? fromHex('0000') : fromHex('00'));
    const value = rest.slice(4);
    // The list of groups, and a client's versions, stand behind their length.
    const skip = type === 0x0a ? 4 : type === 0x2b ? value.length % 4 : value.length;
    const list = values(value.slice(skip), next).map((v) => v.toString(16).padStart(4, '0'));
    return extension(type, fromHex(value.slice(0, skip) + list.join('')));
  });
}

/** Transport parameters in reverse order, each with a value of another length, 1b as some id of the form 31 n + 27. */
function parameters(ids: string): Uint8Array {
  const list = [...ids.matchAll(/\(([0-9a-f]+)\)/g)].reverse();
  return concat(
    ...list.map(([, id], i) =>
      concat(fromHex(id === '1b' ? '4078' : id!), [i % 5], new Uint8Array(i % 5).fill(0xee)),
    ),
  );
}

function partsOf(fingerprint: string): Parts {
  const next = grease();
  const [, protocol, quic = '0', version, ciphers, extensions] =
    /^(tls|dtls|quic)\/(?:1\/|\(([0-9a-f]{8})\))\((....)\)\(([0-9a-f]*)\)\[(.*)\]$/.exec(fingerprint)!;
  return {
    protocol: protocol as Parts['protocol'],
    quicVersion: Number.parseInt(quic, 16),
    version: Number.parseInt(version!, 16),
    ciphers: values(ciphers!, next),
    extensions: extensionsOf(extensions!, next).reverse(),
  };
}

function overTls(records: Uint8Array): Uint8Array {
  return pcap(new TcpStream({ client: CLIENT, server: SERVER }).open().send('client', records).packets, {
    linkType: 101,
  });
}

function capture({ protocol, quicVersion, version, ciphers, extensions }: Parts): Uint8Array {
  const spec = { legacyVersion: version, ciphers, extensions };
  if (protocol === 'tls') return overTls(handshakeRecords(clientHello(spec)));
  let datagram: Uint8Array;
  if (protocol === 'dtls') {
    const body = clientHelloBody({ ...spec, cookie: new Uint8Array(0) });
    const message = { type: HANDSHAKE.clientHello, sequence: 0, body };
    datagram = dtlsRecord(22, dtlsFragments(message)[0]!);
  } else {
    datagram = quicInitial({
      version: quicVersion,
      keys: quicInitialKeys(quicVersion, CONNECTION_ID, 'client'),
      destinationId: CONNECTION_ID,
      sourceId: new Uint8Array(0),
      packetNumber: 0,
      frames: cryptoFrames(clientHello(spec)),
      size: 1200,
    });
  }
  return pcap([{ time: 1n, data: udpPacket(CLIENT, SERVER, datagram) }], { linkType: 101 });
}

describe.each(CORE_BUILDS)('NPF, %s build', (build) => {
  const core = new Core({ layout: 'wide', build });

  async function npfOf(bytes: Uint8Array): Promise<[string | null, string | null]> {
    const { clientHellos } = await coreRows(bytes, { core });
    expect(clientHellos).toHaveLength(1);
    return [clientHellos[0]!.npf, clientHellos[0]!.npf_degreased];
  }

  /** Of a hello of TLS 1.2 with one cipher suite and these extensions. */
  function npf(extensions: readonly Extension[] | null, ciphers = [0x1301]) {
    return npfOf(overTls(handshakeRecords(clientHello({ ciphers, extensions }))));
  }

  it.each(PUBLISHED)('gives %s', async (fingerprint) => {
    expect(await npfOf(capture(partsOf(fingerprint)))).toEqual([fingerprint, fingerprint]);
  });

  it.each(PUBLISHED_SERVERS)('gives %s', async (fingerprint) => {
    const [, protocol, version, cipher, list] = /^(.*)_server\/\((....)\)\((....)\)\((.*)\)$/.exec(
      fingerprint,
    )!;
    const spec = {
      legacyVersion: Number.parseInt(version!, 16),
      cipher: Number.parseInt(cipher!, 16),
      extensions: extensionsOf(list!, grease()),
    };
    const message = { type: HANDSHAKE.serverHello, sequence: 1, body: serverHelloBody(spec) };
    const bytes =
      protocol === 'tls'
        ? overTls(handshakeRecords(serverHello(spec)))
        : pcap([{ time: 1n, data: udpPacket(SERVER, CLIENT, dtlsRecord(22, dtlsFragments(message)[0]!)) }], {
            linkType: 101,
          });
    const { serverHellos } = await coreRows(bytes, { core });
    expect(serverHellos.map((row) => row.npf)).toEqual([fingerprint]);
  });

  it('of a hello with no extensions, or an empty block of them', async () => {
    expect((await npf(null))[0]).toBe('tls/1/(0303)(1301)[]');
    expect((await npf([]))[0]).toBe('tls/1/(0303)(1301)[]');
  });

  it('takes GREASE out of signature_algorithms in npf_degreased alone', async () => {
    const list = (...schemes: number[]) => npf([signatureAlgorithms(...schemes)]);
    const [raw, degreased] = await list(0x3a3a, 0x0403, 0xfafa, 0x0804);
    expect(raw).toBe('tls/1/(0303)(1301)[(000d000a00083a3a0403fafa0804)]');
    expect(degreased).toBe('tls/1/(0303)(1301)[(000d0006000404030804)]');
    expect((await list(0x0403, 0x0804))[1]).toBe(degreased);
    // Of 16 bits that only look like it nothing is taken.
    expect((await list(0x0a1a))[1]).toBe('tls/1/(0303)(1301)[(000d000400020a1a)]');
    // Lengths that do not agree: nothing can be taken out so that they would.
    const broken = await npf([extension(13, fromHex('00083a3a0403'))]);
    expect(broken[1]).toBe('tls/1/(0303)(1301)[(000d000600083a3a0403)]');
  });

  it('takes every extension type 0x?a?a for GREASE, but no such cipher or group', async () => {
    const [text] = await npf([extension(0x0a1a), supportedGroups(0x0a1a, 0x2a2a)], [0x0a1a, 0x1a1a]);
    expect(text).toBe('tls/1/(0303)(0a1a0a0a)[(000a000600040a1a0a0a)(0a0a)]');
  });

  it('sorts repeated extensions by length, then by bytes', async () => {
    const values = ['0304', '0204', '05', '', '0203', '0204'];
    const [text] = await npf(values.map((value) => extension(0x1c, fromHex(value))));
    expect(text).toBe(
      'tls/1/(0303)(1301)[(001c0000)(001c000105)(001c00020203)(001c00020204)(001c00020204)(001c00020304)]',
    );
  });

  it('leaves an odd byte of a list out', async () => {
    const [text] = await npf([extension(10, fromHex('00031a1a1d')), extension(43, fromHex('030304ff'))]);
    expect(text).toBe('tls/1/(0303)(1301)[(000a000500030a0a)(002b0004030304)]');
  });

  it('keeps the encoding of transport parameter ids, and leaves out one whose value is cut', async () => {
    const text = async (data: string) => (await npf([extension(57, fromHex(data))]))[0];
    // id 1 in one, two and four bytes; id 58 = 27 + 31 in one and two
    expect(await text('80000001 00 403a 00 4001 00 01 00 3a 00'.replaceAll(' ', ''))).toBe(
      'tls/1/(0303)(1301)[((0039)[(01)(1b)(1b)(4001)(80000001)])]',
    );
    expect(await text('0101ff 0402ff'.replaceAll(' ', ''))).toBe('tls/1/(0303)(1301)[((0039)[(01)])]');
    // Seen before with another encoding of the same id: another content
    expect(await text('400101ff')).toBe('tls/1/(0303)(1301)[((0039)[(4001)])]');
    expect(await text('0101ff')).toBe('tls/1/(0303)(1301)[((0039)[(01)])]');
    expect(await text('')).toBe('tls/1/(0303)(1301)[((0039)[])]');
  });

  it('leaves out an extension of which bytes are missing, and only then', async () => {
    const hello = (block: string) => {
      const fixed = `0303${'cc'.repeat(32)}00 0002 1301 01 00`.replaceAll(' ', '');
      return overTls(handshakeRecords(handshake(1, fromHex(fixed + block))));
    };
    const cut = await npfOf(hello('0008 001c0002 4001 0023 0004'.replaceAll(' ', '').slice(0, 20)));
    const whole = await npfOf(hello('000a001c0002400100230000'));
    expect(whole[0]).toBe('tls/1/(0303)(1301)[(001c00024001)(0023)]');
    expect(cut[0]).toBe('tls/1/(0303)(1301)[(001c00024001)]');
    const cutData = await npfOf(hello('000a001c0002400100230004'));
    expect(cutData[0]).toBe('tls/1/(0303)(1301)[(001c00024001)]');
  });

  it('is null from 8192 characters on', async () => {
    const frame = 'tls/1/(0303)(1301)[(00100000)]'.length;
    const value = (8190 - frame) / 2;
    expect((await npf([extension(16, new Uint8Array(value))]))[0]).toHaveLength(8190);
    expect(await npf([extension(16, new Uint8Array(value + 1))])).toEqual([null, null]);
    // Without its GREASE it fits.
    const filler = extension(16, new Uint8Array(value - 9));
    const [raw, degreased] = await npf([filler, signatureAlgorithms(0x0a0a, 0x0403)]);
    expect(raw).toBeNull();
    expect(degreased).toHaveLength(8190);
  });

  it('of as many extensions as a hello can hold', async () => {
    const many = (n: number) => npf(Array.from({ length: n }, (_, i) => extension(50_000 - i)));
    const expected = Array.from({ length: 1361 }, (_, i) => `(${(50_000 - 1360 + i).toString(16)})`);
    expect((await many(1361))[0]).toBe(`tls/1/(0303)(1301)[${expected.join('')}]`);
    expect((await many(1366))[0]).toBeNull();
    expect((await many(16_383))[0]).toBeNull();
  });

  it('is the same of what the reference reader finds in our captures', async () => {
    const folder = new URL('../../fixtures/captures/', import.meta.url);
    let compared = 0;
    for (const name of readdirSync(folder).filter((file) => /\.pcap(ng)?$/.test(file))) {
      const bytes = new Uint8Array(readFileSync(new URL(name, folder)));
      const reference = referenceRows(bytes);
      const { clientHellos, serverHellos } = await coreRows(bytes, { core });
      const sorted = (rows: readonly { npf: string | null }[]) => rows.map((row) => `${row.npf}`).sort();
      expect(sorted(clientHellos), name).toEqual(sorted(reference.clientHellos));
      expect(sorted(serverHellos), name).toEqual(sorted(reference.serverHellos));
      compared += clientHellos.length + serverHellos.length;
    }
    expect(compared).toBeGreaterThan(600);
  });

  it('is unlike for hellos that differ only in ALPN', async () => {
    expect((await npf([alpn('h2')]))[0]).not.toBe((await npf([alpn('h3')]))[0]);
  });
});
