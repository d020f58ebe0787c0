import { be16 } from '../core/bytes';
import { APP_PROXY_PROTOCOL } from '../generated/codes';
import { PRE_TLS_DROP, PRE_TLS_WAIT } from './outcome';

/** The header that a load balancer puts before a client's bytes (HAProxy doc/proxy-protocol.txt, §2.1 and §2.2). */

/** Longest header of version 1, line end included. */
const V1_BYTES: u32 = 107;
/** Longest address block of version 2 that is waited for. */
const V2_ADDRESS_BYTES: u32 = 2048;

/** Bytes of the header found last. */
export let proxyHeaderBytes: u32 = 0;

/** `PROXY TCP4 ...`, `PROXY TCP6 ...`, `PROXY UNKNOWN ...` up to the end of the line. */
export function proxyV1(p: usize, n: u32): i32 {
  const k = min<u32>(n, 6);
  const mask: u64 = (<u64>1 << (<u64>k << 3)) - 1;
  // "PROXY "
  if (((load<u64>(p) ^ 0x2059584f5250) & mask) != 0) return PRE_TLS_DROP;
  for (let at: u32 = 6; at < min(n, V1_BYTES); at++) {
    if (load<u8>(p + at) != 0x0a) continue;
    proxyHeaderBytes = at + 1;
    return APP_PROXY_PROTOCOL;
  }
  return n < V1_BYTES ? PRE_TLS_WAIT : PRE_TLS_DROP;
}

/** Signature of 12 bytes, version and command, family, u16 length, addresses. */
export function proxyV2(p: usize, n: u32): i32 {
  const k = min<u32>(n, 8);
  const mask: u64 = ~(<u64>0) >> (<u64>(8 - k) << 3);
  if (((load<u64>(p) ^ 0x510a0d000a0d0a0d) & mask) != 0) return PRE_TLS_DROP;
  if (n < 16) return PRE_TLS_WAIT;
  // "UIT\n"
  if (load<u32>(p, 8) != 0x0a544955 || load<u8>(p, 12) >> 4 != 2) return PRE_TLS_DROP;
  const length = be16(p + 14);
  if (length > V2_ADDRESS_BYTES) return PRE_TLS_DROP;
  if (n < 16 + length) return PRE_TLS_WAIT;
  proxyHeaderBytes = 16 + length;
  return APP_PROXY_PROTOCOL;
}
