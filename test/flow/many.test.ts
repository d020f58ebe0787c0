import { describe, expect, it } from 'vitest';
import * as forge from '../../src/dev/forge/index.js';
import { CLIENT, connection, records, rowsOf } from './conversation.js';

const PUSH = forge.TCP_FLAG.psh | forge.TCP_FLAG.ack;

/** The beginning of a hello with many cipher suites, all of them in it. */
function longBeginning(seed: number): Uint8Array {
  const ciphers = Array.from({ length: 1500 }, (_, i) => 0x2000 + ((i * 7 + seed) % 0x0a00));
  const message = forge.clientHello({ ciphers, extensions: [forge.padding(400)] });
  return records(message).subarray(0, 5 + 3100);
}

describe('connections that are given up together', () => {
  it('each have a row, more of them than a batch has room for', async () => {
    // All idle for longer than the timeout when the next connection comes.
    const count = 4000;
    const idle = Array.from({ length: count }, (_, i) => {
      const client = { address: `10.1.${i >> 8}.${i & 255}`, port: 2000 };
      const start = 1_700_000_000_000_000_000n + BigInt(i * 1000);
      return connection({ client, start, step: 1n }).syn().packet('client', 0, PUSH, longBeginning(i))
        .packets;
    }).flat();
    const late = Array.from({ length: 1000 }, (_, i) => {
      const start = 1_700_000_600_000_000_000n + BigInt(i);
      return connection({ client: { ...CLIENT, port: 3000 + i }, start, step: 1n }).syn().packets;
    }).flat();
    const { clientHellos, state } = await rowsOf([...idle, ...late], { limits: { batch_rows: 64 } });
    expect(clientHellos.length).toBe(count);
    expect(clientHellos.every((row) => !row.complete && row.cipher_suites.length === 1500)).toBe(true);
    expect(new Set(clientHellos.map((row) => row.src_ip)).size).toBe(count);
    expect(clientHellos.map((row) => row.cipher_suites[0])).toEqual(
      clientHellos.map(
        (row) =>
          0x2000 + ((Number(row.src_ip.split('.')[2]) * 256 + Number(row.src_ip.split('.')[3])) % 0x0a00),
      ),
    );
    expect(state.counters.flows_expired).toBe(BigInt(count));
    expect(state.counters.incomplete_evicted).toBe(BigInt(count));
  });
});

describe('ends that share a bucket of the table', () => {
  it('push each other out one by one, with a row for what they had begun', async () => {
    // Many more connections than a table of the smallest size has places, all in the middle of a hello.
    const count = 500;
    const packets = Array.from({ length: count }, (_, i) => {
      const client = { address: `10.2.${i >> 8}.${i & 255}`, port: 2000 };
      const start = 1_700_000_000_000_000_000n + BigInt(i * 1000);
      return connection({ client, start, step: 1n }).syn().packet('client', 0, PUSH, longBeginning(i))
        .packets;
    }).flat();
    const { clientHellos, state } = await rowsOf(packets, { limits: { max_flows: 64 } });
    expect(clientHellos.length).toBe(count);
    const { flows_evicted, incomplete_evicted, incomplete_end_of_capture } = state.counters;
    expect(incomplete_evicted).toBe(flows_evicted);
    expect(incomplete_evicted + incomplete_end_of_capture).toBe(BigInt(count));
    expect(incomplete_end_of_capture).toBeLessThanOrEqual(64n);
  });
});
