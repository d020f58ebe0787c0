import { readFileSync, writeFileSync } from 'node:fs';
import { type HelloLists, LISTS } from '../compare/hello-lists.js';
import { InputNotFoundError, TlsfpError, UsageError } from '../errors.js';

/** Version of the file format; a baseline of another one is refused. */
export const BASELINE_VERSION = 1;

/** ClientHellos of one capture that are alike. */
export interface ClientEntry {
  readonly protocol: string;
  readonly app: string | null;
  readonly sni: string | null;
  /** Key into `Baseline.hellos`. */
  readonly hello: string;
  readonly count: number;
}

/** ServerHellos of one capture that are alike. Code points in lower hex. */
export interface ServerEntry {
  readonly protocol: string;
  readonly version: string | null;
  readonly cipher: string | null;
  readonly group: string | null;
  readonly alpn: string | null;
  readonly retry: boolean;
  readonly resumed: boolean | null;
  readonly ja3s: string | null;
  readonly count: number;
}

/** What one capture must give. */
export interface CaptureEntry {
  readonly clients: readonly ClientEntry[];
  readonly servers: readonly ServerEntry[];
  /** Hellos that were not complete, by reason. */
  readonly incomplete: Readonly<Record<string, number>>;
  /** Code of the error that ended it early; null if it was read whole. */
  readonly error: string | null;
}

/** The content of a ClientHello: its fingerprints and the lists they are made of. */
export interface HelloEntry {
  readonly ja4: string | null;
  readonly ja3n: string | null;
  readonly lists: HelloLists;
}

/** What captures must give. */
export interface Baseline {
  readonly captures: Readonly<Record<string, CaptureEntry>>;
  readonly hellos: Readonly<Record<string, HelloEntry>>;
}

const FORMAT = 'tlsfp_baseline';

function listText(lists: HelloLists): Record<string, string> {
  const entries = LISTS.map(({ name }) => [name, lists[name]] as const).filter(([, list]) => list.length > 0);
  return Object.fromEntries(
    entries.map(([name, list]) => [name, name === 'alpn' ? JSON.stringify(list) : list.join(' ')]),
  );
}

function listOf(name: string, text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  return name === 'alpn' ? (JSON.parse(text) as string[]) : text.split(' ');
}

/** Members whose value is the usual one are left out, so that a line shows what is special. */
function brief(entry: object): string {
  const shown = Object.entries(entry).filter(([, value]) => value !== null && value !== false);
  return `{ ${shown.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(', ')} }`;
}

function block(indent: string, open: string, lines: readonly string[], close: string): string {
  if (lines.length === 0) return `${open}${close}`;
  return `${open}\n${lines.map((line) => `${indent}  ${line}`).join(',\n')}\n${indent}${close}`;
}

const byCodePoint = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
  a < b ? -1 : Number(a > b);

function captureText(entry: CaptureEntry): string {
  const rest = [
    ...(Object.keys(entry.incomplete).length > 0 ? [`"incomplete": ${brief(entry.incomplete)}`] : []),
    ...(entry.error === null ? [] : [`"error": ${JSON.stringify(entry.error)}`]),
  ];
  const members = [
    `"clients": ${block('      ', '[', entry.clients.map(brief), ']')}`,
    `"servers": ${block('      ', '[', entry.servers.map(brief), ']')}`,
    ...rest,
  ];
  return block('    ', '{', members, '}');
}

function helloText(entry: HelloEntry): string {
  const members = Object.entries({ ja4: entry.ja4, ja3n: entry.ja3n, ...listText(entry.lists) });
  return block(
    '    ',
    '{',
    members
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `"${name}": ${JSON.stringify(value)}`),
    '}',
  );
}

/**
 * A baseline as JSON text: sorted, one entry per line, so that a change shows as few lines as it has parts.
 */
export function baselineText(baseline: Baseline): string {
  const captures = Object.entries(baseline.captures).sort(byCodePoint);
  const hellos = Object.entries(baseline.hellos).sort(byCodePoint);
  const parts = [
    `"${FORMAT}": ${BASELINE_VERSION}`,
    `"captures": ${block(
      '  ',
      '{',
      captures.map(([name, entry]) => `${JSON.stringify(name)}: ${captureText(entry)}`),
      '}',
    )}`,
    `"hellos": ${block(
      '  ',
      '{',
      hellos.map(([name, entry]) => `${JSON.stringify(name)}: ${helloText(entry)}`),
      '}',
    )}`,
  ];
  return `${block('', '{', parts, '}')}\n`;
}

type Json = Record<string, unknown>;

function object(value: unknown, where: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${where} is no object`);
  return value as Json;
}

function array(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${where} is no array`);
  return value;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function count(value: unknown, where: string): number {
  if (!Number.isInteger(value) || (value as number) < 1) throw new TypeError(`${where} is no count`);
  return value as number;
}

function clientOf(value: unknown, where: string, hellos: Json): ClientEntry {
  const entry = object(value, where);
  const hello = text(entry.hello);
  if (hello === null || !(hello in hellos)) throw new TypeError(`${where}.hello names none of "hellos"`);
  return {
    protocol: text(entry.protocol) ?? 'tls',
    app: text(entry.app),
    sni: text(entry.sni),
    hello,
    count: count(entry.count, `${where}.count`),
  };
}

function serverOf(value: unknown, where: string): ServerEntry {
  const entry = object(value, where);
  return {
    protocol: text(entry.protocol) ?? 'tls',
    version: text(entry.version),
    cipher: text(entry.cipher),
    group: text(entry.group),
    alpn: text(entry.alpn),
    retry: entry.retry === true,
    resumed: entry.resumed === true ? true : null,
    ja3s: text(entry.ja3s),
    count: count(entry.count, `${where}.count`),
  };
}

function captureOf(value: unknown, where: string, hellos: Json): CaptureEntry {
  const entry = object(value, where);
  return {
    clients: array(entry.clients, `${where}.clients`).map((c, i) =>
      clientOf(c, `${where}.clients[${i}]`, hellos),
    ),
    servers: array(entry.servers, `${where}.servers`).map((s, i) => serverOf(s, `${where}.servers[${i}]`)),
    incomplete: object(entry.incomplete ?? {}, `${where}.incomplete`) as Record<string, number>,
    error: text(entry.error),
  };
}

function helloOf(value: unknown, where: string): HelloEntry {
  const entry = object(value, where);
  const lists = LISTS.map(({ name }) => [name, listOf(name, text(entry[name]) ?? undefined)] as const);
  return {
    ja4: text(entry.ja4),
    ja3n: text(entry.ja3n),
    lists: Object.fromEntries(lists) as HelloLists,
  };
}

/**
 * The baseline in a JSON text.
 * @throws UsageError it is no JSON, no baseline, of another version, or broken inside: the message says where
 */
export function parseBaseline(json: string, path: string): Baseline {
  const fault = (what: string) =>
    new UsageError(what, { path, hint: 'repair it, or write it anew with --update' });
  let root: Json;
  try {
    root = object(JSON.parse(json), 'it');
  } catch (error) {
    throw fault(`the baseline is not valid JSON: ${(error as Error).message}`);
  }
  if (root[FORMAT] === undefined) throw fault('is not a baseline of tlsfp');
  if (root[FORMAT] !== BASELINE_VERSION) {
    throw fault(`is a baseline of version ${String(root[FORMAT])}, this tlsfp reads ${BASELINE_VERSION}`);
  }
  try {
    const hellos = object(root.hellos, 'hellos');
    const captures = Object.entries(object(root.captures, 'captures'));
    return {
      hellos: Object.fromEntries(Object.entries(hellos).map(([k, v]) => [k, helloOf(v, `hellos["${k}"]`)])),
      captures: Object.fromEntries(captures.map(([k, v]) => [k, captureOf(v, `captures["${k}"]`, hellos)])),
    };
  } catch (error) {
    throw fault(`the baseline is broken: ${(error as Error).message}`);
  }
}

/**
 * Read a baseline file.
 * @throws InputNotFoundError there is none; UsageError it is broken
 */
export function readBaseline(path: string): Baseline {
  let json: string;
  try {
    json = readFileSync(path, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (!missing)
      throw new UsageError(`the baseline cannot be read: ${(cause as Error).message}`, { path, cause });
    throw new InputNotFoundError('there is no baseline yet', { path, hint: 'write it with --update' });
  }
  return parseBaseline(json, path);
}

/** Write a baseline file. */
export function writeBaseline(path: string, baseline: Baseline): void {
  try {
    writeFileSync(path, baselineText(baseline));
  } catch (cause) {
    throw new TlsfpError(`the baseline cannot be written: ${(cause as Error).message}`, { path, cause });
  }
}
