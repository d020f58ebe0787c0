import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CORE_BUILDS } from '../support/wasm.js';
import { fromHex, openScratch } from './scratch.js';

/** RFC 5869 appendix A, cases 1 to 3: HKDF-Extract with SHA-256. */
const range = (first: number, length: number) => Buffer.from(Array.from({ length }, (_, i) => first + i));
const EXTRACTS = [
  [range(0, 13), Buffer.alloc(22, 0x0b), '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5'],
  [range(0x60, 80), range(0, 80), '06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244'],
  [
    Buffer.alloc(0),
    Buffer.alloc(22, 0x0b),
    '19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04',
  ],
] as const;

/** RFC 9001 §A.1. */
const DCID = fromHex('8394c8f03e515708');
const INITIAL_SECRET = '7db5df06e7a69e432496adedb00851923595221596ae2ae9fb8115c1e9ed0a44';
const LABELS = [
  ['client in', 32, INITIAL_SECRET, 'c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea'],
  ['server in', 32, INITIAL_SECRET, '3c199828fd139efd216c155ad844cc81fb82fa8d7446fa7d78be803acdda951b'],
  [
    'quic key',
    16,
    'c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea',
    '1f369613dd76d5467730efcbe3b1a22d',
  ],
  [
    'quic iv',
    12,
    'c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea',
    'fa044b2f42a3fd3b46fb255c',
  ],
] as const;

/** RFC 9001 §A.1 and RFC 9369 §A.1. */
const PUBLISHED = [
  {
    version: 0x00000001,
    client: [
      '1f369613dd76d5467730efcbe3b1a22d',
      'fa044b2f42a3fd3b46fb255c',
      '9f50449e04a0e810283a1e9933adedd2',
    ],
    server: [
      'cf3a5331653c364c88f0f379b6067e37',
      '0ac1493ca1905853b0bba03e',
      'c206b8d9b9f0f37644430b490eeaa314',
    ],
  },
  {
    version: 0x6b3343cf,
    client: [
      '8b1a0bc121284290a29e0971b5cd045d',
      '91f73e2351d8fa91660e909f',
      '45b95e15235d6f45a6b19cbcb0294ba9',
    ],
    server: [
      '82db637861d55e1d011f19ea71d5d2a7',
      'dd13c276499c0249d3310652',
      'edf6d05c83121201b436e16877593c3a',
    ],
  },
];

/** Salts as the drafts and RFCs print them. mvfst's versions use the draft's salt that was current. */
const DRAFT_22 = '7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a';
const DRAFT_23 = 'c3eef712c72ebb5a11a7d2432bb46365bef9f502';
const DRAFT_29 = 'afbfec289993d24c9e9786f19c6111e04390a899';
const V1 = '38762cf7f55934b34d179ae6a4c80cadccbb7f0a';
const V2 = '0dede3def700a6db819381be6e269dcbf9bd2ed9';
const V2_DRAFT = 'a707c203a59b47184a1d62ca570406ea7ae3e5d3';
/** From quic/core/crypto/crypto_utils.cc of Google's QUICHE, when it had these versions. */
const T050 = '7ff579e5acd072915580304c43a2367c60488310';
const T051 = '7a4edef4e7ccee5fa4506c19124fc8ccda6e033d';

const draft = (number: number) => 0xff000000 + number;
const VERSIONS: readonly (readonly [number, string, 'quic' | 'quicv2'])[] = [
  [0x00000001, V1, 'quic'],
  [0x6b3343cf, V2, 'quicv2'],
  [0x709a50c4, V2_DRAFT, 'quicv2'],
  [draft(22), DRAFT_22, 'quic'],
  ...[23, 24, 25, 26, 27, 28].map((n) => [draft(n), DRAFT_23, 'quic'] as const),
  ...[29, 30, 31, 32].map((n) => [draft(n), DRAFT_29, 'quic'] as const),
  ...[33, 34].map((n) => [draft(n), V1, 'quic'] as const),
  [0xfaceb001, DRAFT_22, 'quic'],
  ...[0xfaceb002, 0xfaceb00e, 0xfaceb010, 0xfaceb011, 0xfaceb013].map((v) => [v, DRAFT_23, 'quic'] as const),
  [0xfacefeed, V1, 'quic'],
  [0x0a0a0a0a, V1, 'quic'],
  [0xfabacada, V1, 'quic'],
  [0x54303530, T050, 'quic'],
  [0x54303531, T051, 'quic'],
];

const UNKNOWN = [0, 2, 0x51303433, draft(21), draft(35), draft(0), 0xfaceb000, 0xfaceb012, 0xffffffff];

/** HKDF-Expand-Label (RFC 8446 §7.1) from its definition, one output block. */
function expandLabel(secret: Uint8Array, label: string, length: number): Buffer {
  const text = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, text.length]), text, Buffer.from([0, 1])]);
  return createHmac('sha256', secret).update(info).digest().subarray(0, length);
}

function referenceSide(salt: string, dcid: Uint8Array, prefix: string, side: string): string[] {
  const initial = createHmac('sha256', fromHex(salt)).update(dcid).digest();
  const secret = expandLabel(initial, side, 32);
  const parts = [expandLabel(secret, `${prefix} key`, 16), expandLabel(secret, `${prefix} iv`, 12)];
  return [...parts, expandLabel(secret, `${prefix} hp`, 16)].map((part) => part.toString('hex'));
}

describe.each(CORE_BUILDS)('HKDF and QUIC Initial keys, %s build', (build) => {
  const scratch = openScratch(build);

  /** Key, IV and header protection key of both sides; the server's are derived over what they come from. */
  function derive(version: number, dcid: Uint8Array) {
    scratch.reset();
    const client = scratch.room(48);
    const server = scratch.room(scratch.call.t_quicSecretBytes!());
    const known =
      scratch.call.t_quicClientKeys!(version, scratch.put(dcid), dcid.length, client, server) === 1;
    if (known) scratch.call.t_quicServerKeys!(version, server, server);
    const side = (at: number) => [scratch.hex(at, 16), scratch.hex(at + 16, 12), scratch.hex(at + 32, 16)];
    return { known, client: side(client), server: side(server) };
  }

  it.each(EXTRACTS)('extracts RFC 5869 case %#', (salt, ikm, prk) => {
    scratch.reset();
    const out = scratch.room(32);
    scratch.call.t_hkdfExtract!(scratch.put(salt), salt.length, scratch.put(ikm), ikm.length, out);
    expect(scratch.hex(out, 32)).toBe(prk);
  });

  it.each(LABELS)('expands label %j to %i bytes as RFC 9001 §A.1', (label, length, secret, expected) => {
    scratch.reset();
    const out = scratch.room(length);
    const text = Buffer.from(label);
    scratch.call.t_hkdfExpandLabel!(
      scratch.put(fromHex(secret)),
      scratch.put(text),
      text.length,
      out,
      length,
    );
    expect(scratch.hex(out, length)).toBe(expected);
    expect(scratch.hex(out + length, 4)).toBe('a5a5a5a5');
  });

  it.each(PUBLISHED)('derives the published keys of version $version', ({ version, client, server }) => {
    expect(derive(version, DCID)).toMatchObject({ known: true, client, server });
  });

  it.each(VERSIONS)('derives keys of version %i from the salt %s', (version, salt, prefix) => {
    const keys = derive(version, DCID);
    expect(keys.client).toEqual(referenceSide(salt, DCID, prefix, 'client in'));
    expect(keys.server).toEqual(referenceSide(salt, DCID, prefix, 'server in'));
  });

  it.each(UNKNOWN)('knows no salt for version %i and writes nothing', (version) => {
    const untouched = ['a5'.repeat(16), 'a5'.repeat(12), 'a5'.repeat(16)];
    expect(derive(version, DCID)).toEqual({ known: false, client: untouched, server: untouched });
  });

  it('derives the server beside what its keys come from, as often as asked', () => {
    scratch.reset();
    const [client, keys, again] = [scratch.room(48), scratch.room(48), scratch.room(48)];
    const secret = scratch.room(scratch.call.t_quicSecretBytes!());
    scratch.call.t_quicClientKeys!(1, scratch.put(DCID), DCID.length, client, secret);
    scratch.call.t_quicServerKeys!(1, secret, keys);
    // The lanes of another version, and another connection, leave nothing behind.
    scratch.call.t_quicClientKeys!(0x6b3343cf, scratch.put(DCID), 4, client, scratch.room(64));
    scratch.call.t_quicServerKeys!(1, secret, again);
    expect(scratch.hex(keys, 16)).toBe(PUBLISHED[0]!.server[0]);
    expect(scratch.hex(again, 48)).toBe(scratch.hex(keys, 48));
  });

  it('takes connection IDs of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 255 }), (dcid) => {
        const keys = derive(1, dcid);
        expect(keys.client).toEqual(referenceSide(V1, dcid, 'quic', 'client in'));
        expect(keys.server).toEqual(referenceSide(V1, dcid, 'quic', 'server in'));
      }),
      { seed: 9001, numRuns: 100 },
    );
  });
});

describe.each(CORE_BUILDS)('QUIC Initial keys of four connections, %s build', (build) => {
  const scratch = openScratch(build);

  it('are those of each alone', () => {
    const id = fc.uint8Array({ maxLength: 20 });
    const version = fc.constantFrom(...VERSIONS.map(([number]) => number));
    fc.assert(
      fc.property(version, fc.array(id, { minLength: 4, maxLength: 4 }), (number, ids) => {
        scratch.reset();
        const out = scratch.room(4 * 112);
        const at = scratch.putNumbers(ids.map((dcid) => scratch.put(dcid)));
        const lengths = scratch.putNumbers(ids.map((dcid) => dcid.length));
        scratch.call.t_quicClientKeys4!(number, at, lengths, out, out + 48, 112);
        for (const [lane, dcid] of ids.entries()) {
          const alone = scratch.room(112);
          scratch.call.t_quicClientKeys!(number, scratch.put(dcid), dcid.length, alone, alone + 48);
          expect(scratch.hex(out + 112 * lane, 112)).toBe(scratch.hex(alone, 112));
        }
      }),
      { seed: 9369, numRuns: 60 },
    );
  });

  it('serve to derive the server keys in a build that has done nothing else', () => {
    const fresh = openScratch(build);
    const out = fresh.room(4 * 112);
    const id = fresh.put(DCID);
    const ids = fresh.putNumbers([id, id, id, id]);
    fresh.call.t_quicClientKeys4!(1, ids, fresh.putNumbers([8, 8, 8, 8]), out, out + 48, 112);
    fresh.call.t_quicServerKeys!(1, out + 48, out + 48);
    const side = (at: number) => [fresh.hex(at, 16), fresh.hex(at + 16, 12), fresh.hex(at + 32, 16)];
    expect(side(out)).toEqual(PUBLISHED[0]!.client);
    expect(side(out + 48)).toEqual(PUBLISHED[0]!.server);
  });
});
