import { MAX_CAPTURED } from './pcap';

/** Types of pcapng blocks (draft-ietf-opsawg-pcapng §4), and what a section header says of its byte order. */
export const SECTION_HEADER: u32 = 0x0a0d0d0a;
export const BYTE_ORDER: u32 = 0x1a2b3c4d;
export const INTERFACE: u32 = 1;
export const PACKET: u32 = 2;
export const SIMPLE_PACKET: u32 = 3;
export const ENHANCED_PACKET: u32 = 6;
/** A block with a packet that is longer is damage. */
export const MAX_BLOCK: u32 = MAX_CAPTURED + 65536;
/** Of an Enhanced or obsolete Packet Block: bytes in front of the packet, and with the length behind it. */
export const PACKET_HEADER: u32 = 28;
export const PACKET_FRAME: u32 = 32;
