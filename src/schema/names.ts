/** Names of code points for display. Unknown ones are shown as numbers; data keeps numbers throughout. */

const VERSIONS: Readonly<Record<number, string>> = {
  2: 'SSL 2.0',
  768: 'SSL 3.0',
  769: 'TLS 1.0',
  770: 'TLS 1.1',
  771: 'TLS 1.2',
  772: 'TLS 1.3',
  256: 'DTLS 1.0 (pre-standard)',
  65279: 'DTLS 1.0',
  65277: 'DTLS 1.2',
  65276: 'DTLS 1.3',
};

/** IANA TLS Supported Groups. */
const GROUPS: Readonly<Record<number, string>> = {
  21: 'secp224r1',
  23: 'secp256r1',
  24: 'secp384r1',
  25: 'secp521r1',
  29: 'x25519',
  30: 'x448',
  256: 'ffdhe2048',
  257: 'ffdhe3072',
  258: 'ffdhe4096',
  512: 'MLKEM512',
  513: 'MLKEM768',
  514: 'MLKEM1024',
  4587: 'SecP256r1MLKEM768',
  4588: 'X25519MLKEM768',
  4589: 'SecP384r1MLKEM1024',
  25497: 'X25519Kyber768Draft00',
};

/** The suites that servers choose nowadays (IANA TLS Cipher Suites). */
const CIPHERS: Readonly<Record<number, string>> = {
  10: 'RSA_3DES',
  47: 'RSA_AES128_SHA',
  53: 'RSA_AES256_SHA',
  156: 'RSA_AES128_GCM',
  157: 'RSA_AES256_GCM',
  158: 'DHE_RSA_AES128_GCM',
  159: 'DHE_RSA_AES256_GCM',
  4865: 'AES128_GCM (1.3)',
  4866: 'AES256_GCM (1.3)',
  4867: 'CHACHA20 (1.3)',
  49161: 'ECDHE_ECDSA_AES128_SHA',
  49162: 'ECDHE_ECDSA_AES256_SHA',
  49171: 'ECDHE_RSA_AES128_SHA',
  49172: 'ECDHE_RSA_AES256_SHA',
  49195: 'ECDHE_ECDSA_AES128_GCM',
  49196: 'ECDHE_ECDSA_AES256_GCM',
  49199: 'ECDHE_RSA_AES128_GCM',
  49200: 'ECDHE_RSA_AES256_GCM',
  52392: 'ECDHE_RSA_CHACHA20',
  52393: 'ECDHE_ECDSA_CHACHA20',
};

const hex = (value: number) => `0x${value.toString(16).padStart(4, '0')}`;

/** Name of a protocol version; drafts of TLS 1.3 as `TLS 1.3 draft N`. */
export function versionName(value: number): string {
  if (value >> 8 === 0x7f) return `TLS 1.3 draft ${value & 0xff}`;
  return VERSIONS[value] ?? hex(value);
}

/** Name of a group (IANA TLS Supported Groups). */
export function groupName(value: number): string {
  return GROUPS[value] ?? hex(value);
}

/** Short name of a cipher suite. */
export function cipherName(value: number): string {
  return CIPHERS[value] ?? hex(value);
}
