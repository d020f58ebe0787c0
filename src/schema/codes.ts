/** Answers of the core's `process()` and `finish()`. Negative answers are fatal for the capture. */
export const STATUS = [
  { name: 'NEED_INPUT', value: 0, meaning: 'all whole records of the block are consumed' },
  { name: 'BATCH_FULL', value: 1, meaning: 'take the batches, reset them, call again with the same input' },
  { name: 'DONE', value: 2, meaning: 'nothing is left to do' },
  { name: 'NOT_A_CAPTURE', value: -1, meaning: 'the first bytes are those of no capture format' },
  { name: 'BAD_VERSION', value: -2, meaning: 'the capture format has a version that is not known' },
  { name: 'BAD_RECORD', value: -3, meaning: 'a packet record or block declares an impossible length' },
  { name: 'TRUNCATED', value: -4, meaning: 'the capture ends inside a packet record or block' },
  { name: 'NO_INTERFACE', value: -5, meaning: 'a packet block names an interface that was not described' },
  { name: 'TOO_MANY_INTERFACES', value: -6, meaning: 'more interfaces than max_interfaces' },
] as const;

/**
 * Anomalies of a hello: bits of its `anomalies` column. The first seven say why a hello is incomplete.
 */
export const ANOMALIES = [
  { name: 'snaplen_cut', meaning: 'the capture kept only the start of a packet that carried it' },
  { name: 'missing_segment', meaning: 'a segment, fragment or CRYPTO frame of it is not in the capture' },
  { name: 'buffer_limit', meaning: 'it is longer than max_hello_bytes, or the reassembly memory was full' },
  { name: 'evicted', meaning: 'its connection was idle too long, or had to make room for others' },
  { name: 'end_of_capture', meaning: 'the capture ended before it was complete' },
  { name: 'connection_closed', meaning: 'the connection was closed or reset before it was complete' },
  { name: 'malformed', meaning: 'its lengths contradict each other; read as far as they make sense' },
  { name: 'duplicate_extension', meaning: 'an extension type stands twice; all are kept in the lists' },
  {
    name: 'odd_length',
    meaning: 'a list of 16-bit values has an odd number of bytes; the last byte was dropped',
  },
  { name: 'trailing_bytes', meaning: 'bytes follow the last field of the message' },
  { name: 'bad_extension', meaning: 'the inside of an understood extension does not parse' },
  {
    name: 'no_version_offered',
    meaning: 'supported_versions holds no usable value; legacy_version was taken',
  },
  {
    name: 'sni_not_utf8',
    meaning: 'the server name is not valid UTF-8 or holds control characters; escaped',
  },
  { name: 'sni_several_names', meaning: 'server_name lists several names; the first host_name was taken' },
  { name: 'alpn_grease', meaning: 'the first ALPN protocol is a GREASE value' },
  {
    name: 'overlap_differs',
    meaning: 'overlapping segments carry different bytes; those seen first were kept',
  },
  { name: 'retransmitted', meaning: 'some bytes of it were seen more than once' },
  { name: 'out_of_order', meaning: 'its packets were not in order' },
  { name: 'no_syn', meaning: 'the start of the connection is not in the capture' },
  { name: 'record_split', meaning: 'it is spread over several records' },
  { name: 'sslv2', meaning: 'SSL 2.0 compatible hello' },
  { name: 'ip_fragmented', meaning: 'a packet that carried it was reassembled from IP fragments' },
] as const;

/**
 * Things that are counted per capture. Nothing disappears without one of these going up. Where one core joins a stretch that
 * another has read, those of scope `packet` are the sums of both, those of scope `flow` without what both have read of chosen
 * connections, and fragments are read again by the one that joins.
 */
export const COUNTERS = [
  { name: 'packets', scope: 'packet', meaning: 'packets read' },
  { name: 'bytes', scope: 'packet', meaning: 'bytes on the wire (original lengths)' },
  { name: 'captured_bytes', scope: 'packet', meaning: 'bytes in the capture' },
  { name: 'snaplen_cut_packets', scope: 'packet', meaning: 'packets of which only the start was captured' },
  { name: 'unknown_link_packets', scope: 'packet', meaning: 'packets of a link type that is not decoded' },
  {
    name: 'malformed_packets',
    scope: 'packet',
    meaning: 'packets whose link, network or transport header does not parse',
  },
  { name: 'not_ip_packets', scope: 'packet', meaning: 'packets that carry neither IPv4 nor IPv6' },
  { name: 'fragments', scope: 'fragment', meaning: 'IP fragments seen' },
  { name: 'fragments_reassembled', scope: 'fragment', meaning: 'datagrams put together from IP fragments' },
  {
    name: 'fragments_dropped',
    scope: 'fragment',
    meaning: 'datagrams given up: incomplete, too long, too old or no room',
  },
  { name: 'fragment_overlaps', scope: 'fragment', meaning: 'IP fragments that overlap others' },
  { name: 'tunnel_depth_exceeded', scope: 'packet', meaning: 'packets nested deeper than max_tunnel_depth' },
  { name: 'tcp_packets', scope: 'packet', meaning: 'TCP segments' },
  { name: 'udp_packets', scope: 'packet', meaning: 'UDP datagrams' },
  { name: 'flows', scope: 'flow', meaning: 'connections that were followed' },
  { name: 'flows_evicted', scope: 'flow', meaning: 'connections given up to make room (max_flows)' },
  {
    name: 'flows_expired',
    scope: 'flow',
    meaning: 'connections given up after flow_timeout_seconds without a packet',
  },
  { name: 'segments_buffered', scope: 'flow', meaning: 'TCP segments kept for reassembly' },
  { name: 'segments_retransmitted', scope: 'flow', meaning: 'TCP segments with bytes already seen' },
  { name: 'segments_out_of_order', scope: 'flow', meaning: 'TCP segments that came before their turn' },
  {
    name: 'segment_gaps_limit',
    scope: 'flow',
    meaning:
      'TCP segments, CRYPTO frames and DTLS fragments dropped: more than max_gaps gaps in one direction',
  },
  {
    name: 'buffer_limit_hits',
    scope: 'flow',
    meaning: 'messages given up at max_hello_bytes or a full reassembly memory',
  },
  { name: 'client_hellos', scope: 'flow', meaning: 'rows of client_hellos' },
  { name: 'server_hellos', scope: 'flow', meaning: 'rows of server_hellos' },
  { name: 'tls_client_hellos', scope: 'flow', meaning: 'of these over TCP' },
  { name: 'dtls_client_hellos', scope: 'flow', meaning: 'of these over DTLS' },
  { name: 'quic_client_hellos', scope: 'flow', meaning: 'of these over QUIC' },
  { name: 'incomplete_snaplen_cut', scope: 'flow', meaning: 'hellos not complete: snaplen cut' },
  { name: 'incomplete_missing_segment', scope: 'flow', meaning: 'hellos not complete: missing segment' },
  { name: 'incomplete_buffer_limit', scope: 'flow', meaning: 'hellos not complete: buffer limit' },
  { name: 'incomplete_evicted', scope: 'flow', meaning: 'hellos not complete: evicted' },
  { name: 'incomplete_end_of_capture', scope: 'flow', meaning: 'hellos not complete: end of capture' },
  { name: 'incomplete_connection_closed', scope: 'flow', meaning: 'hellos not complete: connection closed' },
  { name: 'incomplete_malformed', scope: 'flow', meaning: 'hellos not complete: malformed' },
  { name: 'quic_initials', scope: 'flow', meaning: 'QUIC Initial packets seen' },
  { name: 'quic_initials_decrypted', scope: 'flow', meaning: 'QUIC Initial packets opened (tag right)' },
  {
    name: 'quic_undecryptable',
    scope: 'flow',
    meaning: 'QUIC Initial packets whose tag did not match any key',
  },
  {
    name: 'quic_unknown_version',
    scope: 'flow',
    meaning: 'QUIC packets that name a version without known keys',
  },
  { name: 'dtls_records', scope: 'flow', meaning: 'DTLS handshake records seen' },
  { name: 'contents', scope: 'flow', meaning: 'distinct hello contents computed' },
  { name: 'content_cache_hits', scope: 'flow', meaning: 'hellos whose fingerprints were already known' },
  { name: 'ring_malformed', scope: 'packet', meaning: 'live ring slots with an impossible length' },
  {
    name: 'ring_resyncs',
    scope: 'flow',
    meaning: 'times a peer overran the slots of a live ring that it was offered',
  },
  { name: 'ring_drops', scope: 'flow', meaning: 'packets that the kernel had no room for in a live ring' },
  {
    name: 'dropped_rows',
    scope: 'flow',
    meaning: 'rows of a live ring that came faster than the output could take them',
  },
  { name: 'skipped_blocks', scope: 'packet', meaning: 'pcapng blocks that carry no packet' },
] as const;

/** What may come before TLS on a connection; the `app` column. Index 0 = none. */
export const APPS = [
  '',
  'smtp',
  'imap',
  'pop3',
  'ftp',
  'ldap',
  'xmpp',
  'irc',
  'postgres',
  'mysql',
  'rdp',
  'http-connect',
  'socks4',
  'socks5',
  'openvpn',
  'nntp',
  'sieve',
  'lmtp',
  'proxy-protocol',
  'mssql',
  'telnet',
  'http-upgrade',
  'amqp',
  'nbd',
  'vnc',
] as const;

/** Transport of the handshake; the `protocol` column. */
export const PROTOCOLS = ['tls', 'dtls', 'quic'] as const;

export type AnomalyName = (typeof ANOMALIES)[number]['name'];
export type CounterName = (typeof COUNTERS)[number]['name'];
export type StatusName = (typeof STATUS)[number]['name'];
