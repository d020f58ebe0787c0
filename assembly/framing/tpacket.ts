import { full } from '../columns/batch';
import { count } from '../core/control';
import { COUNT_RING_MALFORMED } from '../generated/codes';
import { ETHERTYPE_VLAN } from '../link/ethernet';
import { packetRecord, taggedRecord } from '../pipeline';
import { RING_ADDRESS, RING_COUNT, RING_EXTRA, RING_LEFT, RING_NEXT, RING_POSITION, RING_UNIT } from './ring-state';

/**
 * A ring of TPACKET_V3 (Linux `packet(7)`, `linux/if_packet.h`): blocks that the kernel hands over when they are full or old, in each of
 * them packets behind one another, each with a header that says where the next one is.
 */

/** Offsets in a TPACKET_V3 block (struct tpacket_block_desc). */
const BLOCK_STATUS: usize = 8;
const BLOCK_PACKETS: usize = 12;
const BLOCK_FIRST: usize = 16;
const BLOCK_OURS: u32 = 1;
/** Offsets in its packet header (struct tpacket3_hdr). */
const PACKET_NEXT: usize = 0;
const PACKET_SECONDS: usize = 4;
const PACKET_NANOSECONDS: usize = 8;
const PACKET_CAPTURED: usize = 12;
const PACKET_LENGTH: usize = 16;
const PACKET_STATUS: usize = 20;
const PACKET_MAC: usize = 24;
const PACKET_VLAN_TCI: usize = 32;
const PACKET_VLAN_TPID: usize = 36;
const PACKET_HEADER_BYTES: u32 = 48;
const STATUS_VLAN_VALID: u32 = 0x10;
const STATUS_VLAN_TPID_VALID: u32 = 0x40;

/** Read about `budget` packets; answers how many. */
export function tpacketPoll(r: usize, budget: u32): i32 {
  const blocks = load<u32>(r, RING_COUNT);
  const bytes = load<u32>(r, RING_UNIT);
  let packets: u32 = 0;
  while (packets < budget && !full) {
    const index = load<u32>(r, RING_POSITION);
    const block = <usize>load<u32>(r, RING_ADDRESS) + <usize>index * bytes;
    let left = load<u32>(r, RING_LEFT);
    if (left == 0) {
      if ((atomic.load<u32>(block + BLOCK_STATUS) & BLOCK_OURS) == 0) break;
      left = load<u32>(block, BLOCK_PACKETS);
      store<u32>(r, <u32>block + load<u32>(block, BLOCK_FIRST), RING_NEXT);
    }
    let at = <usize>load<u32>(r, RING_NEXT);
    while (left > 0 && packets < budget && !full) {
      packets++;
      left--;
      const step = blockPacket(at, <u32>(block + bytes - at), load<u32>(r, RING_EXTRA));
      if (step == 0) left = 0;
      at += step;
    }
    store<u32>(r, <u32>at, RING_NEXT);
    store<u32>(r, left, RING_LEFT);
    if (left == 0) {
      atomic.store<u32>(block + BLOCK_STATUS, 0);
      store<u32>(r, index + 1 == blocks ? 0 : index + 1, RING_POSITION);
    }
  }
  return packets;
}

/** Walk the packet whose header is at `p`, `room` bytes before the end of its block; answers the way to the next. */
function blockPacket(p: usize, room: u32, linkType: u32): u32 {
  const captured = room >= PACKET_HEADER_BYTES ? load<u32>(p, PACKET_CAPTURED) : 0;
  const mac: u32 = room >= PACKET_HEADER_BYTES ? load<u16>(p, PACKET_MAC) : room;
  const next = room >= PACKET_HEADER_BYTES ? load<u32>(p, PACKET_NEXT) : 0;
  if (mac > room || captured > room - mac) {
    count(COUNT_RING_MALFORMED);
    return 0;
  }
  const ts = <i64>load<u32>(p, PACKET_SECONDS) * 1_000_000_000 + load<u32>(p, PACKET_NANOSECONDS);
  const status = load<u32>(p, PACKET_STATUS);
  const data = p + mac;
  const original = load<u32>(p, PACKET_LENGTH);
  if (status & STATUS_VLAN_VALID) {
    const type: u32 = status & STATUS_VLAN_TPID_VALID ? load<u16>(p, PACKET_VLAN_TPID) : ETHERTYPE_VLAN;
    taggedRecord(data, captured, original, linkType, ts, type, load<u16>(p, PACKET_VLAN_TCI));
  } else packetRecord(data, captured, original, linkType, ts);
  return next < room ? next : 0;
}
