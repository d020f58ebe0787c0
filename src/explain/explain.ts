import { existsSync } from 'node:fs';
import { openCapture } from '../capture.js';
import { type TlsfpError, UsageError } from '../errors.js';
import { isDatabase } from '../query/open.js';
import type { ClientHelloRow } from '../schema/tables.js';
import { openDatabase } from '../sink/duckdb-open.js';
import { type Derivation, derivations } from './derivation.js';
import { type HelloField, helloFields } from './hello-fields.js';
import { messageBytes } from './message-bytes.js';

/** A ClientHello taken to pieces. */
export interface Explanation {
  readonly row: ClientHelloRow;
  /** The handshake message; null when it cannot be had from the packets alone. */
  readonly bytes: Uint8Array | null;
  /** Its fields; empty without the bytes. */
  readonly fields: readonly HelloField[];
  readonly fingerprints: readonly Derivation[];
}

/** The explanations asked for, and why not all of the capture could be read. */
export interface Explained {
  readonly explanations: readonly Explanation[];
  readonly error: TlsfpError | null;
}

/** How many packet numbers a message about the wrong one lists. */
const LISTED = 8;

async function hellosOf(path: string): Promise<{ rows: ClientHelloRow[]; error: TlsfpError | null }> {
  const capture = await openCapture(path);
  const rows: ClientHelloRow[] = [];
  for await (const row of capture.clientHellos()) rows.push(row);
  return { rows, error: capture.error };
}

/**
 * The capture of a database that has a hello at that packet. Its bytes are not in the database: it has to be where it
 * was when it was analyzed.
 *
 * @throws UsageError several captures have one, or the capture is gone
 */
async function captureBehind(database: string, packet: number, capture: string | undefined): Promise<string> {
  const { connection, close } = await openDatabase(database, { readOnly: true });
  try {
    const found = await connection.runAndReadAll(
      'SELECT DISTINCT capture FROM client_hellos WHERE $1 BETWEEN first_packet AND packet ORDER BY capture',
      [packet],
    );
    const all = (found.getColumnsJS()[0] ?? []) as string[];
    const paths = capture === undefined ? all : all.filter((path) => path === capture);
    const [path] = paths;
    if (path === undefined) {
      throw new UsageError(`no capture of it has a ClientHello at packet ${packet}`, {
        path: database,
        hint: 'see: tlsfp query DB "SELECT capture, packet, sni, ja4 FROM client_hellos"',
      });
    }
    if (paths.length > 1) {
      const list = paths.slice(0, LISTED).join(', ');
      throw new UsageError(`${paths.length} captures of it have a ClientHello at packet ${packet}`, {
        path: database,
        hint: `choose with --capture: ${list}${paths.length > LISTED ? ', ...' : ''}`,
      });
    }
    if (!existsSync(path)) {
      throw new UsageError(`its capture ${path} is no longer there`, {
        path: database,
        hint: 'the bytes are only in the capture; run this where it can be found',
      });
    }
    return path;
  } finally {
    close();
  }
}

function chosen(rows: readonly ClientHelloRow[], packet: number, path: string): ClientHelloRow[] {
  const completed = rows.filter((row) => Number(row.packet) === packet);
  const found = completed.length > 0 ? completed : rows.filter((row) => Number(row.first_packet) === packet);
  if (found.length > 0) return found;
  const within = rows.filter((row) => Number(row.first_packet) < packet && packet < Number(row.packet));
  if (within.length > 0) return within;
  const near = rows
    .map((row) => Number(row.packet))
    .sort((a, b) => Math.abs(a - packet) - Math.abs(b - packet))
    .slice(0, LISTED)
    .sort((a, b) => a - b);
  const hint =
    near.length > 0
      ? `ClientHellos are at packets ${near.join(', ')}`
      : 'there is no ClientHello in it at all';
  throw new UsageError(`packet ${packet} carries no ClientHello`, { path, hint });
}

/**
 * Take the ClientHellos of one packet to pieces.
 *
 * @param source a capture, or a database whose capture is still there
 * @throws UsageError there is none at that packet
 */
export async function explainPacket(source: string, packet: number, capture?: string): Promise<Explained> {
  const path = isDatabase(source) ? await captureBehind(source, packet, capture) : source;
  const { rows, error } = await hellosOf(path);
  if (error && rows.length === 0) throw error;
  const explanations: Explanation[] = [];
  for (const row of chosen(rows, packet, path)) {
    const bytes = await messageBytes(path, row);
    explanations.push({
      row,
      bytes,
      fields: bytes === null ? [] : helloFields(bytes, row.protocol === 'dtls'),
      fingerprints: derivations(row),
    });
  }
  return { explanations, error };
}
