/** Names of LINKTYPE values without their prefix (https://www.tcpdump.org/linktypes.html). */
const NAMES: Readonly<Record<number, string>> = {
  0: 'NULL',
  1: 'ETHERNET',
  6: 'IEEE802_5',
  9: 'PPP',
  10: 'FDDI',
  12: 'RAW',
  14: 'RAW',
  50: 'PPP_HDLC',
  51: 'PPP_ETHER',
  100: 'ATM_RFC1483',
  101: 'RAW',
  104: 'C_HDLC',
  105: 'IEEE802_11',
  107: 'FRELAY',
  108: 'LOOP',
  109: 'ENC',
  113: 'LINUX_SLL',
  117: 'PFLOG',
  119: 'IEEE802_11_PRISM',
  127: 'IEEE802_11_RADIOTAP',
  149: 'PKTAP',
  163: 'IEEE802_11_AVS',
  166: 'PPP_PPPD',
  192: 'PPI',
  204: 'PPP_WITH_DIR',
  205: 'C_HDLC_WITH_DIR',
  206: 'FRELAY_WITH_DIR',
  219: 'MPLS',
  228: 'IPV4',
  229: 'IPV6',
  239: 'NFLOG',
  258: 'PKTAP',
  274: 'ETHERNET_MPACKET',
  276: 'LINUX_SLL2',
};

/** Name of a link type; its number where it has none here. */
export function linkTypeName(value: number): string {
  return NAMES[value] ?? String(value);
}
