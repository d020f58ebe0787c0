import { putClientHello } from '../columns/client-row';
import { hasCiphers, parseClientHello, parseSslV2ClientHello } from './parse';

/**
 * A ClientHello: handshake message with its 4-byte header at `p`.
 *
 * @param total bytes the message declares, header included
 * @param available bytes of it that are there; fewer than `total`: an incomplete row
 */
export function clientHello(p: usize, total: u32, available: u32): void {
  clientHelloBody(p + 4, total, available, false);
}

/**
 * A ClientHello whose header was read elsewhere (DTLS has a longer one).
 *
 * @param body first byte behind the handshake header
 * @param total bytes the message declares, counting a header of 4
 * @param available of these are there
 * @param dtls true when the body has a cookie
 */
export function clientHelloBody(body: usize, total: u32, available: u32, dtls: bool): void {
  const complete = available >= total && total >= 4;
  parseClientHello(body, available < 4 ? 0 : min(available, total) - 4, complete, dtls);
  putClientHello(total, min(available, total), complete, hasCiphers);
}

/**
 * SSL 2.0 compatible CLIENT-HELLO (RFC 5246 §E.2), record header included: a row without fingerprints, for none of the
 * specifications says what they would be. Of the 3-byte cipher specs those of TLS (first byte 0) are listed.
 */
export function sslV2ClientHello(p: usize, total: u32, available: u32): void {
  const complete = available >= total;
  parseSslV2ClientHello(p, min(available, total));
  putClientHello(total, min(available, total), complete, false);
}
