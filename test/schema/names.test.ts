import { describe, expect, test } from 'vitest';
import {
  cipherSuiteName,
  extensionName,
  groupName,
  isGrease,
  signatureSchemeName,
  versionName,
} from '../../src/schema/names.js';

describe('names of code points (IANA registries)', () => {
  test.each([
    [cipherSuiteName, 0x1301, 'AES_128_GCM_SHA256'],
    [cipherSuiteName, 0xc02f, 'ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
    [cipherSuiteName, 0x00ff, 'EMPTY_RENEGOTIATION_INFO_SCSV'],
    [extensionName, 0, 'server_name'],
    [extensionName, 0xfe0d, 'encrypted_client_hello'],
    [groupName, 0x11ec, 'X25519MLKEM768'],
    [signatureSchemeName, 0x0804, 'rsa_pss_rsae_sha256'],
    [versionName, 0x0304, 'TLS 1.3'],
    [extensionName, 0xeeee, '0xeeee'],
  ])('%o %i', (name, value, expected) => {
    expect(name(value)).toBe(expected);
  });

  test('the sixteen GREASE values of RFC 8701 and no other', () => {
    const found = Array.from({ length: 0x10000 }, (_, value) => value).filter(isGrease);
    expect(found).toHaveLength(16);
    expect(found[0]).toBe(0x0a0a);
    expect(found[15]).toBe(0xfafa);
  });
});
