import { run } from '../../src/cli/run.js';

/** What a run of the command line wrote and answered. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Write = typeof process.stdout.write;

function recorder(chunks: Buffer[]): Write {
  return ((chunk: string | Uint8Array, encoding?: unknown, callback?: unknown) => {
    chunks.push(Buffer.from(chunk as Uint8Array));
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') queueMicrotask(() => done());
    return true;
  }) as Write;
}

/** Run the command line in this process, keeping what it writes. One at a time. */
export async function cli(...args: string[]): Promise<CliResult> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const { stdout, stderr } = process;
  const [write, writeError, log] = [stdout.write, stderr.write, console.log];
  const listeners = new Set(stdout.listeners('error'));
  stdout.write = recorder(out);
  stderr.write = recorder(err);
  // The console of the test runner goes around standard output.
  console.log = (...parts) => out.push(Buffer.from(`${parts.join(' ')}\n`));
  try {
    const code = await run(args);
    return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
  } finally {
    stdout.write = write;
    stderr.write = writeError;
    console.log = log;
    for (const listener of stdout.listeners('error')) {
      if (!listeners.has(listener)) stdout.off('error', listener as () => void);
    }
  }
}
