/** Names of code points for display. Unknown ones are shown as numbers; data keeps numbers throughout. */
import { CIPHER_SUITES } from './cipher-suites.js';
import { EXTENSIONS, GROUPS, SIGNATURE_SCHEMES } from './code-points.js';

/** Protocol versions as users write them. */
export const VERSIONS: Readonly<Record<number, string>> = {
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

/** Whether a code point is the GREASE marker of the tables, or any of the 16 values it stands for (RFC 8701). */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

/** IANA name of a cipher suite, without `TLS_`. */
export function cipherSuiteName(value: number): string {
  return CIPHER_SUITES[value] ?? hex(value);
}

/** Name of an extension (IANA TLS ExtensionType Values). */
export function extensionName(value: number): string {
  return EXTENSIONS[value] ?? hex(value);
}

/** Name of a signature scheme (IANA TLS SignatureScheme). */
export function signatureSchemeName(value: number): string {
  return SIGNATURE_SCHEMES[value] ?? hex(value);
}
