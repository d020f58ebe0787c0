import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A library that the page carries. */
export interface Library {
  readonly name: string;
  readonly version: string;
  readonly script: string;
  readonly licence: string;
}

const { resolve } = createRequire(import.meta.url);

/** Read a library from where npm put it: a file beside the one that its name stands for. */
function library(name: string, script: string): Library {
  // Both packages have their entry one folder below their own.
  const root = new URL('../', `file://${resolve(name)}`);
  const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
  return {
    name,
    version: (JSON.parse(read('package.json')) as { version: string }).version,
    script: read(script),
    licence: read('LICENSE').trim(),
  };
}

/** D3 and Observable Plot, in the order in which a page needs them. */
export function chartLibraries(): Library[] {
  return [library('d3', 'dist/d3.min.js'), library('@observablehq/plot', 'dist/plot.umd.min.js')];
}
