/** The sum of the big-endian 16-bit words of `data`, not yet folded; a last odd byte counts as the upper half (RFC 1071). */
export function wordSum(data: Uint8Array, from = 0, to = data.length): number {
  let sum = 0;
  let i = from;
  for (; i + 1 < to; i += 2) sum += (data[i]! << 8) | data[i + 1]!;
  if (i < to) sum += data[i]! << 8;
  return sum;
}

/** Fold a word sum into the 16-bit one's complement that goes on the wire. */
export function foldChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** The Internet checksum of `data` (RFC 1071). */
export function internetChecksum(data: Uint8Array): number {
  return foldChecksum(wordSum(data));
}

/**
 * The checksum of a TCP or UDP segment with its pseudo header (RFC 9293 §3.1, RFC 8200 §8.1).
 * @param source, destination address bytes in network order, 4 or 16 each
 * @param segment header and payload, its checksum field zero
 */
export function transportChecksum(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  segment: Uint8Array,
): number {
  const length = segment.length;
  const pseudo = wordSum(source) + wordSum(destination) + protocol + (length >>> 16) + (length & 0xffff);
  return foldChecksum(pseudo + wordSum(segment));
}
