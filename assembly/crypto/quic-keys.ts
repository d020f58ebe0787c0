import { HMAC_STATE_BYTES, hmac, hmacInit, hmacOuter } from './hkdf';
import {
  LABEL_CLIENT,
  LABEL_SERVER,
  quicLabelSchedule,
  quicLabels,
  quicLaneSchedules,
  quicSalt,
  quicSaltKey,
} from './quic-salts';
import { sha256Rounds } from './sha256';
import {
  SHA256X4_SCHEDULE_BYTES,
  SHA256X4_STATE_BYTES,
  SHA256X4_WORDS,
  sha256Digest4,
  sha256Rounds4,
  sha256Schedule4,
  sha256Spread4,
} from './sha256x4';

/** Keys of QUIC Initial packets (RFC 9001 §5.1-5.2; version 2: RFC 9369 §3.3). */

/** Offsets in bytes inside one side's keys. */
export const QUIC_KEY: usize = 0;
export const QUIC_IV: usize = 16;
export const QUIC_HP: usize = 32;
/** Offsets of the two sides; the server's keys are absent when only the client's are derived. */
export const QUIC_CLIENT_KEYS: usize = 0;
export const QUIC_SERVER_KEYS: usize = 48;
/** Bytes of both sides' keys. Each side: 16 key, 12 IV, 4 not written, 16 header protection key. */
export const QUIC_KEYS_BYTES: i32 = 96;

const initialSecret: usize = memory.data(HMAC_STATE_BYTES, 16);
const sideSecret: usize = memory.data(HMAC_STATE_BYTES, 16);
const secret: usize = memory.data(32, 16);
const inner: usize = memory.data(32, 16);
const laneStates: usize = memory.data(SHA256X4_STATE_BYTES, 16);
const laneSchedule: usize = memory.data(SHA256X4_SCHEDULE_BYTES, 16);
const allLanes: usize = memory.data(16, 16);

/** HKDF-Expand-Label with a prepared secret and a prepared label: 32 bytes at `out`. */
@inline
function expand(key: usize, label: i32, out: usize): void {
  sha256Rounds(key, quicLabelSchedule(label), inner);
  hmacOuter(key + 32, inner, out);
}

/** initial_secret = HKDF-Extract(initial_salt, client_dst_connection_id), made ready as a key. */
function deriveInitialSecret(salt: i32, dcid: usize, dcidLen: u32): void {
  hmac(quicSaltKey(salt), dcid, dcidLen, secret);
  hmacInit(secret, 32, initialSecret);
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

/**
 * The same in three lanes at once: the digests of the inner hash are, as they lie, the words of the outer
 * one.
 */
function deriveInLanes(labels: i32, out: usize): void {
  v128.store(allLanes, i32x4.splat(-1));
  sha256Spread4(sideSecret, SHA256X4_WORDS);
  sha256Rounds4(SHA256X4_WORDS, quicLaneSchedules(labels), allLanes);
  const zero = i32x4.splat(0);
  v128.store(SHA256X4_WORDS, i32x4.splat(0x80000000), 128);
  for (let i: usize = 144; i < 240; i += 16) v128.store(SHA256X4_WORDS + i, zero);
  // Bits hashed: the outer pad and the digest.
  v128.store(SHA256X4_WORDS, i32x4.splat((64 + 32) << 3), 240);
  sha256Schedule4(laneSchedule);
  sha256Spread4(sideSecret + 32, laneStates);
  sha256Rounds4(laneStates, laneSchedule, allLanes);
  sha256Digest4(laneStates, 0, out + QUIC_KEY, 16);
  sha256Digest4(laneStates, 1, out + QUIC_IV, 12);
  sha256Digest4(laneStates, 2, out + QUIC_HP, 16);
}

/** One side's secret from the initial secret, then its keys. */
function deriveSide(sideLabel: i32, labels: i32, out: usize): void {
  expand(initialSecret, sideLabel, secret);
  hmacInit(secret, 32, sideSecret);
  if (ASC_FEATURE_SIMD) deriveInLanes(labels, out);
  else deriveInTurn(labels, out);
}

/**
 * Derive the client's Initial keys only, which is enough to read ClientHellos.
 *
 * @param version        of the long header, host order
 * @param dcid, dcidLen  Destination Connection ID of the client's first Initial (again after a Retry)
 * @param out            QUIC_KEYS_BYTES; the client's half is written
 * @returns false when the version is unknown; nothing is written then
 */
export function quicInitialKeysClient(version: u32, dcid: usize, dcidLen: u32, out: usize): bool {
  const salt = quicSalt(version);
  if (salt < 0) return false;
  deriveInitialSecret(salt, dcid, dcidLen);
  deriveSide(LABEL_CLIENT, quicLabels(salt), out + QUIC_CLIENT_KEYS);
  return true;
}

/** As {@link quicInitialKeysClient}, for both sides. */
export function quicInitialKeys(version: u32, dcid: usize, dcidLen: u32, out: usize): bool {
  const salt = quicSalt(version);
  if (salt < 0) return false;
  deriveInitialSecret(salt, dcid, dcidLen);
  deriveSide(LABEL_CLIENT, quicLabels(salt), out + QUIC_CLIENT_KEYS);
  deriveSide(LABEL_SERVER, quicLabels(salt), out + QUIC_SERVER_KEYS);
  return true;
}
