import { HMAC_STATE_BYTES, hmac, hmacInit, hmacOuter } from './hkdf';
import { hmacOuter4, hmacPad4, INNER_PAD, OUTER_PAD } from './hmac-x4';
import {
  LABEL_CLIENT,
  LABEL_SERVER,
  quicLabelSchedule,
  quicLabels,
  quicLaneSchedules,
  quicSalt,
  quicSaltKey,
  quicSideSchedules,
} from './quic-salts';
import { sha256Rounds } from './sha256';
import {
  ALL_LANES,
  SHA256X4_STATE_BYTES,
  SHA256X4_WORDS,
  sha256Digest4,
  sha256Rounds4,
  sha256Spread4,
} from './sha256x4';

/**
 * Keys of QUIC Initial packets (RFC 9001 §5.1-5.2; version 2: RFC 9369 §3.3).
 *
 * The server's are derived in two steps, the second of them when a packet of the server is there: many a connection is
 * seen from one side only. In the SIMD build the two sides' secrets take no longer than one.
 */

/** Offsets in bytes inside one side's keys. */
export const QUIC_KEY: usize = 0;
export const QUIC_IV: usize = 16;
export const QUIC_HP: usize = 32;
/** Bytes of one side's keys: 16 key, 12 IV, 4 not written, 16 header protection key. */
export const QUIC_KEYS_BYTES: i32 = 48;
/** Bytes from which {@link quicServerKeys} goes on; what they are differs between the builds. */
export const QUIC_SECRET_BYTES: i32 = HMAC_STATE_BYTES;

const initialSecret: usize = memory.data(HMAC_STATE_BYTES, 16);
const sideSecret: usize = memory.data(HMAC_STATE_BYTES, 16);
const secret: usize = memory.data(32, 16);
const inner: usize = memory.data(32, 16);
const laneStates: usize = memory.data(SHA256X4_STATE_BYTES, 16);

/** HKDF-Expand-Label with a prepared secret and a prepared label: 32 bytes at `out`. */
@inline
function expand(key: usize, label: i32, out: usize): void {
  sha256Rounds(key, quicLabelSchedule(label), inner);
  hmacOuter(key + 32, inner, out);
}

/** Key, IV and header protection key of a side, one after the other. */
function deriveInTurn(labels: i32, out: usize): void {
  expand(sideSecret, labels, secret);
  store<u64>(out, load<u64>(secret), QUIC_KEY);
  store<u64>(out, load<u64>(secret, 8), QUIC_KEY + 8);
  expand(sideSecret, labels + 1, secret);
  store<u64>(out, load<u64>(secret), QUIC_IV);
  store<u32>(out, load<u32>(secret, 8), QUIC_IV + 8);
  expand(sideSecret, labels + 2, secret);
  store<u64>(out, load<u64>(secret), QUIC_HP);
  store<u64>(out, load<u64>(secret, 8), QUIC_HP + 8);
}

/** One side's secret from the initial secret, then its keys. */
function deriveSide(key: usize, sideLabel: i32, labels: i32, out: usize): void {
  expand(key, sideLabel, secret);
  hmacInit(secret, 32, sideSecret);
  deriveInTurn(labels, out);
}

/**
 * HMAC keys made ready from the secrets in `states`: the states after the inner pads in lanes 0 and 2, after the outer
 * ones in lanes 1 and 3.
 */
function padInLanes(states: usize): void {
  hmacPad4(states, INNER_PAD, OUTER_PAD, states);
}

/** The secrets of the client (lanes 0, 1) and of the server (2, 3) from the initial one, made ready as by `padInLanes`. */
function sidesInLanes(initial: usize): void {
  for (let i: usize = 0; i < 32; i += 4) v128.store(laneStates + (i << 2), i32x4.splat(bswap<u32>(load<u32>(initial + i))));
  padInLanes(laneStates);
  for (let i: usize = 0; i < 128; i += 16) {
    const x = v128.load(laneStates + i);
    v128.store(SHA256X4_WORDS + i, i32x4.shuffle(x, x, 0, 0, 2, 2));
    v128.store(laneStates + i, i32x4.shuffle(x, x, 1, 1, 3, 3));
  }
  sha256Rounds4(SHA256X4_WORDS, quicSideSchedules(), ALL_LANES);
  hmacOuter4(laneStates);
  padInLanes(laneStates);
}

/** Take an HMAC key made ready out of two lanes of `laneStates`: `lane` and the one behind it. */
function takeReady(lane: usize, out: usize): void {
  const from = laneStates + (lane << 2);
  for (let i: usize = 0; i < 32; i += 4) {
    store<u32>(out + i, load<u32>(from + (i << 2)));
    store<u32>(out + i, load<u32>(from + (i << 2), 4), 32);
  }
}

/** Key, IV and header protection key of a side in three lanes at once, from its secret made ready. */
function deriveInLanes(ready: usize, labels: i32, out: usize): void {
  sha256Spread4(ready, SHA256X4_WORDS);
  sha256Rounds4(SHA256X4_WORDS, quicLaneSchedules(labels), ALL_LANES);
  sha256Spread4(ready + 32, laneStates);
  hmacOuter4(laneStates);
  sha256Digest4(laneStates, 0, out + QUIC_KEY, 16);
  sha256Digest4(laneStates, 1, out + QUIC_IV, 12);
  sha256Digest4(laneStates, 2, out + QUIC_HP, 16);
}

/**
 * Derive the client's Initial keys.
 *
 * @param version        of the long header, host order
 * @param dcid, dcidLen  Destination Connection ID of the client's first Initial (again after a Retry)
 * @param keys           QUIC_KEYS_BYTES for the client's keys
 * @param server         QUIC_SECRET_BYTES for what the server's keys are derived from
 * @returns false when the version is unknown; nothing is written then
 */
export function quicClientKeys(version: u32, dcid: usize, dcidLen: u32, keys: usize, server: usize): bool {
  const salt = quicSalt(version);
  if (salt < 0) return false;
  quicClientKeysOf(salt, dcid, dcidLen, keys, server);
  return true;
}

/** The same for a salt, given its index (`quicSalt`). */
export function quicClientKeysOf(salt: i32, dcid: usize, dcidLen: u32, keys: usize, server: usize): void {
  // initial_secret = HKDF-Extract(initial_salt, client_dst_connection_id)
  hmac(quicSaltKey(salt), dcid, dcidLen, secret);
  if (ASC_FEATURE_SIMD) {
    sidesInLanes(secret);
    takeReady(2, server);
    takeReady(0, sideSecret);
    deriveInLanes(sideSecret, quicLabels(salt), keys);
  } else {
    hmacInit(secret, 32, initialSecret);
    memory.copy(server, initialSecret, HMAC_STATE_BYTES);
    deriveSide(initialSecret, LABEL_CLIENT, quicLabels(salt), keys);
  }
}

/**
 * Derive the server's Initial keys.
 *
 * @param version  that {@link quicClientKeys} was given
 * @param server   what it wrote there
 * @param keys     QUIC_KEYS_BYTES; may be `server`
 */
export function quicServerKeys(version: u32, server: usize, keys: usize): void {
  const labels = quicLabels(quicSalt(version));
  if (ASC_FEATURE_SIMD) deriveInLanes(server, labels, keys);
  else deriveSide(server, LABEL_SERVER, labels, keys);
}
