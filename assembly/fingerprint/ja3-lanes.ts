import { copyShort } from '../core/bytes';
import { hexEncode } from '../crypto/hex';
import { md5x4 } from '../crypto/md5x4';
import { md5Hex } from './memo';

/**
 * MD5 of JA3 texts four at a time: a text waits for three more, at the latest until the rows are handed over. Meanwhile
 * the places of its hash, in the row and in what is remembered of the content, are empty.
 */
const LANES: u32 = 4;
/** A longer text is hashed at once. */
const TEXT_BYTES: u32 = 1024;
/** Room behind each for what copies write too much. */
const TEXT_STRIDE: u32 = TEXT_BYTES + 64;
const TEXTS: usize = memory.data(4 * 1088, 16);
const DIGESTS: usize = memory.data(64, 16);
/** For each lane u32: address and length of the text, address of the digest, of the hash in the row, and in the cache. */
const SOURCES: usize = memory.data(16, 16);
const LENGTHS: usize = memory.data(16, 16);
const OUTS: usize = memory.data(16, 16);
const ROWS: usize = memory.data(16, 16);
const KEPT: usize = memory.data(16, 16);

let waiting: u32 = 0;

/**
 * Hash the JA3 text of `n` bytes, now or later.
 *
 * @param row where the 32 digits go in a batch
 * @param kept where they go in what is remembered of the content, 0: nowhere
 */
export function ja3Hash(text: usize, n: u32, row: usize, kept: usize): void {
  if (n > TEXT_BYTES) {
    md5Hex(text, n, DIGESTS);
    put(DIGESTS, row, kept);
    return;
  }
  const lane = waiting << 2;
  const copy = TEXTS + waiting * TEXT_STRIDE;
  copyShort(copy, text, n);
  store<u32>(SOURCES + lane, <u32>copy);
  store<u32>(LENGTHS + lane, n);
  store<u32>(OUTS + lane, <u32>(DIGESTS + (waiting << 4)));
  store<u32>(ROWS + lane, <u32>row);
  store<u32>(KEPT + lane, <u32>kept);
  if (++waiting == LANES) ja3Flush();
}

/** Whether the hash at `kept`, in what is remembered of a content, is still to come. */
@inline export function ja3Waits(kept: usize): bool {
  for (let i: u32 = 0; i < waiting; i++) {
    if (<usize>load<u32>(KEPT + (i << 2)) == kept) return true;
  }
  return false;
}

/** Hash what waits. To be called before the host reads rows, and before addresses given to `ja3Hash` lose their meaning. */
export function ja3Flush(): void {
  if (waiting == 0) return;
  if (waiting > 1) {
    for (let lane = waiting; lane < LANES; lane++) {
      store<u32>(LENGTHS + (lane << 2), 0);
      store<u32>(OUTS + (lane << 2), <u32>(DIGESTS + (lane << 4)));
    }
    md5x4(SOURCES, LENGTHS, OUTS);
  }
  for (let i: u32 = 0; i < waiting; i++) {
    const text = TEXTS + i * TEXT_STRIDE;
    if (waiting > 1) hexEncode(DIGESTS + (i << 4), 16, text);
    else md5Hex(text, load<u32>(LENGTHS), text);
    put(text, load<u32>(ROWS + (i << 2)), load<u32>(KEPT + (i << 2)));
  }
  waiting = 0;
}

@inline function put(hash: usize, row: usize, kept: usize): void {
  copyShort(row, hash, 32);
  if (kept) copyShort(kept, hash, 32);
}
