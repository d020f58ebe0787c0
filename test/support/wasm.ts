import { readFileSync } from 'node:fs';

/** The two builds of the core; every suite over internals runs on both. */
export type CoreBuild = 'simd' | 'scalar';

export const CORE_BUILDS: readonly CoreBuild[] = ['simd', 'scalar'];

/** An instance of the testing build: its exported functions and a view of its whole memory (it never grows). */
export interface TestingCore {
  readonly exports: Record<string, (...args: number[]) => number>;
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array;
}

const modules = new Map<CoreBuild, WebAssembly.Module>();

/**
 * Instantiate dist/wasm/testing.<build>.wasm (assembly/testing.ts), compiled once per process.
 * @throws when it has not been built: `npm run build:testing`
 */
export function loadTesting(build: CoreBuild): TestingCore {
  let module = modules.get(build);
  if (module === undefined) {
    module = new WebAssembly.Module(
      readFileSync(new URL(`../../dist/wasm/testing.${build}.wasm`, import.meta.url)),
    );
    modules.set(build, module);
  }
  const { memory, ...functions } = new WebAssembly.Instance(module, {}).exports;
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('the testing build exports no memory');
  return {
    exports: functions as TestingCore['exports'],
    memory,
    bytes: new Uint8Array(memory.buffer),
  };
}
