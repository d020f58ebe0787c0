import { HMAC_STATE_BYTES, hkdfLabelMessage, hmacInit } from './hkdf';
import { SHA256_SCHEDULE_BYTES } from './sha256';
import { sha256Schedule } from './sha256-schedule';

/**
 * What the key derivation of QUIC Initial packets has constant, worked out once by {@link quicSaltsInit}: the
 * HMAC keys of the salts and the SHA-256 schedules of the labels (RFC 9001 §5.1-5.2, RFC 9369 §3.3).
 */

const SALT_BYTES: i32 = 20;
const SALT_COUNT: usize = 9;
const LABEL_COUNT: usize = 8;

/** Index of a version's salt in the table below; versions that share a salt share the index. */
const SALT_T050: i32 = 0;
const SALT_T051: i32 = 1;
const SALT_DRAFT_22: i32 = 2;
const SALT_DRAFT_23: i32 = 3;
const SALT_DRAFT_29: i32 = 4;
const SALT_V1: i32 = 5;
const SALT_V2_DRAFT: i32 = 6;
const SALT_V2: i32 = 7;
const SALT_RESERVED: i32 = 8;

const SALTS: usize = memory.data<u8>([
  // T050 and T051 (Google's QUIC with TLS, before the RFC)
  0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10,
  0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d,
  // ff000016 (draft 22), faceb001
  0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
  0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a,
  // ff000017-ff00001c (drafts 23-28), faceb002, faceb00e, faceb010, faceb011, faceb013
  0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
  0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02,
  // ff00001d-ff000020 (drafts 29-32)
  0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
  0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99,
  // 00000001 (RFC 9001 §5.2), ff000021, ff000022 (drafts 33-34), facefeed
  0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
  0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a,
  // 709a50c4 (drafts of version 2)
  0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d,
  0x62, 0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3,
  // 6b3343cf (RFC 9369 §3.3.1)
  0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
  0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9,
  // what Google's quiche takes for the reserved versions
  0xf9, 0x64, 0xbf, 0x45, 0x3a, 0x1f, 0x1b, 0x80, 0xa5, 0xf8,
  0x82, 0x03, 0x77, 0xd4, 0xaf, 0xca, 0x58, 0x0e, 0xe7, 0x43,
]);

/** Rows of 16 bytes: output length, label length, label. */
const LABELS: usize = memory.data<u8>([
  // client in
  32, 9, 99, 108, 105, 101, 110, 116, 32, 105, 110, 0, 0, 0, 0, 0,
  // server in
  32, 9, 115, 101, 114, 118, 101, 114, 32, 105, 110, 0, 0, 0, 0, 0,
  // quic key
  16, 8, 113, 117, 105, 99, 32, 107, 101, 121, 0, 0, 0, 0, 0, 0,
  // quic iv
  12, 7, 113, 117, 105, 99, 32, 105, 118, 0, 0, 0, 0, 0, 0, 0,
  // quic hp
  16, 7, 113, 117, 105, 99, 32, 104, 112, 0, 0, 0, 0, 0, 0, 0,
  // quicv2 key
  16, 10, 113, 117, 105, 99, 118, 50, 32, 107, 101, 121, 0, 0, 0, 0,
  // quicv2 iv
  12, 9, 113, 117, 105, 99, 118, 50, 32, 105, 118, 0, 0, 0, 0, 0,
  // quicv2 hp
  16, 9, 113, 117, 105, 99, 118, 50, 32, 104, 112, 0, 0, 0, 0, 0,
]);

/** Index of a label in the table above. */
export const LABEL_CLIENT: i32 = 0;
export const LABEL_SERVER: i32 = 1;
/** Key, IV and header protection follow each other. */
export const LABELS_V1: i32 = 2;
export const LABELS_V2: i32 = 5;

const saltKeys: usize = memory.data(576, 16);
const labelSchedules: usize = memory.data(2048, 16);
const laneSchedules: usize = memory.data(2048, 16);
const sideSchedules: usize = memory.data(1024, 16);
const block: usize = memory.data(64, 16);

/** Put the schedule of a label into a lane. */
function intoLane(label: i32, lane: usize, out: usize): void {
  const from = quicLabelSchedule(label);
  for (let i: usize = 0; i < 256; i += 4) store<u32>(out + (i << 2) + (lane << 2), load<u32>(from + i));
}

/** Key, IV and hp, and to fill the fourth lane the first again. */
function interleaveKeys(labels: i32, out: usize): void {
  intoLane(labels, 0, out);
  intoLane(labels + 1, 1, out);
  intoLane(labels + 2, 2, out);
  intoLane(labels, 3, out);
}

/** Prepare all salts and labels. Call once. */
export function quicSaltsInit(): void {
  for (let i: usize = 0; i < SALT_COUNT; i++) {
    hmacInit(SALTS + i * SALT_BYTES, <u32>SALT_BYTES, saltKeys + i * HMAC_STATE_BYTES);
  }
  for (let i: usize = 0; i < LABEL_COUNT; i++) {
    const row = LABELS + (i << 4);
    for (let k: usize = 0; k < 64; k += 8) store<u64>(block + k, 0);
    const n = hkdfLabelMessage(row + 2, load<u8>(row, 1), load<u8>(row), block);
    store<u8>(block + <usize>n, 0x80);
    // The message follows the inner pad, a block of 64 bytes.
    store<u32>(block, bswap<u32>((64 + n) << 3), 60);
    sha256Schedule(block, labelSchedules + i * SHA256_SCHEDULE_BYTES);
  }
  interleaveKeys(LABELS_V1, laneSchedules);
  interleaveKeys(LABELS_V2, laneSchedules + 1024);
  for (let lane: usize = 0; lane < 4; lane++) intoLane(lane < 2 ? LABEL_CLIENT : LABEL_SERVER, lane, sideSchedules);
}

/**
 * Versions 0x?a?a?a?a, with which a client makes the server name those that it has (RFC 9000 §15). No server understands them, so
 * that a client is free in its choice of a salt.
 */
@inline
export function isReservedVersion(version: u32): bool {
  return (version & 0x0f0f0f0f) == 0x0a0a0a0a;
}

/** How many salts other than that of `quicSalt` clients have been seen to take for a reserved version. */
export const OTHER_RESERVED_SALTS: u32 = 2;

/** One of these. */
@inline
export function otherReservedSalt(i: u32): i32 {
  return i == 0 ? SALT_DRAFT_29 : SALT_RESERVED;
}

/**
 * Index of the salt of a QUIC version, or -1. Drafts of version 1, mvfst (faceb0xx) and version 2 as
 * deployed; for a reserved version the most likely one.
 */
export function quicSalt(version: u32): i32 {
  if (version == 1 || version == 0xfacefeed || isReservedVersion(version)) return SALT_V1;
  if (version == 0x6b3343cf) return SALT_V2;
  if (version == 0x709a50c4) return SALT_V2_DRAFT;
  const draft = version - 0xff000000;
  if (draft >= 22 && draft <= 34) {
    if (draft == 22) return SALT_DRAFT_22;
    if (draft <= 28) return SALT_DRAFT_23;
    return draft <= 32 ? SALT_DRAFT_29 : SALT_V1;
  }
  if (version == 0xfaceb001) return SALT_DRAFT_22;
  if (version == 0xfaceb002 || version == 0xfaceb00e) return SALT_DRAFT_23;
  if (version == 0xfaceb010 || version == 0xfaceb011 || version == 0xfaceb013) return SALT_DRAFT_23;
  if (version == 0x54303530) return SALT_T050;
  if (version == 0x54303531) return SALT_T051;
  return -1;
}

/** The HMAC key made ready (see hmacInit) of a salt. */
@inline
export function quicSaltKey(salt: i32): usize {
  return saltKeys + (<usize>salt) * HMAC_STATE_BYTES;
}

/** The first of the three labels key, IV, hp that go with a salt. */
@inline
export function quicLabels(salt: i32): i32 {
  return salt == SALT_V2_DRAFT || salt == SALT_V2 ? LABELS_V2 : LABELS_V1;
}

/** The SHA-256 schedule of a label's message. */
@inline
export function quicLabelSchedule(label: i32): usize {
  return labelSchedules + (<usize>label) * SHA256_SCHEDULE_BYTES;
}

/** The schedules of key, IV and hp in lanes 0, 1 and 2 (see sha256Rounds4), given their first label. */
@inline
export function quicLaneSchedules(labels: i32): usize {
  return labels == LABELS_V1 ? laneSchedules : laneSchedules + 1024;
}

/** The schedules of the client's label in lanes 0 and 1, of the server's in 2 and 3. */
@inline
export function quicSideSchedules(): usize {
  return sideSchedules;
}
