import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { InputNotFoundError, InputReadError } from '../../src/errors.js';
import { openSource } from '../../src/source/open.js';
import { sampleCapture } from './sample.js';
import { drain, temporaryFolder, vectorPath } from './support.js';

const sample = Buffer.from(sampleCapture());

/** Prints the length of each read, then `end`. Runs the build, as a child cannot run TypeScript. */
const READER = `
const { openSource } = await import(${JSON.stringify(
  new URL('../../dist/source/open.js', import.meta.url).href,
)});
const source = await openSource(process.argv[1]);
const into = new Uint8Array(65536);
console.log('opened ' + source.compression + ' ' + source.size);
for (;;) {
  const length = await source.read(into);
  if (length === 0) break;
  console.log(length);
}
await source.close();
console.log('end');
`;

interface Reader {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

function startReader(path: string, stdin: 'pipe' | number): Reader {
  const child = spawn(process.execPath, ['--input-type=module', '-e', READER, path], {
    stdio: [stdin, 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() };
}

async function nextLine({ lines }: Reader): Promise<string> {
  return (await lines.next()).value as string;
}

/** Adds up the lengths printed until the end. */
async function restOf(reader: Reader): Promise<number> {
  let sum = 0;
  for (let line = await nextLine(reader); line !== 'end'; line = await nextLine(reader)) sum += Number(line);
  return sum;
}

describe('standard input', () => {
  test('a pipe gives its first bytes while the writer has not closed it', async () => {
    const reader = startReader('-', 'pipe');
    const { stdin } = reader.child;
    stdin!.write(sample.subarray(0, 24));
    expect(await nextLine(reader)).toBe('opened none null');
    expect(await nextLine(reader)).toBe('24');
    stdin!.write(sample.subarray(24, 100));
    expect(await nextLine(reader)).toBe('76');
    stdin!.end(sample.subarray(100));
    expect(await restOf(reader)).toBe(sample.length - 100);
  });

  test('a compressed pipe too, as far as the compressor has flushed', async () => {
    const reader = startReader('-', 'pipe');
    const { stdin } = reader.child;
    stdin!.write(gzipSync(sample.subarray(0, 24)));
    expect(await nextLine(reader)).toBe('opened gzip null');
    expect(await nextLine(reader)).toBe('24');
    stdin!.end(gzipSync(sample.subarray(24)));
    expect(await restOf(reader)).toBe(sample.length - 24);
  });

  test('a file (< capture) is read as one', async () => {
    const reader = startReader('-', openSync(vectorPath('checksum.zst'), 'r'));
    expect(await nextLine(reader)).toBe('opened zstd 14974');
    expect(await restOf(reader)).toBe(sample.length);
  });

  test('/dev/stdin is standard input', async () => {
    const reader = startReader('/dev/stdin', 'pipe');
    reader.child.stdin!.end(sample);
    expect(await nextLine(reader)).toBe('opened none null');
    expect(await restOf(reader)).toBe(sample.length);
  });

  test('nothing at all opens and ends', async () => {
    const reader = startReader('-', 'pipe');
    reader.child.stdin!.end();
    expect(await nextLine(reader)).toBe('opened none null');
    expect(await restOf(reader)).toBe(0);
    const [code] = await once(reader.child, 'exit');
    expect(code).toBe(0);
  });
});

describe('files', () => {
  test('an uncompressed capture comes byte for byte, synchronously once it is open', async () => {
    const path = join(temporaryFolder(), 'a.pcap');
    writeFileSync(path, sample);
    const source = await openSource(path);
    expect(source).toMatchObject({ path, compression: 'none', size: sample.length });
    expect([...source.head.subarray(0, 4)]).toEqual([0xd4, 0xc3, 0xb2, 0xa1]);
    expect(typeof source.read(new Uint8Array(100))).toBe('number');
    await source.close();
    for (const size of [1, 511, 512, 513, 100_000]) {
      const { bytes, error } = await drain(await openSource(path), size);
      expect(error).toBeNull();
      expect(bytes.equals(sample)).toBe(true);
    }
  });

  test('the name says nothing: a capture called .gz, a gzip called .pcap', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'plain.gz'), sample);
    writeFileSync(join(folder, 'packed.pcap'), gzipSync(sample));
    expect((await openSource(join(folder, 'plain.gz'))).compression).toBe('none');
    const packed = await openSource(join(folder, 'packed.pcap'));
    expect(packed.compression).toBe('gzip');
    expect((await drain(packed)).bytes.equals(sample)).toBe(true);
  });

  test.each([0, 1, 3, 9])('a file of %i bytes opens and gives them', async (length) => {
    const path = join(temporaryFolder(), 'short');
    writeFileSync(path, sample.subarray(0, length));
    const { bytes, error } = await drain(await openSource(path));
    expect(error).toBeNull();
    expect(bytes.equals(sample.subarray(0, length))).toBe(true);
  });

  test('a missing file is said to be missing, with the name as given', async () => {
    const error = await openSource('no/such.pcap').catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(InputNotFoundError);
    expect(error).toMatchObject({ code: 'ERR_TLSFP_INPUT_NOT_FOUND', path: 'no/such.pcap', exitCode: 3 });
    expect((error as Error).message).toBe('no/such.pcap: no such file or folder; check the spelling');
  });

  test('a folder is not a capture', async () => {
    await expect(openSource(temporaryFolder())).rejects.toThrow(/is a folder, not a capture/);
  });

  test.skipIf(process.getuid?.() === 0)('a file that may not be read', async () => {
    const path = join(temporaryFolder(), 'secret.pcap');
    writeFileSync(path, sample);
    chmodSync(path, 0);
    await expect(openSource(path)).rejects.toThrow(/permission denied \(EACCES\)/);
  });

  test('a link that leads to itself', async () => {
    const path = join(temporaryFolder(), 'loop');
    symlinkSync(path, path);
    const error = await openSource(path).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(InputReadError);
    expect((error as Error).message).toMatch(/\(ELOOP\); its symbolic links lead in a circle$/);
  });
});

describe.skipIf(process.platform === 'win32')('FIFOs', () => {
  function fifo(): string {
    const path = join(temporaryFolder(), 'fifo');
    execFileSync('mkfifo', [path]);
    return path;
  }

  test('wait for their writer without stopping the process, and give bytes as they come', async () => {
    const path = fifo();
    const opening = openSource(path);
    // The event loop turns: a blocking open would never get here.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const writer = spawn('sh', ['-c', 'exec cat > "$0"', path], { stdio: ['pipe', 'ignore', 'inherit'] });
    writer.stdin.write(sample.subarray(0, 40));
    const source = await opening;
    const into = new Uint8Array(1000);
    expect(await source.read(into)).toBe(40);
    writer.stdin.end(sample.subarray(40));
    const { bytes, error } = await drain(source);
    expect(error).toBeNull();
    expect(bytes.equals(sample.subarray(40))).toBe(true);
  });

  test('compressed ones are unpacked', async () => {
    const path = fifo();
    const opening = openSource(path);
    spawn('sh', ['-c', 'exec cat "$0" > "$1"', vectorPath('crc64.xz'), path], { stdio: 'inherit' });
    const { bytes } = await drain(await opening);
    expect(bytes.equals(sample)).toBe(true);
  });
});
