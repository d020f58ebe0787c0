import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Packages and built-in modules that a source file loads when it is imported: itself or by way of others. */
function packagesOf(path: string, seen = new Set<string>()): string[] {
  if (seen.has(path)) return [];
  seen.add(path);
  const text = readFileSync(path, 'utf8');
  const imports = text.matchAll(/^(?:import|export)\s(?!type\b)[^;]*?from\s+'([^']+)';/gm);
  return [...imports].flatMap(([statement, from]) => {
    const onlyTypes = /\{([^}]*)\}/
      .exec(statement)?.[1]
      ?.split(',')
      .every((n) => /^\s*(type\s|$)/.test(n));
    if (onlyTypes) return [];
    return from!.startsWith('.')
      ? packagesOf(join(dirname(path), from!.replace(/\.js$/, '.ts')), seen)
      : [from!];
  });
}

describe('importing a sink', () => {
  const heavy = /duckdb|arrow|peculiar/;
  const packages = (name: string) => packagesOf(resolve(import.meta.dirname, '../../src/sink', `${name}.ts`));

  it('loads no database, Arrow or certificate library where none is needed', () => {
    for (const name of ['ndjson', 'csv', 'table', 'sink']) {
      expect(
        packages(name).filter((p) => heavy.test(p)),
        name,
      ).toEqual([]);
    }
  });

  it('loads the one it needs', () => {
    expect(packages('arrow')).toContain('apache-arrow');
    expect(packages('arrow').filter((p) => /duckdb/.test(p))).toEqual([]);
    expect(packages('duckdb')).toContain('@duckdb/node-api');
    expect(packages('duckdb').filter((p) => /arrow|peculiar/.test(p))).toEqual([]);
    expect(packages('result').filter((p) => /arrow/.test(p))).toEqual([]);
  });
});
