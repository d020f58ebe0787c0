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

/** Things that are counted per capture. Nothing disappears without one of these going up. */
export const COUNTERS = [
  { name: 'packets', meaning: 'packets read' },
  { name: 'bytes', meaning: 'bytes on the wire (original lengths)' },
  { name: 'captured_bytes', meaning: 'bytes in the capture' },
  { name: 'snaplen_cut_packets', meaning: 'packets of which only the start was captured' },
  { name: 'unknown_link_packets', meaning: 'packets of a link type that is not decoded' },
  { name: 'malformed_packets', meaning: 'packets whose link, network or transport header does not parse' },
  { name: 'not_ip_packets', meaning: 'packets that carry neither IPv4 nor IPv6' },
  { name: 'fragments', meaning: 'IP fragments seen' },
  { name: 'fragments_reassembled', meaning: 'datagrams put together from IP fragments' },
  { name: 'fragments_dropped', meaning: 'datagrams given up: incomplete, too long, too old or no room' },
  { name: 'fragment_overlaps', meaning: 'IP fragments that overlap others' },
  { name: 'tunnel_depth_exceeded', meaning: 'packets nested deeper than max_tunnel_depth' },
  { name: 'tcp_packets', meaning: 'TCP segments' },
  { name: 'udp_packets', meaning: 'UDP datagrams' },
  { name: 'flows', meaning: 'connections that were followed' },
  { name: 'flows_evicted', meaning: 'connections given up to make room (max_flows)' },
  { name: 'flows_expired', meaning: 'connections given up after flow_timeout_seconds without a packet' },
  { name: 'segments_buffered', meaning: 'TCP segments kept for reassembly' },
  { name: 'segments_retransmitted', meaning: 'TCP segments with bytes already seen' },
  { name: 'segments_out_of_order', meaning: 'TCP segments that came before their turn' },
  {
    name: 'segment_gaps_limit',
    meaning:
      'TCP segments, CRYPTO frames and DTLS fragments dropped: more than max_gaps gaps in one direction',
  },
  { name: 'buffer_limit_hits', meaning: 'messages given up at max_hello_bytes or a full reassembly memory' },
  { name: 'client_hellos', meaning: 'rows of client_hellos' },
  { name: 'server_hellos', meaning: 'rows of server_hellos' },
  { name: 'tls_client_hellos', meaning: 'of these over TCP' },
  { name: 'dtls_client_hellos', meaning: 'of these over DTLS' },
  { name: 'quic_client_hellos', meaning: 'of these over QUIC' },
  { name: 'incomplete_snaplen_cut', meaning: 'hellos not complete: snaplen cut' },
  { name: 'incomplete_missing_segment', meaning: 'hellos not complete: missing segment' },
  { name: 'incomplete_buffer_limit', meaning: 'hellos not complete: buffer limit' },
  { name: 'incomplete_evicted', meaning: 'hellos not complete: evicted' },
  { name: 'incomplete_end_of_capture', meaning: 'hellos not complete: end of capture' },
  { name: 'incomplete_connection_closed', meaning: 'hellos not complete: connection closed' },
  { name: 'incomplete_malformed', meaning: 'hellos not complete: malformed' },
  { name: 'quic_initials', meaning: 'QUIC Initial packets seen' },
  { name: 'quic_initials_decrypted', meaning: 'QUIC Initial packets opened (tag right)' },
  { name: 'quic_undecryptable', meaning: 'QUIC Initial packets whose tag did not match any key' },
  { name: 'quic_unknown_version', meaning: 'QUIC packets that name a version without known keys' },
  { name: 'dtls_records', meaning: 'DTLS handshake records seen' },
  { name: 'contents', meaning: 'distinct hello contents computed' },
  { name: 'content_cache_hits', meaning: 'hellos whose fingerprints were already known' },
  { name: 'ring_malformed', meaning: 'live ring slots with an impossible length' },
  { name: 'ring_resyncs', meaning: 'times a peer overran the slots of a live ring that it was offered' },
  { name: 'ring_drops', meaning: 'packets that the kernel had no room for in a live ring' },
  { name: 'dropped_rows', meaning: 'rows of a live ring that came faster than the output could take them' },
  { name: 'skipped_blocks', meaning: 'pcapng blocks that carry no packet' },
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
