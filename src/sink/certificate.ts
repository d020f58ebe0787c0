import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  type AttributeTypeAndValue,
  Certificate,
  type GeneralName,
  id_ce_subjectAltName,
  type Name,
  SubjectAlternativeName,
  type Time,
} from '@peculiar/asn1-x509';
import type { HostValue } from '../core/build.js';

/** The columns of `certificates` that are read out of the DER (names as in the table). */
export interface CertificateFields extends Record<string, HostValue> {
  /** SHA-256 and SHA-1 of the DER, lower hex. Always there; the rest is null or empty where it does not parse. */
  sha256: string;
  sha1: string;
  /** RFC 4514: most specific first. */
  subject: string | null;
  issuer: string | null;
  serial: string | null;
  /** Nanoseconds since 1970; times beyond the year 2262 (`99991231235959Z`) stand at its end. */
  not_before: bigint | null;
  not_after: bigint | null;
  san: string[];
  key_type: string | null;
  key_bits: number | null;
  signature_algorithm: string | null;
}

/** RFC 4514 §3, and other descriptors registered for LDAP that certificates use. */
const ATTRIBUTES: Record<string, string> = {
  '2.5.4.3': 'CN',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.6': 'C',
  '2.5.4.9': 'STREET',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.12': 'title',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.42': 'givenName',
  '2.5.4.97': 'organizationIdentifier',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** RFC 8017, RFC 5758, RFC 8410, RFC 9881 and older. */
const SIGNATURES: Record<string, string> = {
  '1.2.840.113549.1.1.2': 'md2WithRSAEncryption',
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.113549.1.1.14': 'sha224WithRSAEncryption',
  '1.2.840.10040.4.3': 'dsa-with-SHA1',
  '2.16.840.1.101.3.4.3.2': 'dsa-with-SHA256',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.1': 'ecdsa-with-SHA224',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.3.101.112': 'ed25519',
  '1.3.101.113': 'ed448',
  '2.16.840.1.101.3.4.3.17': 'ml-dsa-44',
  '2.16.840.1.101.3.4.3.18': 'ml-dsa-65',
  '2.16.840.1.101.3.4.3.19': 'ml-dsa-87',
};

/** Key algorithms by OID, for keys that node:crypto does not take. */
const KEYS: Record<string, string> = {
  '1.2.840.113549.1.1.1': 'rsa',
  '1.2.840.113549.1.1.10': 'rsa-pss',
  '1.2.840.10040.4.1': 'dsa',
  '1.2.840.10045.2.1': 'ec',
  '1.3.101.112': 'ed25519',
  '1.3.101.113': 'ed448',
  '2.16.840.1.101.3.4.3.17': 'ml-dsa-44',
  '2.16.840.1.101.3.4.3.18': 'ml-dsa-65',
  '2.16.840.1.101.3.4.3.19': 'ml-dsa-87',
};

const CURVE_BITS: Record<string, number> = { prime192v1: 192, prime256v1: 256, ed25519: 256, ed448: 456 };

const hex = (bytes: ArrayBuffer) => Buffer.from(bytes).toString('hex');

/** What `read` says, or null where the certificate is broken at that place. */
function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** RFC 4514 §2.4 */
function escaped(value: string): string {
  return value
    .replace(/[\\"+,;<>]/g, (c) => `\\${c}`)
    .replaceAll('\0', '\\00')
    .replace(/^[ #]/, (c) => `\\${c}`)
    .replace(/ $/, '\\ ');
}

/** RFC 4514 §2.3 */
function attributeText(attribute: AttributeTypeAndValue): string {
  const name = ATTRIBUTES[attribute.type];
  if (name === undefined || attribute.value.anyValue !== undefined) {
    return `${name ?? attribute.type}=#${hex(AsnConvert.serialize(attribute.value))}`;
  }
  return `${name}=${escaped(attribute.value.toString())}`;
}

/** A distinguished name as text, RFC 4514 §2.1: the last relative name first. */
function nameText(name: Name): string {
  const relative = Array.from(name, (rdn) => Array.from(rdn, attributeText).join('+'));
  return relative.reverse().join(',');
}

function generalNameText(name: GeneralName): string {
  if (name.dNSName !== undefined) return `DNS:${name.dNSName}`;
  if (name.iPAddress !== undefined) return `IP:${name.iPAddress}`;
  if (name.rfc822Name !== undefined) return `email:${name.rfc822Name}`;
  if (name.uniformResourceIdentifier !== undefined) return `URI:${name.uniformResourceIdentifier}`;
  if (name.directoryName !== undefined) return `DirName:${nameText(name.directoryName)}`;
  if (name.registeredID !== undefined) return `RID:${name.registeredID}`;
  if (name.otherName !== undefined) return `otherName:${name.otherName.typeId}`;
  return 'other';
}

function subjectAltNames(certificate: Certificate): string[] {
  const extension = certificate.tbsCertificate.extensions?.find((e) => e.extnID === id_ce_subjectAltName);
  if (extension === undefined) return [];
  return Array.from(AsnConvert.parse(extension.extnValue, SubjectAlternativeName), generalNameText);
}

/** Whole seconds of the last moment that fits 64 bits of nanoseconds; the last value itself means infinity in DuckDB. */
const LAST_TIME = 9_223_372_036n * 1_000_000_000n;

function timeOf(time: Time): bigint | null {
  const ns = BigInt(time.getTime().getTime()) * 1_000_000n;
  return ns > LAST_TIME ? LAST_TIME : ns < -LAST_TIME ? -LAST_TIME : ns;
}

function keyBits(key: KeyObject): number | null {
  const details = key.asymmetricKeyDetails ?? {};
  if (details.modulusLength !== undefined) return details.modulusLength;
  const curve = details.namedCurve ?? key.asymmetricKeyType ?? '';
  const digits = /[a-z](\d{3})[a-z]/.exec(curve)?.[1];
  return CURVE_BITS[curve] ?? (digits === undefined ? null : Number(digits));
}

function publicKeyOf(certificate: Certificate): Pick<CertificateFields, 'key_type' | 'key_bits'> {
  const info = certificate.tbsCertificate.subjectPublicKeyInfo;
  const key = attempt(() =>
    createPublicKey({ key: Buffer.from(AsnConvert.serialize(info)), format: 'der', type: 'spki' }),
  );
  const oid = info.algorithm.algorithm;
  return {
    key_type: key?.asymmetricKeyType ?? KEYS[oid] ?? oid,
    key_bits: key === null ? null : keyBits(key),
  };
}

/**
 * Read the columns of a certificate (RFC 5280 §4.1). Never throws: a certificate that does not parse has its hashes.
 * @param der the certificate as sent; borrowed
 */
export function describeCertificate(der: Uint8Array): CertificateFields {
  const digest = (name: string) => createHash(name).update(der).digest('hex');
  const parsed = attempt(() => AsnConvert.parse(Uint8Array.from(der), Certificate));
  const read = <T>(from: (certificate: Certificate) => T) =>
    parsed === null ? null : attempt(() => from(parsed));
  return {
    sha256: digest('sha256'),
    sha1: digest('sha1'),
    subject: read((c) => nameText(c.tbsCertificate.subject)),
    issuer: read((c) => nameText(c.tbsCertificate.issuer)),
    serial: read((c) => hex(c.tbsCertificate.serialNumber).replace(/^00(?=.)/, '')),
    not_before: read((c) => timeOf(c.tbsCertificate.validity.notBefore)),
    not_after: read((c) => timeOf(c.tbsCertificate.validity.notAfter)),
    san: read(subjectAltNames) ?? [],
    ...(read(publicKeyOf) ?? { key_type: null, key_bits: null }),
    signature_algorithm: read(
      (c) => SIGNATURES[c.signatureAlgorithm.algorithm] ?? c.signatureAlgorithm.algorithm,
    ),
  };
}

/** Certificates that are remembered; a chain's intermediates come again and again. */
const REMEMBERED = 4096;

/** Reads each distinct certificate once, as long as no more than a bounded number of others came between. */
export class CertificateReader {
  readonly #seen = new Map<string, CertificateFields>();

  /** Columns of the certificate with these bytes (borrowed). */
  read(der: Uint8Array): CertificateFields {
    const key = createHash('sha256').update(der).digest('base64');
    const known = this.#seen.get(key);
    if (known !== undefined) {
      // Put it last again: the first of the map is the one unused for longest.
      this.#seen.delete(key);
      this.#seen.set(key, known);
      return known;
    }
    const fields = describeCertificate(der);
    if (this.#seen.size >= REMEMBERED) this.#seen.delete(this.#seen.keys().next().value!);
    this.#seen.set(key, fields);
    return fields;
  }
}
