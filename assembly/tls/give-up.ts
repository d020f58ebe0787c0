import { be24 } from '../core/bytes';
import { count } from '../core/control';
import { assemblyData, assemblyHave, assemblyTunnel, assemblyTunnelLength } from '../flow/assembly';
import { rowFromPast } from '../flow/context';
import {
  DIR_ASSEMBLY,
  DIR_BASE,
  DIR_END,
  DIR_END_KNOWN,
  DIR_FRONT,
  DIR_LAST_PACKET,
  DIR_LAST_TS,
  DIR_MESSAGE,
  DIR_RAW,
  directionAt,
  noteAnomaly,
} from '../flow/direction';
import { FLOW_RETRIES, FLOW_SESSION } from '../flow/table';
import { finishFlow } from '../flow/tcp';
import { ANOMALY_BUFFER_LIMIT, COUNT_BUFFER_LIMIT_HITS } from '../generated/codes';
import { clientHello } from './client-hello';
import { afterClientHello, afterHello, describe, stopDirection } from './messages';
import { sslV2Hello } from './opening';
import { serverHello } from './server-hello';
import { beginsSslV2Hello, HANDSHAKE_CLIENT_HELLO, HANDSHAKE_SERVER_HELLO } from './wire';

/** Messages that will not be completed. */

/**
 * The message in progress will not be completed: a row with what is there if a hello has begun, for `reason`
 * (an incompleteness anomaly).
 */
export function giveUp(flow: usize, index: u32, reason: u32): void {
  const dir = directionAt(flow, index);
  const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  if (reason == ANOMALY_BUFFER_LIMIT) count(COUNT_BUFFER_LIMIT_HITS);
  if (!assembly) {
    stopDirection(flow, index);
    return;
  }
  const stored = assemblyData(assembly);
  const data = stored + load<u32>(dir, DIR_FRONT);
  const joined = load<u32>(dir, DIR_MESSAGE);
  const type: u32 = joined ? load<u8>(data) : 0;
  const isHello = joined >= 1 && (type == HANDSHAKE_CLIENT_HELLO || type == HANDSHAKE_SERVER_HELLO);
  rowFromPast(
    load<u64>(dir, DIR_LAST_PACKET),
    load<i64>(dir, DIR_LAST_TS),
    assemblyTunnel(assembly),
    assemblyTunnelLength(assembly),
  );
  noteAnomaly(dir, reason);
  const unread = assemblyHave(assembly) - load<u32>(dir, DIR_RAW);
  if (!joined && !afterHello(flow, index) && beginsSslV2Hello(stored + load<u32>(dir, DIR_RAW), unread)) {
    sslV2Hello(flow, index, stored + load<u32>(dir, DIR_RAW), unread);
    return;
  }
  if (isHello) {
    describe(flow, index, load<u8>(flow, FLOW_RETRIES) + 1);
    const total = joined >= 4 ? 4 + be24(data + 1) : joined;
    if (type == HANDSHAKE_CLIENT_HELLO) clientHello(data, total, joined);
    else serverHello(data, total, joined, load<u32>(flow, FLOW_SESSION));
  }
  if (isHello && type == HANDSHAKE_CLIENT_HELLO) {
    afterClientHello(flow, index, load<u32>(dir, DIR_BASE) + assemblyHave(assembly));
    return;
  }
  if (isHello) {
    store<u32>(dir, load<u32>(dir, DIR_BASE) + assemblyHave(assembly), DIR_END);
    store<u32>(dir, 1, DIR_END_KNOWN);
  }
  stopDirection(flow, index);
  if (isHello) finishFlow(flow, reason);
}
