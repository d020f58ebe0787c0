/** One line about a fault or a warning, on standard error. */
export function complain(message: string): void {
  process.stderr.write(`tlsfp: ${message}\n`);
}

/** Characters per line where nothing says how many there are (a pipe, a file). */
const DEFAULT_WIDTH = 100;

/** Characters per line of an output: of its terminal, else of `COLUMNS`. */
export function widthOf(stream: { readonly columns?: number | undefined }): number {
  const told = Number(process.env.COLUMNS);
  return stream.columns || (Number.isInteger(told) && told > 0 ? told : DEFAULT_WIDTH);
}

/** Whether an output is to be coloured: `NO_COLOR` (no-color.org) and `FORCE_COLOR` go before what it is. */
export function colorsWanted(stream: { readonly isTTY?: boolean | undefined }): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0';
  return stream.isTTY === true && TERM !== 'dumb';
}
