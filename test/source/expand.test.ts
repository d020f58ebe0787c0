import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { InputNotFoundError } from '../../src/errors.js';
import { byNaturalOrder, expandInputs } from '../../src/source/expand.js';
import { sampleCapture } from './sample.js';
import { temporaryFolder, vector } from './support.js';

const capture = sampleCapture().subarray(0, 24);
const pcapng = Uint8Array.from([0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0]);

/** A folder with these files in it; folders in their names are made. */
function folderOf(files: Record<string, Uint8Array | string>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** What the arguments name, relative to `folder`. */
async function expanded(folder: string, ...args: string[]): Promise<string[]> {
  const paths = await expandInputs(args.map((arg) => (arg === '-' ? arg : join(folder, arg))));
  return paths.map((path) => (path === '-' ? path : relative(folder, path)));
}

describe('folders', () => {
  test('give captures by content, compressed or not, and below, in natural order', async () => {
    const folder = folderOf({
      'part10.pcap': capture,
      'part2.pcap': capture,
      'no-ending': pcapng,
      'packed.bin': gzipSync(capture),
      'packed.xz': vector('crc64.xz'),
      'packed-twice': gzipSync(vector('checksum.zst')),
      'text.pcap': 'not a capture, whatever its name',
      'empty.pcap': '',
      'tar.gz': gzipSync('some other content'),
      '.hidden.pcap': capture,
      '.hidden/in.pcap': capture,
      'sub/deep/er.pcap': capture,
      'sub/readme.md': '# text',
    });
    expect(await expanded(folder, '.')).toEqual([
      'no-ending',
      'packed-twice',
      'packed.bin',
      'packed.xz',
      'part2.pcap',
      'part10.pcap',
      'sub/deep/er.pcap',
    ]);
  });

  test.each([
    ['a1b2c3d4', [0xa1, 0xb2, 0xc3, 0xd4]],
    ['a1b2c3d4 swapped', [0xd4, 0xc3, 0xb2, 0xa1]],
    ['a1b23c4d', [0xa1, 0xb2, 0x3c, 0x4d]],
    ['a1b23c4d swapped', [0x4d, 0x3c, 0xb2, 0xa1]],
    ['a1b2cd34', [0xa1, 0xb2, 0xcd, 0x34]],
    ['a1b2cd34 swapped', [0x34, 0xcd, 0xb2, 0xa1]],
    ['pcapng', [0x0a, 0x0d, 0x0d, 0x0a]],
  ])('know the magic %s', async (_, magic) => {
    expect(await expanded(folderOf({ x: Uint8Array.from(magic) }), '.')).toEqual(['x']);
  });

  test('say what they leave out', async () => {
    const folder = folderOf({ 'a.pcap': capture, 'b.txt': 'text', c: '' });
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    symlinkSync('gone', join(folder, 'link'));
    symlinkSync('self', join(folder, 'self'));
    const skipped: Record<string, string> = {};
    await expandInputs([folder], {
      onSkip: (path, reason) => {
        skipped[relative(folder, path)] = reason;
      },
    });
    expect(skipped).toEqual({
      'b.txt': 'is not a capture',
      c: 'is empty',
      fifo: 'is not a plain file',
      link: 'is a link to nothing',
      self: 'is a link to nothing',
    });
  });

  test('keep what is damaged, so that reading it tells', async () => {
    const folder = folderOf({ 'cut.gz': gzipSync(capture).subarray(0, 9), 'a.pcap': capture });
    expect(await expanded(folder, '.')).toEqual(['a.pcap', 'cut.gz']);
  });

  test.skipIf(process.getuid?.() === 0)('keep what may not be read', async () => {
    const folder = folderOf({ 'secret.pcap': capture });
    chmodSync(join(folder, 'secret.pcap'), 0);
    expect(await expanded(folder, '.')).toEqual(['secret.pcap']);
  });

  test('that link to each other do not hang, and no file comes twice', async () => {
    const folder = folderOf({ 'a/1.pcap': capture, 'b/2.pcap': capture });
    symlinkSync('..', join(folder, 'a', 'up'));
    symlinkSync('../a', join(folder, 'b', 'other'));
    symlinkSync('a/1.pcap', join(folder, 'same.pcap'));
    expect(await expanded(folder, '.')).toEqual(['a/1.pcap', 'b/2.pcap']);
  });

  test('without a capture are an error', async () => {
    const folder = folderOf({ 'text.pcap': 'text' });
    const error = await expandInputs([folder]).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(InputNotFoundError);
    expect((error as Error).message).toBe(
      `${folder}: no capture in this folder; captures are recognised by their content: pcap or pcapng, compressed or not`,
    );
  });
});

describe('patterns', () => {
  const files = {
    'ring_00002.pcapng': pcapng,
    'ring_00010.pcapng': pcapng,
    'ring_00001.pcapng': pcapng,
    'other.pcap': capture,
    'notes.txt': 'text',
    'sub/in.pcap': capture,
  };

  test('match by name, in natural order', async () => {
    expect(await expanded(folderOf(files), 'ring_*.pcapng')).toEqual([
      'ring_00001.pcapng',
      'ring_00002.pcapng',
      'ring_00010.pcapng',
    ]);
  });

  test.each([
    ['**/*.pcap', ['other.pcap', 'sub/in.pcap']],
    ['*.{pcap,txt}', ['other.pcap']],
    ['ring_0000[12].pcapng', ['ring_00001.pcapng', 'ring_00002.pcapng']],
    ['ring_000?0.pcapng', ['ring_00010.pcapng']],
    ['s*', ['sub/in.pcap']],
  ])('%s', async (pattern, wanted) => {
    expect(await expanded(folderOf(files), pattern)).toEqual(wanted);
  });

  test('a file of that very name wins', async () => {
    const folder = folderOf({ 'a[1].pcap': capture, 'a1.pcap': capture });
    expect(await expanded(folder, 'a[1].pcap')).toEqual(['a[1].pcap']);
  });

  test('that match nothing, or no capture, are errors', async () => {
    const folder = folderOf(files);
    await expect(expanded(folder, '*.cap')).rejects.toThrow(/\*\.cap: no file matches this pattern;/);
    await expect(expanded(folder, '*.txt')).rejects.toThrow(/no file that matches this pattern is a capture/);
    await expect(expanded(folder, '*.cap')).rejects.toBeInstanceOf(InputNotFoundError);
  });
});

describe('files', () => {
  test('named are kept whatever they hold, in the order given, once', async () => {
    const folder = folderOf({ 'z.txt': 'text', 'a.pcap': capture });
    symlinkSync('a.pcap', join(folder, 'link.pcap'));
    expect(await expanded(folder, 'z.txt', '-', 'a.pcap', 'link.pcap', '.', '-')).toEqual([
      'z.txt',
      '-',
      'a.pcap',
    ]);
  });

  test('that do not exist are an error with the name as given', async () => {
    await expect(expandInputs(['no-such.pcap'])).rejects.toThrow(
      'no-such.pcap: no such file or folder; check the spelling',
    );
    await expect(expandInputs(['no-such.pcap'])).rejects.toMatchObject({ exitCode: 3 });
  });

  test('none at all are none', async () => {
    expect(await expandInputs([])).toEqual([]);
  });
});

test('natural order is total and stable', () => {
  const names = ['b', 'a10', 'a9', 'a09', 'B', 'a', 'name.pcap10', 'name.pcap', 'name.pcap2'];
  const once = [...names].sort(byNaturalOrder);
  expect(once).toEqual(['a', 'a09', 'a9', 'a10', 'b', 'B', 'name.pcap', 'name.pcap2', 'name.pcap10']);
  expect([...names].reverse().sort(byNaturalOrder)).toEqual(once);
});
