import type { ColumnView } from '../core/views.js';

/** What tells the texts apart: length and first byte. */
const keyOf = (length: number, first: number) => (length << 8) | first;

/** Texts of a fixed few as their numbers. */
export class TextCodes {
  readonly #codes = new Map<number, number>();

  /** @param texts no two of one length may begin alike */
  constructor(texts: readonly string[]) {
    for (const [code, text] of texts.entries()) this.#codes.set(keyOf(text.length, text.charCodeAt(0)), code);
    if (this.#codes.size !== texts.length) throw new RangeError('texts that cannot be told apart');
  }

  /** The column with numbers in place of its texts, which must all be among those known. */
  encode(column: ColumnView): ColumnView {
    const { rows, offsets, data } = column;
    const codes = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) {
      const at = offsets![row]!;
      const code = this.#codes.get(keyOf(offsets![row + 1]! - at, data[at]!));
      if (code === undefined) throw new RangeError(`${column.spec.name}: a text that is not known`);
      codes[row] = code;
    }
    return { ...column, spec: { ...column.spec, type: 'u8' }, offsets: null, data: codes };
  }
}
