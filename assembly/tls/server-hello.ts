import { putServerHello } from '../columns/server-row';
import { isRetry, parseDraftRetry, parseServerHello, version } from './parse-server';

/** Whether the last ServerHello was a HelloRetryRequest. */
export let serverHelloIsRetry: bool = false;
/** Version that the last ServerHello chose; -1 when it was not captured. */
export let serverHelloVersion: i32 = -1;

/**
 * A ServerHello: handshake message with its 4-byte header at `p`.
 *
 * @param total bytes the message declares, header included
 * @param available bytes of it that are there; fewer than `total`: an incomplete row
 * @param clientSession hash of the session id of the ClientHello before it, 0: none
 */
export function serverHello(p: usize, total: u32, available: u32, clientSession: u32): void {
  serverHelloBody(p + 4, total, available, clientSession);
}

/** As `serverHello`, with the header read elsewhere; `total` and `available` count a header of 4 bytes. */
export function serverHelloBody(body: usize, total: u32, available: u32, clientSession: u32): void {
  const complete = available >= total && total >= 4;
  parseServerHello(body, available < 4 ? 0 : min(available, total) - 4, complete, clientSession);
  finish(total, min(available, total), complete);
}

/** HelloRetryRequest message (type 6) of TLS 1.3 drafts 16 to 21. */
export function draftRetry(p: usize, total: u32): void {
  parseDraftRetry(p + 4, total - 4, true);
  finish(total, total, true);
}

function finish(total: u32, captured: u32, complete: bool): void {
  serverHelloIsRetry = isRetry;
  serverHelloVersion = version;
  putServerHello(total, captured, complete);
}
