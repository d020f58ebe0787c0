/**
 * Logical column types. Layouts in linear memory are Arrow's: little-endian values, LSB-first validity
 * bits (1 = valid), int32 offsets.
 */
export type ColumnType =
  | 'bool'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'ts'
  | 'utf8'
  | 'binary'
  | 'list<u8>'
  | 'list<u16>'
  | 'list<u64>'
  | 'list<utf8>';

/**
 * Where a column is filled.
 * - `fact`: by the core, once per row.
 * - `content`: by the core, once per distinct hello content; repeated on each row in the wide layout.
 * - `host`: by TypeScript (names of files, parsed certificates).
 */
export type ColumnOrigin = 'fact' | 'content' | 'host';

/** Declaration of one column: the only place where its name, type and meaning are written. */
export interface ColumnSpec {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly origin: ColumnOrigin;
  /** What the value says, with unit and byte order where it has one. */
  readonly meaning: string;
  /** Specification the value comes from, if it has one. */
  readonly source?: string;
  /** True for columns that only join the physical tables and are not part of the public views. */
  readonly internal?: boolean;
  /** True for columns that the core fills only when they are asked for by name (`Core.project`). */
  readonly onRequest?: boolean;
}

/** Declaration of one table. */
export interface TableSpec {
  readonly name: string;
  readonly meaning: string;
  readonly columns: readonly ColumnSpec[];
}

type ValueOf<T extends ColumnType> = T extends 'bool'
  ? boolean
  : T extends 'u8' | 'u16' | 'u32'
    ? number
    : T extends 'u64' | 'ts'
      ? bigint
      : T extends 'utf8'
        ? string
        : T extends 'binary'
          ? Uint8Array
          : T extends 'list<u64>'
            ? bigint[]
            : T extends 'list<utf8>'
              ? string[]
              : number[];

type PublicColumn<C extends ColumnSpec> = C extends { internal: true } ? never : C;

/** Row type of a table, inferred from its declaration; `ts` is nanoseconds since 1970-01-01T00:00:00Z. */
export type RowOf<T extends TableSpec> = {
  readonly [C in PublicColumn<T['columns'][number]> as C['name']]: C['nullable'] extends true
    ? ValueOf<C['type']> | null
    : ValueOf<C['type']>;
};
