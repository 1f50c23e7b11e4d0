import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { grad } from '../../src/ops/gradient.ts';
import { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from '../../src/ops/softmaxCrossEntropy.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

const calls: Record<string, string>[] = [{}, { softmaxCrossEntropy: 'groups' }];
const labelsBelow = (classes: number) => ({ dtype: 'int32' as const, values: { low: 0, high: classes } });
const probabilities = { values: { low: 0, high: 1 } };

/** -log of softmax([1, 2, 3]) */
const cost = [2.40760596444, 1.40760596444, 0.40760596444];
/** softmax([1, 2, 3]) */
const p = [0.09003057317, 0.24472847105, 0.66524095577];

/** Class numbers with every kind of option; `inputs`: logits, labels, class weights. */
const options: SoftmaxCrossEntropyOptions[] = [
  {},
  { reduction: 'sum' },
  { reduction: 'none' },
  { labelSmoothing: 0.1 },
  { ignoreIndex: 1 },
  { ignoreIndex: 1, labelSmoothing: 0.2, reduction: 'none' },
];

/** The gradient by the logits of the loss's square, which the harness differentiates once more. */
function slope(logits: Tensor, labels: Tensor, given: SoftmaxCrossEntropyOptions): Tensor {
  const loss = softmaxCrossEntropy(logits, labels, given);
  return grad(sum(mul(loss, loss)), [logits])[0];
}

const error = (
  name: string,
  build: (graph: Graph) => unknown,
  type: typeof ShapeError | typeof DTypeError,
  message: RegExp,
) => ({
  name,
  build,
  error: type,
  message,
});

checkOp('softmaxCrossEntropy', {
  samples: [
    {
      name: 'class numbers',
      inputs: [
        { shape: [2, 3], values: [1, 2, 3, 1, 2, 3] },
        { shape: [2], dtype: 'int32', values: [2, 0] },
      ],
      build: ([x, labels]) => [
        softmaxCrossEntropy(x, labels),
        softmaxCrossEntropy(x, labels, { reduction: 'sum' }),
        softmaxCrossEntropy(x, labels, { reduction: 'none' }),
        grad(softmaxCrossEntropy(x, labels), [x])[0],
      ],
      expected: [
        [(cost[2] + cost[0]) / 2],
        [cost[2] + cost[0]],
        [cost[2], cost[0]],
        [p[0] / 2, p[1] / 2, (p[2] - 1) / 2, (p[0] - 1) / 2, p[1] / 2, p[2] / 2],
      ],
      variants: calls,
    },
    {
      name: 'class weights: the mean divides by their sum',
      inputs: [
        { shape: [2, 3], values: [1, 2, 3, 1, 2, 3] },
        { shape: [2], dtype: 'uint32', values: [2, 0] },
        { shape: [3], values: [1, 2, 3], differentiable: false },
      ],
      build: ([x, labels, weights]) => [
        softmaxCrossEntropy(x, labels, { weights }),
        softmaxCrossEntropy(x, labels, { weights, reduction: 'none' }),
        softmaxCrossEntropy(x, labels, { weights, ignoreIndex: 0 }),
      ],
      expected: [[(3 * cost[2] + cost[0]) / 4], [3 * cost[2], cost[0]], [cost[2]]],
      variants: calls,
    },
    {
      name: 'label smoothing',
      inputs: [
        { shape: [1, 3], values: [1, 2, 3] },
        { shape: [1], dtype: 'int32', values: [2] },
      ],
      build: ([x, labels]) => softmaxCrossEntropy(x, labels, { labelSmoothing: 0.3 }),
      expected: [0.7 * cost[2] + 0.1 * (cost[0] + cost[1] + cost[2])],
    },
    {
      name: 'distributions',
      inputs: [
        { shape: [2, 3], values: [1, 2, 3, 3, 2, 1] },
        { shape: [2, 3], values: [0.2, 0.3, 0.5, 0, 0, 1] },
        { shape: [3], values: [1, 2, 3], differentiable: false },
      ],
      build: ([x, labels, weights]) => [
        softmaxCrossEntropy(x, labels, { reduction: 'none' }),
        // With distributions the mean is over the samples, weights or not.
        softmaxCrossEntropy(x, labels, { weights }),
      ],
      expected: [
        [0.2 * cost[0] + 0.3 * cost[1] + 0.5 * cost[2], cost[0]],
        [(0.2 * cost[0] + 0.6 * cost[1] + 1.5 * cost[2] + 3 * cost[0]) / 2],
      ],
      variants: calls,
    },
    {
      name: 'large logits, one of them minus infinity',
      inputs: [
        { shape: [3, 3], values: [1e4, -1e4, 0, 1e4, 1e4, -1e4, 0, 0, Number.NEGATIVE_INFINITY] },
        { shape: [3], dtype: 'int32', values: [1, 0, 1] },
      ],
      build: ([x, labels]) => [
        softmaxCrossEntropy(x, labels, { reduction: 'none' }),
        grad(softmaxCrossEntropy(x, labels, { reduction: 'sum' }), [x])[0],
      ],
      expected: [
        [2e4, Math.LN2, Math.LN2],
        [1, -1, 0, -0.5, 0.5, 0, 0.5, -0.5, 0],
      ],
      gradient: false,
      variants: calls,
    },
    {
      name: 'labels that are no class are noticed',
      inputs: [
        { shape: [3, 3], values: [1, 2, 3, 1, 2, 3, 1, 2, 3] },
        { shape: [3], dtype: 'int32', values: [3, 0, -1] },
      ],
      build: ([x, labels]) => [
        softmaxCrossEntropy(x, labels),
        softmaxCrossEntropy(x, labels, { reduction: 'none' }),
        softmaxCrossEntropy(x, labels, { reduction: 'none', ignoreIndex: -1 }),
        softmaxCrossEntropy(x, labels, { ignoreIndex: -1 }),
        grad(softmaxCrossEntropy(x, labels, { reduction: 'sum' }), [x])[0],
      ],
      expected: [
        [Number.NaN],
        [Number.NaN, cost[0], Number.NaN],
        [Number.NaN, cost[0], 0],
        [Number.NaN],
        [Number.NaN, Number.NaN, Number.NaN, p[0] - 1, p[1], p[2], Number.NaN, Number.NaN, Number.NaN],
      ],
      gradient: false,
      variants: calls,
    },
    {
      name: 'nothing counts',
      inputs: [{ shape: [2, 3] }, { shape: [2], dtype: 'int32', values: [-100, -100] }],
      build: ([x, labels]) => [
        softmaxCrossEntropy(x, labels, { ignoreIndex: -100 }),
        softmaxCrossEntropy(x, labels, { ignoreIndex: -100, reduction: 'sum' }),
      ],
      expected: [[Number.NaN], [0]],
      gradient: false,
    },
    ...[
      [1, 1],
      [3, 17],
      [64, 10],
      [130, 65],
      [40, 1000],
      [3, 4099],
    ].map(
      ([rows, classes]): Sample => ({
        inputs: [{ shape: [rows, classes] }, { shape: [rows], ...labelsBelow(classes) }],
        build: ([x, labels]) => [
          softmaxCrossEntropy(x, labels),
          softmaxCrossEntropy(x, labels, { reduction: 'none' }),
        ],
        variants: calls,
        asGpu: true,
      }),
    ),
    {
      name: 'every option',
      inputs: [
        { shape: [9, 5] },
        { shape: [9], ...labelsBelow(5) },
        { shape: [5], values: { low: 0.5, high: 2 }, differentiable: false },
      ],
      build: ([x, labels, weights]) =>
        options.flatMap((given) => [
          softmaxCrossEntropy(x, labels, given),
          softmaxCrossEntropy(x, labels, { ...given, weights }),
        ]),
      variants: calls,
    },
    {
      name: 'many lines with weights: their sum in parts',
      inputs: [
        { shape: [2500, 3] },
        { shape: [2500], ...labelsBelow(3) },
        { shape: [3], values: [1, 2, 0.5], differentiable: false },
      ],
      build: ([x, labels, weights]) => softmaxCrossEntropy(x, labels, { weights }),
      gradient: false,
      variants: calls,
      asGpu: true,
    },
    {
      name: 'classes along axis 1',
      inputs: [
        { shape: [2, 3, 4, 9] },
        { shape: [2, 4, 9], ...labelsBelow(3) },
        { shape: [3], values: [1, 2, 0.5], differentiable: false },
      ],
      build: ([x, labels, weights]) => [
        softmaxCrossEntropy(x, labels, { axis: 1 }),
        softmaxCrossEntropy(x, labels, { axis: -3, reduction: 'none' }),
        softmaxCrossEntropy(x, labels, { axis: 1, weights, ignoreIndex: 0, labelSmoothing: 0.1 }),
      ],
      variants: calls,
      asGpu: true,
    },
    {
      name: 'classes along axis 0, distributions',
      inputs: [
        { shape: [17, 6] },
        { shape: [17, 6], ...probabilities },
        { shape: [17], differentiable: false, ...probabilities },
      ],
      build: ([x, labels, weights]) => [
        softmaxCrossEntropy(x, labels, { axis: 0, labelSmoothing: 0.1 }),
        softmaxCrossEntropy(x, labels, { axis: 0, reduction: 'none', weights }),
      ],
      variants: calls,
    },
    {
      name: 'one sample without a batch axis',
      inputs: [{ shape: [5] }, { shape: [], dtype: 'int32', values: [3] }],
      build: ([x, labels]) => softmaxCrossEntropy(x, labels),
    },
    {
      name: 'float16',
      inputs: [
        { shape: [4, 6], dtype: 'float16' },
        { shape: [4], ...labelsBelow(6) },
      ],
      build: ([x, labels]) => softmaxCrossEntropy(x, labels),
    },
    {
      name: 'twice differentiated, class numbers',
      inputs: [
        { shape: [4, 3] },
        { shape: [4], dtype: 'int32', values: [2, 0, 1, 1] },
        { shape: [3], values: [1, 2, 0.5], differentiable: false },
      ],
      build: ([x, labels, weights]) => [
        slope(x, labels, {}),
        slope(x, labels, { reduction: 'none', labelSmoothing: 0.2, ignoreIndex: 0 }),
        slope(x, labels, { weights, ignoreIndex: 0 }),
      ],
    },
    {
      name: 'twice differentiated, distributions',
      inputs: [{ shape: [4, 3] }, { shape: [4, 3], ...probabilities }, { shape: [3], differentiable: false }],
      build: ([x, labels, weights]) => [
        slope(x, labels, { labelSmoothing: 0.2 }),
        slope(x, labels, { reduction: 'none', weights }),
      ],
    },
  ],
  errors: [
    error(
      'labels of another shape',
      (graph) => softmaxCrossEntropy(graph.input('x', [4, 3]), graph.input('labels', [4, 1], 'int32')),
      ShapeError,
      /softmaxCrossEntropy: labels of int32 are class numbers: for logits \[4, 3\] with classes along axis 1 they need shape \[4\], got \[4, 1\]/,
    ),
    error(
      'float class numbers',
      (graph) => softmaxCrossEntropy(graph.input('x', [4, 3]), graph.input('labels', [4])),
      ShapeError,
      /labels of float32 are distributions: .* need shape \[4, 3\], got \[4\]/,
    ),
    error(
      'bool labels',
      (graph) => softmaxCrossEntropy(graph.input('x', [4, 3]), graph.input('labels', [4, 3], 'bool')),
      DTypeError,
      /labels: expected integers or floats, got bool/,
    ),
    error(
      'integer logits',
      (graph) => softmaxCrossEntropy(graph.input('x', [4, 3], 'int32'), graph.input('labels', [4], 'int32')),
      DTypeError,
      /logits: expected float32 or float16, got int32/,
    ),
    error(
      'weights of another length',
      (graph) =>
        softmaxCrossEntropy(graph.input('x', [4, 3]), graph.input('labels', [4], 'int32'), {
          weights: graph.constant(1, [4]),
        }),
      ShapeError,
      /weights: expected one for each class, \[3\], got \[4\]/,
    ),
    error(
      'too much smoothing',
      (graph) =>
        softmaxCrossEntropy(graph.input('x', [4, 3]), graph.input('labels', [4], 'int32'), {
          labelSmoothing: 1.5,
        }),
      ShapeError,
      /labelSmoothing must lie between 0 and 1, got 1.5/,
    ),
    error(
      'ignoreIndex with distributions',
      (graph) =>
        softmaxCrossEntropy(graph.input('x', [4, 3]), graph.input('labels', [4, 3]), { ignoreIndex: 0 }),
      ShapeError,
      /ignoreIndex must be an integer and needs labels that are class numbers, got 0/,
    ),
    error(
      'axis out of range',
      (graph) =>
        softmaxCrossEntropy(graph.input('x', [4, 3]), graph.input('labels', [4], 'int32'), { axis: 2 }),
      ShapeError,
      /softmaxCrossEntropy: axis 2 is out of range for rank 2/,
    ),
  ],
});
