import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Batch } from '../core/views.js';

/** Percentiles that operators look at. */
export const LAG_PERCENTILES = [50, 99, 99.9] as const;

/** From packet to row, ms: how many rows, and what their lag was. */
export interface LagSummary {
  readonly rows: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

const HIGHEST_US = 3_600_000_000;

/** Lag of rows in an HDR histogram (microseconds, three digits): of all, and of those since the last look. */
export class Lag {
  readonly #all = createHistogram({ lowest: 1, highest: HIGHEST_US, figures: 3 });
  readonly #recent = createHistogram({ lowest: 1, highest: HIGHEST_US, figures: 3 });

  /** Rows of this batch have reached the sinks at `nowMs` (ms since 1970). */
  record(batch: Batch, nowMs: number): void {
    const ts = batch.columns.find((c) => c.spec.name === 'ts');
    if (!ts || batch.rows === 0) return;
    const times = new DataView(ts.data.buffer, ts.data.byteOffset, ts.data.byteLength);
    for (let row = 0; row < batch.rows; row++) {
      const us = nowMs * 1000 - Number(times.getBigInt64(8 * row, true)) / 1000;
      const value = Math.min(HIGHEST_US, Math.max(1, Math.round(us)));
      this.#all.record(value);
      this.#recent.record(value);
    }
  }

  /** Of all rows. */
  get all(): LagSummary {
    return summary(this.#all);
  }

  /** Of the rows since the last call. */
  takeRecent(): LagSummary {
    const recent = summary(this.#recent);
    this.#recent.reset();
    return recent;
  }
}

function summary(histogram: RecordableHistogram): LagSummary {
  const rows = histogram.count;
  const ms = (percentile: number) => (rows === 0 ? 0 : histogram.percentile(percentile) / 1000);
  const [p50, p99, p999] = LAG_PERCENTILES;
  return { rows, p50: ms(p50), p99: ms(p99), p999: ms(p999), max: ms(100) };
}
