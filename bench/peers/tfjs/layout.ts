/** [rows, columns, size] to [columns, rows, size] */
export function swapTimeAndBatch(
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  size: number,
): Float32Array {
  const swapped = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      for (let i = 0; i < size; i++)
        swapped[(c * rows + r) * size + i] = values[(r * columns + c) * size + i];
    }
  }
  return swapped;
}
