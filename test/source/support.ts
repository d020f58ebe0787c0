import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { CaptureSource } from '../../src/source/source.js';

/** A vector of fixtures/compressed. */
export function vectorPath(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/compressed/${name}`, import.meta.url));
}

export function vector(name: string): Buffer {
  return readFileSync(vectorPath(name));
}

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tlsfp-source-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Everything that a source gives, and the error that ends it, if any. */
export async function drain(
  source: CaptureSource,
  readSize = 64 * 1024,
): Promise<{ bytes: Buffer; error: unknown }> {
  const parts: Buffer[] = [];
  let error: unknown = null;
  try {
    const into = Buffer.alloc(readSize);
    for (;;) {
      const read = source.read(into);
      const length = typeof read === 'number' ? read : await read;
      if (length === 0) break;
      parts.push(Buffer.from(into.subarray(0, length)));
    }
  } catch (failure) {
    error = failure;
  }
  await source.close();
  return { bytes: Buffer.concat(parts), error };
}

/** A stream that gives `bytes` in chunks of `size`. */
export function inChunks(bytes: Uint8Array, size: number): Readable {
  function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return Readable.from(chunks(), { objectMode: false });
}
