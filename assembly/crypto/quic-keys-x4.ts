import { hmacOuter4, hmacPad4, INNER_PAD, OUTER_PAD } from './hmac-x4';
import { loadTransposed } from './lanes';
import { QUIC_HP, QUIC_IV, QUIC_KEY } from './quic-keys';
import { LABEL_CLIENT, LABEL_SERVER, quicLabelSchedule, quicLabels, quicSalt, quicSaltKey } from './quic-salts';
import {
  ALL_LANES,
  SHA256X4_SCHEDULE_BYTES,
  SHA256X4_STATE_BYTES,
  SHA256X4_WORDS,
  sha256Digest4,
  sha256Rounds4,
  sha256Rounds4Same,
  sha256Schedule4,
  sha256Spread4,
} from './sha256x4';

/** Initial keys of four connections at once, one in each lane (SIMD build only); see `quic-keys`. */

/** Longest connection id; with the padding it fits one block. */
const MAX_ID: u32 = 20;

const blocks: usize = memory.data(256, 16);
const schedule: usize = memory.data(SHA256X4_SCHEDULE_BYTES, 16);
/** An HMAC key made ready in each lane: the states after the inner and after the outer pad. */
const initialInner: usize = memory.data(SHA256X4_STATE_BYTES, 16);
const initialOuter: usize = memory.data(SHA256X4_STATE_BYTES, 16);
const sideInner: usize = memory.data(SHA256X4_STATE_BYTES, 16);
const sideOuter: usize = memory.data(SHA256X4_STATE_BYTES, 16);
const secrets: usize = memory.data(SHA256X4_STATE_BYTES, 16);

@inline
function copyState(from: usize, to: usize): void {
  for (let i: usize = 0; i < 128; i += 16) v128.store(to + i, v128.load(from + i));
}

/** The block of an HMAC message of `len` bytes, at most MAX_ID, that follows the inner pad. */
function idBlock(id: usize, len: u32, out: usize): void {
  for (let i: usize = 0; i < 64; i += 16) v128.store(out + i, i32x4.splat(0));
  for (let i: usize = 0; i < <usize>len; i++) store<u8>(out + i, load<u8>(id + i));
  store<u8>(out + <usize>len, 0x80);
  store<u32>(out, bswap<u32>((64 + len) << 3), 60);
}

/** HKDF-Expand-Label under keys made ready: 32 bytes in each lane of `secrets`. */
function expand(innerStates: usize, outerStates: usize, label: i32): void {
  copyState(innerStates, SHA256X4_WORDS);
  sha256Rounds4Same(SHA256X4_WORDS, quicLabelSchedule(label));
  copyState(outerStates, secrets);
  hmacOuter4(secrets);
}

/** A side's secrets, made ready at `sideInner` and `sideOuter`. */
function sideSecrets(label: i32): void {
  expand(initialInner, initialOuter, label);
  hmacPad4(secrets, INNER_PAD, INNER_PAD, sideInner);
  hmacPad4(secrets, OUTER_PAD, OUTER_PAD, sideOuter);
}

/** HKDF-Extract of the four ids at `blocks`, made ready at `initialInner` and `initialOuter`. */
function initialSecrets(saltKey: usize): void {
  loadTransposed(SHA256X4_WORDS, blocks, blocks + 64, blocks + 128, blocks + 192, true);
  sha256Schedule4(schedule);
  sha256Spread4(saltKey, secrets);
  sha256Rounds4(secrets, schedule, ALL_LANES);
  copyState(secrets, SHA256X4_WORDS);
  sha256Spread4(saltKey + 32, secrets);
  hmacOuter4(secrets);
  hmacPad4(secrets, INNER_PAD, INNER_PAD, initialInner);
  hmacPad4(secrets, OUTER_PAD, OUTER_PAD, initialOuter);
}

/** Write the first `bytes` of each secret to the four places at `out`, `stride` bytes apart. */
function takeKeys(out: usize, stride: usize, bytes: usize): void {
  for (let lane: usize = 0; lane < 4; lane++) sha256Digest4(secrets, lane, out + lane * stride, bytes);
}

/**
 * As four calls of `quicClientKeys`.
 *
 * @param version  a known one
 * @param ids      four 32-bit addresses of connection ids; a lane without use has that of another
 * @param lens     four 32-bit lengths in bytes, at most 20
 * @param keys     QUIC_KEYS_BYTES for the keys of the first
 * @param server   QUIC_SECRET_BYTES for what the first one's server keys are derived from
 * @param stride   bytes from the `keys` and `server` of one to those of the next
 */
export function quicClientKeys4(version: u32, ids: usize, lens: usize, keys: usize, server: usize, stride: usize): void {
  const salt = quicSalt(version);
  const labels = quicLabels(salt);
  for (let lane: usize = 0; lane < 4; lane++) {
    const len = min<u32>(load<u32>(lens + (lane << 2)), MAX_ID);
    idBlock(<usize>load<u32>(ids + (lane << 2)), len, blocks + (lane << 6));
  }
  initialSecrets(quicSaltKey(salt));
  sideSecrets(LABEL_SERVER);
  for (let lane: usize = 0; lane < 4; lane++) takeReady(lane, server + lane * stride);
  sideSecrets(LABEL_CLIENT);
  expand(sideInner, sideOuter, labels);
  takeKeys(keys + QUIC_KEY, stride, 16);
  expand(sideInner, sideOuter, labels + 1);
  takeKeys(keys + QUIC_IV, stride, 12);
  expand(sideInner, sideOuter, labels + 2);
  takeKeys(keys + QUIC_HP, stride, 16);
}

/** One lane's side secret made ready, as `quicServerKeys` takes it. */
function takeReady(lane: usize, out: usize): void {
  const at = lane << 2;
  for (let i: usize = 0; i < 32; i += 4) {
    store<u32>(out + i, load<u32>(sideInner + (i << 2) + at));
    store<u32>(out + i, load<u32>(sideOuter + (i << 2) + at), 32);
  }
}
