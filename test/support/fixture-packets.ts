import { readFileSync } from 'node:fs';
import type { ForgedPacket } from '../../src/dev/forge/capture.js';
import { readCapture } from './reference/index.js';

/** The IP packets of an Ethernet capture among the fixtures, in order. */
export function ipPackets(fixture: string): ForgedPacket[] {
  const file = readFileSync(new URL(`../../fixtures/captures/${fixture}`, import.meta.url));
  return readCapture(file).map(({ time, linkType, data }) => {
    const type = (data[12]! << 8) | data[13]!;
    if (linkType !== 1 || (type !== 0x0800 && type !== 0x86dd))
      throw new Error(`${fixture}: not IP on Ethernet`);
    return { time: time!, data: data.subarray(14) };
  });
}

/** The version of an IP packet. */
export function ipVersion(packet: Uint8Array): 4 | 6 {
  return packet[0]! >>> 4 === 6 ? 6 : 4;
}
