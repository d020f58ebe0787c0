import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputBlocks, type ReadAhead } from '../../src/core/blocks.js';
import type { CaptureState } from '../../src/core/core.js';
import { Core, type CoreOptions } from '../../src/core/core.js';
import { captureSteps, type OpenedAhead, readCapture, waited } from '../../src/core/read.js';
import { rowObjects } from '../../src/core/rows.js';
import type { TlsfpError } from '../../src/errors.js';
import type { ClientHelloRow, ServerHelloRow } from '../../src/schema/tables.js';
import { openSource } from '../../src/source/open.js';
import type { CaptureSource } from '../../src/source/source.js';

/** What the core makes of a capture. */
export interface CoreRows {
  readonly clientHellos: ClientHelloRow[];
  readonly serverHellos: ServerHelloRow[];
  readonly certificates: { packet: bigint; ts: bigint; flow_id: bigint; position: number; der: Uint8Array }[];
  readonly state: CaptureState;
  readonly error: TlsfpError | null;
}

/**
 * Bytes in memory as a source that gives at most `chunk` of them at a time; of several sizes each serves for one read, and
 * what is left comes in one.
 */
export function memorySource(
  bytes: Uint8Array,
  chunk: number | readonly number[] = bytes.length || 1,
): CaptureSource {
  let at = 0;
  let reads = 0;
  const size = () => (typeof chunk === 'number' ? chunk : (chunk[reads++] ?? bytes.length));
  return {
    path: 'memory',
    size: bytes.length,
    get position() {
      return at;
    },
    compression: 'none',
    read(into) {
      const n = Math.min(into.length, size(), bytes.length - at);
      into.set(bytes.subarray(at, at + n));
      at += n;
      return n;
    },
    close() {},
  };
}

/** Rows of a capture (a path, or its bytes given in chunks as `memorySource` does), in the wide layout. */
export async function coreRows(
  input: string | Uint8Array | CaptureSource,
  options: CoreOptions & {
    readonly chunk?: number | readonly number[];
    readonly core?: Core;
    readonly ahead?: ReadAhead;
    readonly opened?: OpenedAhead;
  } = {},
): Promise<CoreRows> {
  let source: CaptureSource;
  if (typeof input === 'string') source = await openSource(input);
  else source = input instanceof Uint8Array ? memorySource(input, options.chunk) : input;
  const core = options.core ?? new Core({ ...options, layout: 'wide' });
  const out = { clientHellos: [], serverHellos: [], certificates: [] } as Pick<
    CoreRows,
    'clientHellos' | 'serverHellos' | 'certificates'
  >;
  const { ahead = null, opened = null } = options;
  const batches =
    ahead || opened
      ? waited(captureSteps(core, source, 1, {}, new InputBlocks(core, source, ahead), opened))
      : readCapture(core, source, 1);
  let next = await batches.next();
  while (!next.done) {
    const { client_hellos, hello_contents, server_hellos, certificates } = next.value;
    const contents = hello_contents.columns.filter((c) => c.spec.name !== 'content_id');
    out.clientHellos.push(...rowObjects<ClientHelloRow>([...client_hellos.columns, ...contents], {}));
    out.serverHellos.push(...rowObjects<ServerHelloRow>(server_hellos.columns, {}));
    const shown = certificates.columns.map((c) => ({ ...c, spec: { ...c.spec, internal: false } }));
    out.certificates.push(...rowObjects<CoreRows['certificates'][number]>(shown, {}));
    next = await batches.next();
  }
  await source.close();
  return { ...out, state: core.state(), error: next.value.error };
}

/** A folder for one test's files, and how to be rid of it. */
export function temporaryFolder(): {
  path: string;
  write(name: string, bytes: Uint8Array | string): string;
  remove(): void;
} {
  const path = mkdtempSync(join(tmpdir(), 'tlsfp-'));
  return {
    path,
    write(name, bytes) {
      const file = join(path, name);
      writeFileSync(file, bytes);
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
