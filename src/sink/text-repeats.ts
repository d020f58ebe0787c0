import type { ColumnView } from '../core/views.js';

const bytesOf = (part: Uint8Array | Int32Array) => Buffer.from(part.buffer, part.byteOffset, part.byteLength);
const isValid = ({ validity }: ColumnView, row: number) =>
  validity === null || ((validity[row >> 3]! >> (row & 7)) & 1) === 1;

function isSame(a: Uint8Array | Int32Array | null, b: Uint8Array | Int32Array | null): boolean {
  return a === null || b === null ? a === b : bytesOf(a).equals(bytesOf(b));
}

/** A text column with the rows `kept` of another, and null elsewhere. */
function only(column: ColumnView, kept: readonly number[]): ColumnView {
  const { rows } = column;
  const validity = new Uint8Array((rows + 7) >> 3);
  const offsets = new Int32Array(rows + 1);
  for (const row of kept) {
    validity[row >> 3]! |= 1 << (row & 7);
    offsets[row + 1] = column.offsets![row + 1]! - column.offsets![row]!;
  }
  for (let row = 0; row < rows; row++) offsets[row + 1]! += offsets[row]!;
  const data = new Uint8Array(offsets[rows]!);
  for (const row of kept) {
    data.set(column.data.subarray(column.offsets![row]!, column.offsets![row + 1]!), offsets[row]!);
  }
  return { ...column, nullCount: rows - kept.length, validity, offsets, data };
}

/** A text column with null where it says what another one says. */
export function withoutRepeats(column: ColumnView, other: ColumnView): ColumnView {
  const same =
    isSame(column.validity, other.validity) &&
    isSame(column.offsets, other.offsets) &&
    isSame(column.data, other.data);
  if (same) return only(column, []);
  const kept: number[] = [];
  const texts = bytesOf(column.data);
  const others = bytesOf(other.data);
  for (let row = 0; row < column.rows; row++) {
    if (!isValid(column, row)) continue;
    const [a, b] = [column.offsets!, other.offsets!];
    const repeats =
      isValid(other, row) && texts.compare(others, b[row]!, b[row + 1]!, a[row]!, a[row + 1]!) === 0;
    if (!repeats) kept.push(row);
  }
  return only(column, kept);
}
