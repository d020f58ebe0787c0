import { AES128_SCHEDULE_BYTES, aes128Ctr, aes128Encrypt, aes128ExpandKey, aes128MaskAndExpand } from './aes128';
import { gcmOpen } from './gcm';
import { base64Encode, hexEncode } from './hex';
import { hkdfExpandLabel, hkdfExtract } from './hkdf';
import { cryptoInit } from './init';
import { md5 } from './md5';
import { md5x4 } from './md5x4';
import { QUIC_SECRET_BYTES, quicClientKeys, quicServerKeys } from './quic-keys';
import { quicClientKeys4 } from './quic-keys-x4';
import { sha1 } from './sha1';
import { sha256 } from './sha256';
import { sha256x4 } from './sha256x4';

/** The functions of this folder as exports of the testing build: `t_` and their name, same parameters. */

const scratch: usize = memory.data(1 << 20, 64);

/** Address of 1 MiB for tests to use as they like. */
export function t_scratch(): usize {
  return scratch;
}

export function t_cryptoInit(): void {
  cryptoInit();
}

export function t_md5(src: usize, len: u32, out: usize): void {
  md5(src, len, out);
}

export function t_md5x4(srcPtrs: usize, lens: usize, outs: usize): void {
  md5x4(srcPtrs, lens, outs);
}

export function t_sha1(src: usize, len: u32, out: usize): void {
  sha1(src, len, out);
}

export function t_sha256(src: usize, len: u32, out: usize): void {
  sha256(src, len, out);
}

export function t_sha256x4(srcPtrs: usize, lens: usize, outs: usize): void {
  sha256x4(srcPtrs, lens, outs);
}

export function t_hexEncode(src: usize, len: u32, out: usize): void {
  hexEncode(src, len, out);
}

export function t_base64Encode(src: usize, len: u32, out: usize): u32 {
  return base64Encode(src, len, out);
}

export function t_aes128ScheduleBytes(): usize {
  return AES128_SCHEDULE_BYTES;
}

export function t_aes128ExpandKey(key: usize, schedule: usize): void {
  aes128ExpandKey(key, schedule);
}

export function t_aes128Encrypt(schedule: usize, inBlock: usize, outBlock: usize): void {
  aes128Encrypt(schedule, inBlock, outBlock);
}

export function t_aes128MaskAndExpand(hpKey: usize, sample: usize, mask: usize, key: usize, schedule: usize): void {
  aes128MaskAndExpand(hpKey, sample, mask, key, schedule);
}

export function t_aes128Ctr(schedule: usize, counterBlock: usize, src: usize, len: u32, dst: usize): void {
  aes128Ctr(schedule, counterBlock, src, len, dst);
}

export function t_gcmOpen(
  schedule: usize,
  nonce: usize,
  aad: usize,
  aadLen: u32,
  src: usize,
  len: u32,
  tag: usize,
  dst: usize,
): bool {
  return gcmOpen(schedule, nonce, aad, aadLen, src, len, tag, dst);
}

export function t_hkdfExtract(salt: usize, saltLen: u32, ikm: usize, ikmLen: u32, out: usize): void {
  hkdfExtract(salt, saltLen, ikm, ikmLen, out);
}

export function t_hkdfExpandLabel(secret: usize, label: usize, labelLen: u32, out: usize, outLen: u32): void {
  hkdfExpandLabel(secret, label, labelLen, out, outLen);
}

export function t_quicSecretBytes(): usize {
  return QUIC_SECRET_BYTES;
}

export function t_quicClientKeys(version: u32, dcid: usize, dcidLen: u32, keys: usize, server: usize): bool {
  return quicClientKeys(version, dcid, dcidLen, keys, server);
}

export function t_quicServerKeys(version: u32, server: usize, keys: usize): void {
  quicServerKeys(version, server, keys);
}

export function t_quicClientKeys4(
  version: u32,
  ids: usize,
  lens: usize,
  keys: usize,
  server: usize,
  stride: usize,
): void {
  if (ASC_FEATURE_SIMD) {
    quicClientKeys4(version, ids, lens, keys, server, stride);
    return;
  }
  for (let i: usize = 0; i < 4; i++) {
    const id = <usize>load<u32>(ids + (i << 2));
    quicClientKeys(version, id, load<u32>(lens + (i << 2)), keys + i * stride, server + i * stride);
  }
}
