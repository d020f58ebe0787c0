import { Bzip2Decoder } from './bzip2.js';
import { DecodedSource } from './codec.js';
import { GzipSource } from './gzip.js';
import { createLz4Decoder } from './lz4.js';
import type { CaptureSource, Compression } from './source.js';
import { createXzDecoder } from './xz.js';
import { createZstdDecoder } from './zstd.js';

/** The content of `inner`, which is compressed as named. Nothing is read yet. */
export async function decompress(
  inner: CaptureSource,
  compression: Exclude<Compression, 'none'>,
): Promise<CaptureSource> {
  switch (compression) {
    case 'gzip':
      return new GzipSource(inner);
    case 'zstd':
      return new DecodedSource(compression, inner, await createZstdDecoder());
    case 'lz4':
      return new DecodedSource(compression, inner, await createLz4Decoder());
    case 'xz':
      return new DecodedSource(compression, inner, await createXzDecoder());
    case 'bzip2':
      return new DecodedSource(compression, inner, new Bzip2Decoder());
  }
}
