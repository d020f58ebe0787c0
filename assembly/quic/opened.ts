import { sameBytes } from '../core/bytes';
import { inputDistance, inputEnd, inputStart, nextRecord } from '../core/packet';
import { QUIC_HP, QUIC_IV, QUIC_KEY, QUIC_KEYS_BYTES, QUIC_SECRET_BYTES } from '../crypto/quic-keys';

/**
 * Initials that another instance has opened (`quic/opener`), in the order of the capture. What keys open of a packet is a function of
 * these and of its bytes, and the keys that come from its own destination connection id one of its bytes alone: so it does not matter
 * which packets are there.
 *
 *     0   u32 place of the packet in the capture, its lower 32 bits; u32 bytes of all this
 *     8   u32 length of the packet, i32 bytes of plaintext (-1: the keys do not open it)
 *     16  u32 packet number, u32 kind of the keys
 *     32  tag of the packet, 16 bytes
 *     48  keys that it was opened with, 48 bytes; with those of its own id, the secret of the server, 64 bytes
 *     160 plaintext, and room for wide stores
 */
export const OPENED_PLACE: usize = 0;
export const OPENED_BYTES: usize = 4;
export const OPENED_LENGTH: usize = 8;
export const OPENED_PLAIN: usize = 12;
export const OPENED_NUMBER: usize = 16;
export const OPENED_KIND: usize = 20;
export const OPENED_TAG: usize = 32;
export const OPENED_KEYS: usize = 48;
export const OPENED_SECRET: usize = OPENED_KEYS + <usize>QUIC_KEYS_BYTES;
export const OPENED_TEXT: usize = OPENED_SECRET + <usize>QUIC_SECRET_BYTES;
export const TAG_BYTES: u32 = 16;
/** Kinds of keys: of a client, from the packet's own id; of a server. */
export const KIND_OWN: u32 = 0;
export const KIND_SERVER: u32 = 1;

let next: usize = 0;
let end: usize = 0;

/** There are `bytes` of them at `at`, for packets that are still to come. */
export function setOpened(at: usize, bytes: u32): void {
  next = at;
  end = at + bytes;
}

/** What another instance has made of the packet of `length` bytes at `p`; 0: nothing. */
export function openedAt(p: usize, length: u32): usize {
  if (next >= end || nextRecord == 0 || p < inputStart || p >= inputEnd || length < TAG_BYTES) return 0;
  const place = <u32>p + inputDistance;
  while (next < end && <i32>(load<u32>(next, OPENED_PLACE) - place) < 0) next += load<u32>(next, OPENED_BYTES);
  if (next >= end || load<u32>(next, OPENED_PLACE) != place || load<u32>(next, OPENED_LENGTH) != length) return 0;
  // A file that is written to while it is read may have had other bytes there.
  return sameBytes(next + OPENED_TAG, p + length - TAG_BYTES, TAG_BYTES) ? next : 0;
}

/** The same if it has the keys that come from the packet's own id, else 0. */
@inline export function ownOpenedAt(p: usize, length: u32): usize {
  const opened = openedAt(p, length);
  return opened && load<u32>(opened, OPENED_KIND) == KIND_OWN ? opened : 0;
}

/** Whether the packet was opened by these keys. */
export function wasOpenedBy(opened: usize, keys: usize): bool {
  const own = opened + OPENED_KEYS;
  return (
    sameBytes(own + QUIC_KEY, keys + QUIC_KEY, 16) &&
    sameBytes(own + QUIC_IV, keys + QUIC_IV, 12) &&
    sameBytes(own + QUIC_HP, keys + QUIC_HP, 16)
  );
}
