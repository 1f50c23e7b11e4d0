import { ShapeError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import { applyOne, type Op, type Tensor } from '../graph/graph.ts';
import { elementwise } from './elementwise.ts';

interface TriangularAttrs {
  readonly upper: boolean;
  readonly diagonal: number;
}

/** Operands: x, the numbers of its rows and of its columns. */
const triangularOp: Op<TriangularAttrs> = /* @__PURE__ */ elementwise<TriangularAttrs>({
  name: 'triangular',
  takes: 'any',
  mixed: ([, rows, columns]) =>
    rows === 'int32' && columns === 'int32' ? null : 'rows and columns must be int32',
  scalar:
    ({ upper, diagonal }) =>
    (x, row, column) =>
      (upper ? column >= row + diagonal : column <= row + diagonal) ? x : 0,
  wgsl: ([x, row, column], { upper, diagonal }, { result }) => {
    const zero = { F: 'F(0.0)', I: 'I(0)', U: 'U(0u)', B: 'B(false)' }[result];
    return `select(${zero}, ${x}, ${column} ${upper ? '>=' : '<='} ${row} + I(${diagonal}))`;
  },
  // y = x kept  =>  dx = dy kept
  gradient: (dy, [, rows, columns], _, attrs) => [
    applyOne(triangularOp, [dy, rows, columns], attrs),
    null,
    null,
  ],
});

export interface TriangularOptions {
  /** Keep what lies on and above the diagonal (default true) or on and below it. */
  upper?: boolean;
  /** Which diagonal: 0, the main one (default); positive ones lie above it. */
  diagonal?: number;
}

/**
 * The upper or lower triangle of the matrices on the last two axes; all else becomes 0. Any dtype. As ONNX' `Trilu` and
 * WebNN's `triangular`.
 *
 * ```ts
 * const mask = triangular(ones, { upper: false }); // what each position of a sequence may look at
 * ```
 *
 * @throws ShapeError where `x` has fewer than two axes.
 */
export function triangular(x: Tensor, options: TriangularOptions = {}): Tensor {
  const { graph, shape } = x;
  const path = graph.path('triangular');
  if (shape.length < 2) throw new ShapeError(`${path}: expected at least two axes, got ${showShape(shape)}`);
  const { upper = true, diagonal = 0 } = options;
  if (!Number.isInteger(diagonal))
    throw new ShapeError(`${path}: diagonal must be a whole number, got ${diagonal}`);
  const [rows, columns] = shape.slice(-2);
  const counted = (length: number) => Array.from({ length }, (_, i) => i);
  const operands = [
    x,
    graph.constant(counted(rows), [rows, 1], 'int32'),
    graph.constant(counted(columns), [columns], 'int32'),
  ];
  return applyOne(triangularOp, operands, { upper, diagonal });
}
