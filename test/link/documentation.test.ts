import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../../docs/encapsulation.md', import.meta.url), 'utf8');

function source(path: string): string {
  return readFileSync(new URL(`../../assembly/${path}`, import.meta.url), 'utf8');
}

test('docs/encapsulation.md names every tunnel, UDP port and link type of the core', () => {
  const names = [...source('core/tunnel-names.ts').matchAll(/\/\*\* `(\w+)`/g)].map(([, name]) => name!);
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) expect(page).toMatch(new RegExp(`\`${name}[:\`]`));
  const ports = [...source('transport/udp-tunnel.ts').matchAll(/const \w+: u32 = (\d{4});/g)];
  expect(ports).toHaveLength(13);
  for (const [, port] of ports) expect(page).toMatch(new RegExp(`\\b${port}\\b`));
  const types = [...source('link/link.ts').matchAll(/const LINKTYPE_\w+: u32 = (\d+);/g)];
  expect(types.length).toBeGreaterThan(25);
  for (const [, type] of types) expect(page).toMatch(new RegExp(`\\b${type}\\b`));
});
