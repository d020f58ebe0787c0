import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** `tlsfp analyze --live` in a process of its own. */
export class LiveCli {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';

  constructor(
    args: readonly string[],
    options: { command?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
  ) {
    const [command, ...before] = [...(options.command ?? []), process.execPath, MAIN, 'analyze', '--live'];
    this.child = spawn(command!, [...before, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    this.child.stdout!.on('data', (data) => {
      this.stdout += data;
    });
    this.child.stderr!.on('data', (data) => {
      this.stderr += data;
    });
  }

  /** Rows of `--format ndjson` so far. */
  get rows(): Record<string, unknown>[] {
    const lines = this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1).split('\n');
    return lines.filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Wait until something is so. */
  async until(what: string, test: (cli: LiveCli) => boolean, ms = 30_000): Promise<void> {
    const end = Date.now() + ms;
    while (!test(this)) {
      if (this.child.exitCode !== null) throw new Error(`ended before ${what}: ${this.stderr}`);
      if (Date.now() > end) throw new Error(`waited in vain for ${what}: ${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Wait for the end, or ask for it first; answers the exit code (or the signal that ended it). */
  async end(signal?: NodeJS.Signals): Promise<number | string> {
    if (signal) this.child.kill(signal);
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
    return this.child.exitCode ?? this.child.signalCode!;
  }
}
