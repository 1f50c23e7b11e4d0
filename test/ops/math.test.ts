import { DTypeError } from '../../src/core/errors.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { grad } from '../../src/ops/gradient.ts';
import {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  cos,
  cosh,
  erf,
  exp,
  expm1,
  log,
  log1p,
  sin,
  sinh,
  tan,
  tanh,
} from '../../src/ops/math.ts';
import { sum } from '../../src/ops/sum.ts';
import { checkOp, type Sample } from '../support/checkOp.ts';

const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;

const tight = {
  relative: 1e-6,
  absolute: 1e-37,
  reason: 'held closer than the table, small results too; below 1e-37 a GPU may give 0',
};

/** `count` numbers from low to high (both positive), each a constant times the one before, of both signs where asked. */
function spread(low: number, high: number, count: number, negative: boolean): number[] {
  const values = Array.from({ length: count }, (_, i) => low * (high / low) ** (i / (count - 1)));
  return negative ? values.flatMap((value) => [value, -value]) : values;
}

function even(low: number, high: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
}

interface Rules {
  /** Where gradients are checked. */
  range: readonly [number, number];
  /** Where values are checked, to a few units in the last place. */
  values: readonly number[];
  /** Pairs x, y from tables and definitions. */
  known: readonly (readonly [number, number])[];
}

function samples(op: (x: Tensor) => Tensor, { range: [low, high], values, known }: Rules): Sample[] {
  return [
    {
      name: `gradients from ${low} to ${high}`,
      inputs: [{ shape: [3, 13], values: { low, high } }],
      build: ([x]) => op(x),
    },
    {
      name: 'accuracy',
      inputs: [{ shape: [values.length], values }],
      build: ([x]) => op(x),
      gradient: false,
      tolerance: tight,
    },
    {
      name: 'known values',
      inputs: [{ shape: [known.length], values: known.map(([x]) => x) }],
      build: ([x]) => op(x),
      expected: known.map(([, y]) => y),
      gradient: false,
      tolerance: tight,
    },
  ];
}

const tiny = spread(1e-30, 1e-3, 30, true);
const usual = spread(1e-3, 30, 60, true);
const huge = spread(30, 3e38, 30, true);

checkOp('exp', {
  samples: samples(exp, {
    range: [-3, 3],
    values: [...tiny, ...even(-85, 88.5, 200)],
    known: [
      [0, 1],
      [1, Math.E],
      [-1, 1 / Math.E],
      [Math.LN2, 2],
      [-200, 0],
      [-1e4, 0],
      [1e4, infinity],
      [-infinity, 0],
      [infinity, infinity],
      [nan, nan],
    ],
  }),
  errors: [
    {
      name: 'integers',
      build: (graph) => exp(graph.input('x', [2], 'int32')),
      error: DTypeError,
      message: /^exp: expected float32 or float16, got int32/,
    },
  ],
});

checkOp('expm1', {
  samples: samples(expm1, {
    range: [-3, 3],
    values: [...tiny, ...even(-85, 88.5, 200), ...even(-1, 1, 60)],
    known: [
      [0, 0],
      [1e-5, 1.00000500001667e-5],
      [-1e-10, -9.9999999995e-11],
      [1, Math.E - 1],
      [-1e4, -1],
      [1e4, infinity],
      [-infinity, -1],
      [nan, nan],
    ],
  }),
});

checkOp('log', {
  samples: samples(log, {
    range: [0.3, 3],
    values: [...spread(1e-37, 3e38, 200, false), ...even(0.99, 1.01, 60)],
    known: [
      [1, 0],
      [Math.E, 1],
      [2, Math.LN2],
      [10, Math.LN10],
      [1e-40, -92.1034038],
      [0, -infinity],
      [-1, nan],
      [infinity, infinity],
      [-infinity, nan],
      [nan, nan],
    ],
  }),
});

checkOp('log1p', {
  samples: samples(log1p, {
    range: [-0.7, 3],
    values: [...tiny, ...even(-0.999, 1, 100), ...spread(1, 3e38, 60, false)],
    known: [
      [0, 0],
      [1e-5, 9.99995000033e-6],
      [1, Math.LN2],
      [-0.5, -Math.LN2],
      [-1, -infinity],
      [-1.5, nan],
      [infinity, infinity],
      [nan, nan],
    ],
  }),
});

const angles = [
  ...tiny,
  ...even(-20, 20, 200),
  ...even(-1e4, 1e4, 200),
  ...even(-5e4, 5e4, 100),
  355,
  710,
  1e4,
];

checkOp('sin', {
  samples: samples(sin, {
    range: [-4, 4],
    values: angles,
    known: [
      [0, 0],
      [Math.PI / 6, 0.5],
      [Math.PI / 2, 1],
      [355, -3.01443534e-5],
      [1e4, -0.30561438888825],
      [-1e4, 0.30561438888825],
      [nan, nan],
    ],
  }),
});

checkOp('cos', {
  samples: samples(cos, {
    range: [-4, 4],
    values: angles,
    known: [
      [0, 1],
      [Math.PI / 3, 0.5],
      [1e4, -0.95215536825901],
      [-1e4, -0.95215536825901],
      [nan, nan],
    ],
  }),
});

checkOp('tan', {
  samples: samples(tan, {
    range: [-1.2, 1.2],
    values: angles,
    known: [
      [0, 0],
      [Math.PI / 4, 1],
      [-Math.PI / 3, -Math.sqrt(3)],
      [1e4, 0.320971134599],
      [nan, nan],
    ],
  }),
});

const unit = [...tiny, ...even(-1, 1, 201)];

checkOp('asin', {
  samples: samples(asin, {
    range: [-0.9, 0.9],
    values: unit,
    known: [
      [0, 0],
      [0.5, Math.PI / 6],
      [1, Math.PI / 2],
      [-1, -Math.PI / 2],
      [1.001, nan],
      [-2, nan],
      [nan, nan],
    ],
  }),
});

checkOp('acos', {
  samples: samples(acos, {
    range: [-0.9, 0.9],
    values: unit,
    known: [
      [0, Math.PI / 2],
      [0.5, Math.PI / 3],
      [1, 0],
      [-1, Math.PI],
      [1.001, nan],
      [-2, nan],
      [nan, nan],
    ],
  }),
});

checkOp('atan', {
  samples: samples(atan, {
    range: [-3, 3],
    values: [...tiny, ...usual, ...huge],
    known: [
      [0, 0],
      [1, Math.PI / 4],
      [-Math.sqrt(3), -Math.PI / 3],
      [infinity, Math.PI / 2],
      [-infinity, -Math.PI / 2],
      [nan, nan],
    ],
  }),
});

checkOp('sinh', {
  samples: samples(sinh, {
    range: [-2, 2],
    values: [...tiny, ...usual, ...even(-89, 89, 60)],
    known: [
      [0, 0],
      [1, 1.1752011936438],
      [-1e4, -infinity],
      [infinity, infinity],
      [nan, nan],
    ],
  }),
});

checkOp('cosh', {
  samples: samples(cosh, {
    range: [-2, 2],
    values: [...tiny, ...usual, ...even(-89, 89, 60)],
    known: [
      [0, 1],
      [1, 1.5430806348152],
      [-1e4, infinity],
      [-infinity, infinity],
      [nan, nan],
    ],
  }),
});

checkOp('tanh', {
  samples: samples(tanh, {
    range: [-3, 3],
    values: [...tiny, ...usual, ...huge],
    known: [
      [0, 0],
      [0.5, 0.46211715726],
      [100, 1],
      [-100, -1],
      [1e4, 1],
      [infinity, 1],
      [-infinity, -1],
      [nan, nan],
    ],
  }),
});

checkOp('asinh', {
  samples: samples(asinh, {
    range: [-3, 3],
    values: [...tiny, ...usual, ...huge],
    known: [
      [0, 0],
      [1, 0.88137358701954],
      [-infinity, -infinity],
      [infinity, infinity],
      [nan, nan],
    ],
  }),
});

checkOp('acosh', {
  samples: samples(acosh, {
    range: [1.2, 4],
    values: [...even(1, 2, 60).slice(1), ...spread(2, 3e38, 60, false)],
    known: [
      [1, 0],
      [2, 1.3169578969248],
      [0.5, nan],
      [-3, nan],
      [infinity, infinity],
      [nan, nan],
    ],
  }),
});

checkOp('atanh', {
  samples: samples(atanh, {
    range: [-0.8, 0.8],
    values: [...tiny, ...even(-0.999, 0.999, 200)],
    known: [
      [0, 0],
      [0.5, 0.54930614433405],
      [1, infinity],
      [-1, -infinity],
      [1.5, nan],
      [nan, nan],
    ],
  }),
});

checkOp('erf', {
  samples: samples(erf, {
    range: [-2.5, 2.5],
    values: [...tiny, ...usual, ...huge, ...even(-4, 4, 100)],
    // Abramowitz and Stegun, table 7.1
    known: [
      [0, 0],
      [0.5, 0.5204998778],
      [1, 0.8427007929],
      [-1.5, -0.966105146],
      [2, 0.995322265],
      [infinity, 1],
      [-infinity, -1],
      [nan, nan],
    ],
  }),
});

const smooth = [exp, expm1, log, log1p, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, atanh, erf];

checkOp('second derivatives of math', {
  samples: [
    ...[smooth.slice(0, 6), smooth.slice(6, 11), smooth.slice(11)].map((some, i) => ({
      name: `part ${i + 1}`,
      inputs: [{ shape: [7], values: { low: 0.2, high: 0.8 } }],
      build: ([x]: Tensor[]) => some.flatMap((op) => grad(sum(op(x)), [x])),
    })),
    {
      name: 'acosh',
      inputs: [{ shape: [7], values: { low: 1.4, high: 3 } }],
      build: ([x]) => grad(sum(acosh(x)), [x]),
    },
    {
      name: 'third derivative',
      inputs: [{ shape: [5] }],
      build: ([x]) => grad(sum(grad(sum(tanh(x)), [x])[0]), [x]),
    },
    {
      name: 'a chain of twelve functions',
      inputs: [{ shape: [4, 9], values: { low: 0.2, high: 0.9 } }],
      build: ([x]) => tanh(erf(sinh(asin(sin(log1p(exp(atan(cos(asinh(expm1(log(x)))))))))))),
    },
  ],
});
