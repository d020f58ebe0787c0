/**
 * Names of encapsulations for the `tunnel` column: up to 8 ASCII characters, the first in the lowest byte.
 * Read from right to left, two hexadecimal digits are one character.
 */

/** `vlan`: IEEE 802.1Q tag; identifier: VLAN. */
export const TUNNEL_VLAN: u64 = 0x6e616c76;
/** `qinq`: IEEE 802.1ad service tag; identifier: VLAN. */
export const TUNNEL_QINQ: u64 = 0x716e6971;
/** `pbb`: IEEE 802.1ah; identifier: I-SID. */
export const TUNNEL_PBB: u64 = 0x626270;
/** `vntag`: Cisco VN-Tag (IEEE 802.1BR draft). */
export const TUNNEL_VNTAG: u64 = 0x6761746e76;
/** `cmd`: Cisco metadata header with a security group tag. */
export const TUNNEL_CMD: u64 = 0x646d63;
/** `mpls`: MPLS label stack (RFC 3032), noted once. */
export const TUNNEL_MPLS: u64 = 0x736c706d;
/** `pppoe`: PPPoE session (RFC 2516); identifier: session. */
export const TUNNEL_PPPOE: u64 = 0x656f707070;
/** `ppp`: PPP where the header around it may carry other things. */
export const TUNNEL_PPP: u64 = 0x707070;
/** `gre`: GRE (RFC 2784); identifier: key, or the call of PPTP. */
export const TUNNEL_GRE: u64 = 0x657267;
/** `erspan`: ERSPAN; identifier: session, none for type I. */
export const TUNNEL_ERSPAN: u64 = 0x6e6170737265;
/** `ipip`: IPv4 in IPv4 (RFC 2003). */
export const TUNNEL_IPIP: u64 = 0x70697069;
/** `6in4`: IPv6 in IPv4 (RFC 4213). */
export const TUNNEL_SIX_IN_FOUR: u64 = 0x346e6936;
/** `4in6`: IPv4 in IPv6 (RFC 2473). */
export const TUNNEL_FOUR_IN_SIX: u64 = 0x366e6934;
/** `6in6`: IPv6 in IPv6 (RFC 2473). */
export const TUNNEL_SIX_IN_SIX: u64 = 0x366e6936;
/** `ah`: Authentication Header (RFC 4302). */
export const TUNNEL_AH: u64 = 0x6861;
/** `etherip`: EtherIP (RFC 3378), and Ethernet as IP protocol 143 (RFC 8986). */
export const TUNNEL_ETHERIP: u64 = 0x70697265687465;
/** `l2tp`: L2TP version 2 (RFC 2661) or 3 (RFC 3931). */
export const TUNNEL_L2TP: u64 = 0x7074326c;
/** `nsh`: Network Service Header (RFC 8300). */
export const TUNNEL_NSH: u64 = 0x68736e;
/** `vxlan`: VXLAN (RFC 7348) and VXLAN-GPE; identifier: VNI. */
export const TUNNEL_VXLAN: u64 = 0x6e616c7876;
/** `geneve`: Geneve (RFC 8926); identifier: VNI. */
export const TUNNEL_GENEVE: u64 = 0x6576656e6567;
/** `gtp`: GTP-U (3GPP TS 29.281); identifier: TEID. */
export const TUNNEL_GTP: u64 = 0x707467;
/** `teredo`: Teredo (RFC 4380). */
export const TUNNEL_TEREDO: u64 = 0x6f6465726574;
/** `ayiya`: AYIYA (draft-massar-v6ops-ayiya). */
export const TUNNEL_AYIYA: u64 = 0x6179697961;
/** `capwap`: CAPWAP (RFC 5415). */
export const TUNNEL_CAPWAP: u64 = 0x706177706163;
/** `lisp`: LISP data (RFC 9300). */
export const TUNNEL_LISP: u64 = 0x7073696c;
