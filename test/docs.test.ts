import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ANOMALIES, COUNTERS } from '../src/schema/codes.js';
import { LIMITS } from '../src/schema/limits.js';

const PAGES = [
  'README.md',
  ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;
const PATH = /`((?:src|assembly|test|docs|fixtures)\/[\w./-]+)`/g;

/** Built, or made where it is run: named in the pages, not in the repository. */
const MADE = /^docs\/bench\/<|^dist\//;

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  it('links to pages that exist', () => {
    const targets = [...text.matchAll(LINK)].map((m) => m[1]!).filter((t) => !/^(https?:|#|mailto:)/.test(t));
    const dead = targets.filter((t) => !existsSync(join(dirname(page), t.replace(/#.*$/, ''))));
    expect(dead).toEqual([]);
  });

  it('names files that exist', () => {
    const named = [...text.matchAll(PATH)]
      .map((m) => m[1]!)
      .filter((path) => !MADE.test(path) && !path.includes('*'));
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });
});

describe('every page', () => {
  it('can be reached from README', () => {
    const seen = new Set<string>();
    const walk = (page: string) => {
      if (seen.has(page)) return;
      seen.add(page);
      for (const [, target] of readFileSync(page, 'utf8').matchAll(LINK)) {
        const path = join(dirname(page), target!.replace(/#.*$/, ''));
        if (path.endsWith('.md') && existsSync(path)) walk(path);
      }
    };
    walk('README.md');
    expect(PAGES.filter((page) => !seen.has(page))).toEqual([]);
  });

  it.each([
    ['anomaly', ANOMALIES],
    ['counter', COUNTERS],
    ['limit', LIMITS],
  ] as const)('docs/anomalies.md has every %s', (_kind, list) => {
    const page = readFileSync('docs/anomalies.md', 'utf8');
    expect(list.filter(({ name }) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
