/** Builders of packets and captures, byte by byte, for tests and benchmarks. Nothing here reads a packet. */
export * from './address.js';
export * from './bytes.js';
export * from './capture.js';
export * from './checksum.js';
export * from './ethernet.js';
export * from './extensions.js';
export * from './hello.js';
export * from './ip.js';
export * from './pcapng.js';
export * from './quic.js';
export * from './random.js';
export * from './record.js';
export * from './stream.js';
export * from './tcp.js';
export * from './udp.js';
