import { concat, fromHex, fromText } from '../../src/dev/forge/index.js';
import type { Side } from '../../src/dev/forge/stream.js';

/** What two sides say before TLS, in order; each entry is one write of one side. */
export interface Conversation {
  readonly name: string;
  /** The `app` column to expect. */
  readonly app: string;
  readonly lines: readonly (readonly [Side, Uint8Array])[];
}

const client = (text: string): [Side, Uint8Array] => ['client', fromText(text)];
const server = (text: string): [Side, Uint8Array] => ['server', fromText(text)];
const clientHex = (hex: string): [Side, Uint8Array] => ['client', fromHex(hex.replaceAll(' ', ''))];
const serverHex = (hex: string): [Side, Uint8Array] => ['server', fromHex(hex.replaceAll(' ', ''))];

/** PostgreSQL 17 §53.7: length 8, code 1234.5679 (SSL) and 1234.5680 (GSS). */
const SSL_REQUEST = clientHex('00000008 04d2162f');
const GSS_REQUEST = clientHex('00000008 04d21630');

/** Greeting of a MySQL server: protocol 10, version, thread id, salt, capabilities (MySQL protocol, HandshakeV10). */
const MYSQL_GREETING: [Side, Uint8Array] = [
  'server',
  concat(
    fromHex('4a0000000a'),
    fromText('8.0.36\0'),
    fromHex('0b000000'),
    fromText('abcdefgh\0'),
    fromHex('ffffff0200ffdf15'),
    new Uint8Array(10),
    fromText('ijklmnopqrst\0caching_sha2_password\0'),
  ),
];
/** SSLRequest: 32 bytes, packet 1, capabilities with CLIENT_SSL, packet size, charset, 23 bytes of filler. */
const MYSQL_SSL_REQUEST = fromHex(`2000000185aeff1900000001ff${'00'.repeat(23)}`);

/** RFC 4511 §4.14.1: ExtendedRequest with the name 1.3.6.1.4.1.1466.20037. */
const LDAP_START_TLS: [Side, Uint8Array] = [
  'client',
  concat(fromHex('301d02010177188016'), fromText('1.3.6.1.4.1.1466.20037')),
];
const LDAP_ANSWER = serverHex('300c02010178070a010004000400');
/** RootDSE search before StartTLS, with the long form of lengths that Windows writes. */
const LDAP_SEARCH = clientHex(
  '30840000002d02010163840000002404000a01000a0100020100020178010100870b6f626a656374636c6173733084000000 00',
);

/** MS-RDPBCGR §4.1.1 and §4.1.2: cookie, then a negotiation request; the answer selects TLS. */
const RDP_REQUEST: [Side, Uint8Array] = [
  'client',
  concat(
    fromHex('0300002c27e00000000000'),
    fromText('Cookie: mstshash=eltons\r\n'),
    fromHex('0100080003000000'),
  ),
];
const RDP_CONFIRM = serverHex('030000130ed000001234000200080001000000');

const SMTP: Conversation['lines'] = [
  server('220 mail.alpha.example ESMTP\r\n'),
  client('EHLO client.alpha.example\r\n'),
  server('250-mail.alpha.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n'),
  client('STARTTLS\r\n'),
  server('220 2.0.0 go ahead\r\n'),
];
const SOCKS5: Conversation['lines'] = [
  clientHex('05 02 00 02'),
  serverHex('05 02'),
  clientHex('01 05 616c696365 06 736563726574'),
  serverHex('01 00'),
  clientHex('05 01 00 03 0d 616c7068612e6578616d706c65 01bb'),
  serverHex('05 00 00 01 c0000201 01bb'),
];
const CONNECT: Conversation['lines'] = [
  client('CONNECT alpha.example:443 HTTP/1.1\r\nHost: alpha.example:443\r\n\r\n'),
  server('HTTP/1.1 200 Connection established\r\n\r\n'),
];
const PROXY_V1 = client('PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\r\n');
const PROXY_V2 = clientHex('0d0a0d0a000d0a515549540a 21 11 000c c0000201 c0000202 c350 01bb');

/** One of each kind, written after its specification. */
export const CONVERSATIONS: readonly Conversation[] = [
  { name: 'SMTP (RFC 3207)', app: 'smtp', lines: SMTP },
  {
    name: 'SMTP whose greeting says nothing',
    app: 'smtp',
    lines: [server('220 ready\r\n'), client('helo a\r\n'), server('250 ok\r\n'), client('starttls\r\n')],
  },
  {
    name: 'LMTP (RFC 2033)',
    app: 'lmtp',
    lines: [
      server('220 store\r\n'),
      client('LHLO a\r\n'),
      server('250-store\r\n250 STARTTLS\r\n'),
      client('STARTTLS\r\n'),
    ],
  },
  {
    name: 'IMAP (RFC 9051)',
    app: 'imap',
    lines: [
      server('* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n'),
      client('a1 STARTTLS\r\n'),
      server('a1 OK begin\r\n'),
    ],
  },
  {
    name: 'POP3 (RFC 2595)',
    app: 'pop3',
    lines: [server('+OK ready\r\n'), client('STLS\r\n'), server('+OK begin\r\n')],
  },
  {
    name: 'FTP (RFC 4217)',
    app: 'ftp',
    lines: [server('220 files\r\n'), client('AUTH TLS\r\n'), server('234 proceed\r\n')],
  },
  {
    name: 'NNTP (RFC 4642)',
    app: 'nntp',
    lines: [server('200 news\r\n'), client('STARTTLS\r\n'), server('382 continue\r\n')],
  },
  {
    name: 'ManageSieve (RFC 5804)',
    app: 'sieve',
    lines: [
      server('"IMPLEMENTATION" "Example"\r\n"STARTTLS"\r\nOK\r\n'),
      client('STARTTLS\r\n'),
      server('OK\r\n'),
    ],
  },
  { name: 'LDAP (RFC 4511)', app: 'ldap', lines: [LDAP_START_TLS, LDAP_ANSWER] },
  {
    name: 'LDAP after a search',
    app: 'ldap',
    lines: [LDAP_SEARCH, serverHex('300c02010165070a010004000400'), LDAP_START_TLS, LDAP_ANSWER],
  },
  {
    name: 'XMPP (RFC 6120)',
    app: 'xmpp',
    lines: [
      client("<?xml version='1.0'?><stream:stream to='alpha.example' version='1.0'>"),
      server(
        "<stream:stream><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
      ),
      client("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
      server("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    ],
  },
  {
    name: 'IRC (IRCv3 tls)',
    app: 'irc',
    lines: [client('CAP LS 302\r\n'), server(':irc.alpha.example CAP * LS :tls\r\n'), client('STARTTLS\r\n')],
  },
  {
    name: 'IRC whose server speaks first',
    app: 'irc',
    lines: [
      server(':irc.alpha.example NOTICE * :*** Looking up your hostname\r\n'),
      client('STARTTLS\r\n'),
      server(':irc.alpha.example 670 * :go\r\n'),
    ],
  },
  { name: 'PostgreSQL', app: 'postgres', lines: [SSL_REQUEST, server('S')] },
  {
    name: 'PostgreSQL that refuses GSS',
    app: 'postgres',
    lines: [GSS_REQUEST, server('N'), SSL_REQUEST, server('S')],
  },
  { name: 'MySQL', app: 'mysql', lines: [MYSQL_GREETING, ['client', MYSQL_SSL_REQUEST]] },
  {
    name: 'MySQL of which only the client is captured',
    app: 'mysql',
    lines: [['client', MYSQL_SSL_REQUEST]],
  },
  { name: 'RDP (MS-RDPBCGR)', app: 'rdp', lines: [RDP_REQUEST, RDP_CONFIRM] },
  { name: 'HTTP CONNECT (RFC 9110)', app: 'http-connect', lines: CONNECT },
  {
    name: 'HTTP CONNECT that needs a password',
    app: 'http-connect',
    lines: [
      CONNECT[0]!,
      server('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 18\r\n\r\n<html>no way</html>'),
      ...CONNECT,
    ],
  },
  {
    name: 'SOCKS4',
    app: 'socks4',
    lines: [clientHex('04 01 01bb c0000201 616c69636500'), serverHex('00 5a 01bb c0000201')],
  },
  {
    name: 'SOCKS4a',
    app: 'socks4',
    lines: [
      clientHex('04 01 01bb 00000001 00 616c7068612e6578616d706c6500'),
      serverHex('00 5a 0000 00000000'),
    ],
  },
  { name: 'SOCKS5 (RFC 1928, RFC 1929)', app: 'socks5', lines: SOCKS5 },
  { name: 'SOCKS5, then CONNECT, then SMTP', app: 'smtp', lines: [...SOCKS5, ...CONNECT, ...SMTP] },
  { name: 'SOCKS5, then CONNECT', app: 'http-connect', lines: [...SOCKS5, ...CONNECT] },
  { name: 'PROXY, version 1', app: 'proxy-protocol', lines: [PROXY_V1] },
  { name: 'PROXY, version 2', app: 'proxy-protocol', lines: [PROXY_V2] },
  { name: 'PROXY before SMTP', app: 'smtp', lines: [PROXY_V1, ...SMTP] },
  {
    name: 'SQL Server PRELOGIN (MS-TDS)',
    app: 'mssql',
    lines: [
      clientHex(
        '1201002f0000010000001a000601002000010200210001030022000404002600 01ff 11000000000000 01 00 00000000 00',
      ),
      serverHex('0401002000000100000010000601001600010200170001ff 0f0007d0 0000 0100'),
    ],
  },
  {
    name: 'telnet START_TLS',
    app: 'telnet',
    lines: [serverHex('fffd2e'), clientHex('fffb2e'), serverHex('fffa2e01fff0'), clientHex('fffa2e01fff0')],
  },
  {
    name: 'HTTP upgrade (RFC 2817)',
    app: 'http-upgrade',
    lines: [
      client('OPTIONS * HTTP/1.1\r\nHost: alpha.example\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n'),
      server('HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n\r\n'),
    ],
  },
  {
    name: 'AMQP 1.0 (§5.2.1)',
    app: 'amqp',
    lines: [clientHex('414d51500201 0000'), serverHex('414d51500201 0000')],
  },
  {
    name: 'network block device',
    app: 'nbd',
    lines: [
      serverHex('4e42444d41474943 49484156454f5054 0003'),
      clientHex('00000003 49484156454f5054 00000005 00000000'),
      serverHex('0003e889045565a9 00000005 00000001 00000000'),
    ],
  },
  {
    name: 'VNC with VeNCrypt',
    app: 'vnc',
    lines: [
      server('RFB 003.008\n'),
      client('RFB 003.008\n'),
      serverHex('01 13'),
      clientHex('13'),
      serverHex('00 02'),
      clientHex('00 02'),
    ],
  },
];

/** Connections that never turn to TLS; each is to be given up at the first write that shows it. */
export const PLAIN: readonly { readonly name: string; readonly lines: Conversation['lines'] }[] = [
  { name: 'HTTP', lines: [client('GET / HTTP/1.1\r\nHost: alpha.example\r\n\r\n')] },
  { name: 'HTTP answer', lines: [server('HTTP/1.1 200 OK\r\n\r\n')] },
  { name: 'HTTP OPTIONS', lines: [client('OPTIONS / HTTP/1.1\r\nHost: alpha.example\r\n\r\n')] },
  { name: 'HTTP/2 in clear', lines: [client('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')] },
  { name: 'SSH', lines: [server('SSH-2.0-OpenSSH_9.6\r\n')] },
  { name: 'Redis', lines: [client('*1\r\n$4\r\nPING\r\n')] },
  { name: 'zeros', lines: [['client', new Uint8Array(1460)]] },
  { name: 'ones', lines: [['client', new Uint8Array(1460).fill(0xff)]] },
  {
    name: 'DNS over TCP',
    lines: [clientHex('001d 1234 0100 0001 0000 0000 0000 05616c706861 00 0001 0001')],
  },
  { name: 'Kerberos over TCP', lines: [clientHex('000000b2 6a81af3081aca103020105')] },
  { name: 'SNMP over TCP', lines: [clientHex('302902010104067075626c6963a01c')] },
  { name: 'MQTT', lines: [clientHex('100c00044d5154540402003c0000')] },
  {
    name: 'PostgreSQL without TLS',
    lines: [SSL_REQUEST, server('N'), clientHex('00000013 00030000 7573657200 616c69636500 00')],
  },
  {
    name: 'MySQL without TLS',
    lines: [MYSQL_GREETING, clientHex(`29000001 85a6ff19 00000001 ff ${'00'.repeat(23)} 616c69636500 00`)],
  },
  {
    name: 'RDP with its own security',
    lines: [RDP_REQUEST, serverHex('030000130ed000001234000200080000000000')],
  },
  {
    name: 'ISO transport that is not RDP',
    lines: [clientHex('0300001611e00000000100c0010ac1020100c2020102')],
  },
  { name: 'SQL Server in clear', lines: [clientHex('10010090000001008800000002000972')] },
  { name: 'mail', lines: [...SMTP.slice(0, 3), client('DATA\r\n'), server('354 go on\r\n')] },
  { name: 'PROXY before HTTP', lines: [PROXY_V1, client('GET / HTTP/1.1\r\n\r\n')] },
];

/** A first SMTP greeting alone: of a connection that may still turn to TLS. */
export const GREETING: Conversation['lines'] = SMTP.slice(0, 1);
/** Both ends of an HTTP CONNECT. */
export const CONNECT_LINES: Conversation['lines'] = CONNECT;
/** A MySQL greeting, then the request for TLS. */
export const MYSQL_LINES: Conversation['lines'] = [MYSQL_GREETING, ['client', MYSQL_SSL_REQUEST]];
