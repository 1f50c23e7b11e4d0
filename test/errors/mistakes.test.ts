import { describe, it } from 'vitest';
import * as t from '../../src/index.ts';
import { errorsOf, thrownBy } from './checkError.ts';

// Mistakes in building a graph, as a newcomer makes them: the error's class, a message that names the layer, what was given and
// what is expected, and a stack that leads to the user's line. The tests of each op hold more of its messages.

const check = errorsOf(import.meta.url);

type ErrorClass = new (...args: never[]) => t.TensorloomError;
/** The function at whose call the error is to appear, what is wrong, the call, the error, words of its message. */
type Mistake = readonly [string, string, (graph: t.Graph) => unknown, ErrorClass, ...string[]];

const image = (graph: t.Graph, shape: t.Shape = [1, 8, 8, 3]) => graph.input('image', shape);
const filter = (graph: t.Graph, shape: t.Shape = [3, 3, 3, 4]) => graph.input('filter', shape);
const ab = (graph: t.Graph, a: t.Shape, b: t.Shape, dtype?: t.DType, other = dtype) =>
  [graph.input('a', a, dtype), graph.input('b', b, other)] as const;
const empty = 'every axis needs a whole length of at least 1 (empty tensors are not supported)';

// biome-ignore format: a table
const mistakes: Readonly<Record<string, readonly Mistake[]>> = {
  ranks: [
    ['matmul', 'a scalar', (g) => t.matmul(...ab(g, [], [3, 4])), t.ShapeError,
      'block2/matmul: expected at least two axes, got [] x [3, 4]'],
    ['linear', 'a weight without units', (g) => t.linear(...ab(g, [2, 3], [3])), t.ShapeError,
      'block2/linear: x [2, 3] has 3 features', '[3, units]; got [3]'],
    ['linear', 'a scalar', (g) => t.linear(...ab(g, [], [3, 4])), t.ShapeError,
      'block2/linear: x must be [..., features], got []'],
    ['conv2d', 'an image without batch', (g) => t.conv2d(image(g, [8, 8, 3]), filter(g)), t.ShapeError,
      'block2/conv2d: x must have 4 axes (NHWC), got [8, 8, 3]'],
    ['conv2d', 'a filter of three axes', (g) => t.conv2d(image(g), filter(g, [3, 3, 3])), t.ShapeError,
      'block2/conv2d: filter must have 4 axes (HWIO), got [3, 3, 3]'],
    ['maxPool2d', 'an image without batch', (g) => t.maxPool2d(image(g, [8, 8, 3]), { windowSize: 2 }), t.ShapeError,
      'block2/maxPool2d: x must have 4 axes (NHWC), got [8, 8, 3]'],
    ['transpose', 'an axis forgotten', (g) => t.transpose(image(g, [2, 3]), [1]), t.ShapeError,
      'block2/transpose: permutation [1] must hold each axis of [2, 3] once (0, 1)'],
  ],
  shapes: [
    ['matmul', 'inner dimensions', (g) => t.matmul(...ab(g, [2, 3], [4, 5])), t.ShapeError,
      'block2/matmul: inner dimensions differ, [2, 3] x [4, 5]: 3 and 4'],
    ['matmul', 'batch axes', (g) => t.matmul(...ab(g, [2, 3, 4], [5, 4, 6])), t.ShapeError,
      'block2/matmul: batch axes', '[2] and [5] do not broadcast'],
    ['add', 'no broadcast', (g) => t.add(...ab(g, [2, 3], [4, 5])), t.ShapeError,
      'block2/add: ', '[2, 3] and [4, 5] do not broadcast'],
    ['linear', 'a bias of other units', (g) => t.linear(...ab(g, [2, 3], [3, 4]), g.input('c', [3])), t.ShapeError,
      'block2/linear: the bias must be [4], got [3]'],
    ['conv2d', 'channels', (g) => t.conv2d(image(g), filter(g, [3, 3, 4, 5])), t.ShapeError,
      'block2/conv2d: x [1, 8, 8, 3] has 3 channels, filter [3, 3, 4, 5] (HWIO) takes 4'],
    ['conv2d', 'a filter larger than the image', (g) => t.conv2d(image(g, [1, 2, 2, 3]), filter(g)), t.ShapeError,
      'block2/conv2d: filter [3, 3] is larger than the padded input [2, 2]'],
    ['conv1d', 'channels', (g) => t.conv1d(image(g, [1, 8, 3]), filter(g, [3, 4, 5])), t.ShapeError,
      'block2/conv1d/', 'has 3 channels', 'takes 4'],
    ['reshape', 'another size', (g) => t.reshape(image(g, [2, 3]), [4, 2]), t.ShapeError,
      'block2/reshape: [2, 3] has 6 elements, [4, 2] has 8'],
    ['reshape', 'a -1 that does not come out', (g) => t.reshape(image(g, [2, 3]), [4, -1]), t.ShapeError,
      'block2/reshape: [2, 3] has 6 elements, which [4, -1] cannot hold'],
    ['concat', 'other lengths', (g) => t.concat(ab(g, [2, 3], [2, 4])), t.ShapeError,
      'block2/concat: [2, 3] and [2, 4] differ on another axis than 0'],
    ['slice', 'a window beyond the end', (g) => t.slice(image(g, [4]), { begin: [3], size: [2] }), t.ShapeError,
      'block2/slice: begin 3, size 2 is no window of axis 0 of [4]'],
    ['split', 'unequal parts', (g) => t.split(image(g, [4]), 3), t.ShapeError,
      'block2/split: axis 0 of [4] does not divide into 3 equal parts'],
    ['meanSquaredError', 'a target that would broadcast', (g) => t.meanSquaredError(...ab(g, [4], [4, 1])), t.ShapeError,
      'block2/meanSquaredError: prediction [4] and target [4, 1] must have the same shape'],
    ['softmaxCrossEntropy', 'labels as rows', (g) => t.softmaxCrossEntropy(...ab(g, [4, 3], [4, 1], 'float32', 'int32')), t.ShapeError,
      'block2/softmaxCrossEntropy: ', 'they need shape [4], got [4, 1]'],
    ['batchNormInference', 'statistics', (g) => t.batchNormInference(image(g), { mean: g.variable('m', [4]), variance: g.variable('v', [3]) }), t.ShapeError,
      'block2/batchNormInference: mean must be float32 [3]', 'got float32 [4]'],
    ['variable', 'initial values', (g) => g.variable('w', [2, 2], { initializer: [1, 2, 3] }), t.ShapeError,
      'variable "block2/w": shape [2, 2] has 4 elements, the initializer gives 3'],
    ['constant', 'values', (g) => g.constant([1, 2, 3], [2, 2]), t.ShapeError,
      'constant: shape [2, 2] has 4 elements, got 3'],
  ],
  dtypes: [
    ['add', 'two dtypes', (g) => t.add(...ab(g, [2], [2], 'float32', 'int32')), t.DTypeError,
      'block2/add: operands differ in dtype, float32 and int32; use cast'],
    ['matmul', 'integers', (g) => t.matmul(...ab(g, [2, 2], [2, 2], 'int32')), t.DTypeError,
      'block2/matmul: expected operands of one dtype, float32 or float16, got int32 and int32'],
    ['conv2d', 'integers', (g) => t.conv2d(g.input('x', [1, 8, 8, 3], 'int32'), filter(g)), t.DTypeError,
      'block2/conv2d: ', 'float32 or float16, got int32, float32'],
    ['mean', 'integers', (g) => t.mean(g.input('x', [2], 'int32')), t.DTypeError,
      'block2/mean: expected float32 or float16, got int32; use cast'],
    ['where', 'a number as condition', (g) => t.where(g.input('c', [2]), 1, g.input('b', [2])), t.DTypeError,
      'block2/where: the condition must be bool, got float32'],
    ['logicalAnd', 'numbers', (g) => t.logicalAnd(...ab(g, [2], [2])), t.DTypeError,
      'block2/logicalAnd: expected bool, got float32'],
    ['gather', 'fractions as indices', (g) => t.gather(...ab(g, [4], [2])), t.DTypeError,
      'block2/gather: indices must be int32 or uint32, got float32'],
    ['oneHot', 'fractions as indices', (g) => t.oneHot(g.input('i', [2]), 4), t.DTypeError,
      'block2/oneHot: indices must be int32 or uint32, got float32'],
    ['cast', 'no such dtype', (g) => t.cast(image(g), 'float64' as t.DType), t.DTypeError,
      'block2/cast: unknown dtype "float64" (expected float32, float16, int32, uint32, bool)'],
    ['input', 'no such dtype', (g) => g.input('x', [2], 'float64' as t.DType), t.DTypeError,
      'input "x": unknown dtype "float64" (expected float32'],
    ['adam', 'no such parameter', (g) => t.adam({ learningRate: g.input('rate', [2]) }).minimize(t.sum(g.variable('w', [3]))), t.ShapeError,
      'must be one float32 number, got float32 [2]'],
  ],
  axes: [
    ['softmax', 'too large', (g) => t.softmax(image(g, [2, 3]), { axis: 2 }), t.ShapeError,
      'block2/softmax: axis 2 is out of range for rank 2 (expected -2 to 1)'],
    ['softmax', 'of a scalar', (g) => t.softmax(image(g, [])), t.ShapeError,
      'block2/softmax: axis -1 is out of range: a scalar, of shape [], has no axes'],
    ['sum', 'twice', (g) => t.sum(image(g, [2, 3]), { axes: [1, -1] }), t.ShapeError,
      'block2/sum: axis 1 is given twice in [1, -1]'],
    ['mean', 'no whole number', (g) => t.mean(image(g, [2, 3]), { axes: [0.5] }), t.ShapeError,
      'block2/mean: axis 0.5 is out of range for rank 2'],
    ['concat', 'too large', (g) => t.concat(ab(g, [2], [2]), 1), t.ShapeError,
      'block2/concat: axis 1 is out of range for rank 1 (expected -1 to 0)'],
    ['gather', 'too small', (g) => t.gather(...ab(g, [4], [2], 'float32', 'int32'), -2), t.ShapeError,
      'block2/gather: axis -2 is out of range for rank 1'],
    ['transpose', 'twice', (g) => t.transpose(image(g, [2, 3]), [0, 0]), t.ShapeError,
      'block2/transpose: permutation [0, 0] must hold each axis of [2, 3] once'],
    ['squeeze', 'of another length', (g) => t.squeeze(image(g, [2, 1]), [0]), t.ShapeError,
      'block2/squeeze: axis 0 of [2, 1] has length 2, expected 1'],
  ],
  'strides and other numbers': [
    ['conv2d', 'a negative stride', (g) => t.conv2d(image(g), filter(g), { strides: -1 }), t.ShapeError,
      'block2/conv2d: strides must be one or two whole numbers of at least 1, got -1'],
    ['conv2d', 'a dilation of 0', (g) => t.conv2d(image(g), filter(g), { dilations: [1, 0] }), t.ShapeError,
      'block2/conv2d: dilations must be', 'got [1, 0]'],
    ['conv2d', 'negative padding', (g) => t.conv2d(image(g), filter(g), { padding: -1 }), t.ShapeError,
      'block2/conv2d: padding must be', 'of at least 0, got -1'],
    ['conv2d', 'padding by another name', (g) => t.conv2d(image(g), filter(g), { padding: 'SAME' as 'same' }), t.ShapeError,
      `block2/conv2d: padding must be 'valid', 'same', 'sameLower' or numbers, got 'SAME'`],
    ['conv2d', 'groups', (g) => t.conv2d(image(g), filter(g), { groups: 3 }), t.ShapeError,
      'block2/conv2d: groups must divide the 4 output channels', 'got 3'],
    ['conv1d', 'a negative stride', (g) => t.conv1d(image(g, [1, 8, 3]), filter(g, [3, 3, 4]), { strides: -2 }), t.ShapeError,
      'block2/conv1d/', 'strides must be', '-2]'],
    ['conv2dTranspose', 'a stride of 0', (g) => t.conv2dTranspose(image(g), filter(g, [3, 3, 4, 3]), { strides: 0 }), t.ShapeError,
      'block2/conv2dTranspose: strides must be', 'got 0'],
    ['maxPool2d', 'a negative stride', (g) => t.maxPool2d(image(g), { windowSize: 2, strides: [1, -1] }), t.ShapeError,
      'block2/maxPool2d: strides must be', 'got [1, -1]'],
    ['maxPool2d', 'a window of 0', (g) => t.maxPool2d(image(g), { windowSize: 0 }), t.ShapeError,
      'block2/maxPool2d: windowSize must be', 'got 0'],
    ['slice', 'a negative step', (g) => t.slice(image(g, [4]), { steps: [-1] }), t.ShapeError,
      'block2/slice: steps must be whole numbers of at least 1, got -1', 'reverse(x)'],
    ['pad', 'a negative number', (g) => t.pad(image(g, [4]), [[-1, 0]]), t.ShapeError,
      'block2/pad: padding must be whole numbers of at least 0, got [-1, 0]'],
    ['dropout', 'a rate of 1', (g) => t.dropout(image(g), { rate: 1 }), t.ShapeError,
      'block2/dropout: rate must be at least 0 and less than 1, got 1'],
    ['huber', 'a reduction by another name', (g) => t.huber(...ab(g, [4], [4]), { reduction: 'average' as 'mean' }), t.ShapeError,
      `block2/huber: reduction must be 'mean', 'sum' or 'none', got 'average'`],
    ['softmaxCrossEntropy', 'a reduction by another name', (g) => t.softmaxCrossEntropy(...ab(g, [4, 3], [4], 'float32', 'int32'), { reduction: 'average' as 'mean' }), t.ShapeError,
      `block2/softmaxCrossEntropy: reduction must be`],
    ['adam', 'a negative rate', () => t.adam({ learningRate: -1 }), t.GraphError,
      'adam: learningRate must be a finite number of at least 0, got -1'],
  ],
  'empty tensors': [
    ['input', 'an empty input', (g) => g.input('x', [0, 3]), t.ShapeError, `input "x": ${empty}, got [0, 3]`],
    ['input', 'half an element', (g) => g.input('x', [2.5]), t.ShapeError, `input "x": ${empty}, got [2.5]`],
    ['input', 'a number as shape', (g) => g.input('x', 3 as never), t.ShapeError,
      'input "x": expected a shape such as [2, 3], got 3'],
    ['variable', 'an empty variable', (g) => g.variable('w', [3, 0]), t.ShapeError,
      `variable "block2/w": ${empty}, got [3, 0]`],
    ['constant', 'an empty constant', (g) => g.constant([], [0]), t.ShapeError,
      `constant: ${empty}, got [0]`],
    ['reshape', 'to nothing', (g) => t.reshape(image(g, [2]), [0]), t.ShapeError,
      `block2/reshape: shape: ${empty}, got [0]`],
    ['expand', 'to nothing', (g) => t.expand(image(g, [1]), [0]), t.ShapeError,
      `block2/expand: shape: ${empty}, got [0]`],
    ['slice', 'an empty window', (g) => t.slice(image(g, [4]), { begin: [2], end: [2] }), t.ShapeError,
      'block2/slice: begin 2, end 2 is no window of axis 0 of [4]'],
    ['split', 'an empty part', (g) => t.split(image(g, [4]), [4, 0]), t.ShapeError,
      'block2/split: parts [4, 0] do not make up axis 0 of [4]'],
    ['concat', 'of no tensors', () => t.concat([]), t.GraphError,
      'concat: expected at least one tensor, got none'],
    ['oneHot', 'of no classes', (g) => t.oneHot(g.input('i', [2], 'int32'), 0), t.ShapeError,
      'block2/oneHot: depth must be a whole number of at least 1, got 0'],
  ],
  graphs: [
    ['matmul', 'two graphs', (g) => t.matmul(image(g, [2, 2]), image(new t.Graph(), [2, 2])), t.GraphError,
      'block2/matmul: inputs come from two graphs: image: float32 [2, 2] and image: float32 [2, 2]'],
    ['relu', 'no tensor', () => t.relu(undefined as never), t.GraphError,
      'relu: expected a tensor, got undefined'],
    ['add', 'numbers only', () => t.add(1, 2), t.GraphError, 'add: at least one operand must be a tensor'],
    ['variable', 'a name twice', (g) => [g.variable('w', [2]), g.variable('w', [3])], t.GraphError,
      'the name "block2/w" is taken by block2/w: float32 [2]'],
    ['grad', 'a loss of two numbers', (g) => t.grad(t.relu(g.variable('w', [2])), g.parameters), t.GraphError,
      'got float32 [2] from block2/relu; reduce it with mean() or sum()'],
    ['grad', 'another graph', (g) => t.grad(t.sum(image(g)), [image(new t.Graph())]), t.GraphError,
      'belongs to another graph than the loss block2/sum'],
    ['minimize', 'nothing to train', (g) => t.adam({ learningRate: 1 }).minimize(t.sum(image(g))), t.GraphError,
      'adam: the loss depends on no trainable variable'],
  ],
};

for (const [kind, list] of Object.entries(mistakes)) {
  describe(`mistakes: ${kind}`, () => {
    for (const [name, what, make, type, ...words] of list) {
      it(`${name}: ${what}`, () => {
        const graph = new t.Graph();
        const error = thrownBy(() => graph.scope('block2', () => make(graph)));
        check(error, name, type, ...words);
      });
    }
  });
}
