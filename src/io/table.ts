import { FormatError } from '../core/errors.ts';

/** One row of a table, by column: what CSV libraries give when they are told that the first line names the columns. */
export type TableRow = Readonly<Record<string, unknown>>;

/** Columns of numbers, or a column of names. */
export type TableField =
  | string
  | readonly string[]
  /** A column of class names. They are numbered in the order given, else in alphabetical order. */
  | { readonly classes: string; readonly names?: readonly string[] };

/** A field of a table, as `dataset` takes it. */
export interface TableData {
  readonly data: Float32Array | Int32Array;
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32';
  /** Of a column of classes: what each number stands for. */
  readonly names: readonly string[];
}

/**
 * Takes fields out of the rows of a table. The rows come from a CSV library, such as Papa Parse (npm `papaparse`).
 *
 * ```ts
 * import Papa from 'papaparse';
 *
 * const { data: rows } = Papa.parse(text, { header: true, skipEmptyLines: true });
 * const { x, y } = tableFields(rows, { x: ['length', 'width'], y: { classes: 'species' } });
 * const flowers = dataset({ x, y }); // [150, 2] float32, [150] int32; y.names: setosa, versicolor, virginica
 * ```
 *
 * @throws FormatError that names the row (from 1) and the column where something is missing or is no number.
 */
export function tableFields<Names extends string>(
  rows: readonly TableRow[],
  fields: Readonly<Record<Names, TableField>>,
): Record<Names, TableData> {
  if (rows.length === 0) throw new FormatError('tableFields: the table has no rows');
  const known = Object.keys(rows[0]);
  const cell = (row: number, column: string): unknown => {
    const value = rows[row][column];
    if (value !== undefined && value !== null && value !== '') return value;
    if (!known.includes(column))
      throw new FormatError(`tableFields: there is no column "${column}" (columns: ${known.join(', ')})`);
    throw new FormatError(`tableFields: row ${row + 1} has nothing in column "${column}"`);
  };
  const number = (row: number, column: string): number => {
    const value = cell(row, column);
    const result = typeof value === 'string' ? Number(value) : value;
    if (typeof result === 'number' && Number.isFinite(result)) return result;
    throw new FormatError(
      `tableFields: row ${row + 1}, column "${column}": ${JSON.stringify(value)} is no number`,
    );
  };
  const take = (field: TableField): TableData => {
    if (typeof field === 'object' && 'classes' in field) {
      const texts = rows.map((_, row) => String(cell(row, field.classes)));
      const names = field.names ?? [...new Set(texts)].sort();
      const data = Int32Array.from(texts, (text, row) => {
        const place = names.indexOf(text);
        if (place >= 0) return place;
        throw new FormatError(
          `tableFields: row ${row + 1}, column "${field.classes}": ${JSON.stringify(text)} is none of ${names.join(', ')}`,
        );
      });
      return { data, shape: [rows.length], dtype: 'int32', names };
    }
    const columns = typeof field === 'string' ? [field] : field;
    const data = Float32Array.from({ length: rows.length * columns.length }, (_, i) =>
      number(Math.floor(i / columns.length), columns[i % columns.length]),
    );
    const shape = typeof field === 'string' ? [rows.length] : [rows.length, columns.length];
    return { data, shape, dtype: 'float32', names: [] };
  };
  const entries = Object.entries<TableField>(fields).map(([name, field]) => [name, take(field)]);
  return Object.fromEntries(entries) as Record<Names, TableData>;
}
