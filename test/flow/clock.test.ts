import { describe, expect, it } from 'vitest';
import * as forge from '../../src/dev/forge/index.js';
import { clientHello, connection, records, rowsOf } from './conversation.js';

const PUSH = forge.TCP_FLAG.psh | forge.TCP_FLAG.ack;
const START = 1_700_000_000_000_000_000n;
const SECOND = 1_000_000_000n;
const LIMITS = { flow_timeout_seconds: 10 };

const HELLO = records(clientHello('example.com', 900));

let nextPort = 20_000;

/** The first half of a hello at `seconds`, the rest of it `gap` seconds later; only the first half without a gap. */
function hello(seconds: number, gap?: number): forge.ForgedPacket[] {
  const stream = connection({
    client: { address: '192.0.2.10', port: nextPort++ },
    start: START + BigInt(Math.round(seconds * 1e9)),
    step: 1n,
  });
  stream.syn().packet('client', 0, PUSH, HELLO.subarray(0, 500));
  if (gap === undefined) return stream.packets;
  stream.packet('client', 500, PUSH, HELLO.subarray(500));
  const rest = stream.packets.at(-1)!;
  return [...stream.packets.slice(0, -1), { ...rest, time: rest.time + BigInt(Math.round(gap * 1e9)) }];
}

const byTime = (packets: readonly forge.ForgedPacket[]) =>
  packets.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));

async function told(packets: readonly forge.ForgedPacket[]) {
  const { clientHellos, state } = await rowsOf(packets, { limits: LIMITS });
  const { incomplete_evicted, incomplete_end_of_capture } = state.counters;
  return {
    whole: clientHellos.filter((row) => row.complete).length,
    partial: clientHellos.filter((row) => !row.complete).length,
    expired: Number(incomplete_evicted),
    atEnd: Number(incomplete_end_of_capture),
  };
}

/** Two packets a second that open connections on which nothing follows. */
function traffic(from: number, until: number): forge.ForgedPacket[] {
  const packets: forge.ForgedPacket[] = [];
  for (let at = from; at < until; at += 0.5) packets.push(...hello(at, 0));
  return packets;
}

describe('the clock of a capture', () => {
  it('gives a connection up once its time has passed, and not before', async () => {
    const capture = byTime([...traffic(0, 30), ...hello(1), ...hello(2, 9), ...hello(3, 12.5)]);
    // 60 of the traffic, and the one that paused for 9 seconds; of the others what was there when their time was up.
    expect(await told(capture)).toEqual({ whole: 61, partial: 2, expired: 2, atEnd: 0 });
  });

  it('goes on after a long silence: who waited is given up, who comes is not', async () => {
    const capture = [...hello(0), ...hello(3600, 1), ...hello(3602, 1), ...hello(3604)];
    expect(await told(capture)).toEqual({ whole: 2, partial: 2, expired: 1, atEnd: 1 });
  });

  it('does not believe one packet with a time far ahead or far back', async () => {
    for (const wrong of [1_000_000_000n * SECOND, -1_000_000n * SECOND, 11n * SECOND]) {
      const waiting = hello(0, 3);
      const other = hello(1, 0);
      other[1] = { ...other[1]!, time: other[1]!.time + wrong };
      const capture = [...waiting.slice(0, -1), ...other, waiting.at(-1)!];
      expect(await told(capture)).toEqual({ whole: 2, partial: 0, expired: 0, atEnd: 0 });
    }
  });

  it('does not begin with a wrong time either', async () => {
    const [first, ...rest] = hello(0, 3);
    const capture = [{ ...first!, time: first!.time + 1_000_000n * SECOND }, ...rest, ...traffic(4, 8)];
    expect(await told(capture)).toEqual({ whole: 9, partial: 0, expired: 0, atEnd: 0 });
  });

  it('goes on behind a step back, as between captures that were put together', async () => {
    const early = [...traffic(-100_000, -99_990), ...hello(-99_990), ...traffic(-99_989, -99_970)];
    const capture = [...traffic(0, 5), ...hello(5), ...byTime(early)];
    // 10, 20 and 38 of the traffic; both that wait are given up by the time that passes behind the step.
    expect(await told(capture)).toEqual({ whole: 68, partial: 2, expired: 2, atEnd: 0 });
  });
});
