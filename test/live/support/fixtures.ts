import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readCapture } from '../../support/reference/capture.js';

/** Path of a capture among the fixtures. */
export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`../../../fixtures/captures/${name}`, import.meta.url));
}

/** The Ethernet frames of a fixture, in order. */
export function frames(name: string): Uint8Array[] {
  const packets = readCapture(readFileSync(fixturePath(name)));
  if (packets.some((p) => p.linkType !== 1)) throw new Error(`${name}: not Ethernet`);
  return packets.map((p) => p.data);
}

/**
 * A row without what a ring cannot have from a file: its time, and the id of the connection that the time goes into.
 * Packet numbers, contents and all the rest must be the same.
 */
export function timeless<Row extends object>(row: Row): Partial<Row> {
  const { ts: _ts, flow_id: _flow, capture: _capture, ...rest } = row as Record<string, unknown>;
  return rest as Partial<Row>;
}
