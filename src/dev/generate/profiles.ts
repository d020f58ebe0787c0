import * as x from '../forge/extensions.js';
import type { ClientHelloSpec } from '../forge/hello.js';
import type { SeededRandom } from '../forge/random.js';

/** What a profile is asked for. */
export interface ProfileRequest {
  random: SeededRandom;
  sni: string;
  /** The session is resumed with a ticket of TLS 1.3 (pre_shared_key, last). */
  resumed?: boolean;
}

/** A kind of client: makes the hello it would send. */
export type Profile = (request: ProfileRequest) => ClientHelloSpec;

const GREASE = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((n) => 0x0a0a + 0x1010 * n);
const X25519_MLKEM768 = 0x11ec;

const MODERN_SCHEMES = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
const CHROME_CIPHERS = [
  0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
  0x002f, 0x0035,
];
const FIREFOX_CIPHERS = [
  0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc00a, 0xc009, 0xc013, 0xc014,
  0x009c, 0x009d, 0x002f, 0x0035,
];
const OPENSSL_CIPHERS = [
  0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b, 0xc02f, 0x009e, 0xc024,
  0xc028, 0x006b, 0xc023, 0xc027, 0x0067, 0xc00a, 0xc014, 0x0039, 0xc009, 0xc013, 0x0033, 0x009d, 0x009c,
  0x003d, 0x003c, 0x0035, 0x002f, 0x00ff,
];
const OPENSSL_SCHEMES = [
  0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501,
  0x0601, 0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602,
];
const GO_CIPHERS = [
  0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014, 0x009c, 0x009d, 0x002f,
  0x0035, 0x1301, 0x1302, 0x1303,
];
const JAVA_CIPHERS = [
  0x1302, 0x1301, 0x1303, 0xc02c, 0xc02b, 0xcca9, 0xc030, 0xcca8, 0xc02f, 0x009f, 0xccaa, 0x00a3, 0x009e,
  0x00a2, 0xc024, 0xc028, 0xc023, 0xc027, 0x006b, 0x006a, 0x0067, 0x0040, 0x009d, 0x009c, 0x003d, 0x003c,
  0x00ff,
];
const SCHANNEL_CIPHERS = [
  0xc02c, 0xc02b, 0xc030, 0xc02f, 0xc024, 0xc023, 0xc028, 0xc027, 0xc00a, 0xc009, 0xc014, 0xc013, 0x009d,
  0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x000a,
];

// Extensions that are the same in every hello are built once.
const EXTENDED_MAIN_SECRET = x.extendedMainSecret();
const RENEGOTIATION_INFO = x.renegotiationInfo();
const UNCOMPRESSED = x.pointFormats(0);
const NO_TICKET = x.sessionTicket();
const H2_HTTP1 = x.alpn('h2', 'http/1.1');
const H3 = x.alpn('h3');
const STATUS_REQUEST = x.statusRequest();
const MODERN_SIGNATURES = x.signatureAlgorithms(...MODERN_SCHEMES);
const CERTIFICATE_TIMESTAMPS = x.certificateTimestamps();
const PSK_WITH_DHE = x.pskModes(1);
const BROTLI = x.compressCertificate(2);
const ENCRYPT_THEN_MAC = x.encryptThenMac();
const VERSIONS_13_12 = x.supportedVersions(0x0304, 0x0303);
const VERSION_13 = x.supportedVersions(0x0304);
const SETTINGS_H2 = x.applicationSettings(17613, 'h2');
const SETTINGS_H3 = x.applicationSettings(17613, 'h3');

/** Chrome: GREASE everywhere, extensions in random order, ECH GREASE; `postQuantum` makes it 1.8 KB long. */
export function chrome(postQuantum: boolean): Profile {
  return ({ random, sni, resumed }) => {
    const [first, second, group, version, cipher] = greases(random, 5);
    const shares = [{ group: group!, key: new Uint8Array(1) }, share(random, 29, 32)];
    if (postQuantum) shares.splice(1, 0, share(random, X25519_MLKEM768, 1216));
    const inner = random.shuffled([
      x.serverName(sni),
      EXTENDED_MAIN_SECRET,
      RENEGOTIATION_INFO,
      x.supportedGroups(group!, ...(postQuantum ? [X25519_MLKEM768] : []), 29, 23, 24),
      UNCOMPRESSED,
      NO_TICKET,
      H2_HTTP1,
      STATUS_REQUEST,
      MODERN_SIGNATURES,
      CERTIFICATE_TIMESTAMPS,
      x.keyShares(...shares),
      PSK_WITH_DHE,
      x.supportedVersions(version!, 0x0304, 0x0303),
      BROTLI,
      SETTINGS_H2,
      echGrease(random),
    ]);
    const extensions = [x.extension(first!), ...inner, x.extension(second!, [0])];
    if (resumed) extensions.push(ticketPsk(random, 190));
    return { ...modern(random), ciphers: [cipher!, ...CHROME_CIPHERS], extensions };
  };
}

/** Chrome over QUIC: three ciphers, transport parameters, no GREASE group of its own position. */
export function chromeQuic(postQuantum: boolean): Profile {
  return ({ random, sni, resumed }) => {
    const shares = [share(random, 29, 32)];
    if (postQuantum) shares.unshift(share(random, X25519_MLKEM768, 1216));
    const inner = random.shuffled([
      x.serverName(sni),
      x.supportedGroups(...(postQuantum ? [X25519_MLKEM768] : []), 29, 23, 24),
      H3,
      x.signatureAlgorithms(...MODERN_SCHEMES, 0x0201),
      x.keyShares(...shares),
      PSK_WITH_DHE,
      VERSION_13,
      BROTLI,
      SETTINGS_H3,
      transportParameters(random),
    ]);
    if (resumed) inner.push(ticketPsk(random, 190));
    return {
      ...modern(random),
      sessionId: new Uint8Array(0),
      ciphers: [0x1301, 0x1302, 0x1303],
      extensions: inner,
    };
  };
}

/** A QUIC client without GREASE and in a fixed order (curl with quictls, ngtcp2, Firefox's neqo are of this kind). */
export const plainQuic: Profile = ({ random, sni }) => ({
  ...modern(random),
  sessionId: new Uint8Array(0),
  ciphers: [0x1301, 0x1303, 0x1302],
  extensions: [
    x.serverName(sni),
    EXTENDED_MAIN_SECRET,
    RENEGOTIATION_INFO,
    x.supportedGroups(29, 23, 24, 25),
    H3,
    STATUS_REQUEST,
    x.keyShares(share(random, 29, 32), share(random, 23, 65)),
    VERSION_13,
    x.signatureAlgorithms(0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601),
    PSK_WITH_DHE,
    transportParameters(random),
  ],
});

/** Firefox: fixed order, delegated credentials, record size limit. */
export function firefox(postQuantum: boolean): Profile {
  return ({ random, sni, resumed }) => {
    const shares = [share(random, 29, 32), share(random, 23, 65)];
    if (postQuantum) shares.unshift(share(random, X25519_MLKEM768, 1216));
    const extensions = [
      x.serverName(sni),
      EXTENDED_MAIN_SECRET,
      RENEGOTIATION_INFO,
      x.supportedGroups(...(postQuantum ? [X25519_MLKEM768] : []), 29, 23, 24, 25, 256, 257),
      UNCOMPRESSED,
      NO_TICKET,
      H2_HTTP1,
      STATUS_REQUEST,
      x.delegatedCredential(0x0403, 0x0503, 0x0603, 0x0203),
      x.keyShares(...shares),
      VERSIONS_13_12,
      x.signatureAlgorithms(
        0x0403,
        0x0503,
        0x0603,
        0x0804,
        0x0805,
        0x0806,
        0x0401,
        0x0501,
        0x0601,
        0x0203,
        0x0201,
      ),
      PSK_WITH_DHE,
      x.recordSizeLimit(0x4001),
      x.compressCertificate(1, 2, 3),
      echGrease(random),
    ];
    if (resumed) extensions.push(ticketPsk(random, 220));
    return { ...modern(random), ciphers: FIREFOX_CIPHERS, extensions };
  };
}

/** OpenSSL as curl, wget, Python and scripts use it; some offer ALPN, some pad. */
export const openssl: Profile = ({ random, sni }) => {
  const extensions = [x.serverName(sni), x.pointFormats(0, 1, 2), x.supportedGroups(29, 23, 30, 25, 24)];
  const protocols = random.pick([[], ['http/1.1'], ['h2', 'http/1.1']]);
  if (protocols.length > 0) extensions.push(x.alpn(...protocols));
  extensions.push(
    ENCRYPT_THEN_MAC,
    EXTENDED_MAIN_SECRET,
    x.signatureAlgorithms(...OPENSSL_SCHEMES),
    VERSIONS_13_12,
    PSK_WITH_DHE,
    x.keyShares(share(random, 29, 32)),
  );
  if (random.chance(0.3)) extensions.push(x.padding(random.between(20, 160)));
  return { ...modern(random), ciphers: OPENSSL_CIPHERS.slice(0, random.chance(0.2) ? 17 : 31), extensions };
};

/** Go's crypto/tls: agents, containers, infrastructure. */
export const go: Profile = ({ random, sni }) => ({
  ...modern(random),
  ciphers: GO_CIPHERS,
  extensions: [
    x.serverName(sni),
    STATUS_REQUEST,
    x.supportedGroups(29, 23, 24, 25),
    UNCOMPRESSED,
    x.signatureAlgorithms(
      0x0804,
      0x0403,
      0x0807,
      0x0805,
      0x0806,
      0x0401,
      0x0501,
      0x0601,
      0x0503,
      0x0603,
      0x0201,
      0x0203,
    ),
    RENEGOTIATION_INFO,
    ...(random.chance(0.5) ? [H2_HTTP1] : []),
    CERTIFICATE_TIMESTAMPS,
    VERSIONS_13_12,
    x.keyShares(share(random, 29, 32)),
  ],
});

/** The JDK's JSSE. */
export const java: Profile = ({ random, sni }) => ({
  ...modern(random),
  ciphers: JAVA_CIPHERS,
  extensions: [
    x.serverName(sni),
    STATUS_REQUEST,
    x.supportedGroups(29, 23, 24, 25, 30, 256, 257, 258),
    UNCOMPRESSED,
    x.extension(17, [0, 7, 2, 0, 4, 0, 0, 0, 0]),
    EXTENDED_MAIN_SECRET,
    NO_TICKET,
    x.signatureAlgorithms(
      0x0403,
      0x0503,
      0x0603,
      0x0807,
      0x0808,
      0x0804,
      0x0805,
      0x0806,
      0x0401,
      0x0501,
      0x0601,
    ),
    VERSIONS_13_12,
    PSK_WITH_DHE,
    x.extension(50, [0, 6, 4, 3, 8, 4, 4, 1]),
    x.keyShares(share(random, 29, 32), share(random, 23, 65)),
  ],
});

/** Windows with TLS 1.2 (Schannel). */
export const schannel: Profile = ({ random, sni }) => ({
  ...modern(random),
  sessionId: random.chance(0.3) ? random.bytes(32) : new Uint8Array(0),
  ciphers: SCHANNEL_CIPHERS,
  extensions: [
    x.serverName(sni),
    STATUS_REQUEST,
    x.supportedGroups(29, 23, 24),
    UNCOMPRESSED,
    x.signatureAlgorithms(
      0x0804,
      0x0805,
      0x0806,
      0x0401,
      0x0501,
      0x0201,
      0x0403,
      0x0503,
      0x0203,
      0x0202,
      0x0601,
      0x0603,
    ),
    NO_TICKET,
    ...(random.chance(0.6) ? [H2_HTTP1] : []),
    EXTENDED_MAIN_SECRET,
    RENEGOTIATION_INFO,
  ],
});

/** Embedded stacks: few ciphers of their own choice, no SNI. There are about sixty firmwares. */
export const embedded: Profile = ({ random }) => {
  const firmware = random.below(60);
  const offered = [0xc02b, 0xc02f, 0xc0ac, 0xc0a0, 0x009c, 0xc023, 0xc027, 0x003c, 0x002f, 0x0035];
  return {
    ...modern(random),
    sessionId: new Uint8Array(0),
    ciphers: [...offered.slice(firmware % 7, 4 + (firmware % 7)), 0x00ff],
    extensions: [
      x.signatureAlgorithms(...[0x0603, 0x0601, 0x0503, 0x0501, 0x0403, 0x0401].slice(firmware % 4)),
      x.supportedGroups(...[24, 23, 22, 29].slice(firmware % 3)),
      UNCOMPRESSED,
      ...(firmware % 2 === 0 ? [ENCRYPT_THEN_MAC] : []),
      ...(firmware % 5 === 0 ? [x.maxFragmentLength(2 + (firmware % 3))] : []),
      EXTENDED_MAIN_SECRET,
    ],
  };
};

/** TLS 1.0 without an extensions block: old printers, controllers and scanners. */
export const ancient: Profile = ({ random }) => ({
  legacyVersion: 0x0301,
  random: random.bytes(32),
  sessionId: new Uint8Array(0),
  ciphers: [0x0004, 0x0005, 0x000a, 0x0009, 0x0064, 0x0062, 0x0003, 0x0006, 0x0013, 0x0012, 0x0063],
  extensions: null,
});

/** TLS 1.2 in house-made services: signature algorithms absent, or ALPN of its own. */
export const homegrown: Profile = ({ random, sni }) => {
  const service = random.below(200);
  const ciphers = SCHANNEL_CIPHERS.filter((_, i) => (service * 2654435761) & (1 << (i + 3)));
  return {
    ...modern(random),
    sessionId: new Uint8Array(0),
    ciphers: ciphers.length > 0 ? ciphers : [0xc02f],
    extensions: [
      ...(service % 3 > 0 ? [x.serverName(sni)] : []),
      x.supportedGroups(23, 24),
      UNCOMPRESSED,
      ...(service % 4 > 0 ? [x.signatureAlgorithms(0x0401, 0x0403, 0x0501)] : []),
      ...(service % 5 === 0 ? [x.alpn(`svc/${service % 10}`)] : []),
    ],
  };
};

/** One profile out of a list of [weight, profile]. */
export function pickProfile(random: SeededRandom, table: readonly (readonly [number, Profile])[]): Profile {
  let left = random.unit() * table.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, profile] of table) {
    left -= weight;
    if (left < 0) return profile;
  }
  return table[table.length - 1]![1];
}

function modern(
  random: SeededRandom,
): Pick<ClientHelloSpec, 'random' | 'sessionId'> & { legacyVersion: number } {
  return { legacyVersion: 0x0303, random: random.bytes(32), sessionId: random.bytes(32) };
}

/** `count` GREASE values; the first two differ, as two extensions of one hello must. */
function greases(random: SeededRandom, count: number): number[] {
  const values = random.shuffled(GREASE).slice(0, 2);
  while (values.length < count) values.push(random.pick(GREASE));
  return values;
}

function share(random: SeededRandom, group: number, length: number): { group: number; key: Uint8Array } {
  return { group, key: random.bytes(length) };
}

function ticketPsk(random: SeededRandom, length: number): x.Extension {
  return x.preSharedKey(random.bytes(length), random.bytes(32), random.u32());
}

function echGrease(random: SeededRandom): x.Extension {
  const length = 144 + 32 * random.below(4);
  return x.encryptedClientHello(random.below(256), random.bytes(32), random.bytes(length));
}

function transportParameters(random: SeededRandom): x.Extension {
  const number = (id: number, value: number): x.TransportParameter => ({ id, value: x.quicInteger(value) });
  return x.quicTransportParameters(
    random.shuffled([
      number(1, 30000),
      number(3, 1472),
      number(4, 15728640),
      number(5, 6291456),
      number(6, 6291456),
      number(7, 6291456),
      number(8, 100),
      number(9, 103),
      { id: 15, value: new Uint8Array(0) },
      { id: 31 * random.below(1000) + 27, value: random.bytes(random.below(12)) },
    ]),
  );
}
