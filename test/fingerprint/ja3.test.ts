import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as forge from '../../src/dev/forge/index.js';
import { GREASE_VALUES, rowOf, serverRowOf } from './forged.js';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

describe('JA3', () => {
  it('of the README of salesforce/ja3', async () => {
    const row = await rowOf({
      legacyVersion: 769,
      ciphers: [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
      extensions: [forge.serverName('a.example'), forge.supportedGroups(23, 24, 25), forge.pointFormats(0)],
    });
    expect(row.ja3_text).toBe('769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0');
    expect(row.ja3).toBe('ada70206e40642a3e4461f35503241d5');
    expect(row.ja3n).toBe('ada70206e40642a3e4461f35503241d5');
  });

  it.each([
    ['no extensions block', null],
    ['an empty one', []],
  ])('of the README, without extensions: %s', async (_, extensions) => {
    const ciphers = [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99];
    const row = await rowOf({ legacyVersion: 769, ciphers, extensions });
    expect(row.ja3_text).toBe('769,4-5-10-9-100-98-3-6-19-18-99,,,');
    expect(row.ja3).toBe('de350869b8c85de67a350c8d186f11e6');
    expect(row.ja3n).toBe('de350869b8c85de67a350c8d186f11e6');
  });

  it('takes legacy_version, wire order, and the fields in fixed order', async () => {
    const row = await rowOf({
      ciphers: [4867, 4865],
      extensions: [
        forge.pointFormats(1, 0),
        forge.padding(3),
        forge.supportedVersions(0x0304),
        forge.supportedGroups(29),
        forge.alpn('h2'),
        forge.serverName('a.example'),
        forge.preSharedKey(new Uint8Array(3), new Uint8Array(32)),
      ],
    });
    expect(row.ja3_text).toBe('771,4867-4865,11-21-43-10-16-0-41,29,1-0');
    expect(row.ja3).toBe(md5('771,4867-4865,11-21-43-10-16-0-41,29,1-0'));
    expect(row.ja3n).toBe(md5('771,4867-4865,0-10-11-16-21-41-43,29,1-0'));
  });

  it('leaves every GREASE value out, and nothing that looks like one', async () => {
    for (const grease of GREASE_VALUES) {
      const row = await rowOf({
        ciphers: [grease, 4865],
        extensions: [forge.extension(grease), forge.supportedGroups(grease, 29), forge.extension(23)],
      });
      expect(row.ja3_text).toBe('771,4865,10-23,29,');
      expect(row).toMatchObject({
        grease: true,
        cipher_suites: [0x0a0a, 4865],
        extensions: [0x0a0a, 10, 23],
      });
    }
    const alike = [0x0a1a, 0x1a0a, 0xfa0a, 0x0a0b, 0x0b0a, 0x2a3a];
    const row = await rowOf({ ciphers: alike, extensions: alike.map((type) => forge.extension(type)) });
    expect(row.ja3_text).toBe(`771,${alike.join('-')},${alike.join('-')},,`);
    expect(row).toMatchObject({ grease: false, cipher_suites: alike, extensions: alike });
  });

  it('of lists that hold only GREASE has empty fields', async () => {
    const row = await rowOf({
      ciphers: [0x0a0a, 0xdada],
      extensions: [forge.supportedGroups(0x1a1a), forge.pointFormats(), forge.extension(0x3a3a)],
    });
    expect(row.ja3_text).toBe('771,,10-11,,');
  });

  it('takes the last of two supported_groups, and both types', async () => {
    const extensions = [
      forge.supportedGroups(23, 24),
      forge.pointFormats(1),
      forge.supportedGroups(29),
      forge.pointFormats(0),
    ];
    const row = await rowOf({ ciphers: [47], extensions });
    expect(row.ja3_text).toBe('771,47,10-11-10-11,29,0');
    expect(row.anomalies).toContain('duplicate_extension');
  });

  it('keeps signalling suites and private extension types', async () => {
    const row = await rowOf({
      ciphers: [0x00ff, 0x5600],
      extensions: [forge.extension(0xff03), forge.extension(0xeeee)],
    });
    expect(row.ja3_text).toBe('771,255-22016,65283-61166,,');
  });
});

describe('JA3S', () => {
  it('is version, cipher and extension types in wire order', async () => {
    const row = await serverRowOf({
      cipher: 0xc02f,
      extensions: [forge.renegotiationInfo(), forge.extension(0), forge.pointFormats(0), forge.alpn('h2')],
    });
    expect(row.ja3s_text).toBe('771,49199,65281-0-11-16');
    expect(row).toMatchObject({ ja3s: md5('771,49199,65281-0-11-16'), alpn: 'h2' });
  });

  it('without extensions ends in a comma', async () => {
    const row = await serverRowOf({ legacyVersion: 769, cipher: 47, extensions: null });
    expect(row).toMatchObject({ ja3s_text: '769,47,', ja3s: md5('769,47,'), extensions: [] });
  });

  it('keeps GREASE, which servers must not send', async () => {
    const row = await serverRowOf({
      cipher: 0x1301,
      extensions: [forge.extension(0x2a2a), forge.selectedVersion(0x0304)],
    });
    expect(row.ja3s_text).toBe('771,4865,10794-43');
  });
});
