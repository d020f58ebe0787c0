import { copyShort } from '../core/bytes';
import { AES128_SCHEDULE_BYTES, aes128MaskAndExpand } from '../crypto/aes128';
import { gcmOpen } from '../crypto/gcm';
import { QUIC_HP, QUIC_IV, QUIC_KEY } from '../crypto/quic-keys';

/** Taking the protection off an Initial packet (RFC 9001 §5.3, §5.4). The packet itself is never written to. */

const TAG: u32 = 16;
/** A datagram, and what wide stores may touch behind it. */
const SCRATCH_BYTES: i32 = 65536 + 64;
const HEADER: usize = memory.data(SCRATCH_BYTES, 16);
/** The frames of the packet opened last. */
export const PLAINTEXT: usize = memory.data(SCRATCH_BYTES, 16);
/** Its packet number, as far as it was written. */
export let packetNumber: u32 = 0;

const schedule: usize = memory.data(AES128_SCHEDULE_BYTES, 16);
const mask: usize = memory.data(16, 16);
const nonce: usize = memory.data(16, 16);

/** Make an Initial the one opened last whose frames are `n` bytes at `text`; -1: it was not opened. Answers `n`. */
export function recallInitial(text: usize, n: i32, number: u32): i32 {
  if (n > 0) copyShort(PLAINTEXT, text, n);
  packetNumber = number;
  return n;
}

/**
 * Open the Initial packet of `length` bytes at `p` (at most a datagram).
 *
 * @param keys of the sender's side, as `quicClientKeys` lays them out
 * @param numberOffset bytes before the packet number
 * @returns bytes at PLAINTEXT, or -1 when the tag does not match
 */
export function openInitial(keys: usize, p: usize, numberOffset: u32, length: u32): i32 {
  // The sample begins 4 bytes behind the start of the packet number, however long that is (RFC 9001 §5.4.2).
  if (length > 65536 || length < numberOffset + 4 + TAG) return -1;
  aes128MaskAndExpand(keys + QUIC_HP, p + numberOffset + 4, mask, keys + QUIC_KEY, schedule);
  const first = (<u32>load<u8>(p) ^ (<u32>load<u8>(mask) & 0x0f)) & 0xff;
  const numberBytes = (first & 3) + 1;
  const header = numberOffset + numberBytes;
  copyShort(HEADER, p, header);
  store<u8>(HEADER, first);
  packetNumber = 0;
  for (let i: u32 = 0; i < numberBytes; i++) {
    const at = HEADER + numberOffset + i;
    const byte = <u32>load<u8>(at) ^ <u32>load<u8>(mask + i, 1);
    store<u8>(at, byte);
    packetNumber = (packetNumber << 8) | byte;
  }
  // Initial packets are so few that the number written is the whole number (RFC 9000 §17.1).
  store<u64>(nonce, load<u64>(keys + QUIC_IV));
  store<u32>(nonce, load<u32>(keys + QUIC_IV, 8) ^ bswap<u32>(packetNumber), 8);
  const bytes = length - header - TAG;
  const body = p + header;
  if (!gcmOpen(schedule, nonce, HEADER, header, body, bytes, body + bytes, PLAINTEXT)) return -1;
  return <i32>bytes;
}
