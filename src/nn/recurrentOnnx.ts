import {
  gateOrder,
  gatesText,
  onnxOrder,
  onnxPeepholeOrder,
  peepholeOrder,
  type RecurrentCellName,
  webnnOrder,
} from '../ops/gateOrder.ts';
import {
  checkPlain,
  type Float32Tensor,
  float32Tensor,
  type PlainTensor,
  reordered,
  stacked,
  transposed,
  unstacked,
  zerosLike,
} from './plainTensor.ts';
import {
  checkRank,
  directionsOf,
  joinBiases,
  joinDirections,
  type RecurrentValues,
  refuse,
} from './recurrentWeights.ts';

// ONNX and WebNN keep recurrent weights alike: [D, G * H, size], other orders of gates.

/** The inputs of the ONNX operators RNN, LSTM and GRU. */
export interface OnnxRecurrentWeights<Plain extends PlainTensor = PlainTensor> {
  /** [D, G * H, I]; gates i o f c, or z r h. */
  readonly W: Plain;
  /** [D, G * H, H] */
  readonly R: Plain;
  /** [D, 2 * G * H]: the biases of W x and of R h. */
  readonly B?: Plain;
  /** [D, 3 * H]: peepholes i o f. */
  readonly P?: Plain;
}

/** The operands of WebNN's `lstm` and `gru`; those of the cells do not have the first axis. */
export interface WebnnRecurrentWeights<Plain extends PlainTensor = PlainTensor> {
  /** [D, G * H, I] */
  readonly weight: Plain;
  /** [D, G * H, H] */
  readonly recurrentWeight: Plain;
  /** [D, G * H] */
  readonly bias?: Plain;
  /** [D, G * H] */
  readonly recurrentBias?: Plain;
  /** [D, 3 * H]: i o f. */
  readonly peepholeWeight?: Plain;
}

/**
 * One layer from the inputs of an ONNX operator RNN, LSTM or GRU. The two halves of B become one bias, but for a gru with
 * `linearBeforeReset`.
 *
 * ```ts
 * const values = recurrentFromOnnx('gru', { W, R, B }); // { shape, data } each
 * const { output } = gru(x, recurrentVariables(graph, 'gru', [values]), { resetAfter: false });
 * ```
 *
 * @param options.linearBeforeReset the GRU's attribute `linear_before_reset`, `resetAfter` here; default false, as in ONNX.
 * @throws ShapeError where a shape does not fit.
 */
export function recurrentFromOnnx(
  cell: RecurrentCellName,
  { W, R, B, P }: OnnxRecurrentWeights,
  options: { linearBeforeReset?: boolean } = {},
): RecurrentValues {
  const given: WebnnRecurrentWeights = { weight: W, recurrentWeight: R, ...(P && { peepholeWeight: P }) };
  const naming = { what: 'recurrentFromOnnx', names: onnxNames };
  if (B) {
    const columns = R.shape[1];
    checkPlain(`${naming.what}: B`, B, [R.shape[0], 2 * columns], gatesText(cell, onnxOrder[cell]));
    const halves = unstacked({ shape: [2 * R.shape[0], columns], data: B.data });
    const half = (first: number) => stacked(halves.filter((_, i) => i % 2 === first));
    Object.assign(given, { bias: half(0), recurrentBias: half(1) });
  }
  return fromForeign(cell, onnxOrder[cell], given, options.linearBeforeReset ?? false, naming);
}

const webnnNames = { weight: 'weight', recurrentWeight: 'recurrentWeight', peepholeWeight: 'peepholeWeight' };
const onnxNames: typeof webnnNames = { weight: 'W', recurrentWeight: 'R', peepholeWeight: 'P' };

/**
 * The inputs of an ONNX operator RNN, LSTM or GRU. Where there is one bias, the second half of B is 0.
 *
 * @throws GraphError for a projection, which ONNX does not have.
 */
export function recurrentToOnnx(
  cell: RecurrentCellName,
  values: RecurrentValues,
): OnnxRecurrentWeights<Float32Tensor> {
  const { weight, recurrentWeight, bias, recurrentBias, peepholeWeight } = toForeign(
    cell,
    onnxOrder[cell],
    values,
    'recurrentToOnnx',
  );
  const rows = (tensor: Float32Tensor | undefined) => unstacked(tensor ?? zerosLike(bias ?? weight));
  const pairs = bias && rows(bias).map((own, d) => stacked([own, rows(recurrentBias)[d]]).data);
  return {
    W: weight,
    R: recurrentWeight,
    ...(pairs && {
      B: float32Tensor(
        [pairs.length, pairs[0].length],
        pairs.flatMap((pair) => Array.from(pair)),
      ),
    }),
    ...(peepholeWeight && { P: peepholeWeight }),
  };
}

export interface WebnnRecurrentOptions {
  /** The order of the gates: 'iofg' (default) or 'ifgo' of an lstm, 'zrn' (default) or 'rzn' of a gru. */
  layout?: 'iofg' | 'ifgo' | 'zrn' | 'rzn';
  /** Of a gru: whether the second bias goes through the reset gate; default true, as in WebNN. */
  resetAfter?: boolean;
}

/**
 * One layer from the operands of WebNN's `lstm`, `gru`, `lstmCell` or `gruCell`. The two biases become one, but for a gru with
 * `resetAfter`.
 *
 * @throws ShapeError where a shape does not fit; GraphError for an unknown layout.
 */
export function recurrentFromWebnn(
  cell: 'lstm' | 'gru',
  operands: WebnnRecurrentWeights,
  { layout, resetAfter = true }: WebnnRecurrentOptions = {},
): RecurrentValues {
  const what = 'recurrentFromWebnn';
  const order = webnnOrder(what, cell, layout);
  const naming = { what, names: webnnNames };
  if (operands.weight.shape.length !== 2) return fromForeign(cell, order, operands, resetAfter, naming);
  const withAxis = ({ shape, data }: PlainTensor): PlainTensor => ({ shape: [1, ...shape], data });
  const { weight, recurrentWeight, bias, recurrentBias, peepholeWeight } = operands;
  const given = {
    weight: withAxis(weight),
    recurrentWeight: withAxis(recurrentWeight),
    ...(bias && { bias: withAxis(bias) }),
    ...(recurrentBias && { recurrentBias: withAxis(recurrentBias) }),
    ...(peepholeWeight && { peepholeWeight: withAxis(peepholeWeight) }),
  };
  return fromForeign(cell, order, given, resetAfter, naming);
}

/**
 * The operands of WebNN's `lstm` or `gru`, in the order of `layout`.
 *
 * @throws GraphError for a projection, which WebNN does not have, and for an unknown layout.
 */
export function recurrentToWebnn(
  cell: 'lstm' | 'gru',
  values: RecurrentValues,
  { layout }: Pick<WebnnRecurrentOptions, 'layout'> = {},
): WebnnRecurrentWeights<Float32Tensor> {
  const what = 'recurrentToWebnn';
  return toForeign(cell, webnnOrder(what, cell, layout), values, what);
}

function fromForeign(
  cell: RecurrentCellName,
  from: string,
  given: WebnnRecurrentWeights,
  biasesAreApart: boolean,
  { what, names }: { what: string; names: typeof webnnNames },
): RecurrentValues {
  const to = gateOrder[cell];
  const gates = from.length;
  const meaning = gatesText(cell, from);
  const { weight, recurrentWeight, bias, recurrentBias, peepholeWeight } = given;
  const expected = (size: string) => `[directions, ${gates} * hiddenSize, ${size}] (${meaning})`;
  checkRank(`${what}: ${names.recurrentWeight}`, recurrentWeight, 3, expected('hiddenSize'));
  checkRank(`${what}: ${names.weight}`, weight, 3, expected('inputSize'));
  const [directions, , hidden] = recurrentWeight.shape;
  const rows = gates * hidden;
  const check = (name: string, tensor: PlainTensor | undefined, shape: number[]) =>
    tensor && checkPlain(`${what}: ${name}`, tensor, [directions, ...shape], meaning);
  check(names.recurrentWeight, recurrentWeight, [rows, hidden]);
  check(names.weight, weight, [rows, weight.shape[2]]);
  check('bias', bias, [rows]);
  check('recurrentBias', recurrentBias, [rows]);
  check(names.peepholeWeight, peepholeWeight, [3 * hidden]);
  const own = Array.from({ length: directions }, (_, d) => {
    const matrix = (tensor: PlainTensor) => reordered(transposed(unstacked(tensor)[d]), from, to);
    const vector = (tensor: PlainTensor) => reordered(unstacked(tensor)[d], from, to);
    return joinBiases(
      {
        weight: matrix(weight),
        recurrentWeight: matrix(recurrentWeight),
        ...(bias && { bias: vector(bias) }),
        ...(recurrentBias && { recurrentBias: vector(recurrentBias) }),
        ...(peepholeWeight && {
          peepholeWeight: reordered(unstacked(peepholeWeight)[d], onnxPeepholeOrder, peepholeOrder),
        }),
      },
      cell === 'gru' && biasesAreApart,
    );
  });
  return joinDirections(own);
}

function toForeign(
  cell: RecurrentCellName,
  to: string,
  values: RecurrentValues,
  what: string,
): WebnnRecurrentWeights<Float32Tensor> {
  refuse(what, values, 'projectionWeight');
  const from = gateOrder[cell];
  const own = directionsOf(values);
  const [{ bias, recurrentBias, peepholeWeight }] = own;
  const all = (change: (direction: RecurrentValues) => PlainTensor) => stacked(own.map(change));
  const vector = (name: 'bias' | 'recurrentBias') =>
    all((direction) =>
      reordered(direction[name] ?? zerosLike({ shape: [direction.weight.shape[1]], data: [] }), from, to),
    );
  return {
    weight: all((direction) => transposed(reordered(direction.weight, from, to))),
    recurrentWeight: all((direction) => transposed(reordered(direction.recurrentWeight, from, to))),
    ...((bias ?? recurrentBias) && { bias: vector('bias') }),
    ...(recurrentBias && { recurrentBias: vector('recurrentBias') }),
    ...(peepholeWeight && {
      peepholeWeight: all((direction) =>
        reordered(direction.peepholeWeight ?? peepholeWeight, peepholeOrder, onnxPeepholeOrder),
      ),
    }),
  };
}
