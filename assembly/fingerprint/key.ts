import { putRun } from '../core/bytes';
import * as hello from '../tls/parse';
import { alpnText } from './ja4';

/**
 * What JA3 and JA4, in all their forms, come from, as bytes: hellos with equal keys have equal fingerprints, and another
 * instance can compute these from the key alone.
 *
 *     0   u8 protocol, u8 flags
 *     2   u16 version offered, u16 legacy version
 *     6   a ProtocolNameList of one name: the two characters that stand for ALPN; a zero
 *     10  five runs, u32 bytes and so many: ciphers, extensions, groups, signature algorithms (u16, GREASE as 0x0a0a), point
 *         formats (u8)
 */
const COMPLETE: u32 = 1;
const HAS_CIPHERS: u32 = 2;
const HAS_SNI: u32 = 4;
const ALPN: usize = 6;
const RUNS: usize = 10;

/**
 * Write the key of the hello that was parsed last to `to`.
 *
 * @returns its bytes; up to 15 behind them may be overwritten
 */
export function writeKey(to: usize, protocol: u32, version: u32, complete: bool): u32 {
  store<u8>(to, protocol);
  store<u8>(to, (u32(complete) * COMPLETE) | (u32(hello.hasCiphers) * HAS_CIPHERS) | (u32(hello.hasSni) * HAS_SNI), 1);
  store<u16>(to, version, 2);
  store<u16>(to, hello.legacyVersion, 4);
  store<u32>(to, 2 | (alpnText() << 8), ALPN);
  let at = putRun(to + RUNS, hello.CIPHERS, hello.cipherCount << 1);
  at = putRun(at, hello.EXTENSIONS, hello.extensionCount << 1);
  at = putRun(at, hello.GROUPS, hello.groupCount << 1);
  at = putRun(at, hello.SIGNATURES, hello.signatureCount << 1);
  at = putRun(at, hello.pointFormats, hello.pointFormatCount);
  return <u32>(at - to);
}

/** The protocol of the hello of a key. */
@inline export function keyProtocol(key: usize): u32 {
  return load<u8>(key);
}

/** The version that it offers. */
@inline export function keyVersion(key: usize): u32 {
  return load<u16>(key, 2);
}

/** Make the hello of `key` the one that was parsed last, as far as JA3 and JA4 come from it; it points into the key. */
export function recallKey(key: usize): void {
  hello.recallHello(load<u16>(key, 4), (load<u8>(key, 1) & HAS_SNI) != 0, key + ALPN, key + RUNS);
}
