import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Each constant of assembly/core/tunnel-names.ts with the name that its comment gives. */
const SOURCE = readFileSync(new URL('../../assembly/core/tunnel-names.ts', import.meta.url), 'utf8');
const CONSTANTS = [...SOURCE.matchAll(/`(\w+)`:[\s\S]*?export const (TUNNEL_\w+): u64 = 0x([0-9a-f]+);/g)];

test('every tunnel name is what its constant holds, first character lowest', () => {
  expect(CONSTANTS).toHaveLength(SOURCE.match(/export const/g)!.length);
  for (const [, name, , hex] of CONSTANTS) {
    expect(Buffer.from(hex!, 'hex').reverse().toString('latin1')).toBe(name);
    expect(name!.length).toBeLessThanOrEqual(8);
  }
});
