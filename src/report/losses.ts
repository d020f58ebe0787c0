import type { CounterName } from '../schema/codes.js';

/** Counters that tell of something lost, with what they mean for the reader. */
export const LOSSES: readonly (readonly [CounterName, string])[] = [
  ['snaplen_cut_packets', 'packets cut by the snap length'],
  ['unknown_link_packets', 'packets of an unknown link type'],
  ['malformed_packets', 'packets with malformed headers'],
  ['fragments_dropped', 'fragmented datagrams given up'],
  ['tunnel_depth_exceeded', 'packets nested too deep'],
  ['flows_evicted', 'connections given up for want of room'],
  ['segment_gaps_limit', 'segments dropped: too many gaps'],
  ['buffer_limit_hits', 'messages over the buffer limit'],
  ['quic_undecryptable', 'QUIC Initials that no key opens'],
  ['quic_unknown_version', 'QUIC packets of an unknown version'],
];
