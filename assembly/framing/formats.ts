/** Numbers of the capture formats, for those who walk them and those who look ahead in them. */

/** Header of a pcap record in our byte order (draft-ietf-opsawg-pcap §5): the captured length is at 8. */
export const RECORD_HEADER: u32 = 16;
/** A record longer than this is damage: the largest snap length any tool writes is 262,144. */
export const MAX_CAPTURED: u32 = 0x40000 * 4;

/** Types of pcapng blocks (draft-ietf-opsawg-pcapng §4), and what a section header says of its byte order. */
export const SECTION_HEADER: u32 = 0x0a0d0d0a;
export const BYTE_ORDER: u32 = 0x1a2b3c4d;
export const INTERFACE: u32 = 1;
export const PACKET: u32 = 2;
export const SIMPLE_PACKET: u32 = 3;
export const ENHANCED_PACKET: u32 = 6;
/** A block with a packet that is longer is damage. */
export const MAX_BLOCK: u32 = MAX_CAPTURED + 65536;
/** Type, total length, and that again behind the body. */
export const MIN_BLOCK: u32 = 12;
/** Of an Enhanced or obsolete Packet Block: bytes in front of the packet, and with the length behind it. */
export const PACKET_HEADER: u32 = 28;
export const PACKET_FRAME: u32 = 32;
