import * as t from '../../src/index.ts';

// A small use of every op, for `npm start -- verify`: odd sizes, so that no kernel is only ever full. test/demo/verify.test.ts
// fails where a public op has none.

export interface OpSample {
  readonly inputs: readonly SampleInput[];
  build(inputs: t.Tensor[], graph: t.Graph): t.Tensor | t.Tensor[];
}

export interface SampleInput {
  readonly shape: t.Shape;
  readonly dtype?: t.DType;
  /** Drawn from here; default -2 to 2. */
  readonly low?: number;
  readonly high?: number;
}

const x = (shape: t.Shape, low = -2, high = 2): SampleInput => ({ shape, low, high });
const indices = (shape: t.Shape, high: number): SampleInput => ({ shape, dtype: 'int32', low: 0, high });
const truth = (shape: t.Shape): SampleInput => ({ shape, dtype: 'bool', low: 0, high: 2 });

type Unary = (x: t.Tensor) => t.Tensor;
type Binary = (a: t.Tensor, b: t.Tensor) => t.Tensor;
type Samples = Record<string, OpSample>;

function unary(ops: Readonly<Record<string, Unary>>, input: SampleInput = x([5, 13])): Samples {
  return Object.fromEntries(
    Object.entries(ops).map(([name, op]) => [name, { inputs: [input], build: ([a]: t.Tensor[]) => op(a) }]),
  );
}

function binary(ops: Readonly<Record<string, Binary>>, a = x([5, 13], 0.5), b = x([13], 0.5)): Samples {
  return Object.fromEntries(
    Object.entries(ops).map(([name, op]) => [
      name,
      { inputs: [a, b], build: ([first, second]: t.Tensor[]) => op(first, second) },
    ]),
  );
}

const image = x([2, 9, 7, 6]);
const channels = x([6], 0.5);

/** Samples by the name of the op's function. */
export const samples: Samples = {
  ...unary({
    abs: t.abs,
    atan: t.atan,
    asinh: t.asinh,
    ceil: t.ceil,
    celu: t.celu,
    cos: t.cos,
    cosh: t.cosh,
    elu: t.elu,
    erf: t.erf,
    exp: t.exp,
    expm1: t.expm1,
    floor: t.floor,
    gelu: t.gelu,
    hardSigmoid: t.hardSigmoid,
    hardSwish: t.hardSwish,
    hardTanh: t.hardTanh,
    identity: t.identity,
    isInfinite: t.isInfinite,
    isNaN: t.isNaN,
    leakyRelu: t.leakyRelu,
    logSigmoid: t.logSigmoid,
    mish: t.mish,
    neg: t.neg,
    relu: t.relu,
    round: t.round,
    selu: t.selu,
    sigmoid: t.sigmoid,
    sign: t.sign,
    silu: t.silu,
    sin: t.sin,
    sinh: t.sinh,
    softplus: t.softplus,
    softsign: t.softsign,
    square: t.square,
    step: t.step,
    stopGradient: t.stopGradient,
    tan: (a) => t.tan(t.mul(a, 0.5)),
    tanh: t.tanh,
    thresholdedRelu: t.thresholdedRelu,
    clamp: (a) => t.clamp(a, { min: -1, max: 1 }),
    cast: (a) => t.cast(t.cast(t.mul(a, 10), 'int32'), 'float32'),
    softmax: t.softmax,
    logSoftmax: t.logSoftmax,
    cumulativeSum: t.cumulativeSum,
    argMax: t.argMax,
    argMin: t.argMin,
    flatten: t.flatten,
    transpose: t.transpose,
    reverse: t.reverse,
    triangular: t.triangular,
    expand: (a) => t.expand(a, [3, 5, 13]),
    expandDimensions: (a) => t.expandDimensions(a, 1),
    squeeze: (a) => t.squeeze(t.expandDimensions(a, 1), [1]),
    reshape: (a) => t.reshape(a, [13, 5]),
    slice: (a) => t.slice(a, { begin: [1, 2], steps: [1, 3] }),
    split: (a) => t.split(a, [2, 3])[1],
    unstack: (a) => t.unstack(a)[2],
    pad: (a) =>
      t.pad(
        a,
        [
          [1, 2],
          [3, 0],
        ],
        { mode: 'reflect' },
      ),
    tile: (a) => t.tile(a, [2, 3]),
    resize: (a) => t.resize(a, { sizes: [9, 5], mode: 'linear' }),
    dropout: (a) => t.dropout(a, { rate: 0.3 }),
    layerNorm: t.layerNorm,
    rmsNorm: t.rmsNorm,
    linear: (a) => t.linear(a, a.graph.variable('w', [13, 7], { initializer: t.glorotUniform() })),
  }),
  ...unary({ acos: t.acos, asin: t.asin, atanh: t.atanh }, x([5, 13], -0.9, 0.9)),
  ...unary(
    {
      acosh: (a) => t.acosh(t.add(a, 1)),
      log: t.log,
      log1p: t.log1p,
      logSum: t.logSum,
      reciprocal: t.reciprocal,
      rsqrt: t.rsqrt,
      sqrt: t.sqrt,
    },
    x([5, 13], 0.25, 3),
  ),
  ...unary(
    {
      l1Norm: (a) => t.l1Norm(a, { axes: [1] }),
      l2Norm: (a) => t.l2Norm(a, { axes: [1] }),
      logSumExp: (a) => t.logSumExp(a, { axes: [1] }),
      max: (a) => t.max(a, { axes: [1] }),
      mean: (a) => t.mean(a, { axes: [1] }),
      min: (a) => t.min(a, { axes: [1] }),
      prod: (a) => t.prod(a, { axes: [1] }),
      standardDeviation: (a) => t.standardDeviation(a, { axes: [1] }),
      sum: (a) => t.sum(a, { axes: [1] }),
      sumOfSquares: (a) => t.sumOfSquares(a, { axes: [1] }),
      variance: (a) => t.variance(a, { axes: [1] }),
    },
    x([3, 65]),
  ),
  ...unary({ all: t.all, any: t.any, logicalNot: t.logicalNot }, truth([5, 13])),
  ...binary({
    add: t.add,
    sub: t.sub,
    mul: t.mul,
    div: t.div,
    pow: t.pow,
    maximum: t.maximum,
    minimum: t.minimum,
    mod: t.mod,
    fmod: t.fmod,
    prelu: t.prelu,
    equal: t.equal,
    notEqual: t.notEqual,
    greater: t.greater,
    greaterOrEqual: t.greaterOrEqual,
    less: t.less,
    lessOrEqual: t.lessOrEqual,
  }),
  ...binary(
    { logicalAnd: t.logicalAnd, logicalOr: t.logicalOr, logicalXor: t.logicalXor },
    truth([5, 13]),
    truth([13]),
  ),
  ...binary(
    {
      meanSquaredError: t.meanSquaredError,
      meanAbsoluteError: t.meanAbsoluteError,
      huber: t.huber,
      concat: (a, b) => t.concat([a, b], 1),
      stack: (a, b) => t.stack([a, b], 1),
    },
    x([5, 13]),
    x([5, 13]),
  ),
  ...binary({ binaryCrossEntropyWithLogits: t.binaryCrossEntropyWithLogits }, x([5, 13]), x([5, 13], 0, 1)),
  where: { inputs: [truth([13]), x([5, 13]), x([5, 13])], build: ([c, a, b]) => t.where(c, a, b) },
  matmul: { inputs: [x([2, 17, 9]), x([9, 5])], build: ([a, b]) => t.matmul(a, b) },
  conv1d: {
    inputs: [x([2, 17, 3]), x([5, 3, 4])],
    build: ([a, w]) => t.conv1d(a, w, { strides: 2, padding: 2 }),
  },
  conv2d: {
    inputs: [image, x([3, 3, 6, 5]), x([5])],
    build: ([a, w, bias]) => t.conv2d(a, w, { bias, padding: 'same', strides: [2, 1] }),
  },
  depthwiseConv2d: { inputs: [image, x([3, 3, 6, 2])], build: ([a, w]) => t.depthwiseConv2d(a, w) },
  conv2dTranspose: {
    inputs: [image, x([3, 3, 5, 6])],
    build: ([a, w]) => t.conv2dTranspose(a, w, { strides: 2, padding: 1 }),
  },
  ...unary(
    {
      maxPool2d: (a) => t.maxPool2d(a, { windowSize: 3, strides: 2, padding: 1 }),
      averagePool2d: (a) => t.averagePool2d(a, { windowSize: 3, strides: 2, padding: 1 }),
      l2Pool2d: (a) => t.l2Pool2d(a, { windowSize: 3, strides: 2 }),
      globalMaxPool2d: t.globalMaxPool2d,
      globalAveragePool2d: t.globalAveragePool2d,
      instanceNorm: t.instanceNorm,
      groupNorm: (a) => t.groupNorm(a, { groups: 3 }),
    },
    image,
  ),
  batchNorm: {
    inputs: [image, channels],
    build([a, scale], graph) {
      const [runningMean, runningVariance] = ['mean', 'variance'].map((name) =>
        graph.variable(name, [6], { trainable: false, initializer: 1 }),
      );
      return t.batchNorm(a, { scale, runningMean, runningVariance, training: true }).output;
    },
  },
  batchNormInference: {
    inputs: [image, channels, channels],
    build: ([a, mean, variance]) => t.batchNormInference(a, { mean, variance }),
  },
  softmaxCrossEntropy: {
    inputs: [x([17, 10]), indices([17], 10)],
    build: ([logits, labels]) => t.softmaxCrossEntropy(logits, labels),
  },
  embedding: { inputs: [x([9, 5]), indices([17], 9)], build: ([a, i]) => t.embedding(a, i) },
  gather: { inputs: [x([5, 9]), indices([3, 2], 9)], build: ([a, i]) => t.gather(a, i, 1) },
  gatherElements: { inputs: [x([5, 9]), indices([5, 3], 9)], build: ([a, i]) => t.gatherElements(a, i, 1) },
  gatherND: { inputs: [x([5, 9, 3]), indices([7, 2], 5)], build: ([a, i]) => t.gatherND(a, i) },
  oneHot: { inputs: [indices([17], 9)], build: ([i]) => t.oneHot(i, 9) },
  scatterAdd: {
    inputs: [x([5, 9]), indices([5, 3], 9), x([5, 3])],
    build: ([a, i, u]) => t.scatterAdd(a, i, u, 1),
  },
  scatterElements: {
    inputs: [x([5, 9]), indices([5, 3], 9), x([5, 3])],
    build: ([a, i, u]) => t.scatterElements(a, i, u, { axis: 1, reduction: 'max' }),
  },
  scatterND: {
    inputs: [x([5, 9]), indices([3, 1], 5), x([3, 9])],
    build: ([a, i, u]) => t.scatterND(a, i, u),
  },
  ...unary({
    topK: (a) => t.topK(a, 5).values,
    cumulativeProduct: t.cumulativeProduct,
    depthToSpace: (a) =>
      t.depthToSpace(
        t.reshape(
          t.pad(a, [
            [0, 1],
            [0, 3],
          ]),
          [1, 4, 6, 4],
        ),
        2,
      ),
    spaceToDepth: (a) =>
      t.spaceToDepth(
        t.reshape(
          t.pad(a, [
            [0, 1],
            [0, 3],
          ]),
          [1, 4, 6, 4],
        ),
        2,
      ),
    einsum: (a) => t.einsum('ij,kj->ik', [a, a]),
  }),
  ...recurrent(),
};

/** Layers and cells over 7 steps of 3 sequences of size 5, with 6 units. */
function recurrent(): Samples {
  const [steps, batch, size, units] = [7, 3, 5, 6];
  const sample = (gates: number, isCell: boolean, build: (tensors: t.Tensor[]) => t.Tensor[]): OpSample => ({
    inputs: [
      x(isCell ? [batch, size] : [steps, batch, size]),
      x([size, gates * units]),
      x([units, gates * units], -0.5, 0.5),
      x([gates * units]),
      x([batch, units]),
      x([batch, units]),
    ],
    // Every input counts, so that none is left without a use.
    build: (tensors) => [...build(tensors), ...tensors.slice(4).map((state) => t.tanh(state))],
  });
  const weights = ([, weight, recurrentWeight, bias]: t.Tensor[]) => ({ weight, recurrentWeight, bias });
  return {
    rnn: sample(1, false, (own) => [t.rnn(own[0], weights(own)).output]),
    gru: sample(3, false, (own) => [t.gru(own[0], weights(own)).output]),
    lstm: sample(4, false, (own) => {
      const { output, cellState } = t.lstm(own[0], weights(own), { direction: 'backward' });
      return [output, cellState];
    }),
    rnnCell: sample(1, true, (own) => [t.rnnCell(own[0], own[4], weights(own))]),
    gruCell: sample(3, true, (own) => [t.gruCell(own[0], own[4], weights(own))]),
    lstmCell: sample(4, true, (own) => {
      const { hiddenState, cellState } = t.lstmCell(
        own[0],
        { hiddenState: own[4], cellState: own[5] },
        weights(own),
      );
      return [hiddenState, cellState];
    }),
  };
}
