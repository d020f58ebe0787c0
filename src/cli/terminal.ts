import type { SingleBar } from 'cli-progress';
import type { Progress } from '../analyze.js';

/** One line about a fault or a warning, on standard error. */
export function complain(message: string): void {
  process.stderr.write(`tlsfp: ${message}\n`);
}

/** Time without output before a progress bar appears: short work shows none. */
const PATIENCE_MS = 700;

/** Progress bar on standard error, for long work on a terminal; nothing elsewhere. */
export class ProgressBar {
  #bar: SingleBar | null = null;
  #opening = false;
  #closed = false;
  readonly #started = Date.now();

  /** Show how far the work is. */
  update(progress: Progress): void {
    if (!process.stderr.isTTY || progress.size === null || progress.size === 0) return;
    if (this.#bar) {
      this.#bar.setTotal(progress.size);
      this.#bar.update(progress.position, { what: label(progress), rate: rate(progress, this.#started) });
    } else if (!this.#opening && Date.now() - this.#started > PATIENCE_MS) void this.#open();
  }

  async #open(): Promise<void> {
    this.#opening = true;
    const { SingleBar } = (await import('cli-progress')).default;
    if (this.#closed) return;
    this.#bar = new SingleBar({
      stream: process.stderr,
      format: '{what} {bar} {percentage}% {rate} eta {eta_formatted}',
      hideCursor: true,
      clearOnComplete: true,
      etaBuffer: 50,
    });
    this.#bar.start(1, 0, { what: '', rate: '' });
  }

  /** Take the bar away. */
  stop(): void {
    this.#closed = true;
    this.#bar?.stop();
    this.#bar = null;
  }
}

function label(progress: Progress): string {
  const name = progress.path.split('/').at(-1) ?? progress.path;
  return progress.count > 1 ? `[${progress.index}/${progress.count}] ${name}` : name;
}

function rate(progress: Progress, started: number): string {
  const seconds = Math.max(0.001, (Date.now() - started) / 1000);
  return progress.count > 1 ? '' : `${(progress.position / 1e6 / seconds).toFixed(0)} MB/s`;
}
