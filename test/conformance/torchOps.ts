import type { ReduceOptions, Tensor } from '../../src/index.ts';
import * as tensorloom from '../../src/index.ts';
import type { CaseReader } from './torchCase.ts';
import { torchRecurrent } from './torchRecurrent.ts';

/** How PyTorch's op of that name is said with the public API: outputs by their names in the case. */
export type Rule = (read: CaseReader) => Record<string, Tensor>;

const one = (output: Tensor) => ({ output });

const unary =
  (op: (x: Tensor) => Tensor): Rule =>
  (read) =>
    one(op(read.tensor('input')));

const binary =
  (op: (a: Tensor, b: Tensor) => Tensor): Rule =>
  (read) =>
    one(op(read.tensor('a'), read.tensor('b')));

const reduction =
  (op: (x: Tensor, options: ReduceOptions) => Tensor): Rule =>
  (read) =>
    one(op(read.tensor('input'), { axes: read.numbers('axes'), keepDimensions: read.boolean('keepDims') }));

/** The same rule for many ops. Names are written out, since bundlers change those of functions. */
function each<Value>(
  rule: (value: Value) => Rule,
  ops: Readonly<Record<string, Value>>,
): Record<string, Rule> {
  return Object.fromEntries(Object.entries(ops).map(([name, op]) => [name, rule(op)]));
}

const withAlpha =
  (op: (x: Tensor, options: { alpha: number }) => Tensor): Rule =>
  (read) =>
    one(op(read.tensor('input'), { alpha: read.number('alpha') }));

const withAxis =
  (op: (x: Tensor, options: { axis: number }) => Tensor): Rule =>
  (read) =>
    one(op(read.tensor('input'), { axis: read.number('axis') }));

const elementwiseLoss =
  (op: typeof tensorloom.meanSquaredError): Rule =>
  (read) =>
    one(op(read.tensor('prediction'), read.tensor('target'), { reduction: reductionOf(read) }));

const reductionOf = (read: CaseReader) => read.choice('reduction', 'mean', 'sum', 'none');

/** Images are NCHW in PyTorch. */
const nchw = (read: CaseReader) => {
  read.choice('layout', 'nchw');
  return { layout: 'NCHW' } as const;
};

const windows = (read: CaseReader) => ({
  ...nchw(read),
  strides: read.pair('strides'),
  padding: read.pair('padding'),
});

const convolution = (read: CaseReader) => ({
  ...windows(read),
  dilations: read.pair('dilations'),
  groups: read.number('groups'),
  bias: read.optionalTensor('bias'),
});

export const torchOps: Readonly<Record<string, Rule>> = {
  ...torchRecurrent,
  ...each(unary, {
    abs: tensorloom.abs,
    acos: tensorloom.acos,
    acosh: tensorloom.acosh,
    asin: tensorloom.asin,
    asinh: tensorloom.asinh,
    atan: tensorloom.atan,
    atanh: tensorloom.atanh,
    ceil: tensorloom.ceil,
    cos: tensorloom.cos,
    cosh: tensorloom.cosh,
    erf: tensorloom.erf,
    exp: tensorloom.exp,
    expm1: tensorloom.expm1,
    floor: tensorloom.floor,
    identity: tensorloom.identity,
    log: tensorloom.log,
    log1p: tensorloom.log1p,
    logSigmoid: tensorloom.logSigmoid,
    mish: tensorloom.mish,
    neg: tensorloom.neg,
    reciprocal: tensorloom.reciprocal,
    relu: tensorloom.relu,
    round: tensorloom.round,
    rsqrt: tensorloom.rsqrt,
    selu: tensorloom.selu,
    sigmoid: tensorloom.sigmoid,
    sign: tensorloom.sign,
    silu: tensorloom.silu,
    sin: tensorloom.sin,
    sinh: tensorloom.sinh,
    softplus: tensorloom.softplus,
    softsign: tensorloom.softsign,
    sqrt: tensorloom.sqrt,
    square: tensorloom.square,
    tan: tensorloom.tan,
    tanh: tensorloom.tanh,
  }),
  // PyTorch's is relu6(x + 3) / 6; ours has ONNX's default alpha of 0.2.
  hardSigmoid: unary((x) => tensorloom.hardSigmoid(x, { alpha: 1 / 6 })),
  elu: withAlpha(tensorloom.elu),
  leakyRelu: withAlpha(tensorloom.leakyRelu),
  gelu: (read) =>
    one(tensorloom.gelu(read.tensor('input'), { approximate: read.choice('approximate', 'none', 'tanh') })),

  // PyTorch's is x relu6(x + 3) / 6, as ours.
  hardSwish: unary(tensorloom.hardSwish),
  celu: withAlpha(tensorloom.celu),

  ...each(binary, {
    add: tensorloom.add,
    sub: tensorloom.sub,
    mul: tensorloom.mul,
    div: tensorloom.div,
    pow: tensorloom.pow,
    maximum: tensorloom.maximum,
    minimum: tensorloom.minimum,
  }),
  // torch.where takes any dtype for its condition, ours only bool.
  where: (read) =>
    one(
      tensorloom.where(tensorloom.cast(read.tensor('condition'), 'bool'), read.tensor('a'), read.tensor('b')),
    ),

  // amax and amin share the gradient among equal elements, as our max and min do.
  amax: reduction(tensorloom.max),
  amin: reduction(tensorloom.min),
  ...each(reduction, {
    sum: tensorloom.sum,
    mean: tensorloom.mean,
    prod: tensorloom.prod,
    variance: tensorloom.variance,
    standardDeviation: tensorloom.standardDeviation,
    l1Norm: tensorloom.l1Norm,
    l2Norm: tensorloom.l2Norm,
    logSumExp: tensorloom.logSumExp,
  }),
  cumulativeSum: withAxis(tensorloom.cumulativeSum),
  softmax: withAxis(tensorloom.softmax),
  logSoftmax: withAxis(tensorloom.logSoftmax),

  concat: (read) => one(tensorloom.concat([read.tensor('a'), read.tensor('b')], read.number('axis'))),
  slice: (read) =>
    one(
      tensorloom.slice(read.tensor('input'), { begin: read.numbers('starts'), size: read.numbers('sizes') }),
    ),
  transpose: (read) => one(tensorloom.transpose(read.tensor('input'), read.numbers('permutation'))),

  matmul: (read) =>
    one(
      tensorloom.matmul(read.tensor('a'), read.tensor('b'), {
        transposeA: read.optionalBoolean('transposeA'),
        transposeB: read.optionalBoolean('transposeB'),
      }),
    ),
  conv1d(read) {
    read.choice('layout', 'ncw');
    read.choice('filterLayout', 'oiw');
    const y = tensorloom.conv1d(read.tensor('input'), read.tensor('weight'), {
      strides: read.number('stride'),
      padding: read.number('padding'),
      dilations: read.number('dilation'),
      bias: read.optionalTensor('bias'),
      layout: 'NCW',
      filterLayout: 'OIW',
    });
    return one(y);
  },
  conv2d(read) {
    read.choice('filterLayout', 'oihw');
    const options = { ...convolution(read), filterLayout: 'OIHW' } as const;
    return one(tensorloom.conv2d(read.tensor('input'), read.tensor('weight'), options));
  },
  convTranspose2d(read) {
    read.choice('filterLayout', 'iohw');
    const outputPadding = read.pair('outputPadding');
    const options = { ...convolution(read), outputPadding, filterLayout: 'IOHW' } as const;
    return one(tensorloom.conv2dTranspose(read.tensor('input'), read.tensor('weight'), options));
  },
  maxPool2d: (read) =>
    one(
      tensorloom.maxPool2d(read.tensor('input'), { ...windows(read), windowSize: read.pair('windowSize') }),
    ),
  averagePool2d: (read) =>
    one(
      tensorloom.averagePool2d(read.tensor('input'), {
        ...windows(read),
        windowSize: read.pair('windowSize'),
        countIncludePad: read.boolean('countIncludePad'),
      }),
    ),
  batchNorm(read) {
    const [runningMean, runningVariance] = [read.state('runningMean'), read.state('runningVariance')];
    const { output, updates } = tensorloom.batchNorm(read.tensor('input'), {
      runningMean,
      runningVariance,
      scale: read.tensor('weight'),
      offset: read.tensor('bias'),
      axis: read.number('axis'),
      epsilon: read.number('epsilon'),
      momentum: read.number('momentum'),
      training: read.boolean('training'),
    });
    return { output, ...Object.fromEntries(updates.map(([variable, value]) => [variable.name, value])) };
  },

  meanSquaredError: elementwiseLoss(tensorloom.meanSquaredError),
  meanAbsoluteError: elementwiseLoss(tensorloom.meanAbsoluteError),
  binaryCrossEntropyWithLogits: elementwiseLoss(tensorloom.binaryCrossEntropyWithLogits),
  softmaxCrossEntropy(read) {
    read.choice('labels', 'class indices');
    const options = { reduction: reductionOf(read) };
    return one(tensorloom.softmaxCrossEntropy(read.tensor('logits'), read.tensor('labels'), options));
  },
};
