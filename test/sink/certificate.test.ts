import { describe, expect, it } from 'vitest';
import { CertificateReader, describeCertificate } from '../../src/sink/certificate.js';
import { certificateDer } from '../support/certificates.js';

const at = (iso: string) => BigInt(Date.parse(iso)) * 1_000_000n;

describe('describeCertificate', () => {
  it('reads an RSA certificate with alternative names', () => {
    expect(describeCertificate(certificateDer('rsa'))).toEqual({
      sha256: '8cda9709329ac336267fcd79aa13bd3836f6c294828831624f8e622bcf0759aa',
      sha1: '0312dd18e9f5fe7e5ac871717f7b680de245ff90',
      subject: 'CN=example.com,O=Example\\, Inc.,C=DE',
      issuer: 'CN=example.com,O=Example\\, Inc.,C=DE',
      serial: 'ab12',
      not_before: at('2026-11-21T00:09:01Z'),
      not_after: at('2036-11-18T00:09:01Z'),
      san: [
        'DNS:example.com',
        'DNS:*.example.com',
        'IP:192.0.2.1',
        'IP:2001:db8::1',
        'email:a@example.com',
        'URI:https://example.com/',
      ],
      key_type: 'rsa',
      key_bits: 2048,
      signature_algorithm: 'sha256WithRSAEncryption',
    });
  });

  it('reads an EC certificate; escapes names; keeps a far end of validity within 64 bits of nanoseconds', () => {
    const fields = describeCertificate(certificateDer('ec'));
    expect(fields).toMatchObject({
      sha256: 'ab03a868f503cfede0c2be0f621eed3e75f611699b78249c399f7f54125e38ae',
      subject: 'CN=\\#ü\\ ',
      serial: '293b8bd15614aea3ab7fdaa2251109bdbd7c97d1',
      not_before: at('2026-11-21T00:09:01Z'),
      not_after: at('2262-04-11T23:47:16Z'),
      san: [],
      key_type: 'ec',
      key_bits: 384,
      signature_algorithm: 'ecdsa-with-SHA384',
    });
  });

  it('reads an Ed25519 certificate', () => {
    expect(describeCertificate(certificateDer('ed25519'))).toMatchObject({
      key_type: 'ed25519',
      key_bits: 256,
      signature_algorithm: 'ed25519',
    });
  });

  it('gives the hashes alone of bytes that are no certificate, at any cut', () => {
    const der = certificateDer('ed25519');
    for (let length = 0; length < der.length; length += 7) {
      const fields = describeCertificate(der.subarray(0, length));
      expect(fields).toMatchObject({ subject: null, san: [], key_bits: null, not_after: null });
      expect(fields.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('never throws on flipped bytes', () => {
    const der = certificateDer('rsa');
    for (let i = 0; i < der.length; i += 5) {
      const broken = Uint8Array.from(der);
      broken[i]! ^= 0xff;
      expect(describeCertificate(broken).sha256).toHaveLength(64);
    }
  });
});

describe('CertificateReader', () => {
  it('answers the same for the same bytes, and different ones for others', () => {
    const reader = new CertificateReader();
    const first = reader.read(certificateDer('rsa'));
    expect(reader.read(certificateDer('rsa'))).toBe(first);
    expect(reader.read(certificateDer('ec')).sha256).not.toBe(first.sha256);
  });
});
