/**
 * The content of the vectors in fixtures/compressed: a classic pcap (µs, little-endian, Ethernet) of
 * 1,200 packets, with runs of every length from 0 to 299 (bzip2 counts runs of four and more) and
 * words that repeat both near and more than 64 KiB apart (LZ4's reach).
 */
export function sampleCapture(): Uint8Array {
  const bytes: number[] = [];
  const u32 = (value: number) =>
    bytes.push(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
  u32(0xa1b2c3d4);
  u32(0x00040002);
  for (const value of [0, 0, 65535, 1]) u32(value);
  let seed = 1;
  for (let packet = 0; packet < 1200; packet++) {
    const length = 60 + (packet % 300);
    u32(1_700_000_000 + packet);
    u32(packet);
    u32(length);
    u32(length);
    for (let i = 0; i < 60; i++) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      bytes.push(i % 4 === 0 && packet % 8 === 0 ? seed >>> 24 : (i * 7) & 255);
    }
    for (let i = 60; i < length; i++) bytes.push(packet & 255);
  }
  return Uint8Array.from(bytes);
}

/** sha256 of that content, as `sha256sum` says of what the compressors were given. */
export const SAMPLE_SHA256 = '006509970d2b1dd864de0ebe26fb9069a54aeb51b271a8a6fdec43425f686b47';
