/**
 * Tables of AES (FIPS 197): the S-box (§5.1.1) and, for whole rounds, T-tables that join SubBytes and
 * MixColumns.
 *
 * They are computed once by {@link aesTablesInit}, not stored: 4,352 bytes that need no proof-reading.
 */

/** 256 bytes: the S-box. */
export const AES_SBOX: usize = memory.data(256, 64);

/**
 * Four tables of 256 32-bit words. Table r holds the MixColumns column of S(x) in row r; byte 0 of a word is
 * row 0.
 */
export const AES_T: usize = memory.data(4096, 64);

/** Multiply by x in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (§4.2.1). */
@inline
function xtime(a: u32): u32 {
  return ((a << 1) ^ ((a >>> 7) * 0x11b)) & 0xff;
}

/** Affine transformation of §5.1.1: b ^ rotl8(b, 1) ^ ... ^ rotl8(b, 4) ^ 0x63. */
@inline
function affine(b: u32): u32 {
  const twice = b | (b << 8);
  return (b ^ (twice >>> 7) ^ (twice >>> 6) ^ (twice >>> 5) ^ (twice >>> 4) ^ 0x63) & 0xff;
}

/** Fill both tables. Call once, before any other AES function. */
export function aesTablesInit(): void {
  // p runs through all powers of the generator 3, q through their inverses (3 * 0xf6 = 1).
  let p: u32 = 1;
  let q: u32 = 1;
  do {
    p ^= xtime(p);
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q &= 0xff;
    if (q & 0x80) q ^= 0x09;
    store<u8>(AES_SBOX + <usize>p, <u8>affine(q));
  } while (p != 1);
  store<u8>(AES_SBOX, 0x63);
  for (let x: usize = 0; x < 256; x++) {
    const s: u32 = load<u8>(AES_SBOX + x);
    const twice = xtime(s);
    const column = twice | (s << 8) | (s << 16) | ((twice ^ s) << 24);
    const at = AES_T + (x << 2);
    store<u32>(at, column);
    store<u32>(at, rotl<u32>(column, 8), 1024);
    store<u32>(at, rotl<u32>(column, 16), 2048);
    store<u32>(at, rotl<u32>(column, 24), 3072);
  }
}
