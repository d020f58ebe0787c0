/**
 * Rounds of AES on bit slices (SIMD build only): SubBytes, MixColumns and AddRoundKey of eight blocks.
 *
 * SubBytes is the circuit of 115 gates of J. Boyar and R. Peralta, "A New Combinational Logic Minimization
 * Technique with Applications to Cryptology" (IACR ePrint 2009/191); its names are kept: x0 is the highest
 * bit of the input, s0 of the output, y the outputs of the top linear layer, z the products of the shared
 * inversion in GF(2^4). The four complements are left out: what comes out is S(x) ^ 0x63, and 0x63 is part of
 * the bit-sliced round keys (MixColumns maps a column of equal bytes to itself).
 *
 * Rows are never shifted. After round j, row r of the true state is row r of the slices rotated by j * r.
 * Then the byte below (next row, same column) is the one in the next row of the slices, j columns on; two
 * rows below, 2 * j columns on.
 */

/**
 * Two states of eight vectors, for two batches of eight blocks: vector b holds bit b of all bytes; byte 4 *
 * row + column, bit = block.
 */
export const STATES: usize = memory.data(256, 64);

/** For {@link round}: no MixColumns. */
const LAST: i32 = -1;

@inline
function nextRow(x: v128, j: i32): v128 {
  if (j == 1) return i8x16.swizzle(x, i8x16(5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12, 1, 2, 3, 0));
  if (j == 2) return i8x16.swizzle(x, i8x16(6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1));
  if (j == 3) return i8x16.swizzle(x, i8x16(7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14, 3, 0, 1, 2));
  return i32x4.shuffle(x, x, 1, 2, 3, 0);
}

@inline
function opposite(x: v128, j: i32): v128 {
  if (j & 1) return i8x16.swizzle(x, i8x16(10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5));
  return i64x2.shuffle(x, x, 1, 0);
}

/**
 * One round on eight slices in place, written out so that no slice goes through memory inside it.
 *
 * @param state  one of the two of STATES
 * @param key    bit-sliced round key
 * @param shift  number of the round modulo 4, or LAST
 */
@inline
function round(state: usize, key: usize, shift: i32): void {
  const x0 = v128.load(state, 112);
  const x1 = v128.load(state, 96);
  const x2 = v128.load(state, 80);
  const x3 = v128.load(state, 64);
  const x4 = v128.load(state, 48);
  const x5 = v128.load(state, 32);
  const x6 = v128.load(state, 16);
  const x7 = v128.load(state);
  // Top linear layer.
  const y14 = v128.xor(x3, x5);
  const y13 = v128.xor(x0, x6);
  const y9 = v128.xor(x0, x3);
  const y8 = v128.xor(x0, x5);
  const t0 = v128.xor(x1, x2);
  const y1 = v128.xor(t0, x7);
  const y4 = v128.xor(y1, x3);
  const y12 = v128.xor(y13, y14);
  const y2 = v128.xor(y1, x0);
  const y5 = v128.xor(y1, x6);
  const y3 = v128.xor(y5, y8);
  const t1 = v128.xor(x4, y12);
  const y15 = v128.xor(t1, x5);
  const y20 = v128.xor(t1, x1);
  const y6 = v128.xor(y15, x7);
  const y10 = v128.xor(y15, t0);
  const y11 = v128.xor(y20, y9);
  const y7 = v128.xor(x7, y11);
  const y17 = v128.xor(y10, y11);
  const y19 = v128.xor(y10, y8);
  const y16 = v128.xor(t0, y11);
  const y21 = v128.xor(y13, y16);
  const y18 = v128.xor(x0, y16);
  // Inversion in GF(2^8) through GF(2^4) and GF(2^2).
  const t2 = v128.and(y12, y15);
  const t3 = v128.and(y3, y6);
  const t4 = v128.xor(t3, t2);
  const t5 = v128.and(y4, x7);
  const t6 = v128.xor(t5, t2);
  const t7 = v128.and(y13, y16);
  const t8 = v128.and(y5, y1);
  const t9 = v128.xor(t8, t7);
  const t10 = v128.and(y2, y7);
  const t11 = v128.xor(t10, t7);
  const t12 = v128.and(y9, y11);
  const t13 = v128.and(y14, y17);
  const t14 = v128.xor(t13, t12);
  const t15 = v128.and(y8, y10);
  const t16 = v128.xor(t15, t12);
  const t17 = v128.xor(t4, t14);
  const t18 = v128.xor(t6, t16);
  const t19 = v128.xor(t9, t14);
  const t20 = v128.xor(t11, t16);
  const t21 = v128.xor(t17, y20);
  const t22 = v128.xor(t18, y19);
  const t23 = v128.xor(t19, y21);
  const t24 = v128.xor(t20, y18);
  const t25 = v128.xor(t21, t22);
  const t26 = v128.and(t21, t23);
  const t27 = v128.xor(t24, t26);
  const t28 = v128.and(t25, t27);
  const t29 = v128.xor(t28, t22);
  const t30 = v128.xor(t23, t24);
  const t31 = v128.xor(t22, t26);
  const t32 = v128.and(t31, t30);
  const t33 = v128.xor(t32, t24);
  const t34 = v128.xor(t23, t33);
  const t35 = v128.xor(t27, t33);
  const t36 = v128.and(t24, t35);
  const t37 = v128.xor(t36, t34);
  const t38 = v128.xor(t27, t36);
  const t39 = v128.and(t29, t38);
  const t40 = v128.xor(t25, t39);
  const t41 = v128.xor(t40, t37);
  const t42 = v128.xor(t29, t33);
  const t43 = v128.xor(t29, t40);
  const t44 = v128.xor(t33, t37);
  const t45 = v128.xor(t42, t41);
  const z0 = v128.and(t44, y15);
  const z1 = v128.and(t37, y6);
  const z2 = v128.and(t33, x7);
  const z3 = v128.and(t43, y16);
  const z4 = v128.and(t40, y1);
  const z5 = v128.and(t29, y7);
  const z6 = v128.and(t42, y11);
  const z7 = v128.and(t45, y17);
  const z8 = v128.and(t41, y10);
  const z9 = v128.and(t44, y12);
  const z10 = v128.and(t37, y3);
  const z11 = v128.and(t33, y4);
  const z12 = v128.and(t43, y13);
  const z13 = v128.and(t40, y5);
  const z14 = v128.and(t29, y2);
  const z15 = v128.and(t42, y9);
  const z16 = v128.and(t45, y14);
  const z17 = v128.and(t41, y8);
  // Bottom linear layer.
  const t46 = v128.xor(z15, z16);
  const t47 = v128.xor(z10, z11);
  const t48 = v128.xor(z5, z13);
  const t49 = v128.xor(z9, z10);
  const t50 = v128.xor(z2, z12);
  const t51 = v128.xor(z2, z5);
  const t52 = v128.xor(z7, z8);
  const t53 = v128.xor(z0, z3);
  const t54 = v128.xor(z6, z7);
  const t55 = v128.xor(z16, z17);
  const t56 = v128.xor(z12, t48);
  const t57 = v128.xor(t50, t53);
  const t58 = v128.xor(z4, t46);
  const t59 = v128.xor(z3, t54);
  const t60 = v128.xor(t46, t57);
  const t61 = v128.xor(z14, t57);
  const t62 = v128.xor(t52, t58);
  const t63 = v128.xor(t49, t58);
  const t64 = v128.xor(z4, t59);
  const t65 = v128.xor(t61, t62);
  const t66 = v128.xor(z1, t63);
  const s0 = v128.xor(t59, t63);
  const s6 = v128.xor(t56, t62);
  const s7 = v128.xor(t48, t60);
  const t67 = v128.xor(t64, t65);
  const s3 = v128.xor(t53, t66);
  const s4 = v128.xor(t51, t66);
  const s5 = v128.xor(t47, t65);
  const s1 = v128.xor(t64, s3);
  const s2 = v128.xor(t55, t67);
  if (shift == LAST) {
    v128.store(state, v128.xor(s7, v128.load(key)));
    v128.store(state, v128.xor(s6, v128.load(key, 16)), 16);
    v128.store(state, v128.xor(s5, v128.load(key, 32)), 32);
    v128.store(state, v128.xor(s4, v128.load(key, 48)), 48);
    v128.store(state, v128.xor(s3, v128.load(key, 64)), 64);
    v128.store(state, v128.xor(s2, v128.load(key, 80)), 80);
    v128.store(state, v128.xor(s1, v128.load(key, 96)), 96);
    v128.store(state, v128.xor(s0, v128.load(key, 112)), 112);
    return;
  }
  // MixColumns of a column a (FIPS 197 §5.1.3): out[i] = 2 * (a[i] ^ a[i+1]) ^ a[i+1] ^ (a[i+2] ^ a[i+3]).
  // With t = a ^ next row, doubling moves each bit of t one up; the top bit also goes to 0, 1, 3, 4 (0x1b).
  const top = v128.xor(s0, nextRow(s0, shift));
  let r: v128;
  let t: v128;
  let sum: v128;
  let below: v128;
  r = nextRow(s7, shift);
  t = v128.xor(s7, r);
  sum = v128.xor(v128.xor(top, r), opposite(t, shift));
  v128.store(state, v128.xor(sum, v128.load(key)));
  below = t;
  r = nextRow(s6, shift);
  t = v128.xor(s6, r);
  sum = v128.xor(v128.xor(v128.xor(below, top), r), opposite(t, shift));
  v128.store(state, v128.xor(sum, v128.load(key, 16)), 16);
  below = t;
  r = nextRow(s5, shift);
  t = v128.xor(s5, r);
  sum = v128.xor(v128.xor(below, r), opposite(t, shift));
  v128.store(state, v128.xor(sum, v128.load(key, 32)), 32);
  below = t;
  r = nextRow(s4, shift);
  t = v128.xor(s4, r);
  sum = v128.xor(v128.xor(v128.xor(below, top), r), opposite(t, shift));
  v128.store(state, v128.xor(sum, v128.load(key, 48)), 48);
  below = t;
  r = nextRow(s3, shift);
  t = v128.xor(s3, r);
  sum = v128.xor(v128.xor(v128.xor(below, top), r), opposite(t, shift));
  v128.store(state, v128.xor(sum, v128.load(key, 64)), 64);
  below = t;
  r = nextRow(s2, shift);
  t = v128.xor(s2, r);
  sum = v128.xor(v128.xor(below, r), opposite(t, shift));
  v128.store(state, v128.xor(sum, v128.load(key, 80)), 80);
  below = t;
  r = nextRow(s1, shift);
  t = v128.xor(s1, r);
  sum = v128.xor(v128.xor(below, r), opposite(t, shift));
  v128.store(state, v128.xor(sum, v128.load(key, 96)), 96);
  below = t;
  r = nextRow(s0, shift);
  t = v128.xor(s0, r);
  sum = v128.xor(v128.xor(below, r), opposite(t, shift));
  v128.store(state, v128.xor(sum, v128.load(key, 112)), 112);
}

function round0(state: usize, key: usize): void {
  round(state, key, 0);
}

function round1(state: usize, key: usize): void {
  round(state, key, 1);
}

function round2(state: usize, key: usize): void {
  round(state, key, 2);
}

function round3(state: usize, key: usize): void {
  round(state, key, 3);
}

function roundLast(state: usize, key: usize): void {
  round(state, key, LAST);
}

/**
 * Rounds 1 to 10 on the first state; `keys` holds eleven bit-sliced round keys of 128 bytes, the first
 * unused.
 */
export function encryptSlices(keys: usize): void {
  round1(STATES, keys + 128);
  round2(STATES, keys + 256);
  round3(STATES, keys + 384);
  round0(STATES, keys + 512);
  round1(STATES, keys + 640);
  round2(STATES, keys + 768);
  round3(STATES, keys + 896);
  round0(STATES, keys + 1024);
  round1(STATES, keys + 1152);
  roundLast(STATES, keys + 1280);
}

/**
 * The same on both states. The rounds alternate: a round is a chain of some forty gates, and the processor
 * works on the other batch while it waits.
 */
export function encryptSlices2(keys: usize): void {
  round1(STATES, keys + 128);
  round1(STATES + 128, keys + 128);
  round2(STATES, keys + 256);
  round2(STATES + 128, keys + 256);
  round3(STATES, keys + 384);
  round3(STATES + 128, keys + 384);
  round0(STATES, keys + 512);
  round0(STATES + 128, keys + 512);
  round1(STATES, keys + 640);
  round1(STATES + 128, keys + 640);
  round2(STATES, keys + 768);
  round2(STATES + 128, keys + 768);
  round3(STATES, keys + 896);
  round3(STATES + 128, keys + 896);
  round0(STATES, keys + 1024);
  round0(STATES + 128, keys + 1024);
  round1(STATES, keys + 1152);
  round1(STATES + 128, keys + 1152);
  roundLast(STATES, keys + 1280);
  roundLast(STATES + 128, keys + 1280);
}
