import { be16, be32 } from '../core/bytes';
import {
  APP_FTP,
  APP_HTTP_CONNECT,
  APP_LMTP,
  APP_MSSQL,
  APP_MYSQL,
  APP_NNTP,
  APP_POSTGRES,
  APP_PROXY_PROTOCOL,
  APP_RDP,
  APP_SMTP,
  APP_SOCKS4,
  APP_SOCKS5,
} from '../generated/codes';
import { FLOW_APP } from '../flow/table';
import { isRecordHeader } from '../tls/wire';
import { ldap, mssql, mysql, postgres, rdp, socks4, socks5, telnet } from './binary';
import { openvpn } from './openvpn';
import { PRE_TLS_DROP, PRE_TLS_WAIT } from './outcome';
import { proxyHeaderBytes, proxyV1, proxyV2 } from './proxy-protocol';
import { connectLine, httpHeaderBytes, mailOrFtp, textOpener } from './text';

/**
 * What a connection speaks before TLS, told from its bytes and never from its ports.
 *
 * The first bytes of either side decide: they are what one of the protocols begins with (an *opener*), or the
 * connection is dropped at once. From then on the protocol is kept (`FLOW_APP`) and its bytes are passed over, unless
 * they show that there will be no TLS. Behind a proxy's handshake another opener may follow, and takes its place.
 *
 * @param flow the connection; bytes of both its directions come here
 * @param p `n` bytes in order (n >= 1), not a TLS record; wide loads may touch 8 bytes behind them
 * @returns an `APP_...` value to go on with, PRE_TLS_DROP, or PRE_TLS_WAIT
 */
export function preTls(flow: usize, p: usize, n: u32): i32 {
  const app: u32 = load<u8>(flow, FLOW_APP);
  if (app == 0) return opener(p, n);
  if (!isProxy(app)) return goOn(app, p, n);
  if (app == APP_HTTP_CONNECT) return behindConnect(p, n);
  const inner = opener(p, n);
  if (inner != PRE_TLS_DROP) return inner;
  // The header of PROXY has no answer: what follows it is the protocol itself.
  return app == APP_PROXY_PROTOCOL ? PRE_TLS_DROP : app;
}

/** A greeting may stand in one segment with the proxy's answer; and that answer holds what NNTP greets with. */
function behindConnect(p: usize, n: u32): i32 {
  // The empty line may come in segments of its own.
  for (; n && (load<u8>(p) == 0x0d || load<u8>(p) == 0x0a); n--) p++;
  if (n == 0) return APP_HTTP_CONNECT;
  let inner = connectLine(p, n);
  if (inner == PRE_TLS_DROP) inner = opener(p, n);
  else if (inner != PRE_TLS_WAIT) {
    const header = httpHeaderBytes(p, n);
    if (header && header < n) inner = opener(p + header, n - header);
  }
  return inner == PRE_TLS_DROP || inner == APP_NNTP ? APP_HTTP_CONNECT : inner;
}

@inline function isProxy(app: u32): bool {
  return app == APP_HTTP_CONNECT || app == APP_SOCKS4 || app == APP_SOCKS5 || app == APP_PROXY_PROTOCOL;
}

/** Which protocol begins with these bytes. */
function opener(p: usize, n: u32): i32 {
  let found = PRE_TLS_DROP;
  switch (<u32>load<u8>(p)) {
    case 0x00:
      found = max(postgres(p, n), openvpn(p, n));
      break;
    case 0x03:
      found = rdp(p, n);
      break;
    case 0x04:
      found = socks4(p, n);
      break;
    case 0x05:
      found = socks5(p, n);
      break;
    case 0x0d:
      found = behindHeader(p, n, proxyV2(p, n));
      break;
    case 0x12:
      found = mssql(p, n);
      break;
    case 0x30:
      found = ldap(p, n);
      break;
    case 0xff:
      found = telnet(p, n);
      break;
    case 0x50: // P
      found = max(behindHeader(p, n, proxyV1(p, n)), textOpener(p, n));
      break;
    default:
      found = textOpener(p, n);
  }
  return max(found, mysql(p, n));
}

/** What stands behind a whole PROXY header, which `outcome` tells of. */
function behindHeader(p: usize, n: u32, outcome: i32): i32 {
  if (outcome < 0 || n == proxyHeaderBytes) return outcome;
  const rest = p + proxyHeaderBytes;
  const left = n - proxyHeaderBytes;
  return isRecordHeader(rest, left) ? outcome : opener(rest, left);
}

/** More of a protocol that was recognised: its code, a better one, or PRE_TLS_DROP when it stays without TLS. */
function goOn(app: u32, p: usize, n: u32): i32 {
  switch (app) {
    case APP_SMTP:
    case APP_LMTP:
    case APP_FTP:
      return mailOrFtp(app, p, n);
    case APP_POSTGRES:
      // StartupMessage: protocol 3 in clear (PostgreSQL 17, §53.7)
      return n >= 8 && be16(p + 4) == 3 && be32(p) < 0x10000 ? PRE_TLS_DROP : app;
    case APP_MYSQL:
      // HandshakeResponse, packet 1, without CLIENT_SSL
      return n >= 8 && load<u8>(p, 3) == 1 && (load<u16>(p, 4) & 0x0800) == 0 ? PRE_TLS_DROP : app;
    case APP_RDP:
      return load<u8>(p) == 0x03 ? rdp(p, n) : app;
    case APP_MSSQL:
      // LOGIN7 in clear
      return n >= 8 && load<u16>(p) == 0x0110 && load<u8>(p, 7) == 0 && be16(p + 2) >= n ? PRE_TLS_DROP : app;
    default:
      return app;
  }
}
