import { arenaReserve } from '../core/arena';
import { be64, copyShort, hashBytes, nextPowerOfTwo, putRun, sameBytes } from '../core/bytes';
import { count, limit } from '../core/control';
import { md5 } from '../crypto/md5';
import {
  ANOMALY_BAD_EXTENSION,
  ANOMALY_DUPLICATE_EXTENSION,
  ANOMALY_ODD_LENGTH,
  COUNT_CONTENT_CACHE_HITS,
  COUNT_CONTENTS,
} from '../generated/codes';
import { CH_CONTENT_ID, HC_CONTENT_ID, LIMIT_CONTENT_CACHE_BYTES } from '../generated/layout';
import { wanted } from '../columns/batch';
import * as hello from '../tls/parse';
import { writeKey } from './key';
import { FIXED, isFixed, isTransportParameters, wholeExtensions } from './npf';
import { nextTransportId, transportIdBytes, transportIdKey } from './transport-ids';

/**
 * The content of a hello: what its fingerprints and lists come from, without what differs between two hellos of the
 * same client (random, names, keys, tickets). Written as one normalised blob; its MD5 gives the content id (as JA3, it need not
 * withstand more than an accident or a second preimage); a log
 * of recent blobs answers for hellos that were seen before.
 *
 * Log entry: u32 blob length, u32 hash, u64 id, u32 text bytes, u32 spare, blob, texts (wide layout). Positions only
 * grow; the log is a ring, and an entry is gone once the write position has passed it by the ring's size.
 */
/** At most: ciphers 64 KiB, extensions with their lengths 96, key shares 32, transport parameters 8 bytes for 2. */
const BLOB_BYTES: i32 = 8 * 65536;
const BLOB: usize = memory.data(BLOB_BYTES, 16);
const DIGEST: usize = memory.data(32, 16);
const HEADER: u32 = 24;

let log: usize = 0;
/** Bytes reserved for the log, and used of them. */
let reserved: u32 = 0;
let logBytes: u32 = 0;
let head: u32 = 0;
let index: usize = 0;
let indexMask: u32 = 0;

/** Of the content looked up last. */
export let contentId: u64 = 0;
/** Texts kept with the entry that was found, or 0. */
export let contentTexts: usize = 0;
/** True when the entry added last takes so much of the log that a few more may overwrite it. */
export let contentIsLarge: bool = false;
/** The blob looked up last. */
let blob: usize = BLOB;
let blobLength: u32 = 0;
let blobHash: u64 = 0;

export function contentInit(): bool {
  reserved = nextPowerOfTwo(limit(LIMIT_CONTENT_CACHE_BYTES));
  logBytes = reserved;
  const entries = logBytes >> 8;
  indexMask = entries - 1;
  index = arenaReserve(entries << 2);
  log = arenaReserve(logBytes + 16);
  return index != 0 && log != 0;
}

/** Forget all contents: the next sight of each is new again. */
export function contentReset(): void {
  memory.fill(index, 0, (indexMask + 1) << 2);
  head = 0;
}

function put16(to: usize, v: u32): usize {
  store<u16>(to, v);
  return to + 2;
}

/**
 * Data of extension `i`, GREASE folded where its position does not matter to any fingerprint (groups, versions).
 *
 * @param plain an extension stands twice or its inside contradicts itself: only the bytes themselves say all
 */
function putData(to: usize, type: u32, i: u32, plain: bool): usize {
  const at = hello.EXTENSION_DATA + (i << 3);
  const data = <usize>load<u32>(at);
  const n = load<u32>(at, 4);
  if (isTransportParameters(type) && !(hello.anomalies & ANOMALY_DUPLICATE_EXTENSION)) return putTransportIds(to, data, n);
  if (!plain && type == 0x0a) return putRun(to, hello.GROUPS, hello.groupCount << 1);
  if (!plain && type == 0x2b) return putRun(to, hello.VERSIONS, hello.versionCount << 1);
  return putRun(to, data, n);
}

/** Data of those extensions from place 0 on whose type is at least `lowest`. */
function putInOrder(to: usize, lowest: u32, plain: bool): usize {
  for (let i: u32 = 0; i < hello.extensionCount; i++) {
    const type: u32 = load<u16>(hello.EXTENSIONS + (i << 1));
    if (type >= lowest && (isFixed(type) || isTransportParameters(type))) to = putData(to, type, i, plain);
  }
  return to;
}

/** Types below 64 whose data stands in the blob. */
const LOW_DATA: u64 = FIXED | (1 << 57);

/** Data of the extensions: by rising type, or, where one stands twice, as they come. */
function putAllData(to: usize): usize {
  if (hello.anomalies & ANOMALY_DUPLICATE_EXTENSION) return putInOrder(to, 0, true);
  const plain = (hello.anomalies & (ANOMALY_BAD_EXTENSION | ANOMALY_ODD_LENGTH)) != 0;
  for (let set = hello.lowExtensions & LOW_DATA; set != 0; set &= set - 1) {
    const type = <u32>ctz<u64>(set);
    to = putData(to, type, load<u16>(hello.LOW_PLACES + (type << 1)), plain);
  }
  return hello.hasHighData ? putInOrder(to, 64, plain) : to;
}

/** Ids of transport parameters as encoded, GREASE folded, without their values. */
function putTransportIds(to: usize, data: usize, n: u32): usize {
  const start = to;
  const end = data + n;
  to += 4;
  for (let at = nextTransportId(data, end); at != 0; at = nextTransportId(at, end)) {
    store<u64>(to, bswap<u64>(transportIdKey));
    to += transportIdBytes(transportIdKey);
  }
  store<u32>(start, <u32>(to - start));
  return to;
}

/** Write the blob of the hello that was parsed last. */
function buildBlob(protocol: u32, quicVersion: i64, complete: bool): void {
  store<u8>(BLOB, protocol);
  store<u8>(BLOB, u8(complete) | (u8(hello.hasCiphers) << 1), 1);
  store<u32>(BLOB, <u32>quicVersion, 2);
  let to = put16(BLOB + 6, hello.legacyVersion);
  to = putRun(to, hello.CIPHERS, hello.cipherCount << 1);
  to = putRun(to, hello.compression, hello.compressionCount);
  to = putRun(to, hello.EXTENSIONS, hello.extensionCount << 1);
  to = put16(to, wholeExtensions(hello.EXTENSION_DATA, hello.extensionCount));
  to = putAllData(to);
  to = putRun(to, hello.KEY_SHARES, hello.keyShareCount << 1);
  to = putRun(to, hello.PARAMETERS, hello.parameterCount << 3);
  blobLength = <u32>(to - BLOB);
}

/** True: nothing but JA3 and JA4 are wanted of a content, and their key stands for it. */
let fingerprintsOnly: bool = false;
/** Bytes of the log used then: it stays in the second-level cache, and what it forgets is soon computed again. */
const SHORT_LOG_BYTES: u32 = 1 << 20;

/** Before the first hello of a run: what is in the log then was not written for the other kind of key. */
export function setFingerprintsOnly(value: bool): void {
  fingerprintsOnly = value;
  logBytes = value ? min(SHORT_LOG_BYTES, reserved) : reserved;
  indexMask = (logBytes >> 8) - 1;
}

/** Entry at a log position if it still is what was written there. */
function entryAt(position: u32): usize {
  if (position == 0 || head - position > logBytes) return 0;
  const at = log + (position & (logBytes - 1));
  if (load<u32>(at) != blobLength || load<u32>(at, 4) != <u32>blobHash) return 0;
  return sameBytes(at + HEADER, blob, blobLength) ? at : 0;
}

/**
 * Look the content of the hello that was parsed last up.
 *
 * @param version that it offers (`offeredVersion`)
 * @returns true when it was seen lately: `contentId` and `contentTexts` are set. Else `contentAdd` is to follow.
 */
export function contentLookup(protocol: u32, quicVersion: i64, version: u32, complete: bool): bool {
  if (fingerprintsOnly) blobLength = writeKey(BLOB, protocol, version, complete);
  else buildBlob(protocol, quicVersion, complete);
  return lookup(BLOB);
}

/** Look the hello of a key of `bytes` up, where nothing but JA3 and JA4 are wanted; as `contentLookup`. It stays where it is until then. */
export function keyLookup(key: usize, bytes: u32): bool {
  blobLength = bytes;
  return lookup(key);
}

function lookup(at: usize): bool {
  blob = at;
  blobHash = hashBytes(blob, blobLength);
  const entry = entryAt(load<u32>(index + ((<usize>((blobHash >> 32) & indexMask)) << 2)));
  if (entry) {
    contentId = load<u64>(entry, 8);
    contentTexts = entry + HEADER + blobLength;
    count(COUNT_CONTENT_CACHE_HITS);
    return true;
  }
  if (wanted(HC_CONTENT_ID) || wanted(CH_CONTENT_ID)) {
    md5(blob, blobLength, DIGEST);
    contentId = be64(DIGEST);
  }
  contentTexts = 0;
  count(COUNT_CONTENTS);
  return false;
}

/**
 * Remember the content looked up last, with `bytes` of texts.
 *
 * @returns where the texts are to be written, or 0 when the entry is too large for the log
 */
export function contentAdd(bytes: u32): usize {
  // Room for what the last copy into it writes too much.
  const size = (HEADER + blobLength + bytes + 31) & ~15;
  contentIsLarge = size > logBytes >> 4;
  if (size > logBytes >> 2) return 0;
  if (head == 0) head = 16;
  // Entries do not wrap around the end of the ring.
  const left = logBytes - (head & (logBytes - 1));
  if (left < size) head += left;
  const at = log + (head & (logBytes - 1));
  store<u32>(index + ((<usize>((blobHash >> 32) & indexMask)) << 2), head);
  store<u32>(at, blobLength);
  store<u32>(at, <u32>blobHash, 4);
  store<u64>(at, contentId, 8);
  store<u32>(at, bytes, 16);
  copyShort(at + HEADER, blob, blobLength);
  head += size;
  return at + HEADER + blobLength;
}
