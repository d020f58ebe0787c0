import { describe, expect, test } from 'vitest';
import { LatencyJoin } from '../../src/report/latency.js';

describe('LatencyJoin', () => {
  test('nearest rank over the handshakes that were answered', () => {
    const join = new LatencyJoin();
    expect(join.percentiles([0.5])).toBeNull();
    // 1 to 100 ns, in an order of no use; nearest rank of p50 is the 50th, of p99 the 99th.
    for (let i = 0; i < 100; i++) join.client(BigInt(i), 1000n);
    join.client(500n, 1000n);
    for (let i = 0; i < 100; i++) join.server(BigInt(i), 1001n + BigInt((i * 37) % 100));
    expect(join.count).toBe(100);
    expect(join.percentiles([0.5, 0.95, 0.99, 1])).toEqual([50, 95, 99, 100]);
  });

  test('only the first ServerHello after a ClientHello counts, and none before it', () => {
    const join = new LatencyJoin();
    join.server(1n, 5n);
    join.client(1n, 10n);
    join.client(1n, 12n);
    join.server(1n, 14n);
    join.server(1n, 30n);
    join.client(2n, 20n);
    join.server(2n, 19n);
    expect(join.count).toBe(1);
    expect(join.percentiles([0.5])).toEqual([4]);
  });
});
