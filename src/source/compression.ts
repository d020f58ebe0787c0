import type { Decoder } from './codec.js';
import type { CaptureSource, Compression } from './source.js';

/** The decoders are loaded when they are needed: most captures are not compressed. */
const DECODERS: Record<Exclude<Compression, 'none' | 'gzip'>, () => Promise<Decoder>> = {
  zstd: async () => (await import('./zstd.js')).createZstdDecoder(),
  lz4: async () => (await import('./lz4.js')).createLz4Decoder(),
  xz: async () => (await import('./xz.js')).createXzDecoder(),
  bzip2: async () => new (await import('./bzip2.js')).Bzip2Decoder(),
};

/** The content of `inner`, which is compressed as named. Nothing is read yet. */
export async function decompress(
  inner: CaptureSource,
  compression: Exclude<Compression, 'none'>,
): Promise<CaptureSource> {
  if (compression === 'gzip') return new (await import('./gzip.js')).GzipSource(inner);
  const { DecodedSource } = await import('./codec.js');
  return new DecodedSource(compression, inner, await DECODERS[compression]());
}
