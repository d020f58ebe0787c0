import colors from 'picocolors';
import type { AnalyzeResult } from '../analyze.js';
import type { Summary } from '../report/summary-sink.js';
import { summaryText } from '../report/summary-text.js';
import { colorsWanted, widthOf } from './terminal.js';
import { timeFormatter } from './time.js';

/** What the person at the terminal gave, as far as it decides what to do next. */
export interface SummaryRequest {
  readonly captures: readonly string[];
  readonly db: string | undefined;
  /** Time zone for the person; left out: UTC. */
  readonly tz?: string | undefined;
}

/** Clients listed: with them the summary is about a screenful. */
const TOP_CLIENTS = 12;

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Commands that go on from here; each can be typed as it stands. */
export function nextSteps({ captures, db }: SummaryRequest): string[] {
  const [only] = captures;
  const one = captures.length === 1 && only !== '-' ? quoted(only!) : undefined;
  const source = db === undefined ? one : quoted(db);
  if (source !== undefined) {
    return [
      `next  tlsfp query ${source} "FROM fingerprints"`,
      `      tlsfp report ${source} --out report.html`,
    ];
  }
  return ['next  the same with --db tls.duckdb, then tlsfp query tls.duckdb "FROM fingerprints"'];
}

/** Print the summary of a run; nothing when no capture could be read at all (the errors say why). */
export function showSummary(summary: Summary, result: AnalyzeResult, request: SummaryRequest): void {
  const readable = summary.captures.filter((row) => row.error === null || row.packets > 0n);
  if (readable.length === 0) return;
  const brokenOff = readable.filter((row) => row.error !== null).length;
  const style = {
    width: widthOf(process.stdout),
    colors: colors.createColors(colorsWanted(process.stdout)),
    top: TOP_CLIENTS,
    ...(request.tz === undefined ? {} : { time: timeFormatter(request.tz) }),
  };
  const failed = { brokenOff, unreadable: result.errors.length - brokenOff };
  const steps = nextSteps(request).map((line) => style.colors.dim(line));
  process.stdout.write(
    `${summaryText({ ...summary, captures: readable }, style, failed)}\n${steps.join('\n')}\n`,
  );
}
