/** The connection will not turn to TLS. */
export const PRE_TLS_DROP: i32 = -1;

/**
 * Whether a connection that began without TLS may still turn to it.
 *
 * @param flow the connection; `index` the direction the bytes came from (0 = from the end that sent the first packet)
 * @param p `n` bytes in order
 * @param seen bytes of both directions before these
 * @returns an `APP_...` value to go on with, or PRE_TLS_DROP
 */
export function preTls(flow: usize, index: u32, p: usize, n: u32, seen: u32): i32 {
  return PRE_TLS_DROP;
}
