/**
 * How the cost of hostile traffic grows with its size: an exponent of 1 is linear, 2 is quadratic.
 *
 *     npm run build && node dist/dev/bench/hostile.js
 *
 * Times are the fastest of several runs of the whole core over a forged capture. What must hold is told by the exponent, which
 * does not depend on the machine.
 */
import { Core } from '../../core/core.js';
import * as forge from '../forge/index.js';

const RUNS = 5;
const CLIENT = { address: '192.0.2.1', port: 50_000 };
const SERVER = { address: '192.0.2.2', port: 443 };
const PUSH = forge.TCP_FLAG.psh | forge.TCP_FLAG.ack;

type Packets = readonly forge.ForgedPacket[];

const stream = (): forge.TcpStream => new forge.TcpStream({ client: CLIENT, server: SERVER, step: 1000n });
const padded = (bytes: number): Uint8Array =>
  forge.handshakeRecords(forge.clientHello({ ciphers: [1], extensions: [forge.padding(bytes)] }));

function sent(data: Uint8Array, segmentSize: number, arranged?: forge.Arrangement): Packets {
  const options = { segmentSize, acknowledge: false, ...(arranged ? { arrange: arranged } : {}) };
  return stream().open().send('client', data, options).packets;
}

/** A server that sends `bytes` of empty messages in records of `size`, its first segment last. */
function smallMessages(bytes: number, size: number): Packets {
  const hello = forge.serverHello({ cipher: 0xc02f, extensions: null });
  const empty = forge.concat(
    ...Array.from({ length: bytes / 4 }, () => forge.handshake(22, new Uint8Array(0))),
  );
  const flight = forge.handshakeRecords(forge.concat(hello, empty), size).subarray(0, bytes);
  const opened = stream().open().send('client', padded(10));
  return opened.send('server', flight, { arrange: forge.arrange.late(0), acknowledge: false }).packets;
}

/** `count` connections that each begin a hello and say no more. */
function beginnings(count: number): Packets {
  const hello = padded(100).subarray(0, 60);
  const packets: forge.ForgedPacket[] = [];
  for (let i = 0; i < count; i++) {
    const client = { address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, port: 1024 + (i % 60_000) };
    const start = 1_700_000_000_000_000_000n + BigInt(i) * 1000n;
    const one = new forge.TcpStream({ client, server: SERVER, start, step: 1n }).syn();
    packets.push(...one.packet('client', 0, PUSH, hello).packets);
  }
  return packets;
}

/** Kinds of traffic, each of a size that is asked for in four steps, doubling. */
const KINDS: [string, number, (n: number) => Packets][] = [
  ['hello in segments of 1 byte, bytes', 8000, (n) => sent(padded(n), 1)],
  [
    'hello in records of 1 byte, bytes',
    1000,
    (n) => sent(forge.handshakeRecords(padded(n).subarray(5), 1), 1),
  ],
  ['words of another protocol in segments of 1 byte', 8000, (n) => sent(new Uint8Array(n).fill(0x41), 1)],
  [
    'every second segment missing, segments',
    2000,
    (n) => sent(padded(60_000).subarray(0, 20 * n), 20, (all) => all.filter((_, i) => i % 2 === 0)),
  ],
  ['segments in reverse', 250, (n) => sent(padded(60_000).subarray(0, 20 * n), 20, forge.arrange.reversed)],
  ['small messages behind a gap, bytes', 8000, (n) => smallMessages(n, 16_000)],
  ['small messages in small records behind a gap, bytes', 8000, (n) => smallMessages(n, 4)],
  [
    'cipher suites',
    4000,
    (n) =>
      sent(
        forge.handshakeRecords(
          forge.clientHello({ ciphers: Array.from({ length: n }, (_, i) => i * 3), extensions: null }),
        ),
        1460,
      ),
  ],
  [
    'extensions',
    2000,
    (n) =>
      sent(
        forge.handshakeRecords(
          forge.clientHello({
            ciphers: [1],
            extensions: Array.from({ length: n }, (_, i) => forge.extension(i * 7)),
          }),
        ),
        1460,
      ),
  ],
  ['connections', 4000, (n) => beginnings(n)],
];

/** Fastest time of the core over a capture, microseconds. */
function time(core: Core, capture: Uint8Array): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    core.begin(1);
    core.forgetContents();
    core.window(0, capture.length).set(capture);
    const start = process.hrtime.bigint();
    for (let from = 0; ; ) {
      const { status, consumed } = core.process(capture.length, from);
      from += consumed;
      if (status !== 'BATCH_FULL') break;
      core.resetBatches();
    }
    while (core.finish(0) === 'BATCH_FULL') core.resetBatches();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1000);
    core.resetBatches();
  }
  return best;
}

const limits = { max_hello_bytes: 1_048_576, max_flows: 4096, reassembly_bytes: 4_194_304 };
const core = new Core({ limits });
console.log('µs at n, 2n, 4n, 8n; exponent of growth over the last two steps');
for (const [name, least, make] of KINDS) {
  const sizes = [least, 2 * least, 4 * least, 8 * least];
  const times = sizes.map((n) =>
    time(core, forge.pcap(forge.wrapAll(make(n), (one) => forge.ethernet(one)))),
  );
  const exponent = Math.log2(times[3]! / times[1]!) / 2;
  const shown = times.map((t) => t.toFixed(0).padStart(8)).join('');
  console.log(`${name.padEnd(52)} n = ${String(least).padStart(5)} ${shown}   ${exponent.toFixed(2)}`);
}
