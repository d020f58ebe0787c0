/** The header of an Ethernet frame (IEEE 802.3 §3), for those who walk frames and those who look at the plain ones first. */

/** Two addresses and an EtherType. */
export const ETHERNET_HEADER: u32 = 14;
/** EtherTypes as loaded, little-endian. */
export const IPV4_LOADED: u32 = 0x0008;
export const IPV6_LOADED: u32 = 0xdd86;
