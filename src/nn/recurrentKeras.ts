import { FormatError, GraphError } from '../core/errors.ts';
import { gateOrder, gatesText, kerasOrder, type RecurrentCellName } from '../ops/gateOrder.ts';
import {
  added,
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

/** CuDNNLSTM and CuDNNGRU keep a gate's [H, I] as if it were [I, H]; H x H is transposed. Once more, and it is as before. */
function fromCudnn(kernel: PlainTensor, gates: number): Float32Tensor {
  const [rows, columns] = kernel.shape;
  const width = columns / gates;
  const block = (g: number) =>
    Array.from(
      { length: rows * width },
      (_, i) => kernel.data[Math.floor(i / width) * columns + g * width + (i % width)],
    );
  const blocks = Array.from({ length: gates }, (_, g) =>
    transposed({ shape: [width, rows], data: block(g) }),
  );
  return joinBlocks(blocks);
}

function toCudnn(kernel: PlainTensor, gates: number): Float32Tensor {
  const [rows, columns] = kernel.shape;
  const width = columns / gates;
  const blocks = Array.from({ length: gates }, (_, g) => {
    const data = Array.from(
      { length: rows * width },
      (_, i) => kernel.data[(i % rows) * columns + g * width + Math.floor(i / rows)],
    );
    return float32Tensor([rows, width], data);
  });
  return joinBlocks(blocks);
}

/** Matrices side by side. */
function joinBlocks(blocks: readonly PlainTensor[]): Float32Tensor {
  const [rows, width] = blocks[0].shape;
  const columns = blocks.length * width;
  const at = (i: number) =>
    blocks[Math.floor((i % columns) / width)].data[Math.floor(i / columns) * width + (i % width)];
  return float32Tensor(
    [rows, columns],
    Array.from({ length: rows * columns }, (_, i) => at(i)),
  );
}

/**
 * One layer of Keras 2 or 3, or of TensorFlow.js, from the arrays of `layer.get_weights()`: kernel [I, G * H], recurrent_kernel [H, G * H]
 * and, with `use_bias`, bias; for `Bidirectional` those of both directions, one after the other. A GRU's bias is [2, 3 * H] with
 * `reset_after` and [3 * H] without. Keras 2's CuDNNLSTM (bias [8 * H]) and CuDNNGRU ([6 * H]), whose kernels are transposed, are
 * known by the bias.
 *
 * ```ts
 * const values = recurrentFromKeras('gru', [kernel, recurrentKernel, bias]); // { shape, data } each
 * const { lastOutput } = gru(x, recurrentVariables(graph, 'gru', [values]), { batchFirst: true });
 * ```
 *
 * @throws FormatError for another number of arrays; ShapeError where a shape does not fit.
 */
export function recurrentFromKeras(
  cell: RecurrentCellName,
  weights: readonly PlainTensor[],
): RecurrentValues {
  const count = weights.length;
  if (![2, 3, 4, 6].includes(count)) {
    throw new FormatError(
      `recurrentFromKeras: expected kernel, recurrent_kernel and, with use_bias, bias: 2 or 3 arrays, or 4 or 6 of Bidirectional; got ${count}`,
    );
  }
  if (count <= 3) return kerasDirection(cell, weights);
  const both = [weights.slice(0, count / 2), weights.slice(count / 2)];
  return joinDirections(both.map((own) => kerasDirection(cell, own)));
}

function kerasDirection(
  cell: RecurrentCellName,
  [kernel, recurrent, bias]: readonly PlainTensor[],
): RecurrentValues {
  const what = 'recurrentFromKeras';
  const [from, to] = [kerasOrder[cell], gateOrder[cell]];
  const meaning = gatesText(cell, from);
  const gates = from.length;
  checkRank(`${what}: recurrent_kernel`, recurrent, 2, `[hiddenSize, ${gates} * hiddenSize] (${meaning})`);
  checkRank(`${what}: kernel`, kernel, 2, `[inputSize, ${gates} * hiddenSize] (${meaning})`);
  const columns = gates * recurrent.shape[0];
  checkPlain(`${what}: recurrent_kernel`, recurrent, [recurrent.shape[0], columns], meaning);
  checkPlain(`${what}: kernel`, kernel, [kernel.shape[0], columns], meaning);
  const isCudnn = cell !== 'rnn' && bias?.shape.length === 1 && bias.shape[0] === 2 * columns;
  const matrix = (tensor: PlainTensor) => reordered(isCudnn ? fromCudnn(tensor, gates) : tensor, from, to);
  const values = { weight: matrix(kernel), recurrentWeight: matrix(recurrent) };
  if (!bias) return values;
  if (isCudnn || (cell === 'gru' && bias.shape.length === 2)) {
    if (!isCudnn) checkPlain(`${what}: bias`, bias, [2, columns], `${meaning}, reset_after`);
    const [first, second] = unstacked({ shape: [2, columns], data: bias.data });
    const both = { bias: reordered(first, from, to), recurrentBias: reordered(second, from, to) };
    return joinBiases({ ...values, ...both }, cell === 'gru');
  }
  checkPlain(`${what}: bias`, bias, [columns], meaning);
  return { ...values, bias: reordered(bias, from, to) };
}

export interface ToKerasOptions {
  /** Of a gru, as it runs here: with it the bias is [2, 3 * H]; default true. */
  resetAfter?: boolean;
  /** For the layers CuDNNLSTM and CuDNNGRU of Keras 2, which always have biases; default false. */
  cudnn?: boolean;
}

/**
 * The arrays for `layer.set_weights()`: what `recurrentFromKeras` reads.
 *
 * @throws GraphError for peepholes and projections, which Keras does not have, and for a cell that `cudnn` does not know.
 */
export function recurrentToKeras(
  cell: RecurrentCellName,
  values: RecurrentValues,
  { resetAfter = true, cudnn = false }: ToKerasOptions = {},
): Float32Tensor[] {
  const what = 'recurrentToKeras';
  refuse(what, values, 'peepholeWeight', 'projectionWeight');
  if (cudnn && (cell === 'rnn' || !resetAfter))
    throw new GraphError(`${what}: cudnn knows lstm and gru with resetAfter`);
  const [from, to] = [gateOrder[cell], kerasOrder[cell]];
  const areApart = cudnn || (cell === 'gru' && resetAfter);
  return directionsOf(values).flatMap((own) => {
    const matrix = (tensor: PlainTensor) => {
      const inOrder = reordered(tensor, from, to);
      return cudnn ? toCudnn(inOrder, to.length) : inOrder;
    };
    const kernels = [matrix(own.weight), matrix(own.recurrentWeight)];
    const some = own.bias ?? own.recurrentBias;
    if (!some && !cudnn) return kernels;
    const none = zerosLike({ shape: [own.weight.shape[1]], data: [] });
    const [bias, recurrentBias] = [own.bias ?? none, own.recurrentBias ?? none].map((tensor) =>
      reordered(tensor, from, to),
    );
    if (!areApart) return [...kernels, added(bias, recurrentBias)];
    const both = stacked([bias, recurrentBias]);
    return [...kernels, cudnn ? float32Tensor([both.data.length], both.data) : both];
  });
}
