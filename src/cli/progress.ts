import type { SingleBar } from 'cli-progress';
import type { Progress } from '../analyze.js';
import { formatBytes } from '../report/units.js';
import type { cut as Cut } from '../sink/table.js';
import { widthOf } from './terminal.js';

/** Time without output before a progress bar appears: short work shows none. */
const PATIENCE_MS = 700;
/** Characters of the bar itself, and of what stands behind it. */
const BAR_WIDTH = 24;
const FACTS_WIDTH = 36;

/** Progress bar on standard error, for long work on a terminal; nothing elsewhere. */
export class ProgressBar {
  /** With what it cuts names to the width of the terminal: both are loaded when they are needed. */
  #bar: { readonly bar: SingleBar; readonly cut: typeof Cut } | null = null;
  #opening = false;
  #closed = false;
  readonly #started = Date.now();
  /** Where each capture is: several are read at the same time. */
  readonly #positions = new Map<string, number>();
  #done = 0;
  #last: Progress | null = null;

  /** Show how far the work is. */
  update(progress: Progress): void {
    if (!process.stderr.isTTY || progress.size === null || progress.size === 0) return;
    const before = this.#positions.get(progress.path) ?? 0;
    const position = Math.max(before, progress.position);
    this.#done += position - before;
    this.#positions.set(progress.path, position);
    this.#last = { ...progress, position };
    if (this.#bar) this.#draw(this.#last);
    else if (!this.#opening && Date.now() - this.#started > PATIENCE_MS) void this.#open();
  }

  #draw({ path, index, count, position, size }: Progress): void {
    const { bar, cut } = this.#bar!;
    const seconds = Math.max(0.001, (Date.now() - this.#started) / 1000);
    const many = count > 1;
    const name = path.split('/').at(-1) ?? path;
    const room = Math.max(8, widthOf(process.stderr) - BAR_WIDTH - FACTS_WIDTH);
    const part = size ? Math.min(1, position / size) : 0;
    const done = many ? (this.#positions.size - 1 + part) / count : part;
    bar.update(Math.round(done * 1000), {
      what: cut(many ? `[${index}/${count}] ${name}` : name, room),
      rate: `${formatBytes(Math.round(this.#done / seconds))}/s`,
      left: done > 0 ? `${timeLeft((seconds * (1 - done)) / done)} left` : '',
    });
  }

  async #open(): Promise<void> {
    this.#opening = true;
    const [{ SingleBar }, { cut }] = await Promise.all([
      import('cli-progress').then((module) => module.default),
      import('../sink/table.js'),
    ]);
    if (this.#closed) return;
    const bar = new SingleBar({
      stream: process.stderr,
      format: '{what} {bar} {percentage} %  {rate}  {left}',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: BAR_WIDTH,
      hideCursor: true,
      clearOnComplete: true,
    });
    bar.start(1000, 0, { what: 'reading', rate: '', left: '' });
    this.#bar = { bar, cut };
    if (this.#last) this.#draw(this.#last);
  }

  /** Take the bar away. */
  stop(): void {
    this.#closed = true;
    this.#bar?.bar.stop();
    this.#bar = null;
  }
}

function timeLeft(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} min`;
}
