import { type RecordBatch, RecordBatchFileWriter, RecordBatchStreamWriter, type Schema } from 'apache-arrow';
import { ByteWriter } from './byte-writer.js';
import { type Output, type OutputTarget, openOutput } from './output.js';

type Bytes = ArrayBufferView | ArrayBuffer;

/**
 * The library's writers queue views of the buffers they are given; ours are borrowed, so these copy at once and
 * nothing is left in the queue.
 */
function copyTo(bytes: ByteWriter, chunk: Bytes): number {
  const view = ArrayBuffer.isView(chunk)
    ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    : new Uint8Array(chunk);
  bytes.put(view);
  return view.length;
}

class CopyingStreamWriter extends RecordBatchStreamWriter {
  readonly bytes = new ByteWriter();
  protected override _write(chunk: Bytes): this {
    if (this._started) this._position += copyTo(this.bytes, chunk);
    return this;
  }
}

class CopyingFileWriter extends RecordBatchFileWriter {
  readonly bytes = new ByteWriter();
  protected override _write(chunk: Bytes): this {
    if (this._started) this._position += copyTo(this.bytes, chunk);
    return this;
  }
}

/** Arrow's random-access format for paths that end in `.arrow`, else the stream format. */
export function isArrowFile(target: OutputTarget): boolean {
  return typeof target === 'string' && target.endsWith('.arrow');
}

/** Writes record batches of one schema as Arrow IPC: the stream format, or the file format to a `.arrow` file. */
export class ArrowOutput {
  readonly #writer: CopyingStreamWriter | CopyingFileWriter;
  readonly #output: Output;

  constructor(schema: Schema, target: OutputTarget) {
    this.#output = openOutput(target);
    this.#writer = isArrowFile(target) ? new CopyingFileWriter() : new CopyingStreamWriter();
    this.#writer.reset(undefined, schema);
  }

  get finished(): boolean {
    return this.#output.finished;
  }

  /** Write a batch; it may be borrowed, all of it is copied. */
  async write(batch: RecordBatch): Promise<void> {
    this.#writer.write(batch);
    await this.#output.write(this.#writer.bytes.take());
  }

  /** End the stream, or the file with its footer. */
  async close(): Promise<void> {
    this.#writer.finish();
    await this.#output.write(this.#writer.bytes.take());
    await this.#output.close();
  }
}
