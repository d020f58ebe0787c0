import { readFileSync } from 'node:fs';

/** The modules of the page, each after those that it needs. */
const MODULES = [
  'format',
  'dom',
  'table',
  'charts',
  'charts-matrix',
  'charts-latency',
  'theme',
  'main',
] as const;

/**
 * The script of the page: its modules as one, since a page that works from an attachment cannot import. They import
 * from each other by plain names only, so that the words `import` and `export` can simply go.
 */
export function pageScript(): string {
  const texts = MODULES.map((name) =>
    readFileSync(new URL(`../../dist/report/page/${name}.js`, import.meta.url), 'utf8')
      .replace(/^import\s[^;]*;\n/gm, '')
      .replace(/^export \{\};\n/gm, '')
      .replace(/^export (?=(?:async )?(?:function|class|const|let) )/gm, ''),
  );
  return texts.join('');
}
