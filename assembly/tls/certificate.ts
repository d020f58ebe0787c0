import { putCertificate } from '../columns/certificate-row';
import { be24 } from '../core/bytes';

/**
 * Certificate message of TLS 1.2 and older (RFC 5246 §7.4.2): `opaque ASN.1Cert<1..2^24-1>` after a 3-byte length.
 *
 * @param p the handshake message with its 4-byte header, `n` bytes
 */
export function certificateMessage(p: usize, n: u32): void {
  if (n >= 4) certificateBody(p + 4, n - 4);
}

/** As `certificateMessage`, for the `n` bytes behind a header read elsewhere (DTLS has a longer one). */
export function certificateBody(p: usize, n: u32): void {
  if (n < 3) return;
  const end = p + 3 + min(be24(p), n - 3);
  let at = p + 3;
  for (let position: u32 = 0; at + 3 <= end && position < 255; position++) {
    const length = be24(at);
    at += 3;
    if (length == 0 || length > <u32>(end - at)) return;
    putCertificate(position, at, length);
    at += length;
  }
}
