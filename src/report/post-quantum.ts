/** Hybrid and pure ML-KEM groups, and the Kyber drafts before them (IANA TLS Supported Groups). */
export const POST_QUANTUM_GROUPS: readonly number[] = [
  0x0200, 0x0201, 0x0202, 0x11eb, 0x11ec, 0x11ed, 0x6399, 0x639a, 0x2f39, 0x2f3a, 0x4138,
];
