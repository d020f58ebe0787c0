import type { Comparison } from './compare.js';

/** Tags of what came before TLS on the connection, and the values of `app` that fit. */
export const APPS_OF_TAGS: Readonly<Record<string, readonly string[]>> = {
  'starttls-smtp': ['smtp'],
  'starttls-imap': ['imap'],
  'starttls-pop3': ['pop3'],
  'starttls-ftp': ['ftp'],
  'starttls-irc': ['irc'],
  'starttls-ldap': ['ldap'],
  'starttls-mysql': ['mysql'],
  'starttls-postgres': ['postgres'],
  'starttls-rdp': ['rdp'],
  'http-connect': ['http-connect'],
  socks: ['socks4', 'socks5'],
  openvpn: ['openvpn'],
};

/** Tags of what stood below IP, and what `tunnel` then holds. */
export const TUNNELS_OF_TAGS: Readonly<Record<string, RegExp>> = {
  vlan: /\bvlan:\d/,
  qinq: /\bvlan:\d+\/vlan:\d/,
  pppoe: /\bpppoe/,
  vxlan: /\bvxlan:\d/,
  geneve: /\bgeneve:\d/,
  gtp: /\bgtp:\d/,
  capwap: /\bcapwap/,
  'cmd-sgt': /\bcmd/,
  'ip-in-ip': /\b(4in6|6in4|4in4|6in6)\b/,
};

/** Captures with hellos that have the tag, but no client row that says so. */
export function unnamed(
  comparisons: readonly Comparison[],
  tag: string,
  fits: (one: Comparison) => boolean,
): string[] {
  return comparisons
    .filter(
      (one) =>
        one.capture.tags.includes(tag) && one.tshark.pairs.some(({ found }) => found?.kind === 'client'),
    )
    .filter((one) => !fits(one))
    .map((one) => one.capture.file);
}

/** Captures that have none of the tags of `APPS_OF_TAGS`, with the `app` values of their rows. */
export function untaggedApps(comparisons: readonly Comparison[]): string[] {
  return comparisons
    .filter((one) => one.apps.size > 0 && !one.capture.tags.some((tag) => tag in APPS_OF_TAGS))
    .map((one) => `${one.capture.file}: ${[...one.apps].sort().join(', ')}`);
}
