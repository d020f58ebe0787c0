/** Network Protocol Fingerprint of the hello that was parsed last. */
export const NPF: usize = memory.data(4 * 65536 + 4096, 16);
export let npfLength: u32 = 0;
export const NPF_DEGREASED: usize = memory.data(4 * 65536 + 4096, 16);
export let npfDegreasedLength: u32 = 0;

export function computeNpf(protocol: u32, quicVersion: i64): void {
  npfLength = 0;
  npfDegreasedLength = 0;
}

/** `tls_server/` form of a ServerHello: returns the length written at `NPF`. */
export function computeServerNpf(version: u32, cipher: u32, extensions: usize, n: u32): u32 {
  return 0;
}
