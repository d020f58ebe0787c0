import * as row from '../flow/context';
import {
  CE_CAPTURE_ID,
  CE_DER,
  CE_FLOW_ID,
  CE_PACKET,
  CE_POSITION,
  CE_TS,
  GROUP_CERTIFICATES,
} from '../generated/layout';
import { commitRow, noteRows, putBytes, putU8, putU32, putU64, rowsOf } from './batch';
import { captureId } from './common';

/** Write the row of one certificate of `n` bytes at `der`, with the context of `flow/context`. */
export function putCertificate(position: u32, der: usize, n: u32): void {
  const at = rowsOf(GROUP_CERTIFICATES);
  putU32(CE_CAPTURE_ID, at, captureId);
  putU64(CE_PACKET, at, row.rowPacket);
  putU64(CE_TS, at, <u64>row.rowTs);
  putU64(CE_FLOW_ID, at, row.rowFlowId);
  putU8(CE_POSITION, at, position);
  putBytes(CE_DER, at, der, n);
  commitRow(GROUP_CERTIFICATES);
  noteRows(GROUP_CERTIFICATES);
}
