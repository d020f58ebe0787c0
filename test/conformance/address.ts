import { isIPv6, SocketAddress } from 'node:net';

/** An address in its canonical text (RFC 5952); what is no IPv6 address stays as it is. */
export function canonicalIp(text: string): string {
  return isIPv6(text) ? new SocketAddress({ address: text, family: 'ipv6' }).address : text;
}
