import { DTypeError, ShapeError } from '../../src/core/errors.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import {
  celu,
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  identity,
  leakyRelu,
  logSigmoid,
  mish,
  prelu,
  relu,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
  step,
  thresholdedRelu,
} from '../../src/ops/activations.ts';
import { add, mul } from '../../src/ops/arithmetic.ts';
import { grad } from '../../src/ops/gradient.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;

/** From -80 to 80, dense where activations bend; nowhere a kink. */
const values: number[] = [1e-6, -1e-6, 1e-20, -1e-20, 40, -40, 50, -50, 80, -80];
for (let i = 0; i < 200; i++) values.push(-8.013 + i * 0.0801);
for (let i = 0; i < 5; i++) values.push(8.3 * 1.3 ** i, -8.3 * 1.3 ** i);

interface Rules {
  /** Known values, worked out by hand or with other software: y at x. */
  x: readonly number[];
  y: readonly number[];
  /** Known slopes, at kinks and far out. */
  slopesAt?: readonly number[];
  slopes?: readonly number[];
  /** Outermost x of the gradient check. */
  reach?: number;
  /** What errors smaller than this times the largest result are allowed; default 1e-30, so that small results count, too. */
  absolute?: number;
}

function samples(
  op: (x: Tensor) => Tensor,
  { x: places, y, slopesAt = [], slopes = [], reach = 4, absolute = 1e-30 }: Rules,
  name = '',
): Sample[] {
  const list: Sample[] = [
    {
      name: `${name} gradients`,
      inputs: [{ shape: [3, 13], values: { low: -reach, high: reach } }],
      build: ([x]) => op(x),
    },
    {
      name: `${name} accuracy`,
      inputs: [{ shape: [values.length], values }],
      build: ([x]) => op(x),
      gradient: false,
      tolerance: { relative: 2e-6, absolute, reason: 'held closer than the table' },
    },
    {
      name: `${name} known values`,
      inputs: [{ shape: [places.length], values: places }],
      build: ([x]) => op(x),
      expected: y,
      gradient: false,
    },
  ];
  if (slopes.length > 0) {
    list.push({
      name: `${name} slopes`,
      inputs: [{ shape: [slopes.length], values: slopesAt }],
      build: ([x]) => grad(sum(op(x)), [x]),
      expected: slopes,
      gradient: false,
    });
  }
  return list;
}

checkOp('identity', {
  samples: [
    { inputs: [{ shape: [3, 5] }], build: ([x]) => identity(x) },
    {
      inputs: [{ shape: [3], dtype: 'bool', values: [1, 0, 1] }],
      build: ([x]) => identity(x),
      expected: [1, 0, 1],
    },
  ],
});

checkOp('step', {
  samples: [
    {
      inputs: [{ shape: [5], values: [-1, 0, 1e-20, 3, infinity] }],
      build: ([x]) => [step(x), ...grad(sum(add(step(x), x)), [x])],
      expected: [
        [0, 0, 1, 1, 1],
        [1, 1, 1, 1, 1],
      ],
      gradient: false,
    },
  ],
});

checkOp('sigmoid', {
  samples: samples(sigmoid, {
    x: [0, 2, -2, 100, -1e4, infinity, -infinity, nan],
    y: [0.5, 0.880797078, 0.119202922, 1, 0, 1, 0, nan],
    slopesAt: [0, 1e4, -1e4],
    slopes: [0.25, 0, 0],
  }),
  errors: [
    {
      name: 'integers',
      build: (graph) => sigmoid(graph.input('x', [2], 'int32')),
      error: DTypeError,
      message: /^sigmoid: expected float32 or float16, got int32/,
    },
  ],
});

checkOp('logSigmoid', {
  samples: samples(logSigmoid, {
    x: [0, -1e4, 1e4, 1, -infinity, nan],
    y: [-Math.LN2, -1e4, 0, -0.3132616875, -infinity, nan],
    slopesAt: [0, -1e4, 1e4],
    slopes: [0.5, 1, 0],
  }),
});

checkOp('relu', {
  samples: [
    ...samples(relu, {
      x: [0, -3, 2.5, infinity, -infinity, nan],
      y: [0, 0, 2.5, infinity, 0, nan],
      slopesAt: [0, -1, 1],
      slopes: [0, 0, 1],
    }),
    {
      name: 'int32',
      inputs: [{ shape: [3], dtype: 'int32', values: [-5, 0, 7] }],
      build: ([x]) => relu(x),
      expected: [0, 0, 7],
    },
  ],
});

checkOp('leakyRelu', {
  samples: [
    ...samples(leakyRelu, {
      x: [0, -3, 2.5, nan],
      y: [0, -0.03, 2.5, nan],
      slopesAt: [0, -1, 1],
      slopes: [0.01, 0.01, 1],
    }),
    ...samples(
      (x) => leakyRelu(x, { alpha: -0.5 }),
      { x: [-3, 2], y: [1.5, 2], slopesAt: [-1, 1], slopes: [-0.5, 1] },
      'alpha -0.5',
    ),
    ...samples(
      (x) => leakyRelu(x, { alpha: 0 }),
      { x: [-3, 2], y: [0, 2], slopesAt: [-1, 1], slopes: [0, 1] },
      'alpha 0',
    ),
  ],
});

checkOp('elu', {
  samples: [
    ...samples(elu, {
      x: [0, 2, -1, -1e4, -infinity, infinity, nan],
      y: [0, 2, -0.6321205588, -1, -1, infinity, nan],
      slopesAt: [-1e4, 0],
      slopes: [0, 1],
    }),
    ...samples(
      (x) => elu(x, { alpha: 0.5 }),
      { x: [2, -1], y: [2, -0.3160602794], slopesAt: [0], slopes: [0.5] },
      'alpha 0.5',
    ),
    ...samples((x) => elu(x, { alpha: -2 }), { x: [2, -1], y: [2, 1.2642411177] }, 'alpha -2'),
  ],
});

checkOp('selu', {
  samples: [
    ...samples(selu, { x: [0, 1, -1, -1e4, nan], y: [0, 1.0507009874, -1.1113307378, -1.7580993408, nan] }),
    ...samples(
      (x) => selu(x, { alpha: 2, gamma: 3 }),
      { x: [1, -1], y: [3, -3.792723353] },
      'alpha 2, gamma 3',
    ),
  ],
});

checkOp('celu', {
  samples: [
    ...samples(celu, { x: [0, 2, -1, -infinity, nan], y: [0, 2, -0.6321205588, -1, nan] }),
    // -2 (1 - e^(-1/2))
    ...samples((x) => celu(x, { alpha: 2 }), { x: [2, -1, -1e4], y: [2, -0.7869386806, -2] }, 'alpha 2'),
  ],
});

checkOp('gelu', {
  samples: [
    // x Φ(x), Φ from a table of the normal distribution
    ...samples(gelu, {
      x: [0, 1, -1, 3, -5, 1e4, -1e4, nan],
      y: [0, 0.8413447461, -0.1586552539, 2.9959503, -1.433258e-6, 1e4, 0, nan],
      slopesAt: [0, 1e4, -1e4],
      slopes: [0.5, 1, 0],
    }),
    ...samples(
      (x) => gelu(x, { approximate: 'tanh' }),
      {
        x: [0, 1, -1, 1e4, -1e4, nan],
        y: [0, 0.8411919906, -0.1588080094, 1e4, 0, nan],
        slopesAt: [0, 1e4, -1e4, 1e30],
        slopes: [0.5, 1, 0, 1],
        absolute: 1e-9,
      },
      'tanh',
    ),
  ],
});

checkOp('silu', {
  samples: samples(silu, {
    x: [0, 1, -1, 1e4, -1e4, nan],
    y: [0, 0.7310585786, -0.2689414214, 1e4, 0, nan],
    slopesAt: [0, 1e4, -1e4],
    slopes: [0.5, 1, 0],
  }),
});

checkOp('mish', {
  samples: samples(mish, {
    x: [0, 1, -1, 1e4, -1e4, nan],
    y: [0, 0.8650983883, -0.3034014613, 1e4, 0, nan],
    slopesAt: [0, 1e4, -1e4],
    slopes: [0.6, 1, 0],
  }),
});

checkOp('softplus', {
  samples: samples(softplus, {
    x: [0, 1, -1, 1e4, -1e4, infinity, -infinity, nan],
    y: [Math.LN2, 1.3132616875, 0.3132616875, 1e4, 0, infinity, 0, nan],
    slopesAt: [0, 1e4, -1e4],
    slopes: [0.5, 1, 0],
  }),
});

checkOp('softsign', {
  samples: samples(softsign, {
    x: [0, 1, -3, 1e10, nan],
    y: [0, 0.5, -0.75, 1, nan],
    slopesAt: [0, 1, -3, 1e30],
    slopes: [1, 0.25, 0.0625, 0],
  }),
});

checkOp('hardSigmoid', {
  samples: [
    ...samples(hardSigmoid, {
      absolute: 1e-7,
      x: [0, 1, -2.5, 3, -infinity, nan],
      y: [0.5, 0.7, 0, 1, 0, nan],
      slopesAt: [0, 3, -3],
      slopes: [0.2, 0, 0],
    }),
    ...samples(
      (x) => hardSigmoid(x, { alpha: 1 / 6, beta: 0.4 }),
      { x: [0, 3, 4, -3], y: [0.4, 0.9, 1, 0] },
      'alpha 1/6, beta 0.4',
    ),
  ],
});

checkOp('hardSwish', {
  samples: samples(hardSwish, {
    x: [0, 1, -1, 3, 5, -3, -1e4, nan],
    y: [0, 2 / 3, -1 / 3, 3, 5, 0, 0, nan],
    slopesAt: [0, 1, 4, -4],
    slopes: [0.5, 5 / 6, 1, 0],
  }),
});

checkOp('hardTanh', {
  samples: [
    ...samples(hardTanh, {
      x: [0, 0.3, 2, -infinity, nan],
      y: [0, 0.3, 1, -1, nan],
      slopesAt: [0.5, 2, -2],
      slopes: [1, 0, 0],
    }),
    ...samples(
      (x) => hardTanh(x, { min: -0.5, max: 2 }),
      { x: [-1, 1.5, 3], y: [-0.5, 1.5, 2] },
      '-0.5 to 2',
    ),
  ],
  errors: [
    {
      name: 'NaN',
      build: (graph) => hardTanh(graph.input('x', [2]), { max: nan }),
      error: ShapeError,
      message: /^clamp: max is NaN/,
    },
  ],
});

checkOp('thresholdedRelu', {
  samples: [
    ...samples(thresholdedRelu, {
      x: [0, 1, 1.5, -3, infinity, nan],
      y: [0, 0, 1.5, 0, infinity, nan],
      slopesAt: [0.5, 1, 2],
      slopes: [0, 0, 1],
    }),
    ...samples((x) => thresholdedRelu(x, { alpha: -1 }), { x: [-0.5, -1, -2], y: [-0.5, 0, 0] }, 'alpha -1'),
  ],
});

checkOp('prelu', {
  samples: [
    {
      name: 'a slope per channel',
      inputs: [{ shape: [2, 3, 5] }, { shape: [5] }],
      build: ([x, slope]) => prelu(x, slope),
    },
    {
      name: 'a slope per channel, channels first',
      inputs: [{ shape: [2, 3, 4] }, { shape: [3, 1] }],
      build: ([x, slope]) => prelu(x, slope),
    },
    { name: 'one slope', inputs: [{ shape: [17] }, { shape: [1] }], build: ([x, slope]) => prelu(x, slope) },
    { name: 'a number', inputs: [{ shape: [17] }], build: ([x]) => prelu(x, 0.25) },
    {
      name: 'known values',
      inputs: [
        { shape: [4], values: [2, -2, 0, -1] },
        { shape: [4], values: [0.5, 0.5, 3, -4] },
      ],
      build: ([x, slope]) => prelu(x, slope),
      expected: [2, -1, 0, 4],
      gradient: false,
    },
  ],
});

const smooth: ((x: Tensor) => Tensor)[] = [
  sigmoid,
  logSigmoid,
  elu,
  selu,
  celu,
  gelu,
  silu,
  mish,
  softplus,
  softsign,
];

checkOp('second derivatives of activations', {
  samples: [
    ...[
      smooth.slice(0, 4),
      smooth.slice(4, 7),
      smooth.slice(7),
      [(x: Tensor) => gelu(x, { approximate: 'tanh' })],
    ].map((some, i) => ({
      name: `part ${i + 1}`,
      inputs: [{ shape: [9], values: [-3.1, -2, -1.3, -0.7, -0.2, 0.3, 0.9, 1.6, 2.8] }],
      build: ([x]: Tensor[]) => some.flatMap((op) => grad(sum(op(x)), [x])),
    })),
    {
      name: 'bias and activation, and their gradients',
      inputs: [{ shape: [6, 8] }, { shape: [8] }],
      build: ([x, bias]) => mul(silu(relu(gelu(add(x, bias)))), sigmoid(leakyRelu(add(x, bias)))),
    },
  ],
});
