@inline function f(x: u32): u32 { return bswap<u32>(x); }
const T: usize = memory.data<u32>([1,2,3]);
const S: usize = memory.data(1024, 64);
export function abiVersion(): u32 { return load<u32>(T, 4) + f(0x01000000); }
export function base(): usize { return __heap_base; }
export function st(): usize { return S; }
export function g(): u32 {
  if (ASC_FEATURE_SIMD) { return i8x16.bitmask(v128.load(T)); }
  return atomic.load<u16>(S);
}
