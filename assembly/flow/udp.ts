/** Give up what a datagram flow (DTLS, QUIC) has not completed, for `reason`, and release its memory. */
export function releaseDatagramFlow(flow: usize, reason: u32): void {}

/**
 * A UDP datagram of the packet being walked.
 *
 * @param hash of its ends (`flowHash`)
 * @param payload `captured` bytes of `length`
 */
export function udpDatagram(hash: u32, payload: usize, captured: u32, length: u32): void {}
