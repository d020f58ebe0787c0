import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import { coreRows } from '../support/core-rows.js';
import { FIXTURES, transcript } from './captures.js';

// Small tables: the same core is set back thousands of times.
const limits = { max_flows: 512, reassembly_bytes: 2_097_152, batch_rows: 64, content_cache_bytes: 65_536 };
const core = new Core({ layout: 'wide', limits });

async function read(bytes: Uint8Array, chunk?: number | readonly number[]): Promise<string> {
  return transcript(await coreRows(bytes, chunk === undefined ? { core } : { core, chunk }));
}

const smallest = [
  FIXTURES.find((one) => one.name.endsWith('.pcap'))!,
  FIXTURES.find((one) => one.name.endsWith('.pcapng'))!,
];

describe('a capture is the same however its bytes arrive', () => {
  it.each(smallest)('$name, cut in two at every byte', async ({ bytes }) => {
    const whole = await read(bytes);
    expect(whole.length).toBeGreaterThan(500);
    for (let at = 1; at < bytes.length; at++) {
      const cut = await read(bytes, [at]);
      if (cut !== whole) expect({ at, rows: cut }).toEqual({ at, rows: whole });
    }
  });

  it.each(smallest)('$name, in chunks of each size up to 300', async ({ bytes }) => {
    const whole = await read(bytes);
    for (let chunk = 1; chunk <= 300; chunk++) {
      const cut = await read(bytes, chunk);
      if (cut !== whole) expect({ chunk, rows: cut }).toEqual({ chunk, rows: whole });
    }
  });

  it.each(FIXTURES.slice(0, -2))('$name, in odd chunks', async ({ bytes }) => {
    const whole = await read(bytes);
    for (const chunk of [7, 1021, 4099, bytes.length - 1]) {
      expect(await read(bytes, chunk)).toBe(whole);
    }
  });

  it.each(FIXTURES.slice(-2))('$name, in large odd chunks', async ({ bytes }) => {
    const whole = await read(bytes);
    for (const chunk of [4099, 65_537]) expect(await read(bytes, chunk)).toBe(whole);
  });
});

describe('a capture that ends early', () => {
  it.each(smallest)(
    '$name, cut at every byte, tells where and keeps the packets before',
    async ({ bytes }) => {
      const all = await coreRows(bytes, { core });
      let hellos = 0;
      for (let length = 0; length < bytes.length; length++) {
        const { clientHellos, error, state } = await coreRows(bytes.subarray(0, length), { core });
        const complete = clientHellos.filter((row) => row.complete).length;
        expect(complete).toBeGreaterThanOrEqual(hellos);
        hellos = complete;
        expect(state.packets).toBeLessThanOrEqual(all.state.packets);
        expect(state).toMatchObject({ openFlows: 0, reassemblyUsed: 0 });
        if (error) expect(error.offset ?? 0).toBeLessThanOrEqual(length);
      }
      expect(hellos).toBe(all.clientHellos.filter((row) => row.complete).length);
    },
  );
});
