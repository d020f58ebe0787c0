import { expect, test } from 'vitest';
import { CryptoPan } from '../../src/anonymize/crypto-pan.js';

// Key and sample trace of the reference implementation (Crypto-PAn 1.0).
const KEY = Uint8Array.of(
  21,
  34,
  23,
  141,
  51,
  164,
  207,
  128,
  19,
  10,
  91,
  22,
  73,
  144,
  125,
  16,
  216,
  152,
  143,
  131,
  121,
  121,
  101,
  39,
  98,
  87,
  76,
  45,
  42,
  132,
  34,
  2,
);

test.each([
  ['128.11.68.132', '135.242.180.132'],
  ['129.118.74.4', '134.136.186.123'],
  ['130.132.252.244', '133.68.164.234'],
  ['141.223.7.43', '141.167.8.160'],
  ['152.163.225.39', '151.140.114.167'],
  ['192.102.249.13', '252.138.62.131'],
  ['204.184.162.189', '243.192.77.90'],
  ['64.34.154.117', '0.221.154.117'],
  // IPv6 as other implementations of it have agreed on.
  ['::1', '78ff:f001:9fc0:20df:8380:b1f1:704:ed'],
  ['::ffff', '78ff:f001:9fc0:20df:8380:b1f1:704:f838'],
  ['2001:db8::1', '4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e'],
  ['2001:db8::2', '4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c'],
])('%s -> %s', (address, expected) => {
  expect(new CryptoPan(KEY).map(address)).toBe(expected);
});

test('a key of another length is refused', () => {
  expect(() => new CryptoPan(KEY.subarray(1))).toThrow('32 bytes');
});
