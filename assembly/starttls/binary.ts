import { be16, be32 } from '../core/bytes';
import {
  APP_LDAP,
  APP_MSSQL,
  APP_MYSQL,
  APP_POSTGRES,
  APP_RDP,
  APP_SOCKS4,
  APP_SOCKS5,
  APP_TELNET,
} from '../generated/codes';
import { PRE_TLS_DROP, PRE_TLS_WAIT } from './outcome';

/** Protocols of binary messages: each function says whether the bytes begin one that may lead to TLS. */

/** SSLRequest or GSSENCRequest: length 8, then a code in place of a version (PostgreSQL 17, §53.7). */
export function postgres(p: usize, n: u32): i32 {
  for (let i: u32 = 0; i < min<u32>(n, 4); i++) {
    if (load<u8>(p + i) != (i == 3 ? 8 : 0)) return PRE_TLS_DROP;
  }
  if (n < 8) return PRE_TLS_WAIT;
  const code = be32(p + 4);
  return code == 80877103 || code == 80877104 ? APP_POSTGRES : PRE_TLS_DROP;
}

/** Greeting of a MySQL or MariaDB server, or, where only the client is captured, its SSLRequest. */
export function mysql(p: usize, n: u32): i32 {
  return max(mysqlGreeting(p, n), mysqlSslRequest(p, n));
}

/** u24 length (little-endian), packet 0, protocol 10, version in digits. */
function mysqlGreeting(p: usize, n: u32): i32 {
  const mask: u32 = n >= 4 ? ~0 : (1 << (n << 3)) - 1;
  const length = load<u32>(p) & mask;
  if (length > 511 || (n == 1 && length < 30)) return PRE_TLS_DROP;
  if (n >= 5 && load<u8>(p, 4) != 10) return PRE_TLS_DROP;
  if (n < 6) return PRE_TLS_WAIT;
  const digit: u32 = load<u8>(p, 5);
  return length >= 30 && digit >= 0x30 && digit <= 0x39 ? APP_MYSQL : PRE_TLS_DROP;
}

/** 32 bytes, packet 1, CLIENT_SSL and CLIENT_PROTOCOL_41 set, then 19 bytes of filler. */
function mysqlSslRequest(p: usize, n: u32): i32 {
  const mask: u32 = n >= 4 ? ~0 : (1 << (n << 3)) - 1;
  if (((load<u32>(p) ^ 0x01000020) & mask) != 0) return PRE_TLS_DROP;
  if (n < 36) return PRE_TLS_WAIT;
  if ((load<u16>(p, 4) & 0x0a00) != 0x0a00 || load<u64>(p, 13) != 0 || load<u64>(p, 21) != 0) return PRE_TLS_DROP;
  return APP_MYSQL;
}

/**
 * TPKT with an X.224 Connection Request or Confirm whose RDP negotiation asks for, or selects, TLS
 * (MS-RDPBCGR §2.2.1.1, §2.2.1.2; RFC 1006 §6).
 */
export function rdp(p: usize, n: u32): i32 {
  if (n >= 2 && load<u8>(p, 1) != 0) return PRE_TLS_DROP;
  if (n < 6) return PRE_TLS_WAIT;
  const length = be16(p + 2);
  const type = load<u8>(p, 5) & 0xf0;
  if (length < 19 || length > 1024 || load<u8>(p, 4) + 5 != length) return PRE_TLS_DROP;
  if (type != 0xe0 && type != 0xd0) return PRE_TLS_DROP;
  if (n < length) return PRE_TLS_WAIT;
  const wanted: u32 = type == 0xe0 ? 1 : 2;
  let negotiation = p + length - 8;
  // Behind a request, 36 bytes of RDP_NEG_CORRELATION_INFO may follow.
  if (load<u8>(negotiation) != wanted && length >= 55) negotiation -= 36;
  if (load<u8>(negotiation) != wanted || load<u16>(negotiation, 2) != 8) return PRE_TLS_DROP;
  return load<u32>(negotiation, 4) != 0 ? APP_RDP : PRE_TLS_DROP;
}

/** CONNECT or BIND with a user id, and in 4a a name, that end in 0 (SOCKS4 protocol, Ying-Da Lee). */
export function socks4(p: usize, n: u32): i32 {
  if (n >= 2 && load<u8>(p, 1) != 1 && load<u8>(p, 1) != 2) return PRE_TLS_DROP;
  for (let at: u32 = 8; at < min<u32>(n, 300); at++) {
    const c: u32 = load<u8>(p + at);
    if (c == 0) return APP_SOCKS4;
    if (c < 0x20) return PRE_TLS_DROP;
  }
  return n < 300 ? PRE_TLS_WAIT : PRE_TLS_DROP;
}

/** Methods offered (RFC 1928 §3); a client that does not wait may have put what follows behind them. */
export function socks5(p: usize, n: u32): i32 {
  if (n < 2) return PRE_TLS_WAIT;
  const methods: u32 = load<u8>(p, 1);
  if (methods == 0) return PRE_TLS_DROP;
  for (let i: u32 = 0; i < min(methods, n - 2); i++) {
    const method: u32 = load<u8>(p + 2 + i);
    if (method > 9 && (method < 0x80 || method == 0xff)) return PRE_TLS_DROP;
  }
  if (n < 2 + methods) return PRE_TLS_WAIT;
  if (n == 2 + methods) return APP_SOCKS5;
  const next: u32 = load<u8>(p + 2 + methods);
  return next == 5 || next == 1 ? APP_SOCKS5 : PRE_TLS_DROP;
}

/** PRELOGIN (MS-TDS §2.2.6.5): header of 8 bytes, then the VERSION option. The TLS handshake travels in such packets. */
export function mssql(p: usize, n: u32): i32 {
  if (n >= 2 && load<u8>(p, 1) > 1) return PRE_TLS_DROP;
  if (n < 14) return PRE_TLS_WAIT;
  const length = be16(p + 2);
  if (length < 14 || length > 4096 || load<u8>(p, 8) != 0 || be16(p + 11) != 6) return PRE_TLS_DROP;
  return APP_MSSQL;
}

/** A message of LDAP: SEQUENCE { messageID INTEGER, operation } (RFC 4511 §4.1.1); StartTLS may not be the first one. */
export function ldap(p: usize, n: u32): i32 {
  if (n < 2) return PRE_TLS_WAIT;
  const length: u32 = load<u8>(p, 1);
  const at: u32 = length < 0x80 ? 2 : 2 + (length & 0x7f);
  if (at > 6) return PRE_TLS_DROP;
  if (n < at + 3) return PRE_TLS_WAIT;
  const id: u32 = load<u8>(p + at + 1);
  if (load<u8>(p + at) != 2 || id < 1 || id > 4) return PRE_TLS_DROP;
  if (n < at + 3 + id) return PRE_TLS_WAIT;
  return isOperation(load<u8>(p + at + 2 + id)) ? APP_LDAP : PRE_TLS_DROP;
}

/** Tags of the protocol operations: application class, RFC 4511 §4.2 to §4.13. */
function isOperation(tag: u32): bool {
  const number = tag & 0x1f;
  if (number > 25 || (tag & 0xc0) != 0x40) return false;
  // unbind, delete and abandon are primitive
  return ((tag & 0x20) == 0) == (number == 2 || number == 10 || number == 16);
}

/** IAC DO or WILL START_TLS first of all (draft-altman-telnet-starttls-02 §2): option 46. */
export function telnet(p: usize, n: u32): i32 {
  if (n >= 2 && load<u8>(p, 1) != 0xfd && load<u8>(p, 1) != 0xfb) return PRE_TLS_DROP;
  if (n < 3) return PRE_TLS_WAIT;
  return load<u8>(p, 2) == 46 ? APP_TELNET : PRE_TLS_DROP;
}
