/** What those who look ahead in a capture know of UDP and of the Initials of clients. */

export const UDP: u32 = 17;
export const UDP_HEADER: usize = 8;
/** Payload of the smallest datagram with a client's Initial, and its connection id (RFC 9000 §14.1, §7.2). */
export const MIN_DATAGRAM: u32 = 1200;
export const MIN_ID: u32 = 8;
export const MAX_ID: u32 = 20;
