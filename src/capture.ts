import { captureRow } from './capture-row.js';
import { Core, type CoreOptions } from './core/core.js';
import { readCapture } from './core/read.js';
import { rowObjects } from './core/rows.js';
import type { BatchSet } from './core/views.js';
import type { TlsfpError } from './errors.js';
import type { CaptureRow, ClientHelloRow, ServerHelloRow } from './schema/tables.js';
import { openSource } from './source/open.js';
import type { CaptureSource } from './source/source.js';

/** A handshake message as a row, with the table it belongs to. */
export type HelloRow =
  | { readonly table: 'client_hellos'; readonly row: ClientHelloRow }
  | { readonly table: 'server_hellos'; readonly row: ServerHelloRow };

/**
 * One capture, to be read once from start to end.
 *
 * @example
 * const capture = await openCapture('capture.pcap');
 * for await (const hello of capture.clientHellos()) console.log(hello.sni, hello.ja4);
 * if (capture.error) console.error(capture.error.message);
 */
export class Capture {
  readonly path: string;
  /** Why not all of it could be read; null until the end, and if all is well. */
  error: TlsfpError | null = null;
  /** What was in it; null until the end. */
  summary: CaptureRow | null = null;
  readonly #source: CaptureSource;
  readonly #core: Core;

  /** Use `openCapture`. */
  constructor(source: CaptureSource, core: Core) {
    this.path = source.path;
    this.#source = source;
    this.#core = core;
  }

  /** Rows as batches on the core's memory (wide layout), each valid until the next is asked for. */
  async *batches(): AsyncGenerator<BatchSet> {
    try {
      const batches = readCapture(this.#core, this.#source, 1, { eager: this.path === '-' });
      let next = await batches.next();
      while (!next.done) {
        yield next.value;
        next = await batches.next();
      }
      this.error = next.value.error;
      this.summary = captureRow(this.#source, this.#core.state(), this.error);
    } finally {
      await this.#source.close();
    }
  }

  /** Hellos of clients and servers as objects, each kind in the order in which they were complete. */
  async *hellos(): AsyncGenerator<HelloRow> {
    for await (const batches of this.batches()) {
      const extra = { capture: this.path };
      const client = [
        ...batches.client_hellos.columns,
        ...batches.hello_contents.columns.filter((c) => c.spec.name !== 'content_id'),
      ];
      for (const row of rowObjects<ClientHelloRow>(client, extra)) yield { table: 'client_hellos', row };
      for (const row of rowObjects<ServerHelloRow>(batches.server_hellos.columns, extra)) {
        yield { table: 'server_hellos', row };
      }
    }
  }

  /** ClientHellos as objects. */
  async *clientHellos(): AsyncGenerator<ClientHelloRow> {
    for await (const hello of this.hellos()) if (hello.table === 'client_hellos') yield hello.row;
  }

  /** ServerHellos as objects. */
  async *serverHellos(): AsyncGenerator<ServerHelloRow> {
    for await (const hello of this.hellos()) if (hello.table === 'server_hellos') yield hello.row;
  }
}

/**
 * Open a capture file (`-`: standard input), compressed or not.
 *
 * @throws InputNotFoundError, InputReadError; what is wrong inside it shows in `Capture.error` after reading
 */
export async function openCapture(
  path: string,
  options: Pick<CoreOptions, 'build' | 'limits'> = {},
): Promise<Capture> {
  const source = await openSource(path);
  return new Capture(source, new Core({ ...options, layout: 'wide' }));
}
