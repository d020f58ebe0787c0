import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import { pcapng } from '../../src/dev/forge/index.js';
import { type CoreRows, coreRows } from '../support/core-rows.js';
import { readCapture } from '../support/reference/capture.js';
import { CORE_BUILDS } from '../support/wasm.js';
import { manyConnections } from './many.js';

const told = ({ clientHellos, serverHellos, state }: CoreRows) => ({
  clientHellos,
  serverHellos,
  counters: state.counters,
});

describe.each(CORE_BUILDS)('QUIC connections that begin close together, %s build', (build) => {
  const layout = 'wide';
  const [ahead, never] = [new Core({ build, layout }), new Core({ build, layout })];
  const together = (bytes: Uint8Array) => coreRows(bytes, { core: ahead });
  // A record at a time, give or take.
  const apart = (bytes: Uint8Array) => coreRows(bytes, { core: never, chunk: 600 });

  it('give what they give when nothing can be read ahead', async () => {
    const bytes = manyConnections(200);
    const rows = await together(bytes);
    expect(told(rows)).toEqual(told(await apart(bytes)));
    expect(rows.clientHellos.map((row) => row.sni).sort()).toEqual(
      Array.from({ length: 200 }, (_, n) => `host${n}.example`).sort(),
    );
    expect(rows.serverHellos).toHaveLength(200);
    expect(rows.state.counters).toMatchObject({ quic_undecryptable: 19n, flows: 200n });
  });

  it('give the same in pcapng', async () => {
    const bytes = manyConnections(200);
    const blocks = pcapng(readCapture(bytes).map(({ data, time }) => ({ data, time: time! })));
    expect(told(await together(blocks))).toEqual(told(await apart(bytes)));
    expect(told(await apart(blocks))).toEqual(told(await apart(bytes)));
  });

  it('give it wherever the capture is cut off', async () => {
    const bytes = manyConnections(5);
    for (let length = 24; length < bytes.length; length += 97) {
      const cut = bytes.subarray(0, length);
      expect(told(await together(cut)), `${length} bytes`).toEqual(told(await apart(cut)));
    }
  });
});
