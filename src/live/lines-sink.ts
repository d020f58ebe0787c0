import { columnReader } from '../core/rows.js';
import type { Batch, BatchSet } from '../core/views.js';
import { type LabelRow, labelOf } from '../labels/label.js';
import { type Output, type OutputTarget, openOutput } from '../sink/output.js';
import type { Sink } from '../sink/sink.js';

const FACTS = ['ts', 'protocol', 'app', 'src_ip', 'src_port', 'dst_ip', 'dst_port', 'sni', 'complete'];
const CONTENTS = ['version', 'ja4'];
const VERSIONS: Record<number, string> = {
  2: 'SSL2',
  768: 'SSL3',
  769: '1.0',
  770: '1.1',
  771: '1.2',
  772: '1.3',
  65277: '1.2',
  65279: '1.0',
  65276: '1.3',
};

function readers(batch: Batch): Record<string, (row: number) => unknown> {
  return Object.fromEntries(batch.columns.map((c) => [c.spec.name, columnReader(c)]));
}

/** `HH:MM:SS.mmm` in UTC. */
function timeOf(ns: bigint): string {
  return new Date(Number(ns / 1_000_000n)).toISOString().slice(11, 23);
}

const host = (ip: unknown, port: unknown) => (String(ip).includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

/** A line for a person for each ClientHello, as soon as it is there. */
export class LinesSink implements Sink {
  readonly layout = 'wide';
  readonly wanted = {
    client_hellos: new Set(FACTS),
    hello_contents: new Set(CONTENTS),
    server_hellos: new Set<string>(),
    certificates: new Set<string>(),
  };
  readonly #target: OutputTarget;
  readonly #labels: readonly LabelRow[];
  readonly #names = new Map<string, string | null>();
  #output: Output | null = null;

  constructor(target: OutputTarget, labels: readonly LabelRow[]) {
    this.#target = target;
    this.#labels = labels;
  }

  get finished(): boolean {
    return this.#output?.finished ?? false;
  }

  begin(): void {
    this.#output ??= openOutput(this.#target);
  }

  async write(batches: BatchSet): Promise<void> {
    const facts = readers(batches.client_hellos);
    const contents = readers(batches.hello_contents);
    let text = '';
    for (let row = 0; row < batches.client_hellos.rows; row++) text += this.#line(facts, contents, row);
    if (text !== '') await this.#output!.write(Buffer.from(text));
  }

  end(): void {
    // Everything was written as it came.
  }

  abandon(): void {
    // Likewise.
  }

  async close(): Promise<void> {
    await this.#output?.close();
  }

  #line(facts: ReturnType<typeof readers>, contents: ReturnType<typeof readers>, row: number): string {
    const f = (name: string) => facts[name]!(row);
    const version = Number(contents.version!(row));
    const ja4 = contents.ja4!(row) as string | null;
    const words = [
      timeOf(f('ts') as bigint),
      `${host(f('src_ip'), f('src_port'))} -> ${host(f('dst_ip'), f('dst_port'))}`,
      `${f('protocol')} ${VERSIONS[version] ?? `0x${version.toString(16)}`}${f('app') ? ` (${f('app')})` : ''}`,
      (f('sni') as string | null) ?? '-',
      ja4 ?? (f('complete') ? '-' : 'incomplete'),
      this.#nameOf(ja4) ?? '',
    ];
    return `${words.join('  ').trimEnd()}\n`;
  }

  #nameOf(ja4: string | null): string | null {
    if (ja4 === null) return null;
    let name = this.#names.get(ja4);
    if (name === undefined) {
      // Fingerprints can be made up without end; names of real ones are few.
      if (this.#names.size > 100_000) this.#names.clear();
      name = labelOf(this.#labels, 'ja4', ja4);
      this.#names.set(ja4, name);
    }
    return name;
  }
}
