import { expect, test } from 'vitest';
import { captureNames } from '../../src/check/record.js';

test('captures below the baseline are named by their path from it, others by their name', () => {
  const names = captureNames(
    ['/data/app/captures/a.pcap', '/elsewhere/b.pcap', '-'],
    '/data/app/baseline.json',
  );
  expect([...names]).toEqual([
    ['captures/a.pcap', '/data/app/captures/a.pcap'],
    ['b.pcap', '/elsewhere/b.pcap'],
    ['standard input', '-'],
  ]);
});

test('two captures of the same name are told apart or refused', () => {
  expect(() => captureNames(['/x/a.pcap', '/y/a.pcap'], '/data/baseline.json')).toThrow(
    '/x/a.pcap and /y/a.pcap would both be "a.pcap" in the baseline',
  );
});
