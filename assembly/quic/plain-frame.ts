/** What those who look ahead in a capture know of frames: Ethernet, IP without options, UDP. */

/** EtherTypes as loaded, little-endian. */
export const IPV4: u32 = 0x0008;
export const IPV6: u32 = 0xdd86;
export const UDP: u32 = 17;
export const ETHERNET_HEADER: usize = 14;
export const UDP_HEADER: usize = 8;
/** Payload of the smallest datagram with a client's Initial, and its connection id (RFC 9000 §14.1, §7.2). */
export const MIN_DATAGRAM: u32 = 1200;
export const MIN_ID: u32 = 8;
export const MAX_ID: u32 = 20;
