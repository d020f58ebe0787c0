import { createHash } from 'node:crypto';
import type { Difference } from './compare.js';

/** What a reporter is told. */
export interface CheckResult {
  readonly differences: readonly Difference[];
  /** Captures looked at: path by name in the baseline. */
  readonly captures: ReadonlyMap<string, string>;
  /** How to accept the differences. */
  readonly update: string;
}

/** Forms of the result of a check. */
export const REPORTERS = ['text', 'github', 'gitlab', 'junit'] as const;
export type ReporterName = (typeof REPORTERS)[number];

const MARKS = { new: '+', gone: '-', changed: '~', count: '#', error: '!' } as const;
const WORDS = {
  new: 'new',
  gone: 'gone',
  changed: 'changed',
  count: 'another count',
  error: 'another error',
} as const;

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
const path = (result: CheckResult, name: string) => result.captures.get(name) ?? name;

function grouped(differences: readonly Difference[]): Map<string, Difference[]> {
  const groups = new Map<string, Difference[]>();
  for (const difference of differences) {
    const group = groups.get(difference.capture);
    if (group) group.push(difference);
    else groups.set(difference.capture, [difference]);
  }
  return groups;
}

const lines = (d: Difference) => [
  `  ${MARKS[d.kind]} ${d.title}`,
  ...d.details.map((detail) => `      ${detail}`),
];

function text(result: CheckResult): string {
  const { differences, captures } = result;
  if (differences.length === 0) return `${plural(captures.size, 'capture')}: as in the baseline\n`;
  const blocks = [...grouped(differences)].map(
    ([name, own]) => `${name}\n${own.flatMap(lines).join('\n')}\n`,
  );
  const total = `${plural(differences.length, 'difference')} in ${plural(grouped(differences).size, 'capture')}`;
  return `${blocks.join('\n')}\n${total}; if they are meant: ${result.update}\n`;
}

/** Workflow commands: % and line breaks are escaped, in properties : and , too. */
const escapeData = (value: string) =>
  value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const escapeProperty = (value: string) => escapeData(value).replaceAll(':', '%3A').replaceAll(',', '%2C');

function github(result: CheckResult): string {
  return result.differences
    .map((d) => {
      const properties = `file=${escapeProperty(path(result, d.capture))},title=${escapeProperty(`TLS fingerprint: ${WORDS[d.kind]}`)}`;
      return `::error ${properties}::${escapeData([d.title, ...d.details].join('\n'))}\n`;
    })
    .join('');
}

/** GitLab's Code Quality report: the subset of the Code Climate format that it documents. */
function gitlab(result: CheckResult): string {
  const issues = result.differences.map((d) => ({
    description: [d.title, ...d.details].join('; '),
    check_name: `tls-fingerprint-${d.kind}`,
    fingerprint: createHash('sha256').update(JSON.stringify(d)).digest('hex'),
    severity: d.kind === 'count' ? 'minor' : 'major',
    location: { path: path(result, d.capture), lines: { begin: 1 } },
  }));
  return `${JSON.stringify(issues, null, 2)}\n`;
}

/** XML 1.0 knows no other control characters than tab and line breaks. */
function escapeXml(value: string): string {
  return value
    .replace(/[^\t\n\r\x20-\uFFFD]/g, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function junit(result: CheckResult): string {
  const byCapture = grouped(result.differences);
  const names = [...new Set([...result.captures.keys(), ...byCapture.keys()])].sort();
  const cases = names.map((name) => {
    const own = byCapture.get(name);
    const head = `    <testcase classname="tlsfp check" name="${escapeXml(name)}"`;
    if (!own) return `${head}/>`;
    const body = escapeXml(own.flatMap(lines).join('\n'));
    const message = escapeXml(plural(own.length, 'difference'));
    return `${head}>\n      <failure message="${message}">${body}</failure>\n    </testcase>`;
  });
  const counts = `tests="${names.length}" failures="${byCapture.size}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="tlsfp check" ${counts}>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** The result of a check in one of its forms. */
export const reporters: Readonly<Record<ReporterName, (result: CheckResult) => string>> = {
  text,
  github,
  gitlab,
  junit,
};
