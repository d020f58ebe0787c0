import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { codesModule, layoutModule } from './assembly.js';
import { anomaliesPage, schemaPage } from './docs.js';
import { labelsModule } from './labels.js';
import { manPage } from './man.js';

type Files = Record<string, () => string | Promise<string>>;

/** What is generated from the schema alone. */
const SCHEMA: Files = {
  'assembly/generated/layout.ts': layoutModule,
  'assembly/generated/codes.ts': codesModule,
  'docs/schema.md': schemaPage,
  'docs/anomalies.md': anomaliesPage,
  'docs/man/tlsfp.1': manPage,
};
/** What needs a core built from that. */
const LABELS: Files = { 'src/labels/labels.ts': labelsModule };

// `schema` and `labels` choose; `--check` compares instead of writing and exits 1 on a difference.
const check = process.argv.includes('--check');
const files = {
  ...(process.argv.includes('labels') ? {} : SCHEMA),
  ...(process.argv.includes('schema') ? {} : LABELS),
};
const stale: string[] = [];
for (const [path, make] of Object.entries(files)) {
  const text = await make();
  let old = '';
  try {
    old = readFileSync(path, 'utf8');
  } catch {
    // A file that is not there yet is stale like any other.
  }
  if (old === text) continue;
  stale.push(path);
  if (check) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
if (check && stale.length > 0) {
  console.error(`not as generated: ${stale.join(', ')}; run \`npm run gen\` and commit the result`);
  process.exitCode = 1;
}
