import { afterEach, describe, expect, it, vi } from 'vitest';
import { Core } from '../../src/core/core.js';
import { coreModule, defaultBuild } from '../../src/core/load.js';
import { LIMITS } from '../../src/schema/limits.js';
import { coreRows } from '../support/core-rows.js';
import { FIXTURES } from './captures.js';

const small = { max_flows: 64, reassembly_bytes: 1_048_576, batch_rows: 64, content_cache_bytes: 65_536 };

describe('limits', () => {
  it.each(LIMITS)('$name: what is out of its range or no whole number is refused', ({ name, min, max }) => {
    for (const value of [min - 1, max + 1, min + 0.5, Number.NaN, Number.POSITIVE_INFINITY, -1]) {
      expect(() => new Core({ limits: { ...small, [name]: value } })).toThrowError(
        expect.objectContaining({ code: 'ERR_TLSFP_LIMIT', message: expect.stringContaining(name) }),
      );
    }
  });

  it.each(LIMITS)('$name: its ends are taken', async ({ name, min, max }) => {
    // The largest values are for machines with memory to give.
    const ends = max > 2 ** 27 || name === 'max_flows' ? [min] : [min, max];
    for (const value of ends) {
      const core = new Core({ layout: 'wide', limits: { ...small, [name]: value } });
      const { clientHellos } = await coreRows(FIXTURES[0]!.bytes, { core });
      expect(clientHellos.length).toBeGreaterThan(0);
    }
  });

  it('that need more than WebAssembly can address are refused', () => {
    const limits = Object.fromEntries(LIMITS.map(({ name, max }) => [name, max]));
    expect(() => new Core({ limits })).toThrowError(expect.objectContaining({ code: 'ERR_TLSFP_LIMIT' }));
  });
});

describe('a trap', () => {
  /** A core that has been made to read where there is no memory. */
  function trapped(): { core: Core; error: unknown } {
    const core = new Core({ limits: small });
    core.begin(1);
    try {
      core.process(0xffff_ff00, 0xfff0_0000);
    } catch (error) {
      return { core, error };
    }
    throw new Error('no trap');
  }

  it('is a CoreTrapError that says what to do and keeps the cause', () => {
    expect(trapped().error).toMatchObject({
      code: 'ERR_TLSFP_CORE_TRAP',
      exitCode: 4,
      cause: expect.any(WebAssembly.RuntimeError),
    });
  });

  it('poisons the core: nothing of it can be used again', () => {
    const { core } = trapped();
    for (const call of [
      () => core.begin(2),
      () => core.process(0),
      () => core.finish(0),
      () => core.resetBatches(),
      () => core.forgetContents(),
    ]) {
      expect(call).toThrowError(expect.objectContaining({ code: 'ERR_TLSFP_CORE_TRAP' }));
    }
  });

  it('does not touch another core of the same module', async () => {
    trapped();
    const { clientHellos } = await coreRows(FIXTURES[0]!.bytes, { limits: small });
    expect(clientHellos.length).toBeGreaterThan(0);
  });
});

describe('loading', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.doUnmock('../../src/schema/layout.js');
    vi.resetModules();
  });

  it('a module built from another schema is refused before anything runs', async () => {
    vi.resetModules();
    vi.doMock('../../src/schema/layout.js', async (original) => ({
      ...(await original<typeof import('../../src/schema/layout.js')>()),
      schemaHash: () => 1n,
    }));
    const { Core: Other } = await import('../../src/core/core.js');
    expect(() => new Other({ limits: small })).toThrowError(
      expect.objectContaining({
        code: 'ERR_TLSFP_ABI_MISMATCH',
        exitCode: 4,
        message: expect.stringContaining('npm run build'),
      }),
    );
  });

  it('takes the SIMD build where it can, the scalar one when asked to', () => {
    vi.stubEnv('TLSFP_NO_WASM_SIMD', '');
    expect(defaultBuild()).toBe('simd');
    vi.stubEnv('TLSFP_NO_WASM_SIMD', '1');
    expect(defaultBuild()).toBe('scalar');
  });

  it('compiles a module once, and the builds are two', () => {
    expect(coreModule('simd')).toBe(coreModule('simd'));
    expect(coreModule('simd')).not.toBe(coreModule('scalar'));
  });

  it('needs nothing from its host', () => {
    for (const build of ['simd', 'scalar'] as const) {
      expect(WebAssembly.Module.imports(coreModule(build))).toEqual([]);
    }
  });
});
