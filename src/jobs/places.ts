/**
 * Places of rows when a stretch is joined that another core has read (`RowOrders`): two numbers a row, counted from the start of
 * the stretch, which rise from row to row.
 */

/** Rows of lists of places: for each list the numbers of some of its rows, rising. */
export type RowsByList = readonly (readonly number[])[];

/** The first row of a list of places that is not in front of a place. */
export function firstFrom(places: Float64Array, place: number, rank: number): number {
  let low = 0;
  let high = places.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    const here = places[2 * middle]!;
    if (here < place || (here === place && places[2 * middle + 1]! < rank)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The rows at the places `gone`, which are as many as there are in these. Both are lists one behind the other.
 *
 * @returns null when at a place there are more or fewer of them
 */
export function rowsAt(lists: readonly Float64Array[], gone: readonly Float64Array[]): RowsByList | null {
  const rows = lists.map((): number[] => []);
  let list = 0;
  // The place looked at last, and how many rows there have not been asked for.
  let [place, rank, left] = [Number.NaN, 0, 0];
  for (const places of gone) {
    for (let i = 0; i < places.length; i += 2) {
      if (places[i] !== place || places[i + 1] !== rank) {
        if (left > 0) return null;
        [place, rank] = [places[i]!, places[i + 1]!];
        while (list < lists.length && firstFrom(lists[list]!, place, rank) === lists[list]!.length / 2)
          list++;
        left = addRows(lists, rows, list, place, rank);
      }
      if (left-- === 0) return null;
    }
  }
  return left > 0 ? null : rows;
}

/** Note the rows at a place, from list `list` on; answers how many. */
function addRows(
  lists: readonly Float64Array[],
  rows: readonly number[][],
  list: number,
  place: number,
  rank: number,
): number {
  let count = 0;
  for (let at = list; at < lists.length; at++) {
    const places = lists[at]!;
    let row = firstFrom(places, place, rank);
    for (; places[2 * row] === place && places[2 * row + 1] === rank; row++, count++) rows[at]!.push(row);
    if (2 * row < places.length) break;
  }
  return count;
}
