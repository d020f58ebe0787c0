import { describe, expect, test } from 'vitest';
import { changesBetween, changeText, distance, namedChangeText } from '../../src/compare/explain-change.js';
import { type HelloLists, listsOf } from '../../src/compare/hello-lists.js';

const BASE = {
  cipher_suites: [0x0a0a, 0x1301, 0x1302],
  extensions: [0x002b, 0x0a0a, 0x000a, 0x0a0a],
  supported_groups: [0x6399, 0x001d],
  signature_algorithms: [0x0403],
  supported_versions: [0x0304, 0x0303],
  key_share_groups: [0x001d],
  alpn: ['h2', 'http/1.1'],
  ec_point_formats: [0],
  psk_modes: [1],
  compression_methods: [0],
  cert_compression: [2],
  quic_transport_parameters: [0x0fn, 27n, 0x01n, 0x4752n],
};
const lists = (changed: Partial<typeof BASE> = {}): HelloLists => listsOf({ ...BASE, ...changed });
const texts = (a: HelloLists, b: HelloLists) => changesBetween(a, b).map(changeText);

describe('listsOf', () => {
  test('writes numbers in hex, names GREASE, sorts what clients shuffle', () => {
    expect(lists().ciphers).toEqual(['GREASE', '1301', '1302']);
    expect(lists().extensions).toEqual(['GREASE', 'GREASE', '000a', '002b']);
    expect(lists().quic_parameters).toEqual(['GREASE', '01', '0f', '4752']);
    expect(lists().alpn).toEqual(['h2', 'http/1.1']);
  });
});

describe('changesBetween', () => {
  test('equal lists have no changes, shuffled extensions neither', () => {
    expect(texts(lists(), lists({ extensions: [0x0a0a, 0x000a, 0x0a0a, 0x002b] }))).toEqual([]);
  });

  test('names what came and what went', () => {
    const now = lists({
      extensions: [0x002b, 0x0a0a, 0x000a, 0x0a0a, 0xca34],
      supported_groups: [0x11ec, 0x001d],
      signature_algorithms: [0x0904, 0x0905, 0x0906, 0x0403],
    });
    expect(texts(lists(), now)).toEqual([
      'extensions +ca34',
      'groups -6399 +11ec',
      'sigalgs +0904,0905,0906',
    ]);
    expect(changesBetween(lists(), now).map(namedChangeText)[2]).toBe(
      'sigalgs +0904,0905,0906 (mldsa44, mldsa65, mldsa87)',
    );
    expect(distance(lists(), now)).toBe(6);
  });

  test('tells an order from a set, and counts what stands twice', () => {
    expect(texts(lists(), lists({ cipher_suites: [0x0a0a, 0x1302, 0x1301] }))).toEqual([
      'ciphers order changed',
    ]);
    expect(texts(lists(), lists({ extensions: [0x002b, 0x0a0a, 0x000a] }))).toEqual(['extensions -GREASE']);
    expect(texts(lists(), lists({ cipher_suites: [0x1302, 0x1303, 0x1301] }))).toEqual([
      'ciphers -GREASE +1303 order changed',
    ]);
  });
});
