import {
  APP_AMQP,
  APP_FTP,
  APP_HTTP_CONNECT,
  APP_HTTP_UPGRADE,
  APP_IMAP,
  APP_IRC,
  APP_LMTP,
  APP_NBD,
  APP_NNTP,
  APP_POP3,
  APP_SIEVE,
  APP_SMTP,
  APP_VNC,
  APP_XMPP,
} from '../generated/codes';
import { PRE_TLS_DROP, PRE_TLS_WAIT } from './outcome';

/**
 * Protocols of lines. Words are compared eight bytes at a time, little-endian, with 0x20 set in every byte: that makes
 * letters lower case and leaves digits, spaces and punctuation as they are.
 */
const FOLD: u64 = 0x2020202020202020;

/** `app` when the bytes begin with the first `length` of `word`, PRE_TLS_WAIT when they end inside it. */
function word(p: usize, n: u32, word: u64, length: u32, app: i32): i32 {
  const k = min(n, length);
  const mask: u64 = ~(<u64>0) >> (<u64>(8 - k) << 3);
  if ((((load<u64>(p) | FOLD) ^ word) & mask) != 0) return PRE_TLS_DROP;
  return k == length ? app : PRE_TLS_WAIT;
}

/** Whether a word of four letters or fewer (with FOLD set) stands in the first 512 bytes. */
function holds(p: usize, n: u32, word: u32, length: u32): bool {
  const mask: u32 = ~(<u32>0) >> ((4 - length) << 3);
  for (let i: u32 = 0; i + length <= min<u32>(n, 512); i++) {
    if ((((load<u32>(p + i) | <u32>FOLD) ^ word) & mask) == 0) return true;
  }
  return false;
}

/** Which protocol of lines begins with these bytes: a server's greeting or a client's first command. */
export function textOpener(p: usize, n: u32): i32 {
  switch (load<u8>(p) | 0x20) {
    case 0x22: // "IMPLEMENTATION" (RFC 5804 §1.7)
      return word(p, n, 0x656d656c706d6922, 8, APP_SIEVE);
    case 0x2a: // * OK, * PREAUTH, * BYE (RFC 9051 §7.1)
      return max(
        word(p, n, 0x6b6f202a, 4, APP_IMAP),
        max(word(p, n, 0x747561657270202a, 8, APP_IMAP), word(p, n, 0x657962202a, 5, APP_IMAP)),
      );
    case 0x2b: // +OK (RFC 1939 §3)
      return word(p, n, 0x6b6f2b, 3, APP_POP3);
    case 0x32:
      return greeting(p, n);
    case 0x3a:
      return ircLine(p, n);
    case 0x3c: // <?xml, <stream: (RFC 6120 §4)
      return max(word(p, n, 0x6c6d783f3c, 5, APP_XMPP), word(p, n, 0x3a6d61657274733c, 8, APP_XMPP));
    default:
      return max(command(p, n), taggedCommand(p, n));
  }
}

/** 220 of SMTP, LMTP and FTP, which only the words behind it tell apart; 200 and 201 of NNTP (RFC 3977 §5.1). */
function greeting(p: usize, n: u32): i32 {
  const mail = max(word(p, n, 0x20303232, 4, APP_SMTP), word(p, n, 0x2d303232, 4, APP_SMTP));
  if (mail == APP_SMTP) {
    if (holds(p, n, 0x70746d6c, 4)) return APP_LMTP;
    if (!holds(p, n, 0x70746d73, 4) && holds(p, n, 0x707466, 3)) return APP_FTP;
  }
  return max(mail, max(word(p, n, 0x20303032, 4, APP_NNTP), word(p, n, 0x20313032, 4, APP_NNTP)));
}

/** First commands of clients, and fixed words of servers that begin with a letter. */
function command(p: usize, n: u32): i32 {
  switch (load<u8>(p) | 0x20) {
    case 0x61: // AMQP, protocol 2: TLS (AMQP 1.0 §5.2.1); AUTH TLS, AUTH SSL (RFC 4217 §4)
      return max(
        amqp(p, n),
        max(word(p, n, 0x736c742068747561, 8, APP_FTP), word(p, n, 0x6c73732068747561, 8, APP_FTP)),
      );
    case 0x63: // CONNECT (RFC 9110 §9.3.6); CAP LS, CAP REQ (IRCv3 capability negotiation)
      return max(
        word(p, n, 0x207463656e6e6f63, 8, APP_HTTP_CONNECT),
        max(word(p, n, 0x736c20706163, 6, APP_IRC), word(p, n, 0x71657220706163, 7, APP_IRC)),
      );
    case 0x65: // EHLO (RFC 5321 §4.1.1.1)
      return word(p, n, 0x206f6c6865, 5, APP_SMTP);
    case 0x68: // HELO
      return word(p, n, 0x206f6c6568, 5, APP_SMTP);
    case 0x6c: // LHLO (RFC 2033 §4.1)
      return word(p, n, 0x206f6c686c, 5, APP_LMTP);
    case 0x6e: // NICK, NOTICE (RFC 2812 §3.1.2, §3.3.2); NBDMAGIC (network block device, fixed newstyle)
      return max(
        word(p, n, 0x206b63696e, 5, APP_IRC),
        max(word(p, n, 0x20656369746f6e, 7, APP_IRC), word(p, n, 0x636967616d64626e, 8, APP_NBD)),
      );
    case 0x6f: // OPTIONS with Upgrade: TLS/1.0 (RFC 2817 §3.2)
      return upgrade(p, n);
    case 0x70: // PASS (RFC 2812 §3.1.1)
      return word(p, n, 0x2073736170, 5, APP_IRC);
    case 0x72: // RFB 003.008 (RFC 6143 §7.1.1)
      return word(p, n, 0x2e33303020626672, 8, APP_VNC);
    case 0x73: // STARTTLS without greeting (IRCv3 tls); STLS (RFC 2595 §4)
      return max(word(p, n, 0x736c747472617473, 8, APP_IRC), word(p, n, 0x736c7473, 4, APP_POP3));
    case 0x75: // USER (RFC 2812 §3.1.3)
      return word(p, n, 0x2072657375, 5, APP_IRC);
    default:
      return PRE_TLS_DROP;
  }
}

function amqp(p: usize, n: u32): i32 {
  const k = min<u32>(n, 8);
  const mask: u64 = ~(<u64>0) >> (<u64>(8 - k) << 3);
  if (((load<u64>(p) ^ 0x0000010250514d41) & mask) != 0) return PRE_TLS_DROP;
  return k == 8 ? APP_AMQP : PRE_TLS_WAIT;
}

function upgrade(p: usize, n: u32): i32 {
  const found = word(p, n, 0x20736e6f6974706f, 8, APP_HTTP_UPGRADE);
  // "tls/": only a field that names it makes a request one of these.
  if (found != APP_HTTP_UPGRADE || holds(p, n, 0x2f736c74, 4)) return found;
  return n < 512 && httpHeaderBytes(p, n) == 0 ? PRE_TLS_WAIT : PRE_TLS_DROP;
}

/** Bytes up to and with the empty line that ends an HTTP header (RFC 9112 §2.1); 0 when it is not there. */
export function httpHeaderBytes(p: usize, n: u32): u32 {
  for (let i: u32 = 0; i + 4 <= n; i++) {
    if (load<u32>(p + i) == 0x0a0d0a0d) return i + 4;
  }
  return 0;
}

/** The request line of CONNECT, or the status line of its answer. */
export function connectLine(p: usize, n: u32): i32 {
  // "connect ", "http/1."
  return max(
    word(p, n, 0x207463656e6e6f63, 8, APP_HTTP_CONNECT),
    word(p, n, 0x2e312f70747468, 7, APP_HTTP_CONNECT),
  );
}

/** A client's IMAP command when the greeting was not captured: tag, then CAPABILITY or STARTTLS (RFC 9051 §6.1.1, §6.2.1). */
function taggedCommand(p: usize, n: u32): i32 {
  for (let i: u32 = 1; i + 9 <= min<u32>(n, 32); i++) {
    const c: u32 = load<u8>(p + i);
    if (c != 0x20) {
      if (c < 0x30 || c > 0x7a) return PRE_TLS_DROP;
      continue;
    }
    const rest = p + i + 1;
    return max(word(rest, 8, 0x736c747472617473, 8, APP_IMAP), word(rest, 8, 0x696c696261706163, 8, APP_IMAP));
  }
  return PRE_TLS_DROP;
}

/** `:server 020 ...` or `:server NOTICE ...` (RFC 2812 §2.3.1). */
function ircLine(p: usize, n: u32): i32 {
  let at: u32 = 1;
  for (; at < n && at < 64; at++) {
    const c: u32 = load<u8>(p + at);
    if (c == 0x20) break;
    if (c < 0x21 || c > 0x7e) return PRE_TLS_DROP;
  }
  if (at == 64) return PRE_TLS_DROP;
  if (at + 8 > n) return PRE_TLS_WAIT;
  const rest = p + at + 1;
  const digits = isDigit(load<u8>(rest)) && isDigit(load<u8>(rest, 1)) && isDigit(load<u8>(rest, 2));
  if (digits && load<u8>(rest, 3) == 0x20) return APP_IRC;
  return max(word(rest, 7, 0x20656369746f6e, 7, APP_IRC), word(rest, 4, 0x20706163, 4, APP_IRC));
}

@inline function isDigit(c: u32): bool {
  return c >= 0x30 && c <= 0x39;
}

/**
 * A connection whose server greeted with 220: what the client asks for, or the server answers, tells which of SMTP,
 * LMTP and FTP it is. Behind 354 (RFC 5321 §4.1.1.4) comes mail.
 */
export function mailOrFtp(app: i32, p: usize, n: u32): i32 {
  const mail: i32 = app == APP_LMTP ? APP_LMTP : APP_SMTP;
  let found = app;
  switch (load<u8>(p) | 0x20) {
    case 0x32: // 234 and 211- are answers of FTP (RFC 4217 §4, RFC 2389 §3.2), 250- of EHLO
      found = max(
        word(p, n, 0x20343332, 4, APP_FTP),
        max(word(p, n, 0x2d313132, 4, APP_FTP), word(p, n, 0x2d303532, 4, mail)),
      );
      break;
    case 0x33:
      if (word(p, n, 0x20343533, 4, app) == app && app != APP_FTP) return PRE_TLS_DROP;
      break;
    case 0x61:
      found = max(word(p, n, 0x736c742068747561, 8, APP_FTP), word(p, n, 0x6c73732068747561, 8, APP_FTP));
      break;
    case 0x65:
      found = word(p, n, 0x206f6c6865, 5, APP_SMTP);
      break;
    case 0x66: // FEAT
      found = word(p, n, 0x74616566, 4, APP_FTP);
      break;
    case 0x68:
      found = word(p, n, 0x206f6c6568, 5, APP_SMTP);
      break;
    case 0x6c:
      found = word(p, n, 0x206f6c686c, 5, APP_LMTP);
      break;
    case 0x73:
      found = word(p, n, 0x736c747472617473, 8, mail);
      break;
    case 0x75:
      found = word(p, n, 0x2072657375, 5, APP_FTP);
      break;
    default:
  }
  return found == PRE_TLS_DROP ? app : found;
}
