/** A bound of the core: memory is laid out from these at start and never grows afterwards. */
export interface LimitSpec {
  readonly name: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  /** What it bounds, and which counter goes up when it is hit. */
  readonly meaning: string;
}

/** Every bound of the core, configurable by `--limit name=value` and `CoreOptions.limits`. */
export const LIMITS = [
  {
    name: 'max_flows',
    default: 65536,
    min: 64,
    max: 1_000_000,
    unit: 'connections',
    meaning: 'connections that wait for a hello at the same time; the oldest gives way (`flows_evicted`)',
  },
  {
    name: 'flow_timeout_seconds',
    default: 120,
    min: 1,
    max: 86_400,
    unit: 's of capture time',
    meaning: 'a waiting connection without a packet for so long is given up (`flows_expired`)',
  },
  {
    name: 'reassembly_bytes',
    default: 67_108_864,
    min: 1_048_576,
    max: 1_073_741_824,
    unit: 'bytes',
    meaning: 'memory for all partial streams, fragments and CRYPTO data together (`buffer_limit_hits`)',
  },
  {
    name: 'max_hello_bytes',
    default: 65_536,
    min: 4096,
    max: 1_048_576,
    unit: 'bytes',
    meaning:
      'bytes kept of one direction of a connection while a message is not complete (`buffer_limit_hits`)',
  },
  {
    name: 'max_gaps',
    default: 31,
    min: 1,
    max: 31,
    unit: 'ranges',
    meaning: 'separate ranges of bytes kept of one direction of a connection (`segment_gaps_limit`)',
  },
  {
    name: 'max_pre_tls_bytes',
    default: 65_536,
    min: 256,
    max: 16_777_216,
    unit: 'bytes',
    meaning: 'bytes of each direction followed on a connection whose protocol may still turn to TLS',
  },
  {
    name: 'max_fragmented_datagrams',
    default: 1024,
    min: 1,
    max: 65_536,
    unit: 'datagrams',
    meaning: 'IP datagrams being put together at the same time (`fragments_dropped`)',
  },
  {
    name: 'fragment_timeout_seconds',
    default: 30,
    min: 1,
    max: 3600,
    unit: 's of capture time',
    meaning: 'an incomplete datagram is given up after so long (`fragments_dropped`)',
  },
  {
    name: 'max_tunnel_depth',
    default: 8,
    min: 1,
    max: 16,
    unit: 'headers',
    meaning: 'encapsulations walked on one packet (`tunnel_depth_exceeded`)',
  },
  {
    name: 'max_interfaces',
    default: 4096,
    min: 1,
    max: 65_536,
    unit: 'interfaces',
    meaning: 'interfaces of one pcapng section',
  },
  {
    name: 'batch_rows',
    default: 16_384,
    min: 64,
    max: 131_072,
    unit: 'rows',
    meaning: 'rows of one batch of each table',
  },
  {
    name: 'content_cache_bytes',
    default: 16_777_216,
    min: 65_536,
    max: 1_073_741_824,
    unit: 'bytes',
    meaning: 'memory for hello contents already fingerprinted; the oldest give way',
  },
] as const satisfies readonly LimitSpec[];

export type LimitName = (typeof LIMITS)[number]['name'];
/** Values of the bounds; those left out take their defaults. */
export type Limits = { readonly [K in LimitName]: number };
