import { isPlain } from '../columns/text';
import { copyShort, hashBytes, sameBytes } from '../core/bytes';
import { sort16 } from '../core/sort';
import { clearSawGrease, normalise16, sawGrease } from '../tls/grease';
import { textInit, withoutGrease, withoutNames, writeDecimalList, writeDecimalsWithoutGrease, writeHexList } from './text';

/**
 * The list and text kernels as exports of the testing build. Each does its work `times` times, at least once, so that
 * what it takes can be measured without the calls.
 */

export function t_textInit(): void {
  textInit();
}

/** Copies `n` big-endian values; returns whether GREASE was among them. */
export function t_normalise16(from: usize, n: u32, to: usize, times: u32): u32 {
  clearSawGrease();
  for (let i: u32 = 0; i < times; i++) normalise16(from, n, to);
  return u32(sawGrease);
}

export function t_withoutGrease(from: usize, n: u32, to: usize, times: u32): u32 {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < times; i++) kept = withoutGrease(from, n, to);
  return kept;
}

export function t_withoutNames(from: usize, n: u32, to: usize, times: u32): u32 {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < times; i++) kept = withoutNames(from, n, to);
  return kept;
}

/** Sorts a copy of the list. */
export function t_sort16(from: usize, n: u32, to: usize, times: u32): void {
  for (let i: u32 = 0; i < times; i++) {
    copyShort(to, from, n << 1);
    sort16(to, n);
  }
}

/** Returns the bytes written. */
export function t_writeDecimals(from: usize, n: u32, to: usize, times: u32): u32 {
  let end = to;
  for (let i: u32 = 0; i < times; i++) end = writeDecimalsWithoutGrease(to, from, n);
  return <u32>(end - to);
}

/** Returns the bytes written. */
export function t_writeDecimalList(from: usize, n: u32, to: usize, times: u32): u32 {
  let end = to;
  for (let i: u32 = 0; i < times; i++) end = writeDecimalList(to, from, n);
  return <u32>(end - to);
}

/** Returns the bytes written. */
export function t_writeHex(from: usize, n: u32, to: usize, times: u32): u32 {
  let end = to;
  for (let i: u32 = 0; i < times; i++) end = writeHexList(to, from, n);
  return <u32>(end - to);
}

export function t_isPlain(from: usize, n: u32, times: u32): u32 {
  let plain: u32 = 0;
  for (let i: u32 = 0; i < times; i++) plain += u32(isPlain(from, n));
  return plain;
}

export function t_copyShort(to: usize, from: usize, n: u32, times: u32): void {
  for (let i: u32 = 0; i < times; i++) copyShort(to, from, n);
}

export function t_sameBytes(a: usize, b: usize, n: u32, times: u32): u32 {
  let same: u32 = 0;
  for (let i: u32 = 0; i < times; i++) same += u32(sameBytes(a, b, n));
  return same;
}

export function t_hashBytes(from: usize, n: u32, times: u32): u64 {
  let hash: u64 = 0;
  for (let i: u32 = 0; i < times; i++) hash ^= hashBytes(from, n) + i;
  return hash;
}
