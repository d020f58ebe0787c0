/** Times of the core's hash and cipher kernels, and of node:crypto for the same work. */
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import { type Measure, nsPerCall } from './spread.js';

/** Exports of a testing build. */
export type Kernels = Record<string, (...args: number[]) => number>;
/** What it takes by what was done, ns or instructions. */
export type Timings = Map<string, number>;

/** Payload of a client Initial in a datagram of 1,200 bytes, without its header and tag; header as AAD. */
const INITIAL_BYTES = 1162;
const HEADER_BYTES = 22;

/** A packet under a key of sixteen bytes `n`. */
function sealedInitial(n: number): { cipher: Buffer; tag: Buffer } {
  const key = Buffer.alloc(16, n);
  const cipher = createCipheriv('aes-128-gcm', key, Buffer.alloc(12)).setAAD(Buffer.alloc(HEADER_BYTES));
  const text = Buffer.concat([cipher.update(Buffer.alloc(INITIAL_BYTES)), cipher.final()]);
  return { cipher: text, tag: cipher.getAuthTag() };
}

/** Hashes of one build; `base` is free memory. 64 blocks: 4,096 bytes less what padding needs. */
function timeHashes(kernel: Kernels, view: DataView, base: number, measure: Measure): Timings {
  const message = 4096 - 9;
  const timings: Timings = new Map();
  const [pointers, lengths, outs, data] = [base, base + 16, base + 32, base + 1024];
  for (let lane = 0; lane < 4; lane++) {
    view.setUint32(pointers + 4 * lane, data + 8192 * lane, true);
    view.setUint32(lengths + 4 * lane, message, true);
    view.setUint32(outs + 4 * lane, base + 64 + 64 * lane, true);
  }
  for (const name of ['md5', 'sha1', 'sha256']) {
    timings.set(`${name}, 64-byte block`, measure(() => kernel[`t_${name}`]!(data, message, base + 64)) / 64);
    timings.set(
      `${name}, 150 bytes`,
      measure(() => kernel[`t_${name}`]!(data, 150, base + 64)),
    );
  }
  for (const name of ['md5', 'sha256']) {
    const four = () => kernel[`t_${name}x4`]!(pointers, lengths, outs);
    timings.set(`${name} in four lanes, 64-byte block of one message`, measure(four) / 256);
  }
  return timings;
}

/** The steps from a QUIC Initial to its plaintext in one build. */
function timeInitial(kernel: Kernels, bytes: Uint8Array, base: number, measure: Measure): Timings {
  const [key, nonce, tag, schedule] = [base, base + 64, base + 128, base + 256];
  const [aad, data, out] = [base + 1024, base + 4096, base + 8192];
  bytes.fill(0, base, base + 4096);
  // Two keys in turn: what is kept of the last one is of no use.
  for (const n of [0, 1]) {
    const sealed = sealedInitial(n);
    bytes.fill(n, key + 16 * n, key + 16 * n + 16);
    bytes.set(sealed.tag, tag + 16 * n);
    bytes.set(sealed.cipher, data + 2048 * n);
  }
  const secret = out + 4096 + 64;
  const keys = () => kernel.t_quicClientKeys!(1, nonce, 8, out + 4096, secret);
  const [ids, lengths, several] = [base + 512, base + 528, out + 8192];
  for (let lane = 0; lane < 4; lane++) {
    new DataView(bytes.buffer).setUint32(ids + 4 * lane, nonce, true);
    new DataView(bytes.buffer).setUint32(lengths + 4 * lane, 8, true);
  }
  const four = () => kernel.t_quicClientKeys4!(1, ids, lengths, several, several + 48, 112);
  let turn = 0;
  const protection = () => kernel.t_aes128MaskAndExpand!(key, data, out, key + 16 * turn, schedule);
  const opened = () => {
    const [cipher, mark] = [data + 2048 * turn, tag + 16 * turn];
    turn ^= 1;
    const ok = kernel.t_gcmOpen!(schedule, nonce, aad, HEADER_BYTES, cipher, INITIAL_BYTES, mark, out);
    if (ok !== 1) throw new Error('gcmOpen refused a good packet');
  };
  const open = () => {
    kernel.t_aes128ExpandKey!(key + 16 * turn, schedule);
    opened();
  };
  kernel.t_aes128ExpandKey!(key, schedule);
  return new Map([
    ['AES-128-CTR, 1,200 bytes', measure(() => kernel.t_aes128Ctr!(schedule, nonce, data, 1200, out))],
    ['QUIC Initial keys, client', measure(keys)],
    ['QUIC Initial keys, client, four connections at once, of one', measure(four) / 4],
    ['QUIC Initial keys, server', measure(() => kernel.t_quicServerKeys!(1, secret, out + 4096))],
    ['header protection, both key expansions included', measure(protection)],
    ['AES-128-GCM open of an Initial, key expansion included', measure(open)],
    [
      'an Initial: keys, header protection, open',
      measure(() => {
        keys();
        protection();
        opened();
      }),
    ],
  ]);
}

/** All of them in one build; `base` is the address of 64 KiB of free memory. */
export function timeCrypto(kernels: Kernels, buffer: ArrayBuffer, base: number, measure: Measure): Timings {
  kernels.t_cryptoInit!();
  return new Map([
    ...timeHashes(kernels, new DataView(buffer), base, measure),
    ...timeInitial(kernels, new Uint8Array(buffer), base, measure),
  ]);
}

/** The same by node:crypto, as far as it has them. */
export function timeNode(): Timings {
  const long = Buffer.alloc(4096 - 9);
  const short = Buffer.alloc(150);
  const [key, nonce, aad] = [Buffer.alloc(16), Buffer.alloc(12), Buffer.alloc(HEADER_BYTES)];
  const { cipher, tag } = sealedInitial(0);
  const timings: Timings = new Map();
  for (const name of ['md5', 'sha1', 'sha256']) {
    timings.set(`${name}, 64-byte block`, nsPerCall(() => createHash(name).update(long).digest()) / 64);
    timings.set(
      `${name}, 150 bytes`,
      nsPerCall(() => createHash(name).update(short).digest()),
    );
  }
  const plain = Buffer.alloc(1200);
  timings.set(
    'AES-128-CTR, 1,200 bytes',
    nsPerCall(() => createCipheriv('aes-128-ctr', key, key).update(plain)),
  );
  // Extract, then expand for the side's secret, key, IV and header protection key.
  timings.set(
    'QUIC Initial keys, client',
    nsPerCall(() => {
      for (let i = 0; i < 5; i++) createHmac('sha256', key).update(nonce).digest();
    }),
  );
  timings.set(
    'AES-128-GCM open of an Initial, key expansion included',
    nsPerCall(() => {
      const opener = createDecipheriv('aes-128-gcm', key, nonce).setAAD(aad).setAuthTag(tag);
      opener.update(cipher);
      opener.final();
    }),
  );
  return timings;
}
