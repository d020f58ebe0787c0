import { describe, expect, test } from 'vitest';
import { addressBytes, addressText } from '../src/address.js';

describe('addresses as bytes and as text', () => {
  test.each([
    ['192.0.2.1', 'c0000201'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['2001:db8::', '20010db8000000000000000000000000'],
    ['2001:db8:0:1::ff:2', '20010db8000000010000000000ff0002'],
    // RFC 5952 §4.2.2 and §4.2.3: one word is not shortened; the first of equal runs is.
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
    ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
    ['2001:0:0:1::1', '20010000000000010000000000000001'],
  ])('%s', (text, hex) => {
    expect(Buffer.from(addressBytes(text)).toString('hex')).toBe(hex);
    expect(addressText(Uint8Array.from(Buffer.from(hex, 'hex')))).toBe(text);
  });

  test('IPv4 within IPv6', () => {
    expect(Buffer.from(addressBytes('::ffff:192.0.2.1')).toString('hex')).toBe(
      '00000000000000000000ffffc0000201',
    );
  });
});
